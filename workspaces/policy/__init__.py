"""The rules. Pure: facts in, decision out; no query, no request. `deciding` says how, `rights` what each verb asks for,
`last_admins` folds the last-admin rule.
"""

from workspaces.policy.deciding import ALLOWED, Decision, decide
from workspaces.policy.facts import (
    ActorFacts,
    GrantFacts,
    GroupFacts,
    MemberFacts,
    OrganizationFacts,
    ResourceFacts,
    RoleFacts,
    State,
    WorkspaceFacts,
)
from workspaces.policy.last_admins import keep_last_admins
from workspaces.policy.verbs import BULK_LIMIT, Verb

__all__ = [
    "ALLOWED",
    "BULK_LIMIT",
    "ActorFacts",
    "Decision",
    "GrantFacts",
    "GroupFacts",
    "MemberFacts",
    "OrganizationFacts",
    "ResourceFacts",
    "RoleFacts",
    "State",
    "Verb",
    "WorkspaceFacts",
    "decide",
    "keep_last_admins",
]
