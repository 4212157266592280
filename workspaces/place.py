"""Where somebody acts, and what they hold there. Made by `workspaces.access` for requests, by workers for jobs."""

from dataclasses import dataclass

from accounts.actors import Actor
from workspaces.models import Member, Organization, Workspace
from workspaces.policy import ActorFacts, OrganizationFacts, WorkspaceFacts
from workspaces.queries.facts import policies_of


@dataclass(frozen=True, slots=True)
class Place:
    """The organization, the person's own membership in it, and what they hold."""

    organization: Organization
    member: Member
    actor: Actor
    facts: ActorFacts

    @property
    def policies(self) -> OrganizationFacts:
        return policies_of(self.organization)


@dataclass(frozen=True, slots=True)
class Inside:
    """A workspace that the person may see, and what they hold in it."""

    workspace: Workspace
    facts: WorkspaceFacts
