"""Several inviters at a limit at once: whatever the order, no more than it allows (ACCEPTANCE P18, P26)."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import Settings

from accounts.actors import ROSTER
from accounts.models import OutgoingMail, User
from config.sentences import Sentence
from invitations.actions import asking_again, domains, importing, keeping, links
from invitations.asking import Ask
from invitations.models import Invitation
from invitations.queries.invitations import FRESH_MAIL
from invitations.sheets import guess_columns, read_pasted
from tests import cast, racing
from tests.people import person
from tests.racing import FEW, Acme, ask_in, at_once, newcomer, resend
from tests.test_races_joining import come, follow
from workspaces.actions import jobs, organizations
from workspaces.catalogue import BuiltIn
from workspaces.models import Job, Member, Organization
from workspaces.queries.seats import Seats, seats_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.claim("P26")]

acme = racing.acme  # a fixture

CLIENTS = 8


def limit(organization: Organization, *, seats: int | None = None, invitations_per_day: int | None = None) -> None:
    sam = User.objects.filter(is_staff=True).first() or cast.staff_person()
    organizations.change_limits(
        actor=cast.support(sam),
        organization_id=organization.pk,
        seats=seats,
        invitations_per_day=invitations_per_day,
    )
    organization.refresh_from_db()


@pytest.mark.claim("P18")
def test_three_inviters_at_the_days_limit_never_pass_it(acme: Acme) -> None:
    organization, *admins = acme
    already = OutgoingMail.objects.filter(kind="invitation").count()
    limit(organization, invitations_per_day=already + 4)
    asks = [
        lambda by=by, number=number: cast.ask_in(by, organization, f"a{number}-{by.pk}@x.example")
        for by in admins
        for number in range(3)
    ]
    said = Counter(at_once(*asks))
    assert said == {"invited": 4, "over_limit_here": 5}
    assert OutgoingMail.objects.filter(kind="invitation").count() == already + 4
    assert organization.members.count() == 3 + 4


@pytest.mark.claim("P18")
def test_lists_of_several_inviters_together_take_what_the_day_leaves(acme: Acme) -> None:
    organization, *admins = acme
    already = OutgoingMail.objects.filter(kind="invitation").count()
    limit(organization, invitations_per_day=already + 25)
    asks = [
        lambda by=by: cast.ask_in(by, organization, *(f"l{number}-{by.pk}@x.example" for number in range(10)))
        for by in admins
    ]
    assert set(at_once(*asks)) == {"invited"}
    assert OutgoingMail.objects.filter(kind="invitation").count() == already + 25


@pytest.mark.claim("P18")
def test_resending_and_asking_share_what_one_address_may_get(acme: Acme, settings: Settings) -> None:
    organization, olga, priya, ada = acme
    settings.MAILS_PER_RECIPIENT_PER_DAY = 3
    for number in range(FEW):
        ivy = newcomer(number)
        waiting = cast.invite(olga, organization, ivy.email).member
        assert waiting is not None
        said = at_once(
            resend(olga, waiting), resend(priya, waiting), resend(ada, waiting), ask_in(olga, organization, ivy.email)
        )
        assert said.count("over_limit") == 2, said
        assert OutgoingMail.objects.filter(recipient=ivy.email, kind="invitation").count() == 3


def test_two_inviters_and_one_last_seat(acme: Acme) -> None:
    organization, _olga, priya, ada = acme
    for number in range(FEW):
        limit(organization, seats=organization.members.count() + 1)
        said = at_once(
            ask_in(priya, organization, f"p{number}@x.example"), ask_in(ada, organization, f"q{number}@x.example")
        )
        assert sorted(said) == ["invited", "over_seats"]
        assert seats_of(organization) == Seats(3 + number + 1, 3 + number + 1)


def test_the_last_seat_goes_to_one_of_two_ended_invitations(acme: Acme) -> None:
    organization, olga, priya, ada = acme
    waiting = []
    for number in range(2):
        invitation = cast.invite(olga, organization, newcomer(number).email)
        cast.expire(invitation)
        assert invitation.member is not None
        waiting.append(invitation.member)
    limit(organization, seats=4)
    assert sorted(at_once(resend(priya, waiting[0]), resend(ada, waiting[1]))) == ["done", "no_seat"]
    assert seats_of(organization) == Seats(4, 4)


# --- eight at once, at every door


def asked_today() -> int:
    return OutgoingMail.objects.filter(kind="invitation").count()


def ask_many(by: User, organization: Organization, name: str) -> Callable[[], object]:
    return lambda: cast.ask_in(by, organization, *(f"{name}-{number}@x.example" for number in range(5)))


def planned(by: User, organization: Organization, name: str, rows: int) -> Job:
    sheet = read_pasted("\n".join(["email", *(f"{name}-{number}@x.example" for number in range(rows))]))
    return importing.plan_import(
        actor=cast.web(by),
        organization_id=organization.pk,
        sheet=sheet,
        columns=guess_columns(sheet),
        is_certain=True,
        defaults=Ask(BuiltIn.MEMBER, days=7),
        title=Sentence("Import"),
    )


def confirm(by: User, job: Job) -> Callable[[], object]:
    return lambda: importing.confirm_import(actor=cast.web(by), organization_id=job.organization_id, job_id=job.pk)


def resend_all(by: User, organization: Organization, waiting: list[Member]) -> Callable[[], object]:
    return lambda: keeping.resend(actor=cast.web(by), organization_id=organization.pk, chosen=cast.chosen(*waiting))


@pytest.mark.claim("P18")
def test_one_inviter_in_eight_windows_of_two_organizations_never_passes_their_own_limit(
    acme: Acme, settings: Settings
) -> None:
    organization, olga, *_ = acme
    other = cast.found(olga, "Other")
    for number in range(FEW):
        settings.INVITATIONS_PER_DAY = OutgoingMail.objects.filter(asked_by_id=olga.pk).count() + 7
        homes = [organization, other] * (CLIENTS // 2)
        at_once(*(ask_many(olga, home, f"r{number}c{client}") for client, home in enumerate(homes)))
        assert OutgoingMail.objects.filter(asked_by_id=olga.pk).count() == settings.INVITATIONS_PER_DAY


@pytest.mark.claim("P18")
def test_eight_imports_at_once_take_what_the_day_and_the_seats_leave(acme: Acme) -> None:
    organization, *admins = acme
    for number in range(FEW):
        limit(organization)  # a plan foresees today's limit
        plans = [
            (by, planned(by, organization, f"r{number}c{client}", 5))
            for client, by in enumerate((admins * CLIENTS)[:CLIENTS])
        ]
        already, members = asked_today(), organization.members.count()
        by_seats = number % 2 == 1
        limit(
            organization,
            seats=members + 12 if by_seats else None,
            invitations_per_day=None if by_seats else already + 12,
        )
        assert set(at_once(*(confirm(by, job) for by, job in plans))) <= {"done", "busy"}
        assert (asked_today(), organization.members.count()) == (already + 12, members + 12)


@pytest.mark.claim("P18")
def test_workers_in_the_chunks_of_two_imports_and_people_who_invite_share_one_limit(acme: Acme) -> None:
    organization, olga, priya, ada = acme
    already = asked_today()
    for by in (olga, priya):
        confirm(by, planned(by, organization, f"import{by.pk}", 600))()
    limit(organization, invitations_per_day=already + 1_000)
    at_once(*[jobs.work_off] * 3, *(ask_many(by, organization, f"by{by.pk}") for by in (olga, priya, ada)))
    until = time.monotonic() + 60
    while Job.objects.filter(finished_at__isnull=True).exists() and time.monotonic() < until:
        jobs.work_off()
    assert asked_today() == already + 1_000
    assert OutgoingMail.objects.values("recipient").distinct().filter(kind="invitation").count() == already + 1_000


@pytest.mark.claim("P18")
def test_eight_who_resend_to_everybody_share_what_the_day_leaves(acme: Acme, settings: Settings) -> None:
    organization, *admins = acme
    settings.MAILS_PER_RECIPIENT_PER_DAY = 1_000
    for number in range(FEW):
        limit(organization)
        cast.ask_in(admins[0], organization, *(f"r{number}-{one}@x.example" for one in range(10)))
        waiting = list(organization.members.filter(joined_at=None))
        limit(organization, invitations_per_day=(before := asked_today()) + 25)
        at_once(*(resend_all(by, organization, waiting) for by in (admins * CLIENTS)[:CLIENTS]))
        assert asked_today() == before + 25
        for invitation in Invitation.objects.filter(member__in=waiting):
            mails = OutgoingMail.objects.filter(kind="invitation", subject_id=invitation.pk)
            assert mails.count() == invitation.generation


def test_the_last_three_seats_among_links_domains_imports_and_invitations(acme: Acme) -> None:
    organization, olga, priya, ada = acme
    domains.switch_on(actor=cast.web(olga), organization_id=organization.pk, workspace_ids=[])
    what: dict[str, Any] = {"actor": cast.web(olga), "organization_id": organization.pk, "ask": Ask(BuiltIn.MEMBER)}
    link = links.create_link(name="School", **what)
    for number in range(FEW):
        people = [person(f"r{number}p{one}@acme.example") for one in range(4)]
        job = planned(ada, organization, f"i{number}", 2)
        limit(organization, seats=(before := organization.members.count()) + 3)
        at_once(
            *(follow(user, link) for user in people[:2]),
            *(come(user, organization) for user in people[2:]),
            *(ask_many(by, organization, f"a{number}b{by.pk}") for by in (olga, priya)),
            ask_in(ada, organization, f"q{number}@x.example"),
            confirm(ada, job),
        )
        assert organization.members.count() == before + 3
        assert seats_of(organization) == Seats(before + 3, before + 3)


@pytest.mark.claim("P18")
def test_eight_who_ask_for_a_fresh_link_send_the_inviter_one_mail(acme: Acme) -> None:
    organization, olga, *_ = acme
    for number in range(FEW):
        invitation = cast.invite(olga, organization, newcomer(number).email)
        cast.expire(invitation)

        def ask(pk: int = invitation.pk) -> None:
            asking_again.ask_for_fresh_link(actor=ROSTER, invitation_id=pk)

        assert set(at_once(*[ask] * CLIENTS)) == {"done"}
        assert OutgoingMail.objects.filter(kind=FRESH_MAIL, subject_id=invitation.pk).count() == 1
