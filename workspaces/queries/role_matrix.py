"""What roles can and cannot do, area by area, as matrix, editor and comparison draw it: printed from the catalogue and
the roles' own permissions.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from workspaces.catalogue import PLATFORM_AREAS, Permission, Scope
from workspaces.queries.catalogue import Enforcer, permissions, products

READ, WRITE = ".read", ".write"


@dataclass(frozen=True, slots=True)
class Line:
    """One permission, or the two of a thing that can be read and written."""

    label: str
    permissions: tuple[Permission, ...]

    @property
    def is_pair(self) -> bool:
        return len(self.permissions) == 2

    @property
    def high_risk(self) -> bool:
        return any(permission.high_risk for permission in self.permissions)


@dataclass(slots=True)
class Area:
    name: str
    lines: list[Line] = field(default_factory=list)
    enforcers: list[Enforcer] = field(default_factory=list)

    @property
    def codes(self) -> list[str]:
        return [permission.code for line in self.lines for permission in line.permissions]


def permissions_at(scope: Scope) -> dict[str, Permission]:
    """What roles of a scope are made of. What is asked of single resources is held through the workspace."""
    scopes = {scope, Scope.RESOURCE} if scope == Scope.WORKSPACE else {scope}
    return {code: permission for code, permission in permissions().items() if permission.scope in scopes}


def areas_of(scope: Scope) -> list[Area]:
    """The permissions of a scope by area, in the catalogue's order; two queries."""
    known, enforcers = permissions_at(scope), products()
    areas: dict[str, Area] = {}
    for permission in known.values():
        name = str(permission.area)
        area = areas.setdefault(name, Area(name or permission.enforced_by))
        enforcer = enforcers[permission.enforced_by]
        if enforcer not in area.enforcers:
            area.enforcers.append(enforcer)
        line = _line(permission, known)
        if line is not None:
            area.lines.append(line)
    return list(areas.values())


def _line(permission: Permission, known: dict[str, Permission]) -> Line | None:
    """None for the second half of a pair, which stands with the first."""
    stem, dot, verb = permission.code.rpartition(".")
    read, write = known.get(f"{stem}{READ}"), known.get(f"{stem}{WRITE}")
    if read is None or write is None or f"{dot}{verb}" not in (READ, WRITE):
        return Line(capital(str(permission.ability)), (permission,))
    if permission is write:
        return None
    return Line(capital(str(PLATFORM_AREAS.get(stem, stem.replace("_", " ")))), (read, write))


def capital(text: str) -> str:
    """The first letter alone: "Ray clusters" stays itself."""
    return text[:1].upper() + text[1:]


def in_words(codes: Collection[str], known: Iterable[Permission]) -> list[Permission]:
    """Those of the known permissions that are among the codes, in the catalogue's order."""
    return [permission for permission in known if permission.code in codes]
