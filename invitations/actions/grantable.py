"""What those who ask people in can give at the moment when it is taken up, not when they asked (ACCEPTANCE P10)."""

from dataclasses import dataclass, field

from accounts.actors import Actor
from workspaces.actions.locking import Locked
from workspaces.catalogue import BuiltIn, Scope
from workspaces.policy import ActorFacts, RoleFacts, Verb, decide
from workspaces.queries.facts import actor_facts, group_facts, roles_of, workspace_facts


@dataclass
class Givers:
    """The rights of everybody who gives something, each read once, under the lock that is held."""

    held: Locked
    roles: dict[int, RoleFacts] = field(init=False)
    workspace_roles: dict[int, RoleFacts] = field(init=False)
    _known: dict[int | None, ActorFacts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.roles = roles_of(self.held.organization, Scope.ORGANIZATION)
        self.workspace_roles = roles_of(self.held.organization, Scope.WORKSPACE)

    def facts(self, user_id: int | None) -> ActorFacts:
        if user_id not in self._known:
            self._known[user_id] = actor_facts(Actor(user_id, self.held.actor.source), self.held.organization)
        return self._known[user_id]

    def role_or_less(self, user_id: int | None, role_id: int) -> int:
        """The organization role, or the most of Member and Guest that the giver can still give."""
        wanted, held = self.roles[role_id].permissions, self.facts(user_id).permissions
        if wanted <= held:
            return role_id
        may_be_member = self.roles[BuiltIn.MEMBER].permissions <= held & wanted
        return int(BuiltIn.MEMBER if may_be_member else BuiltIn.GUEST)

    def may_place(
        self, user_id: int | None, workspace_id: int, role_id: int, extras: frozenset[str] = frozenset()
    ) -> bool:
        """No for a role that is none of the present scheme: nobody could give it."""
        giver, role = self.facts(user_id), self.workspace_roles.get(role_id)
        place = workspace_facts(self.held.organization, giver, [workspace_id])[workspace_id]
        if role is None:
            return False
        given = RoleFacts(role.id, role.permissions | extras)
        return bool(decide(giver, Verb.ADD_TO_WORKSPACE, workspace=place, role=given))

    def may_add(self, user_id: int | None, group_id: int) -> bool:
        giver = self.facts(user_id)
        group = group_facts(self.held.organization, giver, [group_id])[group_id]
        return bool(decide(giver, Verb.ADD_TO_GROUP, group=group))
