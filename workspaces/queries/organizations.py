"""Reads about the organization itself: its owner, the open offer, who may follow, what a deletion would end."""

from dataclasses import dataclass

from django.db.models.functions import Now

from accounts.models import User
from workspaces.catalogue import BuiltIn
from workspaces.models import Group, Member, Organization, OwnershipTransfer, Workspace
from workspaces.queries.directory import by_name

MOST_SUCCESSORS = 200


def found_by_slug(slug: str) -> Organization | None:
    return Organization.objects.filter(slug=slug).first()


def owner_of(organization: Organization) -> Member:
    return Member.objects.select_related("user", "directory").get(owned=organization)


def open_offer(organization: Organization) -> OwnershipTransfer | None:
    """The offer of ownership that is still good, by the database's clock."""
    return (
        OwnershipTransfer.objects.filter(organization=organization, expires_at__gt=Now())
        .select_related("successor__directory")
        .first()
    )


def possible_successors(organization: Organization) -> list[tuple[int, str]]:
    """Active members beside the owner, Admins first, with name and address."""
    others = organization.members.effective().exclude(owned=organization)
    people = by_name(organization, others).values_list("pk", "directory__name", "address")
    admins = list(people.filter(role=BuiltIn.ADMIN)[:MOST_SUCCESSORS])
    rows = admins + list(people.exclude(role=BuiltIn.ADMIN)[: MOST_SUCCESSORS - len(admins)])
    return [(pk, f"{name} ({address})" if name else address) for pk, name, address in rows]


@dataclass(frozen=True, slots=True)
class Size:
    members: int
    groups: int
    workspaces: int


def size_of(organization: Organization) -> Size:
    return Size(
        organization.members.count(),
        Group.objects.filter(organization=organization).count(),
        Workspace.objects.filter(organization=organization).count(),
    )


def may_create(user: User, *, open_to_all: bool) -> bool:
    """Anyone where the operator allows it, support staff, and the first person of an empty installation."""
    return open_to_all or user.is_staff or not Organization.objects.exists()
