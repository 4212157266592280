"""What becomes of the open invitations of people who leave: they go to another member, as far as that member's rights
cover them (P13); the others are revoked. Registered with `workspaces`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import batched

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor, Source
from config.refusals import Refusal
from invitations.actions.deciding import Giving, giving_of
from invitations.asking import Ask
from invitations.models import Invitation
from workspaces.actions.locking import Locked
from workspaces.history import INVITATION_HANDED_OVER
from workspaces.models import Collaborator, Grant, GroupMember, Member, Organization
from workspaces.models.members import MemberQuerySet
from workspaces.policy import ActorFacts, RoleFacts, Verb, decide
from workspaces.queries.facts import actor_facts
from workspaces.queries.resources import approach

BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Promised:
    """What those who leave have promised somebody: the same tuple is decided once. grants: workspace, role, extras."""

    role_id: int
    groups: frozenset[int] = frozenset()
    grants: frozenset[tuple[int, int, frozenset[str]]] = frozenset()
    shares: frozenset[tuple[int, str]] = frozenset()

    def asks(self) -> list[Ask]:
        """The same as asking somebody in; a second role in a workspace needs a second ask."""
        first: dict[int, int] = {}
        others = []
        for workspace_id, role_id, _extras in sorted(self.grants, key=lambda grant: grant[:2]):
            if first.setdefault(workspace_id, role_id) != role_id:
                others.append(Ask(self.role_id, placements={workspace_id: role_id}))
        return [Ask(self.role_id, sorted(self.groups), first), *others]


def sent(organization: Organization, leaving: MemberQuerySet) -> int:
    """How many people wait because of them, themselves aside."""
    return _waiting(organization, leaving).count()


def covered(organization: Organization, leaving: MemberQuerySet, heir_id: int) -> int:
    """How many of those the heir's rights cover. Raises Refusal 422 for an heir who cannot take any."""
    return len(_covered(organization, leaving, _heir(organization, leaving, heir_id)))


def hand_over(held: Locked, leaving: MemberQuerySet, heir_id: int) -> None:
    """The heir answers from now on for those that their rights cover. Raises Refusal 422 as `covered`."""
    organization, heir = held.organization, _heir(held.organization, leaving, heir_id)
    ids = _covered(organization, leaving, heir)
    assert heir.user is not None
    users = list(_users(leaving))
    for some in batched(ids, BATCH):
        waiting = organization.members.filter(pk__in=some)
        held.record_set(INVITATION_HANDED_OVER, waiting, scope=heir.pk)
        waiting.update(invited_by=heir.user)
        Invitation.objects.filter(member__in=some).update(inviter=heir.user, inviter_name=heir.user.name)
        Grant.objects.filter(member__in=some, granted_by__in=users).update(granted_by=heir.user)
        GroupMember.objects.filter(member__in=some, added_by__in=users).update(added_by=heir.user)
        Collaborator.objects.filter(member__in=some, added_by__in=users).update(added_by=heir.user)


def _heir(organization: Organization, leaving: MemberQuerySet, heir_id: int) -> Member:
    heir = (
        organization.members.effective()
        .filter(pk=heir_id)
        .exclude(pk__in=leaving.order_by().values("pk"))
        .select_related("user")
        .first()
    )
    if heir is None:
        raise Refusal(_("Choose an active member who stays."), 422, "unfit_heir")
    return heir


def _users(leaving: MemberQuerySet) -> "QuerySet[Member, int | None]":
    return Member.objects.filter(pk__in=leaving.order_by().values("pk"), user__isnull=False).values_list(
        "user", flat=True
    )


def _waiting(organization: Organization, leaving: MemberQuerySet) -> MemberQuerySet:
    open_ones = Invitation.objects.filter(
        organization=organization, inviter__in=_users(leaving), accepted_at__isnull=True, revoked_at__isnull=True
    )
    waiting = organization.members.filter(joined_at__isnull=True, invitation__in=open_ones.values("pk"))
    return waiting.exclude(pk__in=leaving.order_by().values("pk"))


def _covered(organization: Organization, leaving: MemberQuerySet, heir: Member) -> list[int]:
    promised = _promised(organization, leaving)
    facts = replace(actor_facts(Actor(heir.user_id, Source.WEB), organization), is_fresh=True)
    held = Locked(organization, Actor(heir.user_id, Source.WEB), facts)
    kinds = set(promised.values())
    giving = giving_of(held, [ask for kind in kinds for ask in kind.asks()])
    good = {kind for kind in kinds if _covers(held, giving, kind)}
    return [member_id for member_id, kind in promised.items() if kind in good]


def _covers(held: Locked, giving: Giving, promised: Promised) -> bool:
    try:
        if any(giving.refusal(ask) for ask in promised.asks()):
            return False
    except Http404:  # a role of a former scheme: nobody could give it
        return False
    return all(_gives(held.facts, giving, *grant) for grant in promised.grants) and all(
        _shares(held, resource_id, level) for resource_id, level in promised.shares
    )


def _gives(facts: ActorFacts, giving: Giving, workspace_id: int, role_id: int, extras: frozenset[str]) -> bool:
    role = RoleFacts(role_id, giving.workspace_roles[role_id].permissions | extras)
    return bool(decide(facts, Verb.ADD_TO_WORKSPACE, workspace=giving.places[workspace_id], role=role))


def _shares(held: Locked, resource_id: int, level: str) -> bool:
    found = approach(held.organization, held.facts, resource_id)
    return found is not None and bool(found.may_share(held.facts, level))


def _promised(organization: Organization, leaving: MemberQuerySet) -> Mapping[int, Promised]:
    """By waiting member: the organization role, and what those who leave have put beside it. Five queries."""
    waiting, users = _waiting(organization, leaving), list(_users(leaving))
    roles = dict(waiting.values_list("pk", "role_id"))
    ids = waiting.order_by().values("pk")
    extras = _gathered(
        Grant.objects.live()
        .filter(member__in=ids, granted_by__in=users, extra_permissions__isnull=False)
        .values_list("pk", "extra_permissions__permission")
    )
    grants = _gathered(
        (member_id, (workspace_id, role_id, extras.get(pk, frozenset())))
        for pk, member_id, workspace_id, role_id in Grant.objects.live()
        .filter(member__in=ids, granted_by__in=users)
        .values_list("pk", "member_id", "workspace_id", "role_id")
    )
    groups = _gathered(
        GroupMember.objects.filter(member__in=ids, added_by__in=users).values_list("member_id", "group_id")
    )
    shares = _gathered(
        (member_id, (resource_id, level))
        for member_id, resource_id, level in Collaborator.objects.filter(
            member__in=ids, added_by__in=users
        ).values_list("member_id", "resource_id", "level")
    )
    return {
        pk: Promised(
            role_id,
            groups.get(pk, frozenset()),
            grants.get(pk, frozenset()),
            shares.get(pk, frozenset()),
        )
        for pk, role_id in roles.items()
    }


def _gathered[T](pairs: Iterable[tuple[int, T]]) -> dict[int, frozenset[T]]:
    found: dict[int, set[T]] = {}
    for key, value in pairs:
        found.setdefault(key, set()).add(value)
    return {key: frozenset(values) for key, values in found.items()}
