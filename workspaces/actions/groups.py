"""Groups: making and changing them, who is in them and who manages them, also while members wait.

Their managers reach the membership alone, and only of groups that carry no more than they hold (ACCEPTANCE P24).
"""

from collections.abc import Iterable

from django.db.models import BigIntegerField, Exists, F, OuterRef, Q, Value
from django.db.models.functions import Now
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.names import clean_name
from config.refusals import Refusal
from workspaces.actions.locking import Locked, insist, locked
from workspaces.actions.unasking import drop_from_requests
from workspaces.history import (
    GROUP_CHANGED,
    GROUP_CREATED,
    GROUP_DELETED,
    GROUP_GRANT_REMOVED,
    GROUP_JOINED,
    GROUP_LEFT,
    MANAGER_DISMISSED,
    MANAGER_NAMED,
)
from workspaces.models import (
    DeparturePlacement,
    Grant,
    GrantPermission,
    Group,
    GroupManager,
    GroupMember,
    Label,
    Organization,
    Workspace,
)
from workspaces.names import fold
from workspaces.plans import Outcome, Proposal, make_plan
from workspaces.policy import ActorFacts, GroupFacts, Verb, decide
from workspaces.queries.facts import group_facts, policies_of
from workspaces.queries.groups import orphaned_workspaces
from workspaces.reasons import Reason
from workspaces.registry import Gone, before_places_go
from workspaces.selections import Chosen
from workspaces.sql import delete_rows, insert_select

GROUP_LABEL = "group"
MOST_WORDS = 500
"""Characters of a description."""

# Into a group that is made in the same step: it carries nothing yet, and its maker may fill it.
FOUNDING = Proposal(Verb.ADD_TO_GROUP, group=GroupFacts(is_managed=True, carries_more=False))


def propose_adding(facts: ActorFacts, organization: Organization, group_id: int) -> Proposal:
    """Raises Http404 for a group that is not the organization's."""
    return Proposal(
        Verb.ADD_TO_GROUP,
        group=_facts_of(facts, organization, group_id),
        unchanged=Q(Exists(GroupMember.objects.filter(group=group_id, member=OuterRef("pk")))),
    )


def propose_removing(facts: ActorFacts, organization: Organization, group_id: int) -> Proposal:
    """Raises Http404 for a group that is not the organization's."""
    return Proposal(
        Verb.REMOVE_FROM_GROUP,
        group=_facts_of(facts, organization, group_id),
        unchanged=~Q(Exists(GroupMember.objects.filter(group=group_id, member=OuterRef("pk")))),
        leaves_group=group_id,
    )


def _facts_of(facts: ActorFacts, organization: Organization, group_id: int) -> GroupFacts:
    if not Group.objects.filter(organization=organization, pk=group_id).exists():
        raise Http404
    return group_facts(organization, facts, [group_id])[group_id]


def create_group(*, actor: Actor, organization_id: int, name: str, description: str = "") -> Group:
    """An empty group. Whoever may make groups by the policy alone becomes its manager.

    Raises ValidationError for a name that is none, Refusal 409 for one that is taken.
    """
    name = clean_name(name)
    with locked(actor=actor, organization_id=organization_id) as held:
        insist(decide(held.facts, Verb.CREATE_GROUP, organization=policies_of(held.organization)))
        _insist_free(held, name)
        group = Group.objects.create(
            organization=held.organization, name=name, sort_name=fold(name), description=description[:MOST_WORDS]
        )
        held.record(GROUP_CREATED, subject=group.pk, after=name)
        maker = held.facts.member_id
        if maker is not None and not decide(held.facts, Verb.ADD_TO_GROUP):
            held.record(MANAGER_NAMED, subject=maker, scope=group.pk, after=name)
            GroupManager.objects.create(group=group, member_id=maker)
    return group


def _insist_free(held: Locked, name: str, group_id: int | None = None) -> None:
    if Group.objects.filter(organization=held.organization, sort_name=fold(name)).exclude(pk=group_id or 0).exists():
        raise Refusal(_("There is a group of this name already."), 409, "name_taken")


def add_to_group(*, actor: Actor, organization_id: int, chosen: Chosen, group_id: int) -> Outcome:
    """Puts members into a group. Locks the organization. Raises Http404 for a group that is gone."""
    with locked(actor=actor, organization_id=organization_id) as held:
        proposal = propose_adding(held.facts, held.organization, group_id)
        plan = make_plan(held.facts, held.organization, chosen.members(held.organization), proposal)
        group = Group.objects.get(pk=group_id)
        held.record_set(GROUP_JOINED, plan.accepted, scope=group_id, after=group.name)
        rows = plan.accepted.order_by().values_list(
            Value(group_id, BigIntegerField()), "pk", Now(), Value(actor.user_id, BigIntegerField())
        )
        fields = ["group_id", "member_id", "added_at", "added_by_id"]
        return plan.outcome(insert_select(GroupMember, fields, rows, ignore_conflicts=True))


def remove_from_group(*, actor: Actor, organization_id: int, chosen: Chosen, group_id: int) -> Outcome:
    """Takes members out of a group, but for the last admins of a workspace by it (P11). Locks the organization."""
    with locked(actor=actor, organization_id=organization_id) as held:
        proposal = propose_removing(held.facts, held.organization, group_id)
        plan = make_plan(held.facts, held.organization, chosen.members(held.organization), proposal)
        group = Group.objects.get(pk=group_id)
        held.record_set(GROUP_LEFT, plan.accepted, scope=group_id, before=group.name)
        leaving = plan.accepted.order_by().values("pk")
        return plan.outcome(delete_rows(GroupMember.objects.filter(group=group_id, member__in=leaving)))


def change_group(*, actor: Actor, organization_id: int, group_id: int, name: str, description: str) -> list[str]:
    """Sets name and description; one history entry per changed field. Returns the changed fields.

    Raises ValidationError for a name that is none, Refusal 409 for one that is taken.
    """
    values = {"name": clean_name(name), "description": description[:MOST_WORDS]}
    with locked(actor=actor, organization_id=organization_id) as held:
        group = _group(held, group_id)
        insist(decide(held.facts, Verb.EDIT_GROUP))
        _insist_free(held, values["name"], group.pk)
        changed = held.change(GROUP_CHANGED, group, values)
        group.sort_name = fold(group.name)
        group.save(update_fields=["name", "sort_name", "description"])
    return changed


def _group(held: Locked, group_id: int) -> Group:
    group = Group.objects.filter(organization=held.organization, pk=group_id).first()
    if group is None:
        raise Http404
    return group


def delete_group(*, actor: Actor, organization_id: int, group_id: int) -> None:
    """Withdraws the access that it gives and deletes it, however many are in it. Locks the organization.

    Raises Refusal 409 where a shared workspace would be left without an admin (P11).
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        group = _group(held, group_id)
        facts = group_facts(held.organization, held.facts, [group_id])[group_id]
        insist(decide(held.facts, Verb.DELETE_GROUP, group=facts))
        orphaned = orphaned_workspaces(held.organization, group_id)
        if orphaned:
            raise Refusal(orphaning_sentence(orphaned), 409, Reason.LAST_WORKSPACE_ADMIN)
        grants = Grant.objects.filter(group=group)
        inside, managers = GroupMember.objects.filter(group=group), GroupManager.objects.filter(group=group)
        held.record_set(GROUP_LEFT, inside, subject="member_id", scope=group_id, before=group.name)
        held.record_set(MANAGER_DISMISSED, managers, subject="member_id", scope=group_id, before=group.name)
        held.record_set(
            GROUP_GRANT_REMOVED, grants, subject="group_id", scope=F("workspace_id"), before=F("role__name")
        )
        held.record(GROUP_DELETED, subject=group_id, before=group.name)
        Label.objects.update_or_create(kind=GROUP_LABEL, object_id=group_id, defaults={"text": group.name})
        for hook in before_places_go:
            hook(Gone(group_ids=[group_id]))
        delete_rows(GrantPermission.objects.filter(grant__in=grants.values("pk")))
        drop_from_requests(Q(group=group))
        for rows in (grants, inside, managers):
            delete_rows(rows)
        delete_rows(DeparturePlacement.objects.filter(group=group))
        delete_rows(Group.objects.filter(pk=group_id))


def orphaning_sentence(workspaces: Iterable[Workspace]) -> str:
    """Why the group has to stay: it alone gives these workspaces their admins; and the way out."""
    names = ", ".join(workspace.name for workspace in workspaces)
    return _("Without this group, %(names)s would have no admin. Name another admin there first.") % {"names": names}


def name_manager(*, actor: Actor, organization_id: int, group_id: int, member_id: int) -> Outcome:
    """Lets a member manage the group; they gain no access by it. Raises Refusal 409 for a suspended one."""
    with locked(actor=actor, organization_id=organization_id) as held:
        proposal = Proposal(
            Verb.NAME_MANAGERS,
            group=_facts_of(held.facts, held.organization, group_id),
            unchanged=Q(_manages(group_id)),
        )
        chosen = Chosen.one(member_id).members(held.organization)
        if chosen.filter(suspended_at__isnull=False).exists():
            raise Reason.SUSPENDED.refusal()
        plan = make_plan(held.facts, held.organization, chosen, proposal)
        held.record_set(MANAGER_NAMED, plan.accepted, scope=group_id, after=_group(held, group_id).name)
        rows = plan.accepted.order_by().values_list(Value(group_id, BigIntegerField()), "pk")
        return plan.outcome(insert_select(GroupManager, ["group_id", "member_id"], rows, ignore_conflicts=True))


def propose_dismissal(facts: ActorFacts, organization: Organization, group_id: int) -> Proposal:
    """Raises Http404 for a group that is not the organization's."""
    group = _facts_of(facts, organization, group_id)
    return Proposal(Verb.NAME_MANAGERS, group=group, unchanged=~Q(_manages(group_id)))


def _manages(group_id: int) -> Exists:
    return Exists(GroupManager.objects.filter(group=group_id, member=OuterRef("pk")))


def dismiss_manager(*, actor: Actor, organization_id: int, group_id: int, member_id: int) -> Outcome:
    """Takes the management of the group from a member; a group may have no manager."""
    with locked(actor=actor, organization_id=organization_id) as held:
        proposal = propose_dismissal(held.facts, held.organization, group_id)
        plan = make_plan(held.facts, held.organization, Chosen.one(member_id).members(held.organization), proposal)
        held.record_set(MANAGER_DISMISSED, plan.accepted, scope=group_id, before=_group(held, group_id).name)
        dismissed = plan.accepted.order_by().values("pk")
        return plan.outcome(delete_rows(GroupManager.objects.filter(group=group_id, member__in=dismissed)))
