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
WORKSPACE_CHANGED = _kind("workspace.changed", "pencil", _("changed {field} of {subject}"), subject="workspace")
WORKSPACE_ARCHIVED = _kind("workspace.archived", "archive", _("archived {subject}"), subject="workspace")
WORKSPACE_REOPENED = _kind("workspace.reopened", "archive-off", _("reopened {subject}"), tone="ok", subject="workspace")
WORKSPACE_DELETED = _kind(
    "workspace.deleted", "trash", _("deleted the workspace {subject}"), tone="bad", subject="workspace"
)
WORKSPACE_RESTORED = _kind(
    "workspace.restored", "restore", _("restored the workspace {subject}"), tone="ok", subject="workspace"
)
WORKSPACE_JOINED = _kind("workspace.joined", "login-2", _("joined {scope}"), tone="ok", scope="workspace")
WORKSPACE_LEFT = _kind("workspace.left", "door-exit", _("left {scope}"), tone="bad", scope="workspace")
WORKSPACE_PURGED = _kind(
    "workspace.purged", "clock-x", _("removed {subject} for good"), tone="bad", subject="workspace"
)
GROUP_CREATED = _kind("group.created", "users-group", _("created the group {subject}"), tone="ok", subject="group")
GROUP_CHANGED = _kind("group.changed", "pencil", _("changed {field} of the group {subject}"), subject="group")
GROUP_DELETED = _kind("group.deleted", "trash", _("deleted the group {subject}"), tone="bad", subject="group")
MANAGER_NAMED = _kind("group.manager_named", "user-star", _("made {subject} manager of {scope}"), scope="group")
MANAGER_DISMISSED = _kind(
    "group.manager_dismissed", "user-minus", _("took the management of {scope} from {subject}"), scope="group"
)
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
GROUP_LEFT = _kind("group.left", "user-minus", _("took {subject} out of {scope}"), tone="bad", scope="group")
GRANT_GIVEN = _kind("grant.given", "user-plus", _("gave {subject} a role in {scope}"), tone="ok", scope="workspace")
GRANT_CHANGED = _kind("grant.changed", "key", _("changed the role of {subject} in {scope}"), scope="workspace")
GRANT_REMOVED = _kind(
    "grant.removed", "user-minus", _("took a role in {scope} from {subject}"), tone="bad", scope="workspace"
)
GROUP_GRANT_GIVEN = _kind(
    "group_grant.given",
    "users-plus",
    _("gave {subject} a role in {scope}"),
    tone="ok",
    subject="group",
    scope="workspace",
)
GROUP_GRANT_CHANGED = _kind(
    "group_grant.changed", "key", _("changed the role of {subject} in {scope}"), subject="group", scope="workspace"
)
GROUP_GRANT_REMOVED = _kind(
    "group_grant.removed",
    "users-minus",
    _("took a role in {scope} from {subject}"),
    tone="bad",
    subject="group",
    scope="workspace",
)
EVERYONE_GRANT_GIVEN = _kind(
    "everyone_grant.given", "world", _("gave everyone a role in {subject}"), tone="warn", subject="workspace"
)
EVERYONE_GRANT_CHANGED = _kind(
    "everyone_grant.changed", "world", _("changed what everyone may do in {subject}"), tone="warn", subject="workspace"
)
EVERYONE_GRANT_REMOVED = _kind(
    "everyone_grant.removed", "world-off", _("took the role in {subject} from everyone"), subject="workspace"
)
ROLE_CREATED = _kind("role.created", "key", _("made the role {subject}"), tone="ok", subject="role")
ROLE_EDITED = _kind("role.changed", "key", _("changed the role {subject}"), subject="role")
ROLE_DELETED = _kind("role.deleted", "trash", _("deleted the role {subject}"), tone="bad", subject="role")
SCHEME_CHANGED = _kind(
    "organization.scheme_changed", "key", _("changed the role scheme of {subject}"), tone="warn", subject="organization"
)
RESOURCE_SHARED = _kind("resource.shared", "user-plus", _("added {subject} to {scope}"), tone="ok", scope="resource")
RESOURCE_UNSHARED = _kind("resource.unshared", "user-minus", _("took {subject} off {scope}"), scope="resource")
RESOURCE_ACCESS_CHANGED = _kind(
    "resource.access_changed", "lock", _("changed who may reach {subject}"), subject="resource"
)
RESOURCE_TRANSFERRED = _kind("resource.transferred", "key", _("made {subject} owner of {scope}"), scope="resource")
RESOURCE_REGISTERED = _kind(
    "resource.registered", "database", _("registered {subject} from {product}"), subject="resource"
)
RESOURCE_VANISHED = _kind(
    "resource.vanished", "trash", _("learned from {product} that {subject} is gone"), tone="bad", subject="resource"
)
DRIVE_CHOSEN = _kind("drive.chosen", "database", _("chose {subject} as the default drive"), subject="resource")
WORKSPACE_DRIVE_CHOSEN = _kind(
    "drive.chosen_in_workspace",
    "database",
    _("chose {subject} as the default drive of {scope}"),
    subject="resource",
    scope="workspace",
)
DRIVE_DROPPED = _kind("drive.dropped", "database", _("left no default drive in place of {subject}"), subject="resource")
PERMISSION_ENTERED = _kind(
    "permission.entered", "key", _("put permissions of {product} into {subject}"), tone="warn", subject="role"
)
PERMISSION_WITHDRAWN = _kind(
    "permission.withdrawn", "key", _("took permissions of {product} out of {subject}"), tone="warn", subject="role"
)
ACCOUNT_REPORTED = _kind(
    "external_account.reported", "link", _("noted the external account of {subject}"), subject="organization"
)
ACCESS_ASKED = _kind("request.made", "hand-stop", _("asked for access"), by_subject=True)
REQUEST_APPROVED = _kind("request.approved", "check", _("approved what {subject} asked for"), tone="ok")
REQUEST_DECLINED = _kind("request.declined", "x", _("declined what {subject} asked for"))
REQUEST_WITHDRAWN = _kind("request.withdrawn", "x", _("withdrew a request"), by_subject=True)
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
