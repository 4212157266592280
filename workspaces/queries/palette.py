"""What the palette finds by name: people, groups and workspaces, a few of each, within what the asker may see."""

from dataclasses import dataclass

from workspaces.catalogue import Code
from workspaces.models import Directory, Group, Organization, Workspace
from workspaces.names import fold
from workspaces.policy import ActorFacts
from workspaces.queries.directory import people_called
from workspaces.queries.facts import workspace_permissions

FEW = 6


@dataclass(frozen=True, slots=True)
class Hit:
    id: int
    name: str
    detail: str = ""
    slug: str = ""


def people_named(organization: Organization, text: str) -> list[Hit]:
    people = people_called(Directory.objects.filter(organization=organization), text, FEW)
    return [Hit(each.member_id, each.name or each.address, each.address if each.name else "") for each in people]


def groups_named(organization: Organization, facts: ActorFacts, text: str, *, own: bool) -> list[Hit]:
    """own: only those that the person manages."""
    groups = Group.objects.filter(organization=organization, sort_name__contains=fold(text))
    if own:
        groups = groups.filter(managers__member=facts.member_id or 0)
    rows = groups.order_by("sort_name").values_list("pk", "name", "description")[:FEW]
    return [Hit(pk, name, description) for pk, name, description in rows]


def workspaces_named(organization: Organization, facts: ActorFacts, text: str) -> list[Hit]:
    """Those that the person may open: archived ones only where they manage them."""
    held = workspace_permissions(organization, facts)
    seen = [pk for pk, codes in held.items() if Code.WORKSPACE_VIEW in codes]
    managed = [pk for pk, codes in held.items() if Code.MEMBERS_WORKSPACE_MANAGE in codes]
    named = Workspace.objects.alive().filter(organization=organization, sort_name__contains=fold(text))
    found = named.filter(archived_at__isnull=True, pk__in=seen) | named.filter(pk__in=managed)
    return [
        Hit(each.pk, each.name, each.description or _kind(each), each.slug)
        for each in found.order_by("sort_name", "pk")[:FEW]
    ]


def _kind(workspace: Workspace) -> str:
    is_shared = workspace.kind == Workspace.Kind.SHARED
    return str(workspace.get_label_display() if is_shared else workspace.get_kind_display())
