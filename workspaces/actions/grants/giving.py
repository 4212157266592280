"""Giving a role in a workspace. A grant whose end has passed counts as not there; giving its role again renews it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    DateTimeField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Now
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.actors import Actor
from config.refusals import Refusal
from workspaces.actions.grants import words
from workspaces.actions.grants.standing import Setting, setting_of
from workspaces.actions.locking import Locked, locked
from workspaces.catalogue import top_role
from workspaces.history import (
    EVERYONE_GRANT_CHANGED,
    EVERYONE_GRANT_GIVEN,
    GRANT_CHANGED,
    GRANT_GIVEN,
    GROUP_GRANT_CHANGED,
    GROUP_GRANT_GIVEN,
    EventKind,
)
from workspaces.models import Grant, GrantPermission, Group, GroupMember, Member, Organization, Origin, Role, Workspace
from workspaces.models.grants import GrantQuerySet
from workspaces.plans import Outcome, Proposal, make_plan
from workspaces.policy import ActorFacts, GrantFacts, RoleFacts, Verb, decide
from workspaces.reasons import Reason
from workspaces.selections import Chosen
from workspaces.sql import delete_rows, insert_select


@dataclass(frozen=True, slots=True)
class Gift:
    """What is given: a role in a workspace, with what goes along."""

    workspace_id: int
    role_id: int
    origin: str = Origin.MANUAL
    ends_at: datetime | None = None
    reason: str = ""
    extras: tuple[str, ...] = ()

    def standing(self) -> GrantQuerySet:
        """Grants that give as much already, as long."""
        enough = Q(ends_at__isnull=True)
        if self.ends_at is not None:
            enough |= Q(ends_at__gte=self.ends_at)
        grants = Grant.objects.live().filter(enough, workspace=self.workspace_id, role=self.role_id)
        if self.extras:
            held = Count("extra_permissions", filter=Q(extra_permissions__permission__in=self.extras))
            grants = grants.annotate(held=held).filter(held=len(self.extras))
        return grants

    def words(self, role_name: str) -> str:
        extras = words.extras_words(self.extras)
        text = f"{role_name}{extras}{words.end_words(self.ends_at)}{words.reason_words(self.reason)}"
        return text[: words.LONGEST]


def propose_workspace(
    facts: ActorFacts,
    organization: Organization,
    workspace_id: int,
    role_id: int,
    *,
    ends_at: datetime | None = None,
    extra_permissions: Collection[str] = (),
) -> Proposal:
    """Raises Http404 for a workspace or a role that the organization does not have."""
    setting = _setting(organization, facts, workspace_id, role_id)
    gift = Gift(workspace_id, role_id, ends_at=ends_at, extras=tuple(sorted(set(extra_permissions))))
    return _proposal(setting, gift)


def _setting(organization: Organization, facts: ActorFacts, workspace_id: int, role_id: int) -> Setting:
    setting = setting_of(organization, facts, workspace_id)
    if setting is None or role_id not in setting.roles:
        raise Http404
    return setting


def _proposal(setting: Setting, gift: Gift) -> Proposal:
    return Proposal(
        Verb.ADD_TO_WORKSPACE,
        role=setting.role_with(gift.role_id, gift.extras),
        workspace=setting.facts,
        unchanged=Q(Exists(gift.standing().filter(member=OuterRef("pk")))),
    )


def give_role(
    *,
    actor: Actor,
    organization_id: int,
    workspace_id: int,
    role_id: int,
    chosen: Chosen | None = None,
    group_ids: Sequence[int] = (),
    everyone: bool = False,
    origin: str = Origin.MANUAL,
    ends_at: datetime | None = None,
    reason: str = "",
    extra_permissions: Collection[str] = (),
) -> Outcome:
    """Gives members, groups and everyone a role in a workspace, each as a grant of its own. Locks the organization.

    Raises Http404 for a workspace, a role or a group that the organization does not have, Refusal 422 for an end in the
    past.
    """
    insist_on_future(ends_at)
    gift = Gift(workspace_id, role_id, origin, ends_at, reason.strip(), tuple(sorted(set(extra_permissions))))
    with locked(actor=actor, organization_id=organization_id) as held:
        setting = _setting(held.organization, held.facts, workspace_id, role_id)
        outcomes = []
        if chosen is not None:
            outcomes.append(_give_members(held, setting, gift, chosen))
        if group_ids:
            outcomes.append(_give_groups(held, setting, gift, group_ids))
        if everyone:
            outcomes.append(_give_everyone(held, setting, gift))
        return sum_of(outcomes)


def add_to_workspace(*, actor: Actor, organization_id: int, chosen: Chosen, workspace_id: int, role_id: int) -> Outcome:
    """Gives members a role in a workspace by hand. Locks the organization."""
    return give_role(
        actor=actor, organization_id=organization_id, workspace_id=workspace_id, role_id=role_id, chosen=chosen
    )


def give_top_role(held: Locked, workspace_id: int, member_id: int) -> None:
    """Makes a member admin of a workspace by hand, under the lock held. Raises the Refusal of whatever cannot be done,
    and what `give_role` raises.
    """
    give_role(
        actor=held.actor,
        organization_id=held.organization.pk,
        workspace_id=workspace_id,
        role_id=top_role(held.organization.scheme).id,
        chosen=Chosen.one(member_id),
    ).insist()


def insist_on_future(ends_at: datetime | None) -> None:
    if ends_at is not None and ends_at <= timezone.now():
        raise Refusal(_("The end has to lie in the future."), 422, "end_in_past")


def sum_of(outcomes: Sequence[Outcome]) -> Outcome:
    refused: dict[Reason, int] = {}
    for outcome in outcomes:
        for reason, count in outcome.refused.items():
            refused[reason] = refused.get(reason, 0) + count
    return Outcome(sum(outcome.changed for outcome in outcomes), refused)


@dataclass(frozen=True, slots=True)
class Receivers:
    """Principals of one kind who get it: rows of members, of groups, or the workspace itself for everyone.

    field: the grant's column that names them, "" for everyone.
    """

    rows: "QuerySet[Any]"
    field: str
    given: EventKind
    changed: EventKind

    def grants(self, gift: Gift) -> GrantQuerySet:
        """Their grants of this role that are there already, ended or not as long."""
        grants = Grant.objects.filter(workspace=gift.workspace_id, role=gift.role_id)
        if not self.field:
            return grants.filter(principal_key=0)
        return grants.filter(**{f"{self.field}__in": self.rows.order_by().values("pk")})

    @property
    def subject(self) -> str:
        return self.field or "workspace_id"


def _give_members(held: Locked, setting: Setting, gift: Gift, chosen: Chosen) -> Outcome:
    members = chosen.members(held.organization)
    plan = make_plan(held.facts, held.organization, members, _proposal(setting, gift))
    # By id: what is written decides anew who is "unchanged".
    ids = list(plan.accepted.order_by().values_list("pk", flat=True))
    if ids:
        _give(held, gift, Receivers(Member.objects.filter(pk__in=ids), "member_id", GRANT_GIVEN, GRANT_CHANGED))
    return plan.outcome(len(ids))


def _refusals_for_groups(setting: Setting, gift: Gift, group_ids: Collection[int]) -> dict[int, Reason | None]:
    """Per group whether it may be given. Raises Http404 for groups that the organization does not have."""
    ids = set(group_ids)
    groups = set(Group.objects.filter(organization=setting.organization, pk__in=ids).values_list("pk", flat=True))
    if groups != ids:
        raise Http404
    own = set(
        GroupMember.objects.filter(group__in=ids, member=setting.actor.member_id or 0).values_list("group", flat=True)
    )
    same = set(gift.standing().filter(group__in=ids).values_list("group", flat=True))
    role = setting.role_with(gift.role_id, gift.extras)
    by_reach = {mine: _refusal(setting, role, reaches_actor=mine) for mine in (True, False)}
    return {group: Reason.UNCHANGED if group in same else by_reach[group in own] for group in ids}


def _refusal_for_everyone(setting: Setting, gift: Gift) -> Reason | None:
    if gift.standing().filter(principal_key=0).exists():
        return Reason.UNCHANGED
    role = setting.role_with(gift.role_id, gift.extras)
    return _refusal(setting, role, reaches_actor=not setting.actor.is_guest, is_everyone=True)


def _refusal(setting: Setting, role: RoleFacts, *, reaches_actor: bool, is_everyone: bool = False) -> Reason | None:
    grant = GrantFacts(role.permissions, is_everyone=is_everyone, reaches_actor=reaches_actor, lengthened=True)
    return decide(setting.actor, Verb.ADD_TO_WORKSPACE, role=role, workspace=setting.facts, grant=grant).reason


def _give_groups(held: Locked, setting: Setting, gift: Gift, group_ids: Collection[int]) -> Outcome:
    refusals = _refusals_for_groups(setting, gift, group_ids)
    accepted = [group for group, reason in refusals.items() if reason is None]
    if accepted:
        groups = Group.objects.filter(pk__in=accepted)
        _give(held, gift, Receivers(groups, "group_id", GROUP_GRANT_GIVEN, GROUP_GRANT_CHANGED))
    return _counted(refusals.values())


def _give_everyone(held: Locked, setting: Setting, gift: Gift) -> Outcome:
    reason = _refusal_for_everyone(setting, gift)
    if reason is None:
        workspace = Workspace.objects.filter(pk=gift.workspace_id)
        _give(held, gift, Receivers(workspace, "", EVERYONE_GRANT_GIVEN, EVERYONE_GRANT_CHANGED))
    return _counted([reason])


def _counted(reasons: Collection[Reason | None]) -> Outcome:
    refused = {reason: list(reasons).count(reason) for reason in reasons if reason is not None}
    return Outcome(len(reasons) - sum(refused.values()), refused)


def _give(held: Locked, gift: Gift, receivers: Receivers) -> None:
    """Renews what is there, inserts what is not, then adds the extra permissions."""
    after = gift.words(Role.objects.values_list("name", flat=True).get(pk=gift.role_id))
    there = receivers.grants(gift)
    live = Grant.objects.live().filter(pk__in=list(there.values_list("pk", flat=True)))
    ended = there.exclude(pk__in=live.values("pk"))
    _record(held, gift, receivers, live, after)
    # What went along with a grant that has ended does not come back with its renewal.
    delete_rows(GrantPermission.objects.filter(grant__in=ended.values("pk")))
    given = {
        "reason": gift.reason,
        "origin": gift.origin,
        "granted_at": Now(),
        "granted_by": held.actor.user_id,
        "end_noticed_at": None,
    }
    ended.update(ends_at=gift.ends_at, **given)
    live.update(ends_at=_later_end(gift), **given)
    columns = _columns(held, gift, receivers)
    rows = receivers.rows.order_by().values_list(*columns.values())
    insert_select(Grant, list(columns), rows, ignore_conflicts=True)
    for code in gift.extras:
        rows = receivers.grants(gift).order_by().values_list("pk", Value(code, CharField()))
        insert_select(GrantPermission, ["grant_id", "permission"], rows, ignore_conflicts=True)


def _later_end(gift: Gift) -> Case | Value:
    """Giving takes nothing away: of two ends the later one, and none at all where one of them is none."""
    if gift.ends_at is None:
        return Value(None, DateTimeField())
    return Case(
        When(ends_at__isnull=True, then=Value(None, DateTimeField())),
        When(ends_at__gte=gift.ends_at, then=F("ends_at")),
        default=Value(gift.ends_at, DateTimeField()),
        output_field=DateTimeField(),
    )


def _record(held: Locked, gift: Gift, receivers: Receivers, live: GrantQuerySet, after: str) -> None:
    """Those who hold the role already, for less long or with less, are changed; the others are given it."""
    scope = gift.workspace_id if receivers.field else None
    rows = receivers.rows
    if receivers.field:
        rows = rows.exclude(pk__in=live.values(receivers.field))
    elif live.exists():
        rows = rows.none()
    held.record_set(receivers.given, rows, scope=scope, after=after)
    held.record_set(
        receivers.changed, live, subject=receivers.subject, scope=scope, before=words.as_it_stands(), after=after
    )


def _columns(held: Locked, gift: Gift, receivers: Receivers) -> dict[str, Any]:
    """The columns of the new rows, and what stands in them."""
    columns: dict[str, Any] = {
        "workspace_id": Value(gift.workspace_id, BigIntegerField()),
        "role_id": Value(gift.role_id, BigIntegerField()),
        "origin": Value(gift.origin, CharField()),
        "granted_at": Now(),
        "granted_by_id": Value(held.actor.user_id, BigIntegerField()),
        "reason": Value(gift.reason, CharField()),
    }
    if gift.ends_at is not None:  # PostgreSQL takes a NULL in a SELECT for text
        columns["ends_at"] = Value(gift.ends_at, DateTimeField())
    if receivers.field:
        columns[receivers.field] = F("pk")
    return columns
