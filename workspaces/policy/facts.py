"""What the rules are told: hashable facts about who asks, whom it is done to, and what it would give."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    WAITING = "waiting"
    JOINED = "joined"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class ActorFacts:
    """Who asks. permissions are those of the organization role, empty unless the member is joined and active."""

    member_id: int | None = None
    user_id: int | None = None
    permissions: frozenset[str] = frozenset()
    is_active: bool = False
    is_owner: bool = False
    is_fresh: bool = False
    is_support: bool = False
    is_guest: bool = False

    def holds(self, code: str) -> bool:
        return code in self.permissions


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """Who it is done to. permissions are those at the act's scope: of their organization role, or for acts in a
    workspace all that they hold there.
    """

    state: State
    role_id: int
    permissions: frozenset[str]
    is_self: bool = False
    is_owner: bool = False


@dataclass(frozen=True, slots=True)
class RoleFacts:
    id: int
    permissions: frozenset[str]


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """A group: does the actor manage it, and does it carry rights that the actor lacks?"""

    is_managed: bool
    carries_more: bool


@dataclass(frozen=True, slots=True)
class WorkspaceFacts:
    """A workspace: what the actor holds there, and what of it without an end date anywhere on the path.

    lasting None: all of it lasts. most: what a grant there may hold at the most (in a read-only workspace).
    """

    permissions: frozenset[str]
    lasting: frozenset[str] | None = None
    kind: str = "shared"
    most: frozenset[str] | None = None
    is_open: bool = False
    is_archived: bool = False

    def holds(self, code: str) -> bool:
        return code in self.permissions


@dataclass(frozen=True, slots=True)
class GrantFacts:
    """A grant, as it stands or as it is proposed: what its role and its extras hold, and whom it reaches.

    reaches_actor: the actor is its member, in its group, or it is for everyone. lengthened: proposed to end later than
    it does, or never.
    """

    permissions: frozenset[str]
    is_everyone: bool = False
    reaches_actor: bool = False
    lengthened: bool = False


@dataclass(frozen=True, slots=True)
class ResourceFacts:
    """A resource: is it the actor's, nobody's, private?"""

    is_owner: bool = False
    is_private: bool = False
    is_orphan: bool = False


@dataclass(frozen=True, slots=True)
class OrganizationFacts:
    members_see_members: bool = True
    workspace_admins_invite: bool = True
    members_create_workspaces: bool = False
    members_create_groups: bool = False
    members_propose: bool = False
    owner_is_active: bool = True
    is_successor: bool = False
    has_offer: bool = False
