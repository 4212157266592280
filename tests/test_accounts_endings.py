"""The profile, and how an account ends: deleted by its person, blocked by support staff, or not at all."""

from collections.abc import Iterable

import pytest
from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session
from django.test import Client

from accounts import actions, registry
from accounts.actors import ROSTER, Actor, Source
from accounts.models import User
from accounts.registry import Departure, Ending, Objection
from config.refusals import Refusal
from tests.people import is_signed_in, make_stale, person, sign_in, signed_in

MIA = "mia@example.org"


@pytest.fixture
def mia(db: None) -> User:
    return person(MIA)


@pytest.fixture
def staff(db: None) -> Actor:
    sam = person("sam@support.example", "Sam")
    User.objects.filter(pk=sam.pk).update(is_staff=True)
    return Actor(user_id=sam.pk, source=Source.ADMIN, is_support=True)


@pytest.fixture
def departed(monkeypatch: pytest.MonkeyPatch) -> list[Departure]:
    """What the hooks were told; at that time the person's row is still there."""
    told: list[Departure] = []

    def depart(departure: Departure) -> None:
        assert User.objects.filter(pk=departure.user_id).exists()
        told.append(departure)

    monkeypatch.setattr(registry, "departures", [depart])
    return told


@pytest.fixture
def indispensable(monkeypatch: pytest.MonkeyPatch) -> None:
    def object_to(departure: Departure) -> Iterable[Objection]:
        if departure.ending is not Ending.UNBLOCKED:
            yield Objection("You own Acme.", "/o/acme/settings/", "Transfer it")
            yield Objection("You are the last admin of Research.")

    monkeypatch.setattr(registry, "objections", [object_to])


# --- the profile


def test_people_choose_their_name_and_time_zone(mia: User, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    monkeypatch.setattr(registry, "person_changed", [told.append])
    client = signed_in(MIA)
    page = client.get("/accounts/profile/").content.decode()
    assert 'value="Mia Chen"' in page
    assert "Europe/Berlin" in page
    client.post("/accounts/profile/", {"name": "  Mia   Chen-Rossi ", "time_zone": "Europe/Berlin"})
    mia.refresh_from_db()
    assert (mia.name, mia.time_zone) == ("Mia Chen-Rossi", "Europe/Berlin")
    assert told == [mia.pk]
    client.post("/accounts/profile/", {"name": "Mia Chen-Rossi", "time_zone": "Asia/Tokyo"})
    assert told == [mia.pk]


@pytest.mark.claim("P17")
@pytest.mark.parametrize(
    ("field", "typed"),
    [("name", "Mia\u202eneC"), ("name", "x" * 81), ("name", ""), ("time_zone", "Mars/Base"), ("time_zone", "")],
)
def test_wrong_profiles_are_not_saved(mia: User, field: str, typed: str) -> None:
    client = signed_in(MIA)
    answer = client.post("/accounts/profile/", {"name": "New", "time_zone": "UTC", field: typed})
    assert answer.status_code == 422
    mia.refresh_from_db()
    assert (mia.name, mia.time_zone) == ("Mia Chen", "UTC")


def test_a_time_zone_that_this_machine_does_not_know_stays_choosable(mia: User) -> None:
    User.objects.filter(pk=mia.pk).update(time_zone="Europe/Atlantis")
    client = signed_in(MIA)
    assert client.post("/accounts/profile/", {"name": "Mia", "time_zone": "Europe/Atlantis"}).status_code == 303


# --- deleting one's account


def test_people_delete_their_account_with_all_that_is_theirs(mia: User, departed: list[Departure]) -> None:
    client, elsewhere = signed_in(MIA), signed_in(MIA)
    assert client.get("/accounts/profile/delete/").status_code == 200
    assert client.post("/accounts/profile/delete/").headers["Location"] == "/accounts/login/"
    assert [(departure.user_id, departure.ending) for departure in departed] == [(mia.pk, Ending.DELETED)]
    assert departed[0].actor.user_id == mia.pk
    assert not User.objects.exists()
    assert not EmailAddress.objects.exists()
    assert not is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert "Your account is deleted." in client.get("/accounts/login/").content.decode()


@pytest.mark.claim("P11")
@pytest.mark.usefixtures("indispensable")
def test_whoever_is_indispensable_is_told_the_way_out(mia: User, departed: list[Departure]) -> None:
    client = signed_in(MIA)
    answer = client.post("/accounts/profile/delete/")
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "You own Acme." in page
    assert '<a href="/o/acme/settings/">Transfer it</a>' in page
    assert "You are the last admin of Research." in page
    assert departed == []
    assert is_signed_in(client)


@pytest.mark.claim("P15")
def test_deleting_needs_a_recent_proof_of_identity(mia: User) -> None:
    client = signed_in(MIA)
    make_stale(client)
    assert client.post("/accounts/profile/delete/").headers["Location"].startswith("/accounts/confirm/?next=")
    with pytest.raises(Refusal) as refusal:
        actions.delete_account(actor=Actor(user_id=mia.pk, source=Source.WEB))
    assert refusal.value.status == 401
    assert User.objects.filter(pk=mia.pk).exists()


def test_a_departure_that_fails_leaves_everything_as_it_was(mia: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(departure: Departure) -> None:
        raise Refusal("Not now.", 409)

    monkeypatch.setattr(registry, "departures", [fail])
    client = signed_in(MIA)
    assert client.post("/accounts/profile/delete/").status_code == 409
    assert is_signed_in(client)


# --- blocking


@pytest.mark.claim("P14", "P22")
def test_a_block_ends_every_session_at_once_and_unblocking_lets_back_in(
    mia: User, staff: Actor, departed: list[Departure], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []
    monkeypatch.setattr(registry, "person_changed", [told.append])
    clients = [signed_in(MIA) for _ in range(3)]
    assert actions.block_account(actor=staff, user_id=mia.pk) == 3
    assert not any(is_signed_in(client) for client in clients)
    assert Session.objects.count() == 0
    assert actions.block_account(actor=staff, user_id=mia.pk) == 0
    actions.unblock_account(actor=staff, user_id=mia.pk)
    assert [departure.ending for departure in departed] == [Ending.BLOCKED, Ending.UNBLOCKED]
    assert told == [mia.pk, mia.pk]
    assert not any(is_signed_in(client) for client in clients)
    sign_in(Client(), MIA)


@pytest.mark.claim("P11", "P22")
@pytest.mark.usefixtures("indispensable")
def test_the_last_admin_is_not_blocked(mia: User, staff: Actor, departed: list[Departure]) -> None:
    client = signed_in(MIA)
    with pytest.raises(
        actions.DepartureRefused, match=r"You own Acme\. You are the last admin of Research\."
    ) as refusal:
        actions.block_account(actor=staff, user_id=mia.pk)
    assert refusal.value.status == 409
    assert departed == []
    assert is_signed_in(client)


@pytest.mark.claim("P22")
def test_only_staff_block_and_nobody_themselves_and_only_superusers_superusers(mia: User, staff: Actor) -> None:
    olga = person("olga@example.org", "Olga")
    assert staff.user_id is not None
    attempts = [(Actor(user_id=olga.pk, source=Source.WEB), mia.pk, 403), (staff, staff.user_id, 409)]
    User.objects.filter(pk=olga.pk).update(is_superuser=True)
    attempts.append((staff, olga.pk, 403))
    for actor, target, status in attempts:
        for act in (actions.block_account, actions.unblock_account):
            with pytest.raises(Refusal) as refusal:
                act(actor=actor, user_id=target)
            assert refusal.value.status == status
    assert not User.objects.filter(is_active=False).exists()
    actions.block_account(actor=ROSTER, user_id=mia.pk)


@pytest.mark.claim("P22")
def test_staff_who_were_blocked_themselves_block_nobody(mia: User, staff: Actor) -> None:
    assert staff.user_id is not None
    User.objects.filter(pk=staff.user_id).update(is_active=False)
    with pytest.raises(Refusal):
        actions.block_account(actor=staff, user_id=mia.pk)
