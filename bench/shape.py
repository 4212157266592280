"""How large the measured organizations are (PERFORMANCE: S, M and L), and what is in them."""

from dataclasses import dataclass

GOALS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14)
"""Of PERFORMANCE; the others belong to what is not built yet."""

VERSION = 1
"""To be raised when `bench.building` or `bench.people` build something else."""

OTHERS = 20
"""Organizations beside the measured one, which together have a fifth of its members."""


@dataclass(frozen=True, slots=True)
class Scale:
    name: str
    members: int
    workspaces: int
    groups: int
    large_groups: int
    large_group_members: int
    memberships: int
    grants: int
    invitations: int

    @property
    def slug(self) -> str:
        return f"bench-{self.name.lower()}"

    @property
    def members_of_another(self) -> int:
        return self.members // 5 // OTHERS


SCALES = {
    scale.name: scale
    for scale in (
        Scale("S", 1_000, 12, 40, 2, 50, 1_900, 1_000, 200),
        Scale("M", 100_000, 60, 400, 10, 5_000, 190_000, 100_000, 20_000),
        Scale("L", 1_000_000, 200, 2_000, 10, 50_000, 1_900_000, 1_000_000, 200_000),
    )
}
ADMINS = 20
"""Organization Admins beside the owner."""
