"""What the texts of a row ask for: role, groups and workspaces by their names, as far as the person may know them.

Names of what somebody does not see count as unknown, and are never proposed (ACCEPTANCE P3).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from django.utils.translation import gettext_noop

from config.sentences import Sentence, together
from invitations.asking import Ask
from invitations.sheets.columns import Entered
from workspaces.catalogue import Code, Scope, role_words
from workspaces.models import Group, Organization, Role, Workspace
from workspaces.names import fold
from workspaces.policy import ActorFacts, Verb, decide
from workspaces.queries.choices import giveable_groups
from workspaces.queries.facts import policies_of, roles_of, workspace_permissions

MOST_PROPOSALS = 200
"""Unknown names of one list that the nearest known one is looked for: each costs a comparison with all of them."""


type Named = tuple[int, str]
"""An id, and the name as its owner writes it."""


class Unknown(ValueError):
    """A name that means nothing here; the sentence proposes the nearest one that does."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(slots=True)
class Names:
    """The ids that names mean, by their folded form. slugs: the workspaces by the part of their address; shared: of
    names that several workspaces have, those parts.
    """

    roles: Mapping[str, Named]
    workspace_roles: Mapping[str, Named]
    groups: Mapping[str, Named]
    workspaces: Mapping[str, Named]
    slugs: Mapping[str, Named] = field(default_factory=dict)
    shared: Mapping[str, str] = field(default_factory=dict)
    _unknown: dict[tuple[str, str], Sentence] = field(default_factory=dict)
    _read: dict[tuple[str, str, str], Ask] = field(default_factory=dict)
    _called: dict[str, dict[int, str]] = field(default_factory=dict)

    def ask(self, entered: Entered, defaults: Ask) -> Ask:
        """The defaults, but for what the row says itself. Raises Unknown."""
        key = (entered.role, entered.groups, entered.workspaces)
        if key not in self._read:
            self._read[key] = replace(
                defaults,
                role_id=self._one("role", entered.role) if entered.role else defaults.role_id,
                group_ids=tuple(sorted(set(self._groups(entered.groups)))) or tuple(sorted(defaults.group_ids)),
                placements=self._placements(entered.workspaces) or dict(defaults.placements),
            )
        return self._read[key]

    def _groups(self, text: str) -> Iterable[int]:
        """By semicolons or lines; by commas where that is no name itself."""
        for piece in _pieces(text, ";\n"):
            if fold(piece) in self.groups:
                yield self._one("group", piece)
            else:
                yield from (self._one("group", each) for each in _pieces(piece, ","))

    def _placements(self, text: str) -> dict[int, int]:
        """ "Research: Editor; Lab: Viewer". The last colon counts, since names may hold one."""
        found: dict[int, int] = {}
        for piece in _pieces(text, ";\n"):
            name, colon, role = (part.strip() for part in piece.rpartition(":"))
            if not colon or not name or not role:
                raise Unknown(Sentence("Write “%(text)s” with its role, as in “Research: Editor”.", text=_short(piece)))
            workspace = self._one("workspace", name)
            if workspace in found:
                raise Unknown(Sentence("The workspace “%(text)s” is named twice.", text=_short(name)))
            found[workspace] = self._one("workspace_role", role)
        return found

    def _one(self, what: str, text: str) -> int:
        known = self._known(what).get(fold(text)) or (self.slugs.get(text) if what == "workspace" else None)
        if known is None:
            raise Unknown(self._sentence(what, text))
        return known[0]

    def words(self, group_ids: Iterable[int], placements: Iterable[tuple[int, int]]) -> Sentence | str:
        """ "Editor in Research, Data team": what somebody gains; "" for nothing."""
        if not self._called:
            about = {"role": self.workspace_roles, "workspace": self.slugs, "group": self.groups}
            self._called = {what: dict(named.values()) for what, named in about.items()}
        roles, workspaces, groups = (self._called[what] for what in ("role", "workspace", "group"))
        inside = [
            Sentence(
                "%(role)s in %(workspace)s",
                role=role_words(role, roles.get(role, "?")),
                workspace=workspaces.get(workspace, "?"),
            )
            for workspace, role in placements
        ]
        return together([*inside, *(groups.get(pk, "?") for pk in group_ids)], ", ")

    def _known(self, what: str) -> Mapping[str, Named]:
        return {
            "role": self.roles,
            "workspace_role": self.workspace_roles,
            "group": self.groups,
            "workspace": self.workspaces,
        }[what]

    def _sentence(self, what: str, text: str) -> Sentence:
        key = (what, fold(text)[:80])
        if what == "workspace" and key[1] in self.shared:
            return Sentence(
                "Several workspaces are called “%(text)s”. Write one of these instead: %(slugs)s.",
                text=_short(text),
                slugs=self.shared[key[1]],
            )
        if key not in self._unknown:
            known = self._known(what)
            near = get_close_matches(key[1], known, 1, 0.6) if len(self._unknown) < MOST_PROPOSALS else []
            said = Sentence(_UNKNOWN[what], text=_short(text))
            if near:
                said = said.followed_by(Sentence("Did you mean “%(near)s”?", near=known[near[0]][1]))
            self._unknown[key] = said
        return self._unknown[key]


_UNKNOWN = {
    "role": gettext_noop("There is no organization role “%(text)s”."),
    "workspace_role": gettext_noop("There is no workspace role “%(text)s”."),
    "group": gettext_noop("There is no group “%(text)s”."),
    "workspace": gettext_noop("There is no workspace “%(text)s”."),
}


def names_of(organization: Organization, facts: ActorFacts) -> Names:
    """What the person may name: all roles, and the groups and workspaces that they see."""
    if decide(facts, Verb.VIEW_GROUPS, organization=policies_of(organization)):
        groups = list(Group.objects.filter(organization=organization).values_list("pk", "name"))
    else:
        groups = giveable_groups(organization, facts)
    workspaces = Workspace.objects.alive().filter(organization=organization)
    if not facts.holds(Code.WORKSPACES_MANAGE):
        workspaces = workspaces.filter(pk__in=workspace_permissions(organization, facts))
    rows = list(workspaces.order_by("pk").values_list("pk", "name", "slug"))
    named = _by_name((pk, name) for pk, name, _slug in rows)
    shared: dict[str, list[str]] = {}
    for _pk, name, slug in rows:
        if fold(name) not in named:
            shared.setdefault(fold(name), []).append(slug)
    return Names(
        _by_name(_roles(organization, Scope.ORGANIZATION)),
        _by_name(_roles(organization, Scope.WORKSPACE)),
        _by_name(groups),
        named,
        {slug: (pk, name) for pk, name, slug in rows},
        {name: ", ".join(slugs[:5]) for name, slugs in shared.items()},
    )


def _roles(organization: Organization, scope: Scope) -> list[Named]:
    return list(Role.objects.filter(pk__in=roles_of(organization, scope)).order_by("pk").values_list("pk", "name"))


def _by_name(rows: Iterable[Named]) -> dict[str, Named]:
    """Without the names that two have."""
    found: dict[str, Named] = {}
    twice: set[str] = set()
    for pk, name in rows:
        key = fold(name)
        if key in found:
            twice.add(key)
        found[key] = (pk, name)
    return {key: value for key, value in found.items() if key not in twice}


def _pieces(text: str, separators: str) -> list[str]:
    return [piece.strip() for piece in re.split(f"[{separators}]", text) if piece.strip()]


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
