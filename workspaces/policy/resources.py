"""What somebody may do with one resource: pure, from what they hold in its workspace and what they are to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from workspaces.catalogue import Code, Permission, Scope


class Why(StrEnum):
    """What decides about a resource for somebody."""

    OWNER = "owner"
    COLLABORATOR = "collaborator"
    ADMIN = "admin"
    ROLE = "role"
    LOCKED = "locked"
    PRIVATE = "private"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class OnResource:
    """What somebody holds on one resource, and why. Whoever does not reach it may not even know its name."""

    permissions: frozenset[str]
    why: Why

    @property
    def reaches(self) -> bool:
        return self.why not in {Why.PRIVATE, Why.NOTHING}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The permissions that there are, as resources need them.

    viewing: kept under a lock and in an archived workspace. top: holding all of it makes an admin of a workspace.
    """

    viewing: frozenset[str]
    top: frozenset[str]
    by_product: Mapping[str, tuple[Permission, ...]] = field(default_factory=dict)

    def enforced(self, product: str, *, in_workspace: bool) -> list[Permission]:
        """What a product can ask about its resources: of the organization as a whole, or in workspaces."""
        permissions = self.by_product.get(product, ())
        return [each for each in permissions if (each.scope != Scope.ORGANIZATION) == in_workspace]

    def given(self, product: str, level: str, *, in_workspace: bool) -> frozenset[str]:
        """What a collaborator holds on a resource of a product: to view, what views; to edit, all but what is high
        risk. Never a permission that another product enforces.
        """
        return frozenset(
            each.code
            for each in self.enforced(product, in_workspace=in_workspace)
            if each.viewing or (level == "edit" and not each.high_risk)
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody is to a resource. held: by organization role (without a workspace) or in its workspace. level: of
    their collaboration, "" for none.
    """

    held: frozenset[str]
    is_owner: bool = False
    level: str = ""
    is_archived: bool = False
    is_guest: bool = False


def on_resource(vocabulary: Vocabulary, *, product: str, access: str, in_workspace: bool, who: Standing) -> OnResource:
    """Rights are united (P12): the role's, unless the lock caps it, and those of owner and collaborator.

    Private means owner and collaborators only, admins not excepted. Who edits as owner or collaborator, and an admin,
    is above the lock.
    """
    level = "edit" if who.is_owner else who.level
    asked_in = vocabulary.given(product, level, in_workspace=in_workspace) if level else frozenset()
    through_role, why = _through_role(vocabulary, access, who, in_workspace=in_workspace, edits=level == "edit")
    if level:
        why = Why.OWNER if who.is_owner else Why.COLLABORATOR
    held = through_role | asked_in
    return OnResource(held & vocabulary.viewing if who.is_archived else held, why)


def _through_role(
    vocabulary: Vocabulary, access: str, who: Standing, *, in_workspace: bool, edits: bool
) -> tuple[frozenset[str], Why]:
    sees = Code.WORKSPACE_VIEW in who.held if in_workspace else not who.is_guest
    if access == "private" and not edits:
        return frozenset(), Why.PRIVATE
    if not sees:
        return frozenset(), Why.NOTHING
    if in_workspace and vocabulary.top <= who.held:
        return who.held, Why.ADMIN
    if access == "view" and not edits:
        return who.held & vocabulary.viewing, Why.LOCKED
    return who.held, Why.ROLE
