"""Who was asked in and has not joined, one for each state that an invitation and its mail can be in. Data only."""

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models.mails import MailState
from workspaces.catalogue import BuiltIn


@dataclass(frozen=True)
class Asked:
    """since: days ago. answer: what became of it (declined, expired, revoked, resent), at the days ago beside it."""

    company: str
    name: str
    address: str
    since: float
    inviter: str
    answer: str = ""
    answered: float = 0
    message: str = ""
    place: str = ""
    role: str = ""
    mail: MailState = MailState.SENT
    reply: str = ""
    as_role: BuiltIn = BuiltIn.MEMBER


FAILED, RETRYING, UNCONFIRMED = MailState.FAILED, MailState.RETRYING, MailState.UNCONFIRMED
UNKNOWN = "550 5.1.1 <{address}>: Recipient address rejected: User unknown in virtual mailbox table"
FULL = "552 5.2.2 <{address}>: Mailbox is full, quota exceeded"
POLICY = "550 5.7.1 <{address}>: Sender not on the list of partners, ask your postmaster"
GREYLISTED = "451 4.7.1 <{address}>: Greylisting in action, please come back in 00:05:00"
BUSY = "421 4.3.2 mx1.pier.example: Too many connections, try again later"
LOST = "Handed to the mail server twice; the answer was lost both times."

WAITING: Sequence[Asked] = (
    Asked("Acme Research", "Salma Idrissi", "salma.idrissi@acme.example", 0.09, "Olga Rossi",
          message="Welcome! Your desk is ready on the third floor.", place="Genomics", role="Editor"),
    Asked("Acme Research", "Bartholomew Featherstonehaugh-Cholmondeley",
          "bartholomew.featherstonehaugh-cholmondeley@institute-for-advanced-materials.example", 1.2, "Tomás Herrera",
          place="Clinical trials", role="Viewer"),
    Asked("Acme Research", "", "lab-manager@uni-tartu.example", 3.1, "Tomás Herrera", place="Clinical trials",
          role="Viewer", message="Read access for the site visit in December."),
    Asked("Acme Research", "Ngozi Umeh", "ngozi.umeh@acme.example", 9.3, "Nadia Rahmani", "resent", 2.2),
    Asked("Acme Research", "Victor Almgren", "viktor.almgren@acme.example", 2.3, "Olga Rossi", mail=FAILED,
          reply=UNKNOWN, place="Staging", role="Viewer"),
    Asked("Acme Research", "高橋 蓮", "ren.takahashi@partner-kk.example", 4.1, "Nadia Rahmani", mail=FAILED,
          reply=POLICY),
    Asked("Acme Research", "Delphine Marchetti", "delphine@marchetti-conseil.example", 0.02, "Olga Rossi",
          mail=RETRYING, reply=GREYLISTED, place="Budget 2027", role="Viewer"),
    Asked("Acme Research", "Abel Tesfaye-Lindholm", "abel@fieldwork.example", 1.1, "Aleksander Nowicki",
          mail=UNCONFIRMED, reply=LOST),
    Asked("Acme Research", "Rut Hallgrímsdóttir", "rut.h@acme.example", 26.2, "Nadia Rahmani", "expired", 19.2,
          place="Reaction screening", role="Editor"),
    Asked("Acme Research", "Casimir Okafor-Bligh", "casimir@audit.example", 12.4, "Olga Rossi", "declined", 11.1,
          message="Could you look over our access lists before the audit?"),
    Asked("Northlab", "Eero Lahtinen", "eero.lahtinen@northlab.example", 0.3, "Ingrid Solberg", place="Wind atlas",
          role="Member"),
    Asked("Northlab", "Oddný Helgadóttir", "oddny@northlab.example", 5.2, "Mats Åkerlund"),
    Asked("Northlab", "Juhan Kask", "juhan.kask@sensors.example", 31.0, "Ingrid Solberg", "expired", 24.0),
    Asked("Northlab", "Lilja Berg", "lilja.berg@northlab.example", 16.0, "Mats Åkerlund", "declined", 15.2),
    Asked("Harbor Systems", "Mia Chen", "mia.chen@acme.example", 1.4, "Marcus Adebayo-Lind", place="Europe, test",
          role="Developer", message="For the joint load test next week."),
    Asked("Harbor Systems", "Baptiste Morvan", "b.morvan@pier.example", 0.03, "Wilhelmina van Oosterhout",
          mail=RETRYING, reply=BUSY),
    Asked("Harbor Systems", "Saoirse Keane", "saoirse.keane@harbor.example", 6.4, "Marcus Adebayo-Lind", mail=FAILED,
          reply=FULL),
    Asked("Harbor Systems", "Timur Beishenov", "timur@harbor.example", 2.4, "Wilhelmina van Oosterhout",
          place="Europe, production", role="Developer"),
)  # fmt: skip

REVOKED: Sequence[Asked] = (
    Asked("Acme Research", "Oriol Casademunt-Sala", "oriol@acme.example", 41.3, "Nadia Rahmani", "revoked", 40.2),
    Asked("Acme Research", "", "all-staff@acme.example", 8.4, "Olga Rossi", "revoked", 8.3),
    Asked("Harbor Systems", "", "root@harbor.example", 60.2, "Marcus Adebayo-Lind", "revoked", 60.1),
)

GUESTS: Sequence[Asked] = (
    Asked("Acme Research", "Prof. Dr. Eleonore Silberstein-Achterberg", "e.silberstein@uni-basel.example", 66.0,
          "Olga Rossi", as_role=BuiltIn.GUEST, place="Open data", role="Viewer"),
    Asked("Acme Research", "Hamza El-Masri", "hamza@audit.example", 23.0, "Olga Rossi", as_role=BuiltIn.GUEST,
          place="Clinical trials", role="Viewer"),
    Asked("Acme Research", "Ingrid Solberg", "ingrid.solberg@northlab.example", 92.0, "Olga Rossi",
          as_role=BuiltIn.GUEST),
    Asked("Northlab", "Mia Chen", "mia.chen@acme.example", 119.0, "Ingrid Solberg", place="Wind atlas", role="Member"),
)  # fmt: skip
