"""Why somebody holds what they hold in a workspace, what would remain without each of its ways, and what of it matters.

Words and order only: the paths come from `effective`, the meaning of roles from `roles`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from workspaces.catalogue import Permission
from workspaces.models import Organization, Workspace
from workspaces.queries.effective import Kind, Path, codes_of, held_by
from workspaces.queries.roles import Roles

# Of equal ways the first in this order decides: what is hardest to take away comes first.
_ORDER = {Kind.ORGANIZATION: 0, Kind.DIRECT: 1, Kind.GROUP: 2, Kind.EVERYONE: 3}


@dataclass(frozen=True, slots=True)
class Way:
    """One path as it is drawn. role: what it gives. rest: what remains without it, and through what ("" for
    nothing).
    """

    path: Path
    role: str
    decides: bool
    rest: str
    rest_through: str
    extras: tuple[str, ...] = ()

    @property
    def through(self) -> str:
        return through(self.path)

    @property
    def without(self) -> str:
        """What remains if it goes, as a sentence."""
        if self.path.kind is Kind.ORGANIZATION:
            return _("Comes with the organization role and cannot be removed here.")
        if not self.rest:
            return _("Without it: no access.")
        words = {"role": self.rest, "through": self.rest_through}
        if self.rest == self.role:
            return _("Without it: keeps %(role)s through %(through)s.") % words
        return _("Without it: %(role)s through %(through)s.") % words


@dataclass(frozen=True, slots=True)
class Ability:
    """One permission that is held, with what carries it."""

    code: str
    ability: str
    high_risk: bool
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """One workspace of one person. ways: the deciding one first. has_more: they hold more than the role says."""

    workspace: Workspace
    role: str
    has_more: bool
    held: frozenset[str]
    ways: tuple[Way, ...]

    @property
    def decisive(self) -> Way:
        return self.ways[0]

    @property
    def is_archived(self) -> bool:
        return self.workspace.archived_at is not None

    @property
    def removable(self) -> bool:
        """Is there something that an admin of the workspace can take away?"""
        return any(way.path.kind in (Kind.DIRECT, Kind.GROUP) for way in self.ways)


def through(path: Path) -> str:
    """What a path leads through, as a name."""
    if path.kind is Kind.GROUP:
        return path.group
    names = {
        Kind.DIRECT: _("a direct grant"),
        Kind.EVERYONE: _("Everyone"),
        Kind.ORGANIZATION: _("the organization role"),
    }
    return names[path.kind]


def explain(
    organization: Organization,
    roles: Roles,
    paths: Iterable[Path],
    permissions: Mapping[str, Permission],
) -> list[Explained]:
    """By workspace, by name; one query."""
    by_workspace: dict[int, list[Path]] = {}
    for path in paths:
        by_workspace.setdefault(path.workspace_id, []).append(path)
    workspaces = Workspace.objects.filter(organization=organization, pk__in=list(by_workspace)).order_by("name", "pk")
    return [_explained(workspace, roles, by_workspace[workspace.pk], permissions) for workspace in workspaces]


def _explained(
    workspace: Workspace, roles: Roles, paths: Sequence[Path], permissions: Mapping[str, Permission]
) -> Explained:
    held = held_by(roles, paths)
    shown = roles.shown(held)
    ordered = in_order(roles, paths)
    ways = tuple(_way(roles, path, ordered, permissions) for path in ordered)
    return Explained(workspace, shown.role or ways[0].role, shown.has_more, held, ways)


def in_order(roles: Roles, paths: Iterable[Path]) -> list[Path]:
    """The deciding path first: the one that holds most; of equals the lasting one, then what is hardest to take."""
    return sorted(
        paths,
        key=lambda path: (-len(codes_of(roles, path)), path.ends_at is not None, _ORDER[path.kind], path.grant_id or 0),
    )


def _way(roles: Roles, path: Path, ordered: Sequence[Path], permissions: Mapping[str, Permission]) -> Way:
    others = [other for other in ordered if other is not path]
    rest = held_by(roles, others)
    extras = path.extra if path.kind is not Kind.ORGANIZATION else frozenset()
    return Way(
        path=path,
        role=roles.names[path.role_id],
        decides=path is ordered[0],
        rest=(roles.shown(rest).role or roles.names[others[0].role_id]) if others else "",
        rest_through=through(others[0]) if others else "",
        extras=tuple(abilities_of(extras, permissions)),
    )


def abilities_of(codes: Collection[str], permissions: Mapping[str, Permission]) -> list[str]:
    """What codes let people do, in the catalogue's order."""
    return [str(permission.ability) for code, permission in permissions.items() if code in codes]


def abilities_in(
    place: Explained, roles: Roles, permissions: Mapping[str, Permission]
) -> list[tuple[str, list[Ability]]]:
    """What they can do there, by area, each with its sources; in an archived workspace only what is kept there."""
    areas: dict[str, list[Ability]] = {}
    for code, permission in permissions.items():
        if code in place.held and (permission.viewing or not place.is_archived):
            sources = tuple(way.through for way in place.ways if code in codes_of(roles, way.path))
            ability = Ability(code, str(permission.ability), permission.high_risk, sources)
            areas.setdefault(str(permission.area), []).append(ability)
    return list(areas.items())
