"""Putting members into groups and workspaces, also while they wait."""

from django.db.models import BigIntegerField, CharField, Exists, OuterRef, Q, Value
from django.db.models.functions import Now
from django.http import Http404

from accounts.actors import Actor
from accounts.names import clean_name
from config.refusals import Refusal
from workspaces.actions.locking import insist, locked
from workspaces.catalogue import Scope
from workspaces.history import GRANT_GIVEN, GROUP_CREATED, GROUP_JOINED
from workspaces.models import Grant, Group, GroupMember, Organization, Origin, Role, Workspace
from workspaces.names import fold
from workspaces.plans import Outcome, Proposal, make_plan
from workspaces.policy import ActorFacts, Verb, decide
from workspaces.queries.facts import group_facts, roles_of, workspace_facts
from workspaces.selections import Chosen
from workspaces.sql import insert_select


def propose_group(facts: ActorFacts, organization: Organization, group_id: int) -> Proposal:
    """Raises Http404 for a group that is not the organization's."""
    if not Group.objects.filter(organization=organization, pk=group_id).exists():
        raise Http404
    return Proposal(
        Verb.ADD_TO_GROUP,
        group=group_facts(organization, facts, [group_id])[group_id],
        unchanged=Q(Exists(GroupMember.objects.filter(group=group_id, member=OuterRef("pk")))),
    )


def propose_workspace(facts: ActorFacts, organization: Organization, workspace_id: int, role_id: int) -> Proposal:
    """Raises Http404 for a workspace or a role that the organization does not have."""
    role = roles_of(organization, Scope.WORKSPACE).get(role_id)
    if role is None or not Workspace.objects.filter(organization=organization, pk=workspace_id).exists():
        raise Http404
    return Proposal(
        Verb.ADD_TO_WORKSPACE,
        role=role,
        workspace=workspace_facts(organization, facts, [workspace_id])[workspace_id],
        unchanged=Q(Exists(Grant.objects.filter(workspace=workspace_id, role=role_id, member=OuterRef("pk")))),
    )


def add_to_group(*, actor: Actor, organization_id: int, chosen: Chosen, group_id: int) -> Outcome:
    """Puts members into a group. Locks the organization."""
    with locked(actor=actor, organization_id=organization_id) as held:
        proposal = propose_group(held.facts, held.organization, group_id)
        plan = make_plan(held.facts, held.organization, chosen.members(held.organization), proposal)
        group = Group.objects.get(pk=group_id)
        held.record_set(GROUP_JOINED, plan.accepted, scope=group_id, after=group.name)
        rows = plan.accepted.order_by().values_list(
            Value(group_id, BigIntegerField()), "pk", Now(), Value(actor.user_id, BigIntegerField())
        )
        fields = ["group_id", "member_id", "added_at", "added_by_id"]
        return plan.outcome(insert_select(GroupMember, fields, rows, ignore_conflicts=True))


def add_to_workspace(*, actor: Actor, organization_id: int, chosen: Chosen, workspace_id: int, role_id: int) -> Outcome:
    """Gives members a role in a workspace, each as a direct grant. Locks the organization."""
    with locked(actor=actor, organization_id=organization_id) as held:
        proposal = propose_workspace(held.facts, held.organization, workspace_id, role_id)
        plan = make_plan(held.facts, held.organization, chosen.members(held.organization), proposal)
        role = Role.objects.get(pk=role_id)
        held.record_set(GRANT_GIVEN, plan.accepted, scope=workspace_id, after=role.name)
        rows = plan.accepted.order_by().values_list(
            Value(workspace_id, BigIntegerField()),
            "pk",
            Value(role_id, BigIntegerField()),
            Value(Origin.MANUAL, CharField()),
            Now(),
            Value(actor.user_id, BigIntegerField()),
            Value("", CharField()),
        )
        fields = ["workspace_id", "member_id", "role_id", "origin", "granted_at", "granted_by_id", "reason"]
        return plan.outcome(insert_select(Grant, fields, rows, ignore_conflicts=True))


def create_group(*, actor: Actor, organization_id: int, name: str) -> Group:
    """An empty group. Raises ValidationError for a name that is none, Refusal 409 for one that is taken."""
    name = clean_name(name)
    with locked(actor=actor, organization_id=organization_id) as held:
        insist(decide(held.facts, Verb.ADD_TO_GROUP))
        if Group.objects.filter(organization=held.organization, sort_name=fold(name)).exists():
            raise Refusal("There is a group of this name already.", 409, "name_taken")
        group = Group.objects.create(organization=held.organization, name=name, sort_name=fold(name))
        held.record(GROUP_CREATED, subject=group.pk, after=name)
    return group
