"""The words of the history: one event per kind of act, which owns its sentence, its icon and its payload.

Sentences follow the actor's name. {subject} is the changed thing (or "12 people"), {scope} where it happened; other
fields come from the payload. Personal names are never in a payload: they are looked up by id, or in the labels.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class EventKind:
    """subject and scope name the kind of thing that an entry's ids mean: member, group, workspace, organization.

    by_subject: where nobody was signed in, the subject did it.
    """

    name: str
    icon: str
    sentence: Promise
    tone: str = ""
    subject: str = "member"
    scope: str = ""
    by_subject: bool = False


KINDS: dict[str, EventKind] = {}


def _kind(
    name: str,
    icon: str,
    sentence: Promise,
    *,
    tone: str = "",
    subject: str = "member",
    scope: str = "",
    by_subject: bool = False,
) -> EventKind:
    kind = KINDS[name] = EventKind(name, icon, sentence, tone, subject, scope, by_subject)
    return kind


ORGANIZATION_CREATED = _kind(
    "organization.created", "building", _("created {subject}"), tone="ok", subject="organization"
)
ORGANIZATION_CHANGED = _kind(
    "organization.changed", "settings", _("changed {field} of {subject}"), subject="organization"
)
ORGANIZATION_DELETED = _kind(
    "organization.deleted", "trash", _("deleted {subject}"), tone="bad", subject="organization"
)
WORKSPACE_CREATED = _kind(
    "workspace.created", "stack-2", _("created the workspace {subject}"), tone="ok", subject="workspace"
)
GROUP_CREATED = _kind("group.created", "users-group", _("created the group {subject}"), tone="ok", subject="group")
OWNERSHIP_OFFERED = _kind("ownership.offered", "key", _("offered the ownership to {subject}"))
OWNERSHIP_WITHDRAWN = _kind("ownership.withdrawn", "key", _("withdrew the offer of ownership to {subject}"))
OWNERSHIP_TAKEN = _kind("ownership.taken", "key", _("took over the ownership"))
ROLE_CHANGED = _kind("member.role_changed", "key", _("changed the role of {subject}"))
MEMBER_SUSPENDED = _kind("member.suspended", "player-pause", _("suspended {subject}"))
MEMBER_REACTIVATED = _kind("member.reactivated", "player-play", _("reactivated {subject}"), tone="ok")
MEMBER_REMOVED = _kind("member.removed", "user-minus", _("removed {subject}"), tone="bad")
MEMBER_LEFT = _kind("member.left", "logout", _("left the organization"), tone="bad")
ACCOUNT_BLOCKED = _kind("account.blocked", "ban", _("blocked the account of {subject}"), tone="bad")
ACCOUNT_UNBLOCKED = _kind("account.unblocked", "ban", _("unblocked the account of {subject}"))
GROUP_JOINED = _kind("group.joined", "user-plus", _("added {subject} to {scope}"), tone="ok", scope="group")
GRANT_GIVEN = _kind("grant.given", "user-plus", _("gave {subject} a role in {scope}"), tone="ok", scope="workspace")
MEMBER_INVITED = _kind("invitation.sent", "mail", _("invited {subject}"))
INVITATION_RENEWED = _kind("invitation.renewed", "mail", _("renewed the invitation of {subject}"))
INVITATION_REVOKED = _kind("invitation.revoked", "mail-x", _("revoked the invitation of {subject}"), tone="bad")
INVITATION_ACCEPTED = _kind("invitation.accepted", "mail-check", _("accepted the invitation"), tone="ok")
INVITATION_MERGED = _kind("invitation.merged", "mail-check", _("accepted an invitation to another address"), tone="ok")
INVITATION_DECLINED = _kind("invitation.declined", "mail-x", _("declined the invitation"), by_subject=True)
INVITATION_EXPIRED = _kind("invitation.expired", "hourglass-empty", _("let the invitation of {subject} expire"))
INVITATION_READDRESSED = _kind("invitation.readdressed", "pencil", _("corrected the address of {subject}"))
MAIL_RETRIED = _kind("mail.retried", "mail", _("had the mail to {subject} tried again"))
PLACEMENT_DROPPED = _kind(
    "placement.dropped", "shield-x", _("left out what the inviter may no longer give to {subject}"), tone="warn"
)
