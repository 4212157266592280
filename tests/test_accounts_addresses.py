"""A person's addresses: only who owns mailbox and account confirms one, and every change ends other sessions."""

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.test import Client

from accounts import actions, registry
from accounts.models import User
from accounts.registry import Door
from config.refusals import Refusal
from tests.people import PASSWORD, is_signed_in, mailed_link, mails_to, make_stale, person, signed_in

MIA, EXTRA = "mia@example.org", "mia@home.example"


@pytest.fixture
def mia(db: None) -> User:
    return person(MIA)


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Whom the registry was told of."""
    told: list[int] = []
    monkeypatch.setattr(registry, "person_changed", [told.append])
    return told


def extra_of(user: User, *, verified: bool = True) -> EmailAddress:
    address = actions.add_address(user_id=user.pk, address=EXTRA)
    return actions.confirm_address(address_id=address.pk, keep=None) if verified else address


def addresses(user: User) -> set[tuple[str, bool, bool]]:
    return set(EmailAddress.objects.filter(user=user).values_list("email", "verified", "primary"))


def test_an_added_address_is_confirmed_by_its_mail_while_signed_in(mia: User, changed: list[int]) -> None:
    client, elsewhere = signed_in(MIA), signed_in(MIA)
    answer = client.post("/accounts/addresses/add/", {"address": " Mia@HOME.example"})
    assert answer.status_code == 303
    assert addresses(mia) == {(MIA, True, True), (EXTRA, False, False)}
    link = mailed_link(EXTRA, "address_confirmation")
    page = client.get(link)
    assert EXTRA in page.content.decode()
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in page.headers["Cache-Control"]
    assert addresses(mia) == {(MIA, True, True), (EXTRA, False, False)}
    assert changed == []
    assert client.post(link).headers["Location"] == "/accounts/addresses/"
    assert addresses(mia) == {(MIA, True, True), (EXTRA, True, False)}
    assert changed == [mia.pk]
    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert "address_confirmed" in mails_to(MIA)
    assert client.get(link).status_code == 404


@pytest.mark.claim("P7")
def test_nobody_confirms_their_own_address_into_a_strangers_account(mia: User) -> None:
    mallory = person("mallory@evil.example", "Mallory")
    actions.add_address(user_id=mallory.pk, address=EXTRA)
    link = mailed_link(EXTRA, "address_confirmation")
    for client in (Client(), signed_in(MIA)):
        page = client.get(link).content.decode()
        assert "Sign in to confirm" in page
        assert "Mallory" not in page
        assert "mallory" not in page
        assert client.post(link, {"password": PASSWORD}).status_code == 200
        assert addresses(mallory) == {("mallory@evil.example", True, True), (EXTRA, False, False)}
    assert signed_in("mallory@evil.example").post(link).status_code == 303


@pytest.mark.claim("P7")
def test_owning_the_mailbox_does_not_take_over_a_sign_up_that_somebody_else_began(mia: User) -> None:
    mallory = actions.sign_up(door=Door(), address=EXTRA, name="Mallory", password="mallory's password")
    address = EmailAddress.objects.get(user=mallory)
    link = f"/accounts/confirm-email/{EmailConfirmationHMAC(address).key}/"
    victim = Client()
    assert "password you chose" in victim.get(link).content.decode()
    assert victim.post(link, {"password": "a guess of hers"}).status_code == 422
    assert addresses(mallory) == {(EXTRA, False, True)}
    chooser = Client()
    answer = chooser.post(link, {"password": "mallory's password"})
    assert answer.headers["Location"].startswith("/accounts/welcome/")
    assert is_signed_in(chooser)


def test_an_address_goes_to_whoever_confirms_it_first(mia: User) -> None:
    olga = person("olga@example.org", "Olga")
    first, second = extra_of(mia, verified=False), actions.add_address(user_id=olga.pk, address=EXTRA)
    actions.confirm_address(address_id=second.pk, keep=None)
    with pytest.raises(Refusal) as refusal:
        actions.confirm_address(address_id=first.pk, keep=None)
    assert refusal.value.status == 409
    assert EmailAddress.objects.get(email=EXTRA, verified=True).user == olga


@pytest.mark.claim("P14")
def test_another_primary_address_ends_other_sessions_and_tells_the_former_one(mia: User, changed: list[int]) -> None:
    extra = extra_of(mia)
    changed.clear()
    client, elsewhere = signed_in(MIA), signed_in(MIA)
    client.post(f"/accounts/addresses/{extra.pk}/primary/")
    mia.refresh_from_db()
    assert mia.email == EXTRA
    assert addresses(mia) == {(MIA, True, False), (EXTRA, True, True)}
    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert changed == [mia.pk]
    assert mails_to(MIA)[-1] == "address_changed"


@pytest.mark.claim("P14")
def test_a_removed_address_signs_nobody_in_and_ends_other_sessions(mia: User, changed: list[int]) -> None:
    extra = extra_of(mia)
    changed.clear()
    client, elsewhere = signed_in(MIA), signed_in(EXTRA)
    assert EXTRA in client.get(f"/accounts/addresses/{extra.pk}/remove/").content.decode()
    client.post(f"/accounts/addresses/{extra.pk}/remove/")
    assert addresses(mia) == {(MIA, True, True)}
    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert Client().post("/accounts/login/", {"login": EXTRA, "password": PASSWORD}).status_code == 422
    assert changed == [mia.pk]
    assert mails_to(MIA)[-1] == "address_removed"


def test_the_primary_address_stays(mia: User) -> None:
    client = signed_in(MIA)
    primary = EmailAddress.objects.get(user=mia)
    page = client.post(f"/accounts/addresses/{primary.pk}/remove/")
    assert page.status_code == 409
    assert "primary one first" in page.content.decode()
    assert addresses(mia) == {(MIA, True, True)}


def test_an_unconfirmed_address_becomes_no_primary_one(mia: User) -> None:
    extra = extra_of(mia, verified=False)
    answer = signed_in(MIA).post(f"/accounts/addresses/{extra.pk}/primary/")
    assert answer.status_code == 409
    mia.refresh_from_db()
    assert mia.email == MIA


def test_an_unconfirmed_extra_address_opens_no_account(mia: User) -> None:
    """Whoever mistypes an address must not hand their account to its owner by a forgotten password."""
    extra_of(mia, verified=False)
    Client().post("/accounts/password/reset/", {"email": EXTRA})
    assert mails_to(EXTRA) == ["address_confirmation"]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("mia", "There is no @ in it"),
        ("mİa@example.org", "only looks like a plain letter"),
        (MIA.upper(), "yours already"),
        ("", "required"),
        ("x" * 10_000, "at most 254 characters"),
    ],
)
@pytest.mark.claim("P16")
def test_wrong_addresses_get_a_sentence_and_stay_in_the_field(mia: User, typed: str, sentence: str) -> None:
    page = signed_in(MIA).post("/accounts/addresses/add/", {"address": typed})
    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert typed in page.content.decode()


def test_there_are_at_most_ten(mia: User) -> None:
    for number in range(9):
        actions.add_address(user_id=mia.pk, address=f"mia{number}@home.example")
    with pytest.raises(Refusal, match="10 addresses"):
        actions.add_address(user_id=mia.pk, address="one@too.many.example")


def test_links_are_mailed_again_but_not_at_once(mia: User) -> None:
    extra = extra_of(mia, verified=False)
    client = signed_in(MIA)
    for _ in range(3):
        assert client.post(f"/accounts/addresses/{extra.pk}/send/").status_code == 303
    assert mails_to(EXTRA) == ["address_confirmation"] * 2


@pytest.mark.claim("P3")
def test_other_peoples_addresses_look_like_unknown_ones(mia: User) -> None:
    olga = person("olga@example.org", "Olga")
    theirs = extra_of(olga, verified=False)
    client = signed_in(MIA)
    for path in ("send", "primary", "remove"):
        answers = [client.post(f"/accounts/addresses/{number}/{path}/") for number in (theirs.pk, 10**12)]
        assert [answer.status_code for answer in answers] == [404, 404]
    assert addresses(olga) == {("olga@example.org", True, True), (EXTRA, False, False)}


@pytest.mark.claim("P15")
def test_changing_addresses_needs_a_recent_proof_of_identity(mia: User) -> None:
    extra = extra_of(mia)
    client = signed_in(MIA)
    make_stale(client)
    for path in ("add/", f"{extra.pk}/remove/"):
        answer = client.get(f"/accounts/addresses/{path}")
        assert answer.headers["Location"].startswith("/accounts/confirm/?next=%2Faccounts%2Faddresses%2F")
    for path in ("add/", f"{extra.pk}/remove/", f"{extra.pk}/primary/"):
        answer = client.post(f"/accounts/addresses/{path}", {"address": "new@example.org"})
        assert answer.headers["Location"].startswith("/accounts/confirm/?next=")
    assert addresses(mia) == {(MIA, True, True), (EXTRA, True, False)}


@pytest.mark.parametrize("key", ["x", "a:b:c", "1:2:3", "ü" * 300])
def test_altered_links_lead_nowhere(mia: User, key: str) -> None:
    assert Client().get(f"/accounts/confirm-email/{key}/").status_code == 404


def test_a_link_with_one_other_character_leads_nowhere(mia: User) -> None:
    key = EmailConfirmationHMAC(extra_of(mia, verified=False)).key
    for place in range(0, len(key), 3):
        other = "A" if key[place] != "A" else "B"
        altered = key[:place] + other + key[place + 1 :]
        # The last sign of a base64 group may hold unused bits.
        assert EmailConfirmationHMAC.from_key(altered) is None or altered[-1] != key[-1]
