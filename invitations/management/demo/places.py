"""What the demo's organizations look like: who runs them, groups, workspaces, grants. Data only; people are named."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from invitations.management.demo import people
from workspaces.catalogue import Scheme
from workspaces.models import Workspace

Label = Workspace.Label


@dataclass(frozen=True)
class Place:
    """A workspace. groups and everyone: the role that they hold there. since: days ago."""

    name: str
    label: str
    since: int
    admins: Sequence[str]
    description: str
    groups: Mapping[str, str] = field(default_factory=dict)
    everyone: str = ""
    is_open: bool = False


@dataclass(frozen=True)
class CustomRole:
    """A role of the organization's own, for its workspaces."""

    name: str
    audience: str
    permissions: Sequence[str]
    since: int


@dataclass(frozen=True)
class Wish:
    """Access that somebody asked for; by: who decided it (nobody yet: empty), with what answer."""

    person: str
    place: str
    role: str
    message: str
    since: int
    by: str = ""
    approved: bool = True
    decided: int = 0
    reply: str = ""


@dataclass(frozen=True)
class Access:
    """A role that one person was given by hand; ends: in how many days, negative when it is over."""

    person: str
    place: str
    role: str
    since: int
    ends: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class Company:
    """founded: days ago. departments are groups; circles are further groups. managers: of groups, by group."""

    name: str
    scheme: str
    domain: str
    founded: int
    owner: str
    admins: Sequence[str]
    departments: Mapping[str, Sequence[tuple[str, str]]]
    managers: Mapping[str, Sequence[str]]
    circles: Mapping[str, Sequence[str]]
    places: Sequence[Place]
    accesses: Sequence[Access]
    roles: Sequence[CustomRole] = ()
    wishes: Sequence[Wish] = ()


OLGA = "Olga Rossi"
TOMAS = "Tomás Herrera"
MIA = "Mia Chen"

ACME = Company(
    name="Acme Research",
    scheme=Scheme.STANDARD,
    domain=people.ACME_DOMAIN,
    founded=402,
    owner=OLGA,
    admins=("Nadia Rahmani", "Aleksander Nowicki"),
    departments=people.listed(people.ACME, people.ACME_DOMAIN),
    managers={
        "Data science": ("Zoë Lindqvist",),
        "Clinical trials": (TOMAS, "Amara Diallo"),
        "Chemistry": ("Grégoire Beauchemin",),
        "Platform": ("Aleksander Nowicki",),
        "Field stations": ("Sigríður Jónsdóttir",),
        "Regulatory affairs": ("Francesca Montanari",),
        "Data stewards": (TOMAS,),
    },
    circles={
        "Data stewards": (MIA, "Sophie Bäumler", "ნინო გელაშვილი", "Gerhard Zöllner", "Noor van der Meulen"),
        "On call": ("佐藤 健太", "Björn Ekström", "Samira Benhaddou", "Thandiwe Khumalo"),
        "Works council": ("Ewa Jabłońska", "Hannelore Kirchgäßner", "Jean-Baptiste Kouadio"),
    },
    places=(
        Place(
            "Clinical trials",
            Label.PROJECT,
            395,
            (TOMAS, "Amara Diallo"),
            "Protocols, case report forms and interim analyses of all running studies.",
            {"Clinical trials": "Editor", "Regulatory affairs": "Viewer", "Data stewards": "Viewer"},
        ),
        Place(
            "Genomics",
            Label.TEAM,
            388,
            ("Zoë Lindqvist",),
            "Sequencing runs, variant calling and the notebooks around them.",
            {"Data science": "Editor", "Clinical trials": "Viewer"},
        ),
        Place(
            "Reaction screening",
            Label.TEAM,
            371,
            ("Grégoire Beauchemin", "Valentina Castiglione"),
            "High-throughput screening and what came out of it.",
            {"Chemistry": "Editor"},
        ),
        Place(
            "Production",
            Label.ENVIRONMENT,
            390,
            ("Aleksander Nowicki",),
            "What runs for everybody. Changes go through staging first.",
            {"On call": "Admin", "Platform": "Viewer"},
        ),
        Place(
            "Staging",
            Label.ENVIRONMENT,
            390,
            ("Aleksander Nowicki", "Samira Benhaddou"),
            "A copy of production with made-up data.",
            {"Platform": "Editor"},
        ),
        Place(
            "Antarctic field season: logistics, sensors and sample provenance",
            Label.PROJECT,
            160,
            ("Sigríður Jónsdóttir",),
            "",
            {"Field stations": "Editor", "Data stewards": "Editor"},
        ),
        Place(
            "Open data",
            Label.PROJECT,
            210,
            (MIA, "Sophie Bäumler"),
            "Data sets that are published under an open licence.",
            {"Data stewards": "Editor"},
            everyone="Viewer",
            is_open=True,
        ),
        Place(
            "Budget 2027",
            Label.PROJECT,
            75,
            ("Hannelore Kirchgäßner",),
            "Plans and forecasts. Closed after the board has met.",
            {"Finance": "Editor"},
        ),
    ),
    accesses=(
        Access("Rajesh Venkataraghavan", "Clinical trials", "Editor", 44, 16, "Interim analysis of study 41"),
        Access("Adaeze Nwachukwu", "Clinical trials", "Viewer", 37, 60, "Peer review of the statistics plan"),
        Access(MIA, "Clinical trials", "Viewer", 29, 30, "Meta-analysis with Amara"),
        Access(MIA, "Budget 2027", "Viewer", 12, 9, "Comments on the computing budget"),
        Access("Wei Zhang", "Production", "Viewer", 26, 4, "Looks into slow queries"),
        Access("Elif Karadağ", "Production", "Editor", 20, -6, "Migration of the sample store"),
        Access("Colette Abernathy-Saint-Clair", "Antarctic field season: logistics, sensors and sample provenance",
               "Viewer", 33, 120, "Permits under the treaty"),
        Access("Katarzyna Dąbrowska", "Genomics", "Editor", 48),
        Access("Kenji Matsuda", "Genomics", "Viewer", 63),
        Access("Daniel Mbeki-Joubert", "Open data", "Editor", 51),
        Access("Pilar Zamora", "Production", "Viewer", 18, 70, "Cost report of the cluster"),
        Access("Clémence Thibodeau", "Reaction screening", "Admin", 81),
        Access("Ewa Jabłońska", "Clinical trials", "Auditor", 65, 100, "Audit of the year"),
    ),
    roles=(
        CustomRole(
            "Auditor",
            "People who check what was done and change nothing.",
            ("workspace.view", "projects.view", "deployments.view", "audit_logs.read", "secrets.read"),
            90,
        ),
        CustomRole(
            "Release manager",
            "People who bring a tested build to production.",
            ("workspace.view", "projects.view", "deployments.view", "deployments.create", "environment.manage"),
            70,
        ),
    ),
    wishes=(
        Wish(MIA, "Reaction screening", "Viewer", "Chemistry and I share a paper on catalysts.", 2),
        Wish("Pilar Zamora", "Clinical trials", "Viewer", "Figures for the board.", 1),
        Wish("Wei Zhang", "Production", "Editor", "To try the new index at night.", 24, "Aleksander Nowicki",
             approved=False, decided=23, reply="Try it in staging first."),
        Wish("Adaeze Nwachukwu", "Reaction screening", "Viewer", "Published data need the raw runs.", 31,
             "Grégoire Beauchemin", decided=30),
    ),
)  # fmt: skip

NORTHLAB = Company(
    name="Northlab",
    scheme=Scheme.MANAGED,
    domain=people.NORTHLAB_DOMAIN,
    founded=341,
    owner="Ingrid Solberg",
    admins=("Mats Åkerlund",),
    departments=people.listed(people.NORTHLAB, people.NORTHLAB_DOMAIN),
    managers={
        "Analytics": ("Ville Mäkinen",),
        "Sensors": ("Magnús Hrafnsson",),
        "Customer projects": ("Camilla Brandt-Rasmussen",),
    },
    circles={"Release crew": ("Darius Jankauskas", "Olena Kovalenko", "Iida Korhonen")},
    places=(
        Place(
            "Wind atlas",
            Label.PROJECT,
            330,
            ("Ville Mäkinen",),
            "Twelve years of wind measurements along the coast.",
            {"Analytics": "Member"},
        ),
        Place(
            "Buoy network",
            Label.PROJECT,
            301,
            ("Magnús Hrafnsson", "Birgitta Almqvist"),
            "Firmware, calibration and telemetry of 214 buoys.",
            {"Sensors": "Member", "Release crew": "Manager"},
        ),
        Place(
            "Fjord Ferries",
            Label.TEAM,
            140,
            ("Camilla Brandt-Rasmussen",),
            "Fuel forecasts for a customer.",
            {"Customer projects": "Member"},
        ),
    ),
    accesses=(
        Access("Freja Damgaard", "Fjord Ferries", "Member", 40, 21, "Model hand-over"),
        Access("Arvid Nyström", "Wind atlas", "Member", 57),
        Access("Haruka Ishii-Lindgren", "Buoy network", "Manager", 15, 12, "Stands in for Birgitta"),
    ),
)

HARBOR = Company(
    name="Harbor Systems",
    scheme=Scheme.INFRASTRUCTURE,
    domain=people.HARBOR_DOMAIN,
    founded=212,
    owner="Marcus Adebayo-Lind",
    admins=("Wilhelmina van Oosterhout",),
    departments=people.listed(people.HARBOR, people.HARBOR_DOMAIN),
    managers={"Applications": ("Joanna Przybylska",)},
    circles={"Night watch": ("Giulia Ferrante", "陳柏翰", "Tendai Chikowore")},
    places=(
        Place(
            "Europe, production",
            Label.ENVIRONMENT,
            205,
            ("Wilhelmina van Oosterhout", "Giulia Ferrante"),
            "Two regions, reached through the terminal gateway only.",
            {"Site reliability": "Developer", "Night watch": "Account Admin"},
        ),
        Place(
            "Europe, test",
            Label.ENVIRONMENT,
            205,
            ("Joanna Przybylska",),
            "Torn down every Friday evening.",
            {"Applications": "Developer"},
            everyone="Developer",
        ),
    ),
    accesses=(Access("Anselm Brückner", "Europe, production", "Developer", 22, 3, "Incident review of 30 October"),),
)

COMPANIES = (ACME, NORTHLAB, HARBOR)
