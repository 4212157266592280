"""Several inviters at a limit at once: whatever the order, no more than it allows (ACCEPTANCE P18, P26)."""

from collections import Counter

import pytest
from pytest_django import Settings

from accounts.models import OutgoingMail
from tests import cast, test_races
from tests.test_races import FEW, Acme, ask_in, at_once, newcomer, resend
from workspaces.actions import organizations
from workspaces.models import Organization
from workspaces.queries.seats import Seats, seats_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.claim("P26")]

acme = test_races.acme  # a fixture


def limit(organization: Organization, *, seats: int | None = None, invitations_per_day: int | None = None) -> None:
    sam = cast.staff_person(f"sam{organization.pk}-{seats}-{invitations_per_day}@support.example")
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
