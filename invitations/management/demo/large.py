"""What was done to many people of the demo at once: changes of roles, and an imported table. Data only."""

from collections.abc import Sequence
from dataclasses import dataclass

from workspaces.catalogue import BuiltIn


@dataclass(frozen=True)
class RoleChange:
    """At so many days ago the actor gave all of them the role; undone: by whom, so many days ago."""

    company: str
    days: float
    actor: str
    role: BuiltIn
    persons: Sequence[str]
    undone: tuple[str, float] | None = None


@dataclass(frozen=True)
class Table:
    """At so many days ago the actor imported the rows, first line and all, from the file."""

    company: str
    days: float
    actor: str
    file: str
    rows: str


ROLE_CHANGES: Sequence[RoleChange] = (
    RoleChange("Acme Research", 12.3, "Nadia Rahmani", BuiltIn.ADMIN,
               ("Henrik Sjöberg", "Sunniva Haugland", "Kenji Matsuda", "Tshepo Molefe", "Shreya Balasubramanian"),
               undone=("Olga Rossi", 12.2)),
    RoleChange("Acme Research", 0.2, "Olga Rossi", BuiltIn.GUEST,
               ("Sunniva Haugland", "Kenji Matsuda", "Tshepo Molefe")),
)  # fmt: skip

TABLES: Sequence[Table] = (
    Table("Acme Research", 4.2, "Olga Rossi", "site-visit.csv", """\
Email,Name,Role,Workspaces
henrike.brandt@audit.example,Henrike Brandt,Guest,Clinical trials: Viewer
obinna.nwosu@audit.example,Obinna Nwosu,Guest,Clinical trials: Viewer
zoe.lindqvist@acme.example,,,Clinical trials: Viewer
samira.benhaddou@acme.example,,,Genomics: Viewer
gregoire.beauchemin@acme.example,,,Clinical trials: Viewer
maren.keller@audit,Maren Keller,Guest,Clinical trials: Viewer
tawia.osei@audit.example,Tawia Osei,Inspector,Clinical trials: Viewer
henrike.brandt@audit.example,Henrike Brandt,Guest,Clinical trials: Viewer
"""),
)  # fmt: skip
