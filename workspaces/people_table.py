"""How the people of a workspace look in its table: one row each, with every path that leads here and the deciding one.

Rows are plain objects for the row template, like those of `tables`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.ui import rows
from config.ui.people import hue, initials
from config.ui.templatetags.ui import day, exact
from workspaces.catalogue import Scope, top_role
from workspaces.models import Organization, Origin
from workspaces.policy import (
    ActorFacts,
    Decision,
    GrantFacts,
    MemberFacts,
    OrganizationFacts,
    State,
    Verb,
    WorkspaceFacts,
    decide,
)
from workspaces.queries.effective import Kind, Path, held_by
from workspaces.queries.effective.paths import codes_of
from workspaces.queries.facts import every_code
from workspaces.queries.members import Found
from workspaces.queries.roles import Roles, Shown
from workspaces.registry import Waiting
from workspaces.tables import Pill, Trouble, marks_of, pill_of, reminder_words


@dataclass(frozen=True, slots=True)
class Source:
    """One path as the why-panel says it. decides: it alone gives the role shown. url: where it is changed, or ""."""

    role: str
    through: str
    icon: str
    note: str
    reason: str
    decides: bool
    grant_id: int | None


@dataclass(slots=True)
class PersonRow:
    """What the row template draws. moving: it will say something else soon."""

    id: str
    url: str
    state: str
    pick: str
    person: str
    role: str
    through: str
    sources: list[Source]
    given: str
    ends: str
    pill: str
    marks: str
    trouble: Trouble | None
    acts: str
    moving: bool


@dataclass(frozen=True, slots=True)
class Rights:
    """ "" where it is allowed, or the reason's sentence."""

    change: str
    remove: str


@dataclass(slots=True)
class PeoplePresenter:
    """Makes rows for one viewer of one workspace. Decides once per distinct facts of a row."""

    organization: Organization
    actor: ActorFacts
    workspace: WorkspaceFacts
    roles: Roles
    paths: Mapping[int, Sequence[Path]]
    now: datetime
    base_url: str
    waiting: Mapping[int, Waiting] = field(default_factory=dict)
    _rights: dict[tuple[object, ...], Rights] = field(default_factory=dict)
    _everything: frozenset[str] | None = None

    def present(self, found: Iterable[Found]) -> list[PersonRow]:
        moments = rows.Moments(self.now)
        return [self._row(each, moments) for each in found]

    def everything(self) -> frozenset[str]:
        """All that a workspace has to give, asked once: a path of the organization role names it."""
        if self._everything is None:
            ways = (path.extra for each in self.paths.values() for path in each if path.grant_id is None)
            self._everything = next(ways, None) or every_code(Scope.WORKSPACE)
        return self._everything

    def _row(self, found: Found, moments: rows.Moments) -> PersonRow:
        paths = self.paths.get(found.id, ())
        held = held_by(self.roles, paths)
        deciding = deciding_path(self.roles, paths)
        rights = self.rights_over(found, paths, held)
        pill: Pill = pill_of(found, self.now)
        url = f"{self.base_url}{found.id}/"
        return PersonRow(
            id=str(found.id),
            url=url,
            state=pill.state,
            pick=rows.pick(found.id),
            person=_person(found, url),
            role=self._role(paths, held, rights, url),
            through=_through(paths, deciding),
            sources=self.sources(paths, deciding),
            given=_given(found, deciding, moments),
            ends=moments.draw(deciding.ends_at) if deciding is not None and deciding.ends_at else "–",
            pill=rows.pill(pill.tone, pill.icon, pill.word, pill.detail),
            marks=self._marks(found, url),
            trouble=pill.trouble,
            acts=self._acts(found, rights, url),
            moving=pill.moving,
        )

    def rights_over(self, found: Found, paths: Sequence[Path], held: frozenset[str]) -> Rights:
        """What the viewer may do to somebody's own roles here."""
        if any(path.kind is Kind.ORGANIZATION for path in paths):
            name = self.roles.names.get(found.role_id, "")
            locked = _("%(role)s of the organization: inherited here, and removed only there.") % {"role": name}
            return Rights(locked, locked)
        direct = frozenset().union(*(codes_of(self.roles, path) for path in paths if path.kind is Kind.DIRECT))
        has_direct = any(path.kind is Kind.DIRECT for path in paths)
        state = State.WAITING if found.joined_at is None else State.SUSPENDED if found.suspended_at else State.JOINED
        more = not held <= self.workspace.permissions
        key = (state, found.id == self.actor.member_id, more, has_direct, direct)
        if key not in self._rights:
            member = MemberFacts(
                state,
                found.role_id,
                self.everything() if more else frozenset(),
                is_self=found.id == self.actor.member_id,
            )
            self._rights[key] = self._decide(member, direct if has_direct else None)
        return self._rights[key]

    def _decide(self, member: MemberFacts, direct: frozenset[str] | None) -> Rights:
        def sentence(verb: Verb) -> str:
            grant = None if direct is None else GrantFacts(direct)
            decision = decide(self.actor, verb, member, workspace=self.workspace, grant=grant)
            return str(decision.reason.sentence) if decision.reason else ""

        return Rights(
            sentence(Verb.ADD_TO_WORKSPACE if direct is None else Verb.CHANGE_GRANT), sentence(Verb.REMOVE_GRANT)
        )

    def _role(self, paths: Sequence[Path], held: frozenset[str], rights: Rights, url: str) -> SafeString:
        shown = self.roles.shown(held)
        own = [path for path in paths if path.kind is Kind.DIRECT]
        is_strong = self.roles.workspace[top_role(self.organization.scheme).id].permissions <= held
        value = max(own, key=lambda path: self.roles.ranks.get(path.role_id, 0)).role_id if own else 0
        return rows.choice(f"{url}role/", value, rows.text(shown_words(shown)), rights.change, is_strong=is_strong)

    def _marks(self, found: Found, url: str) -> SafeString:
        waiting = self.waiting.get(found.id)
        return marks_of(waiting, f"{url}resend/") if waiting is not None and self.may_invite() else SafeString("")

    def may_invite(self) -> Decision:
        """May the viewer ask people into this workspace, and so resend?"""
        policies = OrganizationFacts(workspace_admins_invite=self.organization.workspace_admins_invite)
        return decide(self.actor, Verb.INVITE, workspace=self.workspace, organization=policies)

    def _acts(self, found: Found, rights: Rights, url: str) -> SafeString:
        bell = ""
        if found.joined_at is None:
            may, note = self.may_invite(), reminder_words(self.waiting.get(found.id))
            bell = rows.act(f"{url}resend/", "bell", "w-resend", str(may.reason.sentence) if may.reason else "", note)
        edit = rows.act(f"{url}permissions/", "pencil", "w-edit", rights.change)
        remove = rows.act(f"{url}remove/", "trash", "w-remove", rights.remove)
        return SafeString(f"{bell}{edit}{remove}{rows.menu(url, 'w-more')}")

    def sources(self, paths: Sequence[Path], deciding: Path | None) -> list[Source]:
        ordered = sorted(paths, key=lambda path: (path is not deciding, -len(codes_of(self.roles, path))))
        return [self._source(path, decides=path is deciding) for path in ordered]

    def _source(self, path: Path, *, decides: bool) -> Source:
        extras = len(path.extra) if path.grant_id is not None else 0
        role = self.roles.names.get(path.role_id, "")
        if extras:
            more = ngettext("%(count)s extra permission", "%(count)s extra permissions", extras) % {"count": extras}
            role = f"{role} + {more}"
        return Source(
            role=role,
            through=through_words(path),
            icon=_ICONS[path.kind],
            note=self._note(path),
            reason=path.reason,
            decides=decides,
            grant_id=path.grant_id,
        )

    def _note(self, path: Path) -> str:
        if path.grant_id is None:
            return _("Inherited into every workspace.")
        parts = [str(Origin(path.origin).label)] if path.origin else []
        if path.granted_at is not None:
            by = path.granted_by or "Roster"
            parts.append(_("%(when)s by %(name)s") % {"when": day(path.granted_at, self.now), "name": by})
        if path.ends_at is not None:
            parts.append(_("until %(moment)s") % {"moment": exact(path.ends_at)})
        return " · ".join(filter(None, parts))


_ICONS = {
    Kind.DIRECT: "user",
    Kind.GROUP: "users-group",
    Kind.EVERYONE: "world",
    Kind.ORGANIZATION: "building",
}


def deciding_path(roles: Roles, paths: Sequence[Path]) -> Path | None:
    """The path that holds most; of equals the one that lasts, then the one of one's own."""
    order = [Kind.ORGANIZATION, Kind.DIRECT, Kind.GROUP, Kind.EVERYONE]
    return max(
        paths,
        key=lambda path: (len(codes_of(roles, path)), path.ends_at is None, -order.index(path.kind)),
        default=None,
    )


def shown_words(shown: Shown) -> str:
    """ "Editor", "Editor, custom", "Custom", "No access"."""
    if not shown.role:
        return _("Custom") if shown.has_more else _("No access")
    return _("%(role)s, custom") % {"role": shown.role} if shown.has_more else shown.role


def through_words(path: Path) -> str:
    if path.kind is Kind.GROUP:
        return _("through %(group)s") % {"group": path.group}
    return {
        Kind.DIRECT: _("directly"),
        Kind.EVERYONE: _("as part of everyone"),
        Kind.ORGANIZATION: _("by the organization role"),
    }[path.kind]


def _through(paths: Sequence[Path], deciding: Path | None) -> SafeString:
    if deciding is None:
        return rows.two_lines(_("No way here"), "")
    more = len(paths) - 1
    line = ngettext("and %(count)s more way", "and %(count)s more ways", more) % {"count": more} if more else ""
    return rows.two_lines(through_words(deciding), line)


def _given(found: Found, deciding: Path | None, moments: rows.Moments) -> SafeString:
    """Never blank: what an organization role opens was given with the membership."""
    if deciding is None or deciding.granted_at is None:
        when, by = moments.draw(found.since), _("with the organization role")
    else:
        when, by = moments.draw(deciding.granted_at), _("by %(name)s") % {"name": deciding.granted_by or "Roster"}
    return SafeString(f"{when}<small>{rows.text(by)}</small>")


def _person(found: Found, url: str) -> SafeString:
    title = found.name or found.address
    waiting = found.joined_at is None
    picture = rows.avatar("" if waiting and not found.name else initials(title), hue(found.id))
    return rows.person(found.id, url, picture, rows.name(title), rows.name(found.address if found.name else ""))
