"""The day's limits and the seats of an organization: who is skipped, what is said, and when to try again."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now
from pytest_django import Settings

from accounts.addresses import Pasted
from accounts.models import OutgoingMail, User
from config.refusals import Refusal
from invitations.actions import inviting, keeping
from invitations.asking import Ask, Result
from tests.cast import (
    Acme,
    accept,
    ask_in,
    chosen,
    expire,
    history,
    invite,
    join,
    northlab,
    open_invitation,
    person,
    refused,
    staff_person,
    support,
    web,
)
from workspaces.actions import jobs, members, organizations, resources
from workspaces.actions.locking import locked
from workspaces.actions.seats import insist_on_seats
from workspaces.catalogue import BuiltIn
from workspaces.jobs import result_sentence
from workspaces.models import Collaborator, Job, JobRow, Member, Product, Resource
from workspaces.plans import Outcome
from workspaces.queries.seats import Seats, seats_of
from workspaces.reasons import Reason

pytestmark = pytest.mark.django_db

HOUR = 3600


def limit(world: Acme, **limits: int | None) -> None:
    staff = User.objects.filter(is_staff=True).first() or staff_person()
    organizations.change_limits(
        actor=support(staff),
        organization_id=world.id,
        **{"seats": None, "invitations_per_day": None, **limits},
    )
    world.organization.refresh_from_db()


def asked_today() -> int:
    return OutgoingMail.objects.filter(kind="invitation").count()


def resend(world: Acme, *waiting: Member) -> Outcome:
    return keeping.resend(actor=web(world.olga), organization_id=world.id, chosen=chosen(*waiting))


def waiting_at(world: Acme, address: str) -> Member:
    return world.organization.members.get(address=address)


# --- the operator's knobs


@pytest.mark.claim("P18")
def test_only_the_operator_turns_the_knobs_and_the_history_says_so(world: Acme) -> None:
    for user in (world.olga, world.priya, world.mia):
        with refused(403, Reason.NO_RIGHT):
            organizations.change_limits(actor=web(user), organization_id=world.id, seats=500, invitations_per_day=None)
    limit(world, seats=12, invitations_per_day=90)
    said = [(entry.before, entry.after) for entry in history(world.organization, "organization.changed")]
    assert said == [("None", "12"), ("None", "90")]
    assert seats_of(world.organization) == Seats(12, 5)


@pytest.mark.claim("P18")
def test_an_organizations_own_number_counts_instead_of_the_installations(world: Acme, settings: Settings) -> None:
    settings.INVITATIONS_PER_DAY = 1
    limit(world, invitations_per_day=asked_today() + 2)
    report = ask_in(world.priya, world.organization, "a@x.example", "b@x.example", "c@x.example")
    assert [line.result for line in report.lines] == [Result.INVITED, Result.INVITED, Result.OVER_LIMIT]
    assert report.lines[-1].sentence == "Is over the organization's limit of today. Try again tomorrow."
    limit(world, invitations_per_day=0)
    with refused(429, Reason.OVER_LIMIT_HERE):
        ask_in(world.olga, world.organization, "d@x.example")


# --- what is said, and until when


@pytest.mark.claim("P18")
def test_the_address_the_inviter_and_the_organization_are_told_apart(world: Acme, settings: Settings) -> None:
    north = northlab()
    join(north.zoe, north.organization, world.priya, role=BuiltIn.ADMIN)
    invite(world.priya, world.organization, "ivy@x.example")
    invite(world.priya, north.organization, "kim@x.example")
    # Northlab has asked for two mails so far, and Priya for two, of which one was for Acme.
    settings.INVITATIONS_PER_DAY = 3
    invite(world.priya, north.organization, "eve@x.example")
    OutgoingMail.objects.filter(organization_id=north.id, asked_by_id=north.zoe.pk).delete()
    with refused(429, Reason.OVER_LIMIT_YOURS):
        ask_in(world.priya, north.organization, "new@x.example")
    assert ask_in(north.zoe, north.organization, "new@x.example").lines[0].result is Result.INVITED
    with refused(429, Reason.OVER_LIMIT_HERE):
        ask_in(north.zoe, north.organization, "one@x.example")
    settings.INVITATIONS_PER_DAY = 1000
    settings.MAILS_PER_RECIPIENT_PER_DAY = 1
    report = ask_in(world.olga, world.organization, "ivy@x.example", "good@x.example")
    assert {line.address: line.sentence for line in report.lines if line.result is Result.OVER_LIMIT} == {
        "ivy@x.example": "Has had the mails of today. Try again tomorrow."
    }
    with refused(429, Reason.OVER_LIMIT):
        resend(world, waiting_at(world, "ivy@x.example"))


@pytest.mark.claim("P18")
def test_retry_after_is_when_the_first_mail_that_fills_the_day_leaves_it(world: Acme, settings: Settings) -> None:
    ask_in(world.olga, world.organization, "ivy@x.example", "kim@x.example")
    mails = OutgoingMail.objects.filter(kind="invitation").order_by("pk")
    for hours, mail in enumerate(mails, start=1):
        OutgoingMail.objects.filter(pk=mail.pk).update(queued_at=Now() - timedelta(hours=hours))
    # Ivy's and Kim's are the oldest two. Of two that are allowed, the second newest has to leave the day.
    count = mails.count()
    settings.INVITATIONS_PER_DAY = 2
    with pytest.raises(Refusal) as refusal:
        ask_in(world.olga, world.organization, "new@x.example")
    assert refusal.value.retry_after == pytest.approx((24 - 2) * HOUR, abs=120)
    settings.INVITATIONS_PER_DAY, settings.MAILS_PER_RECIPIENT_PER_DAY = 1000, 1
    with pytest.raises(Refusal) as refusal:
        resend(world, waiting_at(world, "ivy@x.example"), waiting_at(world, "kim@x.example"))
    assert refusal.value.retry_after == pytest.approx((24 - count) * HOUR, abs=120)
    OutgoingMail.objects.filter(pk=mails.last().pk).update(queued_at=F("queued_at") - timedelta(days=1))  # type: ignore[union-attr]
    assert resend(world, waiting_at(world, "ivy@x.example"), waiting_at(world, "kim@x.example")).changed == 1


# --- seats


@pytest.mark.claim("P18")
def test_an_address_that_had_its_mails_is_not_one_to_correct_to(world: Acme, settings: Settings) -> None:
    settings.MAILS_PER_RECIPIENT_PER_DAY = 1
    busy = invite(world.olga, world.organization, "busy@new.example").member
    assert busy is not None
    members.revoke_invitations(actor=web(world.olga), organization_id=world.id, chosen=chosen(busy))
    other = invite(world.olga, world.organization, "bsuy@new.example").member
    assert other is not None
    with refused(429, "over_limit"):
        keeping.correct_address(
            actor=web(world.olga), organization_id=world.id, member_id=other.pk, address="busy@new.example"
        )


def test_joined_suspended_and_pending_hold_a_seat_and_what_has_ended_holds_none(world: Acme) -> None:
    limit(world, seats=20)
    to_ivy, to_kim = (invite(world.olga, world.organization, f"{name}@x.example") for name in ("ivy", "kim"))
    members.suspend_members(actor=web(world.olga), organization_id=world.id, chosen=chosen(world.member(world.ben)))
    assert seats_of(world.organization) == Seats(20, 7)
    expire(to_ivy)
    Member.objects.filter(pk=to_kim.member_id).update(declined_at=F("created_at"))
    assert seats_of(world.organization) == Seats(20, 5)
    members.remove_members(actor=web(world.olga), organization_id=world.id, chosen=chosen(world.member(world.ben)))
    assert seats_of(world.organization) == Seats(20, 4)
    limit(world, seats=None)
    assert seats_of(world.organization) is None


def test_a_list_takes_the_free_seats_and_says_who_has_none(world: Acme) -> None:
    limit(world, seats=7)
    report = ask_in(world.priya, world.organization, *(f"p{number}@x.example" for number in range(4)))
    assert [line.result for line in report.lines] == [Result.INVITED] * 2 + [Result.OVER_SEATS] * 2
    # Asking again somebody who holds a seat takes none; a list of whom nobody has one writes nothing.
    assert ask_in(world.priya, world.organization, "p0@x.example").lines[0].result is Result.RENEWED
    assert ask_in(world.priya, world.organization, "p3@x.example").lines[0].result is Result.OVER_SEATS
    assert seats_of(world.organization) == Seats(7, 7)


def test_renewing_what_has_ended_takes_a_seat_and_accepting_never_fails_for_one(world: Acme) -> None:
    to_ivy = invite(world.olga, world.organization, "ivy@x.example")
    invite(world.olga, world.organization, "kim@x.example")
    expire(to_ivy)
    limit(world, seats=6)
    ivy, kim = waiting_at(world, "ivy@x.example"), waiting_at(world, "kim@x.example")
    assert resend(world, ivy, kim) == Outcome(1, {Reason.NO_SEAT: 1})
    assert ask_in(world.olga, world.organization, "ivy@x.example").lines[0].result is Result.OVER_SEATS
    with refused(409, Reason.NO_SEAT):
        keeping.correct_address(
            actor=web(world.olga), organization_id=world.id, member_id=ivy.pk, address="eve@x.example"
        )
    limit(world, seats=1)
    accept(person("kim@x.example", "Kim"), open_invitation(world.organization, "kim@x.example"))
    assert seats_of(world.organization) == Seats(1, 6)
    assert Seats(1, 6).free == 0
    with locked(actor=web(world.olga), organization_id=world.id) as held, refused(409, Reason.NO_SEAT):
        insist_on_seats(held)
    limit(world, seats=7)
    assert resend(world, ivy).changed == 1


def test_a_guest_of_a_resource_needs_a_seat_as_well(world: Acme) -> None:
    product = Product.objects.create(name="Notebooks")
    mine = Resource.objects.create(
        organization=world.organization,
        workspace=world.research,
        product=product,
        external_id="n1",
        kind="notebook",
        name="Churn",
        owner=world.member(world.olga),
        synced_at=world.organization.created_at,
    )

    def share() -> None:
        resources.share(
            actor=web(world.olga),
            organization_id=world.id,
            resource_id=mine.pk,
            address="guest@x.example",
            level=Collaborator.Level.VIEW,
        )

    limit(world, seats=5)
    with refused(409, Reason.NO_SEAT):
        share()
    limit(world, seats=6)
    share()
    assert seats_of(world.organization) == Seats(6, 6)


def test_a_preview_counts_seats_as_the_write_does(world: Acme) -> None:
    limit(world, seats=6)
    entries = [Pasted("a@x.example"), Pasted("b@x.example")]
    report = inviting.preview(
        actor=web(world.priya), organization_id=world.id, entries=entries, ask=Ask(BuiltIn.MEMBER)
    )
    assert [line.result for line in report.lines] == [Result.INVITED, Result.OVER_SEATS]
    assert seats_of(world.organization) == Seats(6, 5)


@pytest.mark.claim("P23")
def test_undoing_a_removal_asks_in_again_as_many_as_there_are_seats_and_says_who_has_none(world: Acme) -> None:
    ben, tom = world.member(world.ben), world.member(world.tom)
    limit(world, seats=5)
    job = remove(world, ben, tom)
    ask_in(world.olga, world.organization, "ivy@x.example")
    assert seats_of(world.organization) == Seats(5, 4)
    undone = jobs.undo_job(actor=web(world.olga), organization_id=world.id, job_id=job.pk)
    # The last one first, as all of it is taken back.
    assert list(undone.rows.order_by("number").values_list("result", flat=True)) == [JobRow.CHANGED, Reason.NO_SEAT]
    assert seats_of(world.organization) == Seats(5, 5)
    back, left = world.tom.email, world.ben.email
    assert world.organization.members.get(address=back).joined_at is None
    assert not world.organization.members.filter(address=left).exists()
    assert result_sentence(Reason.NO_SEAT) == str(Reason.NO_SEAT.sentence)


@pytest.mark.claim("P18")
def test_undoing_a_removal_keeps_the_days_limits_and_says_whose_it_is(world: Acme, settings: Settings) -> None:
    job = remove(world, world.member(world.ben), world.member(world.tom))
    limit(world, invitations_per_day=asked_today() + 1)
    undone = jobs.undo_job(actor=web(world.olga), organization_id=world.id, job_id=job.pk)
    assert sorted(undone.rows.values_list("result", flat=True)) == [JobRow.CHANGED, Reason.OVER_LIMIT_HERE]
    again = remove(world, world.member(world.priya))
    settings.MAILS_PER_RECIPIENT_PER_DAY = 1
    limit(world)
    undone = jobs.undo_job(actor=web(world.olga), organization_id=world.id, job_id=again.pk)
    assert [row.result for row in undone.rows.all()] == [Reason.OVER_LIMIT]


def remove(world: Acme, *who: Member) -> Job:
    return jobs.start_job(
        actor=web(world.olga),
        organization_id=world.id,
        kind="members.remove",
        title="Remove",
        parameters={},
        rows=world.organization.members.filter(pk__in=[member.pk for member in who]),
    )
