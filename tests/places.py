"""What people do to workspaces and see of them, said shortly."""

from datetime import timedelta
from typing import Any

from django.db.models.functions import Now

from accounts.models import User
from tests.cast import web
from workspaces.actions import workspaces
from workspaces.models import Member, Organization, Workspace
from workspaces.policy import Verb, decide
from workspaces.queries.admins import workspace_admins
from workspaces.queries.facts import actor_facts, workspace_facts


def make(by: User, organization: Organization, name: str = "Lab", **what: Any) -> Workspace:
    return workspaces.create_workspace(actor=web(by), organization_id=organization.pk, name=name, **what)


def delete(by: User, workspace: Workspace) -> None:
    workspaces.delete_workspace(
        actor=web(by),
        organization_id=workspace.organization_id,
        workspace_id=workspace.pk,
        confirmed_name=workspace.name,
    )


def restore(by: User, workspace: Workspace, admin: Member | None = None) -> None:
    workspaces.restore_workspace(
        actor=web(by),
        organization_id=workspace.organization_id,
        workspace_id=workspace.pk,
        admin_id=admin.pk if admin else None,
    )


def on(by: User, workspace: Workspace) -> dict[str, Any]:
    """What every act on a workspace is told."""
    return {"actor": web(by), "organization_id": workspace.organization_id, "workspace_id": workspace.pk}


def held(user: User, workspace: Workspace) -> frozenset[str]:
    facts = actor_facts(web(user), workspace.organization)
    return workspace_facts(workspace.organization, facts, [workspace.pk])[workspace.pk].permissions


def sees(user: User, workspace: Workspace) -> bool:
    organization = Organization.objects.get(pk=workspace.organization_id)
    facts = actor_facts(web(user), organization)
    place = workspace_facts(organization, facts, [workspace.pk])[workspace.pk]
    return bool(decide(facts, Verb.VIEW_WORKSPACE, workspace=place))


def admins_of(workspace: Workspace) -> set[int]:
    everybody = Member.objects.filter(organization=workspace.organization_id)
    direct, through = workspace_admins(workspace.organization, everybody, [workspace.pk])
    return {*direct.values_list("member_id", flat=True), *through.values_list("member_id", flat=True)}


def days_ago(workspace: Workspace, days: float) -> None:
    Workspace.objects.filter(pk=workspace.pk).update(deleted_at=Now() - timedelta(days=days))
