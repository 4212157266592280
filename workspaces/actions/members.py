"""Changing, suspending and removing members: each function takes a set and serves one row and many alike."""

from django.db.models import Case, CharField, F, Q, QuerySet, Value, When
from django.db.models.functions import Now
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.actors import Actor
from config.refusals import Refusal
from workspaces.actions.locking import Locked, locked
from workspaces.actions.resources import hand_over
from workspaces.catalogue import BuiltIn, Scope
from workspaces.history import (
    INVITATION_REVOKED,
    MEMBER_LEFT,
    MEMBER_REACTIVATED,
    MEMBER_REMOVED,
    MEMBER_SUSPENDED,
    ROLE_CHANGED,
    EventKind,
)
from workspaces.models import (
    AccessRequest,
    Activity,
    Collaborator,
    Departure,
    DeparturePlacement,
    Directory,
    ExternalAccount,
    Grant,
    GrantPermission,
    GroupManager,
    GroupMember,
    Label,
    Member,
    OwnershipTransfer,
    RequestedPlacement,
    Resource,
    Role,
    Selection,
    SelectionItem,
    Workspace,
)
from workspaces.models.members import MemberQuerySet
from workspaces.plans import Outcome, Plan, Proposal, make_plan
from workspaces.policy import RoleFacts, Verb
from workspaces.queries.facts import roles_of
from workspaces.registry import Leaving, before_removal, followers, successions
from workspaces.selections import Chosen, discard, store
from workspaces.sql import delete_rows, insert_select, move_rows

MEMBER_LABEL = "member"


def propose_role(role: RoleFacts) -> Proposal:
    """Giving the organization role; whoever was Admin loses that by any other, and guests count as admins nowhere."""
    loses = {BuiltIn.ADMIN.value: "", BuiltIn.GUEST.value: "everywhere"}.get(role.id, "organization")
    return Proposal(Verb.UPDATE_ROLE, role=role, unchanged=Q(role_id=role.id), loses=loses)


SUSPENSION = Proposal(Verb.SUSPEND, unchanged=Q(suspended_at__isnull=False), loses="everywhere")
REACTIVATION = Proposal(Verb.REACTIVATE)
REMOVAL = Proposal(Verb.REMOVE, loses="everywhere")
REVOCATION = Proposal(Verb.REVOKE)
LEAVING = Proposal(Verb.LEAVE, loses="everywhere")


def update_roles(*, actor: Actor, organization_id: int, chosen: Chosen, role_id: int) -> Outcome:
    """Sets the organization role. Locks the organization. Raises Http404 for a role that it does not have."""
    with locked(actor=actor, organization_id=organization_id) as held:
        role = roles_of(held.organization, Scope.ORGANIZATION).get(role_id)
        if role is None:
            raise Http404
        plan = make_plan(held.facts, held.organization, chosen.members(held.organization), propose_role(role))
        name = Role.objects.values_list("name", flat=True).get(pk=role_id)
        held.record_set(ROLE_CHANGED, plan.accepted, before=F("role__name"), after=name)
        return plan.outcome(_update(plan, role_id=role_id))


def suspend_members(*, actor: Actor, organization_id: int, chosen: Chosen) -> Outcome:
    """Ends their rights in this organization from the next request on; placements stay. Locks the organization."""
    with locked(actor=actor, organization_id=organization_id) as held:
        plan = make_plan(held.facts, held.organization, chosen.members(held.organization), SUSPENSION)
        held.record_set(MEMBER_SUSPENDED, plan.accepted, before="Joined", after="Suspended")
        OwnershipTransfer.objects.filter(successor__in=plan.accepted.values("pk")).delete()
        return plan.outcome(_update(plan, suspended_at=Now()))


def reactivate_members(*, actor: Actor, organization_id: int, chosen: Chosen) -> Outcome:
    """Gives suspended members their rights back. Locks the organization."""
    with locked(actor=actor, organization_id=organization_id) as held:
        plan = make_plan(held.facts, held.organization, chosen.members(held.organization), REACTIVATION)
        held.record_set(MEMBER_REACTIVATED, plan.accepted, before="Suspended", after="Joined")
        return plan.outcome(_update(plan, suspended_at=None))


def remove_members(
    *,
    actor: Actor,
    organization_id: int,
    chosen: Chosen,
    heir_id: int | None = None,
    successor_id: int | None = None,
) -> Outcome:
    """Removes members with everything that hangs on them (P13) and leaves a Departure each. Locks the organization.

    heir_id: who owns their resources from then on. successor_id: who answers for their open invitations from then on,
    as far as their rights cover them; all others of these are revoked. Raises Refusal 422 for an heir or a successor
    who cannot.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        plan = make_plan(held.facts, held.organization, chosen.members(held.organization), REMOVAL)
        if heir_id is not None:
            if plan.accepted.filter(pk=heir_id).exists():
                raise Refusal(_("Choose an active member who stays."), 422, "unfit_heir")
            hand_over(held, plan.accepted, heir_id)
        return plan.outcome(sweep(held, plan.accepted, Departure.Cause.REMOVED, MEMBER_REMOVED, successor_id))


def revoke_invitations(*, actor: Actor, organization_id: int, chosen: Chosen) -> Outcome:
    """Takes waiting members out again; their links die with them, and they come back only by invitation. Locks the
    organization.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        plan = make_plan(held.facts, held.organization, chosen.members(held.organization), REVOCATION)
        return plan.outcome(sweep(held, plan.accepted, Departure.Cause.REVOKED, INVITATION_REVOKED))


def leave(*, actor: Actor, organization_id: int, successor_id: int | None = None) -> None:
    """The actor's own removal. Raises Refusal 409 for the owner and for a last admin. Locks the organization.

    successor_id: as in `remove_members`.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        insist_member(held)
        chosen = Chosen.one(held.facts.member_id or 0).members(held.organization)
        plan = make_plan(held.facts, held.organization, chosen, LEAVING)
        plan.outcome(plan.changing).insist()
        sweep(held, plan.accepted, Departure.Cause.LEFT, MEMBER_LEFT, successor_id)


def insist_member(held: Locked) -> None:
    """Raises Http404 for whoever has no place in the organization at all."""
    if held.facts.member_id is None:
        raise Http404


def sweep(
    held: Locked,
    members: MemberQuerySet,
    cause: Departure.Cause,
    kind: EventKind,
    successor_id: int | None = None,
    *,
    scope: int | None = None,
) -> int:
    """Everything that a removal ends, set by set, under the lock held. Returns how many of `members` went.
    scope: what the kind of event means by it.

    The set is stored first, since the rows that define it go along the way.
    """
    going = store(held.organization, members)
    if not going.count:
        going.delete()
        return 0
    leaving = _leaving(held, going, cause)
    if successor_id is not None:
        for succession in successions:
            succession.hand_over(held, leaving.members, successor_id)
    following = [store(held.organization, follow(leaving), is_limited=False) for follow in followers]
    held.record_set(kind, leaving.members, scope=scope, before=_STATE_WORD, after="")
    _end(leaving, cause)
    discard(going)
    for selection in following:
        if not selection.count:
            discard(selection)
            continue
        invited = _leaving(held, selection, Departure.Cause.REVOKED)
        held.record_set(INVITATION_REVOKED, invited.members, before="Invited", after="Revoked")
        _end(invited, Departure.Cause.REVOKED)
        discard(selection)
    return going.count


def _leaving(held: Locked, selection: Selection, cause: Departure.Cause) -> Leaving:
    ids = SelectionItem.objects.filter(selection=selection).values_list("member", flat=True)
    members = Member.objects.filter(pk__in=ids)
    return Leaving(held.organization, held.actor, members, ids, revoked=cause == Departure.Cause.REVOKED)


_STATE_WORD = Case(
    When(joined_at__isnull=True, then=Value("Invited")),
    When(suspended_at__isnull=False, then=Value("Suspended")),
    default=Value("Joined"),
    output_field=CharField(),
)


def _end(leaving: Leaving, cause: Departure.Cause) -> None:
    """Receipts first, then the rows, dependants before what they hang on.

    Activity and directory come last: whoever writes them has locked the member's row.
    """
    for hook in before_removal:
        hook(leaving)
    _write_receipts(leaving, cause)
    pks = leaving.ids
    OwnershipTransfer.objects.filter(successor__in=pks).delete()
    Workspace.objects.filter(person__in=pks).update(person=None, archived_at=Now())
    Resource.objects.filter(owner__in=pks).update(owner=None)
    grants = Grant.objects.filter(member__in=pks)
    delete_rows(GrantPermission.objects.filter(grant__in=grants.values("pk")))
    move_rows(grants, DeparturePlacement, _GRANT_PLACEMENT)
    move_rows(GroupMember.objects.filter(member__in=pks), DeparturePlacement, _GROUP_PLACEMENT)
    dependants: list[QuerySet] = [  # type: ignore[type-arg]  # of several models
        GroupManager.objects.filter(member__in=pks),
        Collaborator.objects.filter(member__in=pks),
        RequestedPlacement.objects.filter(request__member__in=pks),
        AccessRequest.objects.filter(member__in=pks),
        ExternalAccount.objects.filter(member__in=pks),
        leaving.members,
        Activity.objects.filter(member__in=pks),
        Directory.objects.filter(member__in=pks),
    ]
    for rows in dependants:
        delete_rows(rows)


_GRANT_PLACEMENT = {"departure_id": "member_id", "workspace_id": "workspace_id", "role_id": "role_id"}
_GROUP_PLACEMENT = {"departure_id": "member_id", "group_id": "group_id"}


def _write_receipts(leaving: Leaving, cause: Departure.Cause) -> None:
    insert_select(
        Departure,
        ["member_id", "organization_id", "user_id", "address", "name", "role_id", "cause", "departed_at"],
        leaving.members.order_by().values_list(
            "pk",
            "organization_id",
            "user_id",
            "address",
            "directory__name",
            "role_id",
            Value(cause, CharField()),
            Now(),
        ),
    )
    receipts = Departure.objects.filter(pk__in=leaving.ids)
    name = Case(When(name="", then=F("address")), default=F("name"), output_field=CharField())
    insert_select(
        Label,
        ["kind", "object_id", "text"],
        receipts.order_by().values_list(Value(MEMBER_LABEL, CharField()), "pk", name),
    )


def _update(plan: Plan, **values: object) -> int:
    """One UPDATE of the accepted members."""
    return Member.objects.filter(pk__in=plan.accepted.order_by().values("pk")).update(**values)
