"""How members look in the table. django-tables2 declares the columns; the rows are plain objects for our own row
template,
since drawing cells one by one costs four times as much (PERFORMANCE.md)."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import django_tables2 as tables
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models.mails import MailState
from config.ui import rows
from config.ui.people import hue, initials
from config.ui.templatetags.ui import exact, relative
from workspaces.catalogue import BuiltIn
from workspaces.models import AccountState
from workspaces.names import NEVER
from workspaces.policy import ActorFacts, MemberFacts, State, Verb, decide
from workspaces.queries.members import Found, reaches_everyone
from workspaces.queries.roles import Roles
from workspaces.registry import Waiting


class MembersTable(tables.Table):
    """The columns that people can choose; the person is always there. order_by names a sort of queries.members."""

    role = tables.Column(verbose_name=gettext_lazy("Role"), orderable=False)
    access = tables.Column(verbose_name=gettext_lazy("Access"), orderable=False)
    groups = tables.Column(verbose_name=gettext_lazy("Groups"), orderable=False)
    state = tables.Column(verbose_name=gettext_lazy("State"), orderable=False)
    active = tables.Column(verbose_name=gettext_lazy("Last active"))
    added = tables.Column(verbose_name=gettext_lazy("Added"))


DEFAULT_COLUMNS = ("role", "access", "groups", "state", "active")


ACCOUNT_NOTES = {
    AccountState.FAILED: gettext_lazy("account failed"),
    AccountState.NOT_CHECKED: gettext_lazy("not checked"),
}


@dataclass(slots=True)
class MemberRow:
    """What the row template draws: ready strings and cells of `config.ui.rows` only; "" for columns that are not shown.

    can_edit is "" where the act is allowed, else why not. moving: it will say something else soon.
    """

    id: str
    url: str
    state: str
    pick: str
    person: str
    role: str
    access: str
    tags: str
    pill: str
    marks: str
    trouble: "Trouble | None"
    last_active: str
    added: str
    acts: str
    can_edit: str
    moving: bool


@dataclass(slots=True)
class Rights:
    """What may be done to members with the same facts; "" or the reason's sentence."""

    role_locked: str
    can_resend: str
    can_edit: str
    can_remove: str


@dataclass(slots=True)
class Presenter:
    """Makes rows for one viewer. Decides once per distinct facts of a row, not once per row."""

    facts: ActorFacts
    owner_id: int | None
    roles: Roles
    everyone: Iterable[tuple[int, int]]
    now: datetime
    base_url: str
    columns: Collection[str] = ()
    accounts: Mapping[int, AccountState] = field(default_factory=dict)  # external ones that are not in order
    waiting: Mapping[int, Waiting] = field(default_factory=dict)
    _rights: dict[MemberFacts, Rights] = field(default_factory=dict)
    # A page says the same few things over and over: each is worded once.
    _summaries: dict[tuple[int, ...], str] = field(default_factory=dict)
    _paths: dict[tuple[bool, int, str], str] = field(default_factory=dict)
    _pills: dict[tuple[bool, bool], "Pill"] = field(default_factory=dict)

    def present(self, found: Iterable[Found]) -> list[MemberRow]:
        moments = rows.Moments(self.now)
        return [self._row(each, moments) for each in found]

    def _row(self, found: Found, moments: rows.Moments) -> MemberRow:
        state = State.WAITING if found.joined_at is None else State.SUSPENDED if found.suspended_at else State.JOINED
        rights = self._rights_over(found, state)
        url = f"{self.base_url}{found.id}/"
        pill = self._pill(found)
        shown, seen = self.columns, found.last_active_at > NEVER
        waiting = self.waiting.get(found.id)
        resend_url = "" if rights.can_resend else f"{url}resend/"
        return MemberRow(
            id=SafeString(found.id),
            url=url,
            state=SafeString(pill.state),
            pick=rows.pick(found.id),
            person=self._person(found, state, url),
            role=self._role(found, rights, url) if "role" in shown else "",
            access=rows.two_lines(*self._access(found, state)) if "access" in shown else "",
            tags=rows.tags(tuple(found.groups), len(found.groups)) if "groups" in shown else "",
            pill=self._drawn_pill(found.id, pill) if "state" in shown else "",
            marks=marks_of(waiting, resend_url) if waiting is not None and "state" in shown else "",
            trouble=pill.trouble,
            last_active=(moments.draw(found.last_active_at) if seen else "–") if "active" in shown else "",
            added=moments.draw(found.since) if "added" in shown else "",
            acts=_acts(url, rights, is_waiting=state is State.WAITING, note=reminder_words(waiting)),
            can_edit=rights.can_edit,
            moving=pill.moving,
        )

    def _pill(self, found: Found) -> "Pill":
        if found.joined_at is None:
            return pill_of(found, self.now)
        kind = (found.suspended_at is not None, found.is_blocked)
        if kind not in self._pills:
            self._pills[kind] = pill_of(found, self.now)
        return self._pills[kind]

    def _drawn_pill(self, member_id: int, pill: "Pill") -> SafeString:
        account = self.accounts.get(member_id)
        if account is None or pill.detail:
            return rows.pill(pill.tone, pill.icon, pill.word, pill.detail)
        tone = "warn" if account is AccountState.FAILED else "mute"
        return rows.pill(tone, pill.icon, pill.word, str(ACCOUNT_NOTES[account]))

    def _person(self, found: Found, state: State, url: str) -> SafeString:
        waiting = state is State.WAITING
        title = found.name or found.address
        line = found.address if found.name else ""
        if waiting and found.inviter and not line:
            line = _("Invited by %(name)s") % {"name": found.inviter}
        picture = rows.avatar("" if waiting and not found.name else initials(title), hue(found.id))
        return rows.person(found.id, url, picture, rows.name(title), rows.name(line))

    def _role(self, found: Found, rights: Rights, url: str) -> SafeString:
        word = rows.text(self.roles.names.get(found.role_id, ""))
        is_strong = found.role_id == BuiltIn.ADMIN
        return rows.choice(f"{url}role/", found.role_id, word, rights.role_locked, is_strong=is_strong)

    def _rights_over(self, found: Found, state: State) -> Rights:
        facts = MemberFacts(
            state,
            found.role_id,
            self.roles.organization[found.role_id].permissions,
            is_self=found.id == self.facts.member_id,
            is_owner=found.id == self.owner_id,
        )
        rights = self._rights.get(facts)
        if rights is None:
            rights = self._rights[facts] = self._decide(facts)
        return rights

    def _decide(self, facts: MemberFacts) -> Rights:
        def reason(verb: Verb) -> str:
            decision = decide(self.facts, verb, facts)
            return str(decision.reason.sentence) if decision.reason else ""

        waiting = facts.state is State.WAITING
        role_locked = reason(Verb.UPDATE_ROLE)
        return Rights(
            role_locked=role_locked,
            can_resend=reason(Verb.RESEND) if waiting else "",
            can_edit=reason(Verb.EDIT_INVITATION) if waiting else role_locked,
            can_remove=reason(Verb.REVOKE if waiting else Verb.REMOVE),
        )

    def _access(self, found: Found, state: State) -> tuple[str, str]:
        """ "Editor in 4 workspaces", "via 2 groups": the highest role per workspace, counted."""
        if state is State.SUSPENDED or found.is_blocked:
            return _("No access"), _("while suspended") if state is State.SUSPENDED else _("while blocked")
        if found.role_id == BuiltIn.ADMIN:
            return _("Admin everywhere"), _("once accepted") if state is State.WAITING else _("inherited")
        best: dict[int, int] = {}
        groups: set[str] = set()
        direct = False
        for workspace, role, group in found.grants:
            best[workspace] = self._higher(best.get(workspace), role)
            if group is None:
                direct = True
            else:
                groups.add(group)
        if reaches_everyone(found.role_id):
            for workspace, role in self.everyone:
                best[workspace] = self._higher(best.get(workspace), role)
        if not best:
            return _("No workspace yet"), ""
        if state is State.WAITING:
            return self._summary(best), _("once accepted")
        return self._summary(best), self._via(direct, groups)

    def _higher(self, present: int | None, role: int) -> int:
        if present is None or self.roles.ranks.get(role, 0) > self.roles.ranks.get(present, 0):
            return role
        return present

    def _via(self, direct: bool, groups: Collection[str]) -> str:
        kind = (direct, len(groups), next(iter(groups)) if len(groups) == 1 else "")
        if kind not in self._paths:
            self._paths[kind] = _via(direct, groups)
        return self._paths[kind]

    def _summary(self, best: Mapping[int, int]) -> str:
        held = tuple(sorted(best.values()))
        if held not in self._summaries:
            self._summaries[held] = self._worded(Counter(held))
        return self._summaries[held]

    def _worded(self, counts: Mapping[int, int]) -> str:
        ordered = sorted(counts.items(), key=lambda item: -self.roles.ranks.get(item[0], 0))
        if len(ordered) == 1:
            role, count = ordered[0]
            text = ngettext("%(role)s in %(count)s workspace", "%(role)s in %(count)s workspaces", count)
            return text % {"role": self.roles.names.get(role, ""), "count": count}
        parts = (
            _("%(role)s in %(count)s") % {"role": self.roles.names.get(role, ""), "count": n} for role, n in ordered[:2]
        )
        return ", ".join(parts)


def _acts(url: str, rights: Rights, *, is_waiting: bool, note: str) -> SafeString:
    bell = rows.act(f"{url}resend/", "bell", "w-resend", rights.can_resend, note) if is_waiting else ""
    edit = rows.act(f"{url}edit/", "pencil", "w-edit", rights.can_edit)
    remove = rows.act(f"{url}remove/", "trash", "w-remove", rights.can_remove)
    return SafeString(f"{bell}{edit}{remove}{rows.menu(url, 'w-more')}")


def marks_of(waiting: Waiting, resend_url: str) -> SafeString:
    """What the holder of a dead link asks for, with the one click that answers it, and the reminders that went out.
    The template puts them beside the pill in an `r-marked`. resend_url: what that click posts to; "" for whoever may
    not, who is only told.
    """
    marks = []
    if waiting.fresh_asked_at is not None:
        words = _("They asked for a fresh link on %(moment)s") % {"moment": exact(waiting.fresh_asked_at)}
        marks.append(
            rows.press(resend_url, "warn", "mail-forward", f"{_('Send a fresh link')}. {words}")
            if resend_url
            else rows.mark("warn", "mail-forward", words)
        )
    if waiting.reminders_stopped_at is not None:
        marks.append(rows.mark("mute", "bell-off", reminder_words(waiting)))
    elif waiting.reminders:
        text = ngettext("%(count)s reminder was sent", "%(count)s reminders were sent", waiting.reminders)
        words = ". ".join(filter(None, [text % {"count": waiting.reminders}, reminder_words(waiting)]))
        marks.append(rows.mark("mute", "bell", words, str(waiting.reminders)))
    return SafeString("".join(marks))


def reminder_words(waiting: Waiting | None) -> str:
    """When the next reminder goes, or that none will since somebody stopped them; "" where there is nothing to say."""
    if waiting is None:
        return ""
    if waiting.reminders_stopped_at is not None:
        return _("Reminders were stopped on %(moment)s") % {"moment": exact(waiting.reminders_stopped_at)}
    if waiting.reminder_at is not None:
        return _("The next reminder goes on %(moment)s") % {"moment": exact(waiting.reminder_at)}
    return ""


def _via(direct: bool, groups: Collection[str]) -> str:
    through = ""
    if len(groups) == 1:
        through = _("via %(group)s") % {"group": next(iter(groups))}
    elif groups:
        through = _("via %(count)s groups") % {"count": len(groups)}
    if direct:
        return f"{_('direct')}, {through}" if through else _("direct")
    return through or _("via everyone")


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with somebody's mail: in short, in the server's words, and what to do."""

    title: str
    reply: str
    hint: str


@dataclass(frozen=True, slots=True)
class Pill:
    """A member's state in words, with what its mail says. moving: it will say something else soon."""

    state: str
    word: str
    icon: str
    tone: str
    detail: str = ""
    trouble: "Trouble | None" = None
    moving: bool = False


def pill_of(found: Found, now: datetime) -> Pill:
    if found.joined_at is not None:
        return _joined_pill(found)
    if found.declined_at is not None:
        return Pill("declined", _("Declined"), "mail-x", "mute", relative(found.declined_at, now))
    if found.invited_until is not None and found.invited_until <= now:
        return Pill("expired", _("Expired"), "hourglass-empty", "warn", relative(found.invited_until, now))
    return _mail_pill(found, now)


def _joined_pill(found: Found) -> Pill:
    if found.suspended_at is not None:
        return Pill("suspended", _("Suspended"), "player-pause", "mute")
    if found.is_blocked:
        return Pill("blocked", _("Blocked"), "ban", "bad")
    return Pill("joined", _("Joined"), "circle-check", "ok")


def _mail_pill(found: Found, now: datetime) -> Pill:
    """Never "sent" for what is only queued (P19)."""
    word, reply = _("Invited"), _(found.mail_reply)  # the server's words stay; Roster's own are said in the language
    match found.mail_state:
        case MailState.SENT:
            detail = _("sent %(when)s") % {"when": relative(found.mail_at, now)} if found.mail_at else _("sent")
            return Pill("invited", word, "mail", "info", detail)
        case MailState.FAILED:
            code = found.mail_reply[:3]
            detail = _("refused %(code)s") % {"code": code} if code.isdigit() else _("refused")
            hint = _("Nobody was reached at this address.")
            trouble = Trouble(_("The mail server refused it"), reply, hint)
            return Pill("invited", word, "mail-x", "bad", detail, trouble)
        case MailState.RETRYING:
            trouble = Trouble(_("The mail server asked to wait"), reply, _("It is tried again by itself."))
            return Pill("invited", word, "clock", "warn", _("retrying"), trouble, moving=True)
        case MailState.UNCONFIRMED:
            reply = reply or _("The connection broke before the server answered.")
            trouble = Trouble(_("Perhaps delivered"), reply, _("Resend if they did not get it."))
            return Pill("invited", word, "help-circle", "warn", _("unconfirmed"), trouble)
        case MailState.BOUNCED:
            trouble = Trouble(_("The mail came back"), reply, _("Nobody was reached at this address."))
            return Pill("invited", word, "mail-x", "bad", _("bounced"), trouble)
        case MailState.COMPLAINED:
            hint = _("Whoever got it does not want such mail; reminders to them are stopped.")
            trouble = Trouble(_("Marked as spam by its reader"), reply, hint)
            return Pill("invited", word, "mail-x", "bad", _("marked as spam"), trouble)
        case MailState.SENDING:
            return Pill("invited", word, "clock", "mute", _("sending"), moving=True)
        case MailState.CANCELLED:
            return Pill("invited", word, "mail-off", "mute", _("mail cancelled"))
        case _:
            return Pill("invited", word, "clock", "mute", _("queued"), moving=True)
