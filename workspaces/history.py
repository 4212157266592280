"""The words of the history: one event per kind of act, which owns its sentence, its icon and its payload.

Sentences follow the actor's name. {subject} is the changed thing (or "12 people"), {scope} where it happened; other
fields come from the payload. Personal names are never in a payload: they are looked up by id, or in the labels.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language_info, gettext, gettext_noop, override
from django.utils.translation import gettext_lazy as _

from workspaces.catalogue import BUILT_IN_ROLES


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

WORD_LABEL = "word"
"""Kind of the labels, by the act's id, that hold what a person wrote beside an act. Personal: can be shredded."""
FORMER_ADDRESS_LABEL, NEW_ADDRESS_LABEL = "before", "after"
"""The same of an address that was corrected."""


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
MEMBER_MERGED = _kind("member.merged", "arrows-exchange", _("merged {subject} into {scope}"), scope="member")
MEMBER_LEFT = _kind("member.left", "logout", _("left the organization"), tone="bad")
DOMAIN_ADDED = _kind("domain.added", "world", _("added the domain {domain}"), subject="organization")
DOMAIN_PROVEN = _kind("domain.proven", "shield-check", _("proved the domain {domain} by DNS"), subject="organization")
DOMAIN_SWITCHED_ON = _kind(
    "domain.switched_on", "world", _("let people at {domain} join by themselves"), tone="warn", subject="organization"
)
DOMAIN_SWITCHED_OFF = _kind(
    "domain.switched_off",
    "world-off",
    _("no longer lets people at {domain} join by themselves"),
    subject="organization",
)
DOMAIN_PAUSED = _kind(
    "domain.paused", "player-pause", _("paused joining by {domain}"), tone="warn", subject="organization"
)
DOMAIN_RESUMED = _kind(
    "domain.resumed", "player-play", _("resumed joining by {domain}"), tone="warn", subject="organization"
)
DOMAIN_REMOVED = _kind("domain.removed", "trash", _("removed the domain {domain}"), subject="organization")
DOMAIN_JOINED = _kind("domain.joined", "login-2", _("joined by their address at {domain}"), tone="ok")
INVITE_LINK_MADE = _kind(
    "invite_link.made", "link", _("made the invite link {link}"), tone="warn", subject="organization"
)
INVITE_LINK_SHOWN = _kind(
    "invite_link.shown", "copy", _("looked at the address of the invite link {link}"), subject="organization"
)
INVITE_LINK_ROTATED = _kind(
    "invite_link.rotated", "refresh", _("replaced the address of the invite link {link}"), subject="organization"
)
INVITE_LINK_REVOKED = _kind(
    "invite_link.revoked", "ban", _("ended the invite link {link}"), tone="bad", subject="organization"
)
INVITE_LINK_JOINED = _kind("invite_link.joined", "login-2", _("joined by the invite link {link}"), tone="ok")
INVITE_LINK_PLACED = _kind("invite_link.placed", "login-2", _("gained access by the invite link {link}"), tone="ok")
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
RESOURCE_MOVED = _kind(
    "resource.moved", "database", _("learned from {product} that {subject} is elsewhere"), subject="resource"
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
INVITATION_EDITED = _kind("invitation.changed", "pencil", _("changed {field} of the invitation of {subject}"))
INVITATION_HANDED_OVER = _kind(
    "invitation.handed_over", "arrow-right", _("handed the invitation of {subject} to {scope}"), scope="member"
)
INVITATION_EXPLAINED = _kind("invitation.explained", "mail", _("wrote why they declined"), by_subject=True)
INVITATION_REMINDED = _kind("invitation.reminded", "bell", _("had {subject} reminded of the invitation"))
REMINDERS_STOPPED = _kind("reminders.stopped", "player-pause", _("stopped the reminders to {subject}"))
REMINDERS_RESUMED = _kind("reminders.resumed", "player-play", _("let {subject} be reminded again"))
REMINDERS_UNSUBSCRIBED = _kind("reminders.unsubscribed", "mail-off", _("wants no more reminders"), by_subject=True)
FRESH_LINK_ASKED = _kind("invitation.fresh_asked", "mail-forward", _("asked for a fresh link"), by_subject=True)
LINK_COPIED = _kind("invitation.link_copied", "link", _("copied the link of {subject}"), tone="warn")
CODE_ASKED = _kind("invitation.code_asked", "key", _("asked for a code to the invited address"), by_subject=True)
PEOPLE_PROPOSED = _kind("proposal.made", "user-question", _("proposed people to invite"), by_subject=True)
PROPOSAL_APPROVED = _kind("proposal.approved", "check", _("approved whom {subject} proposed"), tone="ok")
PROPOSAL_DECLINED = _kind("proposal.declined", "x", _("declined whom {subject} proposed"))
PROPOSAL_WITHDRAWN = _kind("proposal.withdrawn", "x", _("withdrew a proposal"), by_subject=True)
MAIL_RETRIED = _kind("mail.retried", "mail", _("had the mail to {subject} tried again"))
MAIL_CANCELLED = _kind("mail.cancelled", "mail-off", _("took back the mail to {subject}"), tone="warn")
PLACEMENT_DROPPED = _kind(
    "placement.dropped", "shield-x", _("left out what the inviter may no longer give to {subject}"), tone="warn"
)
COLLABORATION_DROPPED = _kind(
    "collaboration.dropped",
    "shield-x",
    _("left {subject} out of {scope}, which could no longer be shared with them"),
    tone="warn",
    scope="resource",
)

# What entries keep as before and after is in English; what comes from these lists is said in the reader's language.
_STATES = [
    gettext_noop("Invited"),
    gettext_noop("Joined"),
    gettext_noop("Suspended"),
    gettext_noop("Revoked"),
    gettext_noop("Pending"),
    gettext_noop("Declined"),
    gettext_noop("Expired"),
    gettext_noop("Can view"),
    gettext_noop("Can edit"),
    gettext_noop("Full: by workspace role"),
    gettext_noop("Locked: members view"),
    gettext_noop("Private: owner and collaborators"),
    gettext_noop("Standard"),
    gettext_noop("Managed"),
    gettext_noop("Infrastructure"),
    gettext_noop("Not checked"),
    gettext_noop("Checked"),
    gettext_noop("Failed"),
]
_PAUSES = {
    "owner": gettext_noop("the owner changed"),
    "address": gettext_noop("the owner's address changed"),
    "blocked": gettext_noop("the owner's account is blocked"),
    "listed": gettext_noop("nobody may join by this domain"),
    "dns": gettext_noop("the DNS record is gone"),
    "by_hand": gettext_noop("by hand"),
}
_TEXTS = ("name", "description")
_SETTINGS = {
    "True": gettext_noop("switched on"),
    "False": gettext_noop("switched off"),
    "None": gettext_noop("no limit"),
}
_FIELDS = {
    "name": gettext_noop("name"),
    "description": gettext_noop("description"),
    "label": gettext_noop("label"),
    "language": gettext_noop("language"),
    "message": gettext_noop("message"),
    "expiry": gettext_noop("expiry"),
    "open": gettext_noop("“members may join by themselves”"),
    "joining_role": gettext_noop("joining role"),
    "seats": gettext_noop("seats"),
    "invitation_days": gettext_noop("invitation days"),
    "invitations_per_day": gettext_noop("invitations per day"),
    "members_see_members": gettext_noop("“members see the member list”"),
    "workspace_admins_invite": gettext_noop("“workspace admins may invite”"),
    "members_create_workspaces": gettext_noop("“members may create workspaces”"),
    "members_create_groups": gettext_noop("“members may create groups”"),
    "members_propose": gettext_noop("“members may propose people”"),
    "sends_reminders": gettext_noop("“reminders are sent”"),
}
_FIXED = {*_STATES, *(role.name for role in BUILT_IN_ROLES.values())}
_GRANT = re.compile(
    r"(?P<role>[^+(]+?)(?P<extras> \+ [\w., ]+?)?(?: until (?P<end>[\d-]{10}))?(?P<reason> \(.*\))?", re.DOTALL
)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d\+00:00")
_ABOUT_NAMES = ("organization.", "group.", "role.", "drive.")
_ABOUT_PLACES = ("domain.", "invite_link.")


def kept_label(label: object) -> str:
    """A state, level or the like as entries keep it: in English, whatever the actor speaks."""
    with override("en"):
        return str(label)


def kept_moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="minutes")


def stored_words(kind: EventKind, text: str, field: object = None) -> str:
    """An entry's before or after as people read it: states, built-in roles, languages and moments in their language and
    zone, names as they are. field: what was changed, where the act says so.
    """
    if field == "language":
        return str(get_language_info(text)["name_translated"]) if text in dict(settings.LANGUAGES) else text
    if field is not None and field not in _TEXTS and text in _SETTINGS:
        return gettext(_SETTINGS[text])
    if _MOMENT.fullmatch(text):
        return date_format(timezone.localtime(datetime.fromisoformat(text)), gettext("j F Y, H:i"))
    if kind is DOMAIN_PAUSED:
        return gettext(_PAUSES[text]) if text in _PAUSES else text
    if kind is ACCOUNT_REPORTED:
        account, comma, state = text.rpartition(", ")
        return f"{account}{comma}{gettext(state)}" if state in _STATES else text
    if kind.name.startswith(_ABOUT_PLACES):
        first, *places = text.split("; ")  # the organization role, where there is one
        first = gettext(first) if first in _FIXED else stored_place(first)
        return "; ".join([first, *map(stored_place, places)])
    found = _GRANT.fullmatch(text)
    if found is None or (kind.name.startswith(_ABOUT_NAMES) and text not in _STATES):
        return text
    role = gettext(found["role"]) if found["role"] in _FIXED else found["role"]
    end = gettext(" until %(day)s") % {"day": _day(found["end"])} if found["end"] else ""
    return f"{role}{found['extras'] or ''}{end}{found['reason'] or ''}"


def _day(text: str) -> str:
    try:
        return date_format(date.fromisoformat(text), gettext("j F Y"))
    except ValueError:  # a custom role may be called like that
        return text


def stored_place(text: str) -> str:
    """Where an invitation puts people: "Editor, Genomics" or a group's name."""
    role, comma, workspace = text.partition(", ")
    return f"{gettext(role)}{comma}{workspace}" if comma and role in _FIXED else text


def stored_field(name: str) -> str:
    """A changed field, as the sentences of what was changed name it."""
    return gettext(_FIELDS[name]) if name in _FIELDS else name.replace("_", " ")
