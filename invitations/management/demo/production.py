"""Plays the whole demo in one transaction, and adds what has no moment of its own: traces of use, states of mails."""

from dataclasses import dataclass
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Max

from accounts import actions
from accounts.models import OutgoingMail, User
from accounts.models.mails import FINISHED, MailState
from accounts.registry import Door
from invitations.management.demo.asked import WAITING
from invitations.management.demo.changes import SUPPORT
from invitations.management.demo.past import Past
from invitations.management.demo.people import ACME_DOMAIN, address_of
from invitations.management.demo.places import COMPANIES, MIA, OLGA, TOMAS
from invitations.management.demo.stage import People, Stage
from invitations.management.demo.story import Story
from invitations.management.demo.things import records
from workspaces.actions.hosts import hand_in
from workspaces.models import Act, Activity, Member

PASSWORD = "roster demo"  # noqa: S105 - for the demo only, and printed
SUPPORT_DOMAIN = "support.example"


@dataclass(frozen=True)
class Sign:
    """Somebody of the cast: with PASSWORD anyone can sign in as them."""

    name: str
    address: str
    part: str


CAST = (
    Sign(OLGA, address_of(OLGA, ACME_DOMAIN), "owner of Acme Research"),
    Sign(TOMAS, address_of(TOMAS, ACME_DOMAIN), "admin of the workspace Clinical trials"),
    Sign(MIA, address_of(MIA, ACME_DOMAIN), "member"),
    Sign(SUPPORT, address_of(SUPPORT, SUPPORT_DOMAIN), "support staff, at /admin/"),
)
OTHER_ADDRESSES = {
    "mia.chen@acme.example": ("mia@chen-family.example",),
    "zoe.lindqvist@acme.example": ("zoe.lindqvist@alumni.example", "zl@northlab.example"),
    "ahmet.yildirim@acme.example": ("yildirim@metu.example",),
}
"""Further confirmed addresses of some people."""


def is_there() -> bool:
    return User.objects.filter(email=CAST[0].address).exists()


def is_possible() -> bool:
    """Among people of one's own it has no place."""
    return not User.objects.exists()


def play() -> None:
    """All or nothing; no worker sees a mail before it says what became of it."""
    with transaction.atomic():
        stage = Stage()
        people = People(stage)
        for sign in CAST:
            door = Door(sign.address, is_proven=True)
            people.users[sign.address] = actions.sign_up(
                door=door, address=sign.address, name=sign.name, password=PASSWORD
            )
        User.objects.filter(email=CAST[-1].address).update(is_staff=True)
        for company in COMPANIES:
            Story(stage, company, people, CAST[-1].address).plan()
        past = Past()
        stage.play(past)
        past.settle()
        _hand_in(stage)
        _settle_mails(stage)
        _leave_traces(stage)


def _hand_in(stage: Stage) -> None:
    receipt = hand_in(records(stage.now))
    assert not receipt.problems, receipt.problems


def _settle_mails(stage: Stage) -> None:
    """What the servers of those who have not joined said to their last mail."""
    for asked in WAITING:
        if asked.mail is MailState.SENT:
            continue
        mail = OutgoingMail.objects.filter(recipient=asked.address).latest("pk")
        mail.state, mail.reply = asked.mail, asked.reply.format(address=asked.address)
        mail.hand_overs = 2 if asked.mail is MailState.UNCONFIRMED else 0
        mail.attempts = 1 if asked.mail is MailState.FAILED else 2
        if asked.mail not in FINISHED:
            mail.finished_at, mail.next_attempt_at = None, stage.now + timedelta(minutes=25)
        mail.save()


def _leave_traces(stage: Stage) -> None:
    """Since when accounts are there, further addresses, and when people were last seen."""
    for address, others in OTHER_ADDRESSES.items():
        user = User.objects.get(email=address)
        EmailAddress.objects.bulk_create(EmailAddress(user=user, email=other, verified=True) for other in others)
    joined = Member.objects.filter(joined_at__isnull=False).select_related("user", "activity")
    acts = Act.objects.order_by().values_list("organization_id", "actor_id").annotate(Max("at"))
    acted = {(organization_id, actor_id): at for organization_id, actor_id, at in acts}
    activities, users = [], {}
    for member in joined.order_by("pk"):
        since, until = member.joined_at, member.suspended_at or stage.now
        assert since is not None
        assert member.user is not None
        # Most people were here within days, some not for months, a few never again after they had joined.
        away = timedelta(
            days=stage.chance.choice((0, 0, 0, 1, 1, 2, 4, 9, 25, 70, 400)), hours=stage.chance.random() * 30
        )
        latest = acted.get((member.organization_id, member.user_id), since)
        member.activity.last_active_at = max(since, latest, until - away) + timedelta(minutes=4)
        activities.append(member.activity)
        users[member.user.pk] = member.user
    Activity.objects.bulk_update(activities, ["last_active_at"])
    seen = dict(joined.order_by().values_list("user").annotate(Max("activity__last_active_at")))
    for user in users.values():
        user.last_login = seen[user.pk]
        first = min(member.joined_at for member in joined if member.user_id == user.pk and member.joined_at)
        user.date_joined = first - timedelta(minutes=6)
    User.objects.bulk_update(users.values(), ["last_login", "date_joined"])
