"""Resources told again, as plainly as possible: who holds what on each, by the rows of `tests.naive` alone.

It must not call a query or a rule of the product.
"""

from dataclasses import dataclass

from tests.naive import NONE, Model
from workspaces.catalogue import PERMISSIONS, BuiltIn, Code, Scope, top_role
from workspaces.models import Member, Resource

VIEWING = frozenset(code for code, permission in PERMISSIONS.items() if permission.viewing)


@dataclass(frozen=True, slots=True)
class Truth:
    """What somebody holds on a resource; whoever does not reach it may not know its name."""

    permissions: frozenset[str]
    reaches: bool


NOTHING = Truth(NONE, reaches=False)


def given(model: Model, resource: Resource, level: str) -> frozenset[str]:
    """What being asked in brings: to view, what views; to edit, all of its product but what is high risk."""
    found = set()
    for code, permission in PERMISSIONS.items():
        fits = (permission.scope == Scope.ORGANIZATION) == (resource.workspace_id is None)
        mild = permission.viewing or (level == "edit" and not permission.high_risk)
        if fits and mild and permission.enforced_by == model.products[resource.product_id]:
            found.add(code)
    return frozenset(found) if level else NONE


def level_of(model: Model, member: int, resource: Resource) -> str:
    return "edit" if resource.owner_id == member else model.collaborators.get((resource.pk, member), "")


def around(model: Model, member: Member, resource: Resource) -> frozenset[str]:
    """What is held in its workspace, or in the organization where it is in none."""
    if not model.is_effective(member):
        return NONE
    if resource.workspace_id is None:
        return model.roles[member.role_id]
    return model.rights(member, resource.workspace_id)


def on(model: Model, member: Member, resource: Resource) -> Truth:
    if not model.is_effective(member) or member.organization_id != resource.organization_id:
        return NOTHING
    level, held = level_of(model, member.pk, resource), around(model, member, resource)
    sees = member.role_id != BuiltIn.GUEST if resource.workspace_id is None else Code.WORKSPACE_VIEW in held
    through_role = held
    if not sees or (resource.access == "private" and level != "edit"):
        through_role, sees = NONE, False
    elif resource.access == "view" and level != "edit" and not is_admin(model, held, resource):
        through_role = held & VIEWING
    codes = through_role | given(model, resource, level)
    place = model.workspaces.get(resource.workspace_id or 0)
    if place is not None and place.archived_at is not None:
        codes &= VIEWING
    return Truth(codes, reaches=sees or bool(level))


def is_admin(model: Model, held: frozenset[str], resource: Resource) -> bool:
    organization = model.organizations[resource.organization_id]
    return resource.workspace_id is not None and top_role(organization.scheme).permissions <= held


def manages(model: Model, member: Member, resource: Resource) -> bool:
    """Does somebody keep the people there?"""
    if not model.is_effective(member):
        return False
    return Code.MEMBERS_WORKSPACE_MANAGE in around(model, member, resource) or (
        Code.MEMBERS_ORG_MANAGE in model.roles[member.role_id]
    )


def may_share(model: Model, member: Member, resource: Resource, level: str = "") -> bool:
    """Lets others in, or opens and locks it: the owner, and whoever keeps the people there unless it is private.
    level: which they would give, or take away.
    """
    if not model.is_effective(member):
        return False
    mine = around(model, member, resource) | on(model, member, resource).permissions
    keeps = Code.MEMBERS_WORKSPACE_MANAGE in mine and resource.access != "private"
    return (resource.owner_id == member.pk or keeps) and given(model, resource, level) <= mine
