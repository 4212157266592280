"""How invitations and their mails look: pills, rows of the list, the mails of one. Plain objects for the templates."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import OutgoingMail
from accounts.models.mails import MailState
from accounts.outbox.gates import Gate, Passage
from config.ui import rows
from config.ui.people import hue, initials
from config.ui.templatetags.ui import left, relative
from invitations.models import Invitation
from invitations.policy import State
from invitations.queries.invitations import Clocked, state_of
from workspaces import policy
from workspaces.models import Member
from workspaces.policy import ActorFacts, MemberFacts, Verb, decide
from workspaces.queries.roles import Roles
from workspaces.registry import Waiting
from workspaces.tables import Trouble, marks_of, reminder_words


@dataclass(frozen=True, slots=True)
class Shown:
    """A pill. meaning: what the state is, for whoever asks."""

    word: str
    icon: str
    tone: str
    detail: str = ""
    meaning: str = ""


_STATES = {
    State.PENDING: (lazy("Pending"), "mail", "info", lazy("Asked, and not answered yet.")),
    State.ACCEPTED: (lazy("Accepted"), "circle-check", "ok", lazy("Joined by this invitation.")),
    State.DECLINED: (lazy("Declined"), "mail-x", "mute", lazy("Said no. Asking again renews it.")),
    State.EXPIRED: (lazy("Expired"), "hourglass-empty", "warn", lazy("Not answered in time. Resending renews it.")),
    State.REVOKED: (lazy("Revoked"), "ban", "mute", lazy("Taken back. Only a new invitation brings them in.")),
}
_MAILS = {
    MailState.QUEUED: (lazy("Queued"), "clock", "mute"),
    MailState.SENDING: (lazy("Sending"), "clock", "mute"),
    MailState.SENT: (lazy("Sent"), "mail", "ok"),
    MailState.RETRYING: (lazy("Retrying"), "clock", "warn"),
    MailState.FAILED: (lazy("Refused"), "mail-x", "bad"),
    MailState.UNCONFIRMED: (lazy("Unconfirmed"), "help-circle", "warn"),
    MailState.CANCELLED: (lazy("Cancelled"), "mail-off", "mute"),
    MailState.BOUNCED: (lazy("Bounced"), "mail-x", "bad"),
    MailState.COMPLAINED: (lazy("Marked as spam"), "mail-x", "bad"),
}
_HINTS = {
    MailState.RETRYING: (lazy("The mail server asked to wait"), lazy("It is tried again by itself.")),
    MailState.FAILED: (lazy("The mail server refused it"), lazy("Nobody was reached at this address.")),
    MailState.UNCONFIRMED: (lazy("Perhaps delivered"), lazy("Resend if they did not get it.")),
    MailState.BOUNCED: (lazy("The mail came back"), lazy("Nobody was reached at this address.")),
    MailState.COMPLAINED: (lazy("Marked as spam by its reader"), lazy("Reminders to them are stopped.")),
    MailState.CANCELLED: (lazy("Not sent"), ""),
}
_MOVING = (MailState.QUEUED, MailState.SENDING, MailState.RETRYING)


def state_pill(invitation: Clocked) -> Shown:
    now, state = invitation.now, state_of(invitation)
    word, icon, tone, meaning = _STATES[state]
    if state is State.PENDING:
        return Shown(str(word), icon, tone, left(invitation.expires_at, now), str(meaning))
    return Shown(str(word), icon, tone, relative(answered_at(invitation) or invitation.expires_at, now), str(meaning))


def answered_at(invitation: Invitation) -> datetime | None:
    return invitation.accepted_at or invitation.revoked_at or invitation.declined_at


def mail_pill(mail: OutgoingMail | None, now: datetime) -> Shown:
    """Never "sent" for what is only queued (P19)."""
    if mail is None:
        return Shown(_("No mail"), "mail-off", "mute")
    word, icon, tone = _MAILS[MailState(mail.state)]
    return Shown(str(word), icon, tone, relative(mail.finished_at or mail.queued_at, now))


def trouble_of(mail: OutgoingMail | None) -> Trouble | None:
    if mail is None or mail.state not in _HINTS:
        return None
    title, hint = _HINTS[MailState(mail.state)]
    return Trouble(str(title), _(mail.reply), str(hint))


type Act = tuple[str, Verb, str, Promise, str]
"""The name of its address, what one must be allowed to do, the icon's mark in a row, label and icon."""


@dataclass(slots=True)
class InvitationRow:
    """What the row template draws: ready strings, and cells of `config.ui.rows`."""

    id: str
    state: str
    pick: str
    person: str
    pill: str
    marks: str
    mail: str
    trouble: Trouble | None
    asked_by: str
    asked: str
    ends: str
    acts: str
    edit_url: str
    moving: bool


@dataclass(slots=True)
class InvitationPresenter:
    """Makes rows for one viewer. Decides once per distinct facts."""

    slug: str
    facts: ActorFacts
    roles: Roles
    waiting: Mapping[int, Waiting] = field(default_factory=dict)
    _reasons: dict[tuple[Verb, int], str] = field(default_factory=dict)

    def present(
        self, invitations: Iterable[Clocked], mails: Mapping[int, OutgoingMail], now: datetime
    ) -> list[InvitationRow]:
        moments = rows.Moments(now)
        return [self._row(each, mails.get(each.pk), moments) for each in invitations]

    def _row(self, invitation: Clocked, mail: OutgoingMail | None, moments: rows.Moments) -> InvitationRow:
        state, shown, sent = state_of(invitation), state_pill(invitation), mail_pill(mail, invitation.now)
        waits = is_waiting(invitation)
        url = reverse("invitation_story", args=[self.slug, invitation.pk])
        # The row's key is its member, by whom bulk actions choose; who waits no longer is not chosen.
        key = invitation.member_id if waits and invitation.member_id else -invitation.pk
        name = invitation.member.directory.name if invitation.member else ""
        picture = rows.avatar(initials(name) if name else "", hue(invitation.pk))
        line = rows.name(invitation.address if name else "")
        acts = {act["verb"]: act for act in self.acts(invitation)}
        waiting = self.waiting.get(invitation.member_id or 0) if waits else None
        resend, note = acts.get(Verb.RESEND), reminder_words(waiting)
        marks = marks_of(waiting, resend["url"] if resend and not resend["reason"] else "") if waiting else ""
        return InvitationRow(
            id=str(invitation.pk),
            state=state.value,
            pick=rows.pick(key) if waits else "",
            person=rows.person(key, url, picture, rows.name(name or invitation.address), line),
            pill=rows.pill(shown.tone, shown.icon, shown.word, shown.detail),
            marks=marks,
            mail=rows.pill(sent.tone, sent.icon, sent.word, sent.detail),
            trouble=trouble_of(mail),
            asked_by=rows.text(asked_by(invitation)),
            asked=moments.draw(invitation.sent_at),
            ends=moments.draw(answered_at(invitation) or invitation.expires_at),
            acts=SafeString(
                "".join(
                    rows.act(act["url"], act["icon"], act["id"], act["reason"], note if verb is Verb.RESEND else "")
                    for verb, act in acts.items()
                )
            ),
            edit_url="" if not waits or acts[Verb.EDIT_INVITATION]["reason"] else acts[Verb.EDIT_INVITATION]["url"],
            moving=mail is not None and mail.state in _MOVING and waits,
        )

    def acts(self, invitation: Invitation) -> list[dict[str, Any]]:
        """What can be done about somebody who waits: with the reason why not, where it cannot."""
        if not is_waiting(invitation) or invitation.member is None:
            return []
        return self._acts(invitation.member, _ACTS)

    def all_acts(self, invitation: Invitation) -> list[dict[str, Any]]:
        """Those too for which a row has no room."""
        more = self._acts(invitation.member, _MORE_ACTS) if is_waiting(invitation) and invitation.member else []
        acts = self.acts(invitation)
        return [*acts[:-1], *more, *acts[-1:]]

    def _acts(self, member: Member, acts: Iterable[Act]) -> list[dict[str, Any]]:
        return [
            {
                "verb": verb,
                "id": mark,
                "label": str(label),
                "icon": icon,
                "url": reverse(name, args=[self.slug, member.pk]),
                "reason": self._reason(verb, member.role_id),
                "danger": verb is Verb.REVOKE,
            }
            for name, verb, mark, label, icon in acts
        ]

    def _reason(self, verb: Verb, role_id: int) -> str:
        key = (verb, role_id)
        if key not in self._reasons:
            member = MemberFacts(policy.State.WAITING, role_id, self.roles.organization[role_id].permissions)
            reason = decide(self.facts, verb, member).reason
            self._reasons[key] = str(reason.sentence) if reason else ""
        return self._reasons[key]


_ACTS: tuple[Act, ...] = (
    ("member_resend", Verb.RESEND, "w-resend", lazy("Resend"), "bell"),
    ("member_edit", Verb.EDIT_INVITATION, "w-edit", lazy("Edit"), "pencil"),
    ("member_remove", Verb.REVOKE, "w-revoke", lazy("Revoke"), "trash"),
)
_MORE_ACTS: tuple[Act, ...] = (
    ("member_copy_link", Verb.RESEND, "w-copy", lazy("Copy link"), "link"),
    ("member_reminders", Verb.EDIT_INVITATION, "w-reminders", lazy("Reminders"), "bell-off"),
)


def is_waiting(invitation: Invitation) -> bool:
    """Open, with its waiting member."""
    return invitation.accepted_at is None and invitation.revoked_at is None and invitation.member_id is not None


def asked_by(invitation: Invitation) -> str:
    return invitation.inviter.display_name if invitation.inviter else invitation.inviter_name or _("Deleted account")


def mail_lines(mails: Iterable[OutgoingMail], now: datetime, gate: Gate) -> list[dict[str, Any]]:
    """The mails of one invitation, with what was tried. gate: what unfinished ones wait for."""
    return [
        {
            "pill": mail_pill(mail, now),
            "kind": str(MAIL_WORDS.get(mail.kind, lazy("Mail"))),
            "recipient": mail.recipient,
            "queued_at": mail.queued_at,
            "finished_at": mail.finished_at,
            "tries": mail.attempts,
            "reply": _(mail.reply),
            "waits_for": _waits_for(mail, gate),
            "next_at": mail.next_attempt_at
            if mail.state == MailState.RETRYING and gate.passage is Passage.OPEN
            else None,
            "attempts": [
                {"at": each.at, "word": str(_MAILS[MailState(each.state)][0]), "reply": _(each.reply)}
                for each in mail.failed_attempts.all()
            ],
        }
        for mail in mails
    ]


def _waits_for(mail: OutgoingMail, gate: Gate) -> str:
    if mail.state not in (MailState.QUEUED, MailState.RETRYING) or gate.passage is Passage.OPEN:
        return ""
    if gate.passage is Passage.PAUSED:
        return _("All mail of this installation is paused by its operator.")
    return _("The mail server cannot be reached at present. It is tried again by itself.")


MAIL_WORDS = {
    "invitation": lazy("Invitation"),
    "invitation_reminder": lazy("Reminder"),
}
