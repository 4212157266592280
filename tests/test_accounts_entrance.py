"""Coming in and going out: for whom a door is open, what it fixes, and that nobody comes in by another way."""

import threading

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.http import HttpRequest
from django.test import Client
from pytest_django import Settings

from accounts import actions, registry
from accounts.actors import ROSTER
from accounts.models import User
from accounts.registry import Door
from config.refusals import Refusal
from tests.people import PASSWORD, is_signed_in, mailed_link, mails_to, person, sign_in, signed_in

SIGN_UP = {"name": "Noa Levi", "password1": PASSWORD}
INVITED = "noa@example.org"


@pytest.fixture
def mia(db: None) -> User:
    return person("mia@example.org")


@pytest.fixture
def invited(db: None, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A browser that followed the invitation of Noa, which was mailed to her."""

    def ask(request: HttpRequest) -> Door | None:
        return Door(INVITED, is_proven=True, sentence="Join Acme.") if request.session.get("invited") else None

    monkeypatch.setattr(registry, "signup_doors", [ask])
    client = Client()
    session = client.session
    session["invited"] = True
    session.save()
    return client


# --- signing in


def test_people_sign_in_by_address_and_password(client: Client, mia: User) -> None:
    answer = client.post("/accounts/login/", {"login": " MIA@Example.ORG ", "password": PASSWORD})
    assert answer.headers["Location"] == "/"
    assert is_signed_in(client)


def test_any_confirmed_address_signs_in_and_an_unconfirmed_one_does_not(client: Client, mia: User) -> None:
    extra = actions.add_address(user_id=mia.pk, address="mia@home.example")
    answer = client.post("/accounts/login/", {"login": "mia@home.example", "password": PASSWORD})
    assert answer.headers["Location"] == "/accounts/confirm-email/"
    assert not is_signed_in(client)
    actions.confirm_address(address_id=extra.pk, keep=None)
    sign_in(Client(), "mia@home.example")


@pytest.mark.claim("P16")
@pytest.mark.parametrize(
    ("path", "field"),
    [("/accounts/login/", "login"), ("/accounts/password/reset/", "email"), ("/accounts/signup/", "email")],
)
def test_look_alike_addresses_are_refused_at_every_door(
    client: Client, mia: User, settings: Settings, path: str, field: str
) -> None:
    settings.OPEN_SIGNUP = True
    answer = client.post(path, {field: "mıa@example.org", "password": PASSWORD, **SIGN_UP})
    assert answer.status_code == 422
    assert "which only looks like a plain letter" in answer.content.decode()


def test_wrong_passwords_and_unknown_addresses_get_the_same_answer(mia: User) -> None:
    answers = [
        Client().post("/accounts/login/", {"login": address, "password": "wrong wrong wrong"})
        for address in ("mia@example.org", "nobody@example.org")
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert all("do not go together" in answer.content.decode() for answer in answers)


def test_guessing_passwords_is_slowed_down(mia: User) -> None:
    for _ in range(5):
        Client().post("/accounts/login/", {"login": "mia@example.org", "password": "guess"})
    answer = Client().post("/accounts/login/", {"login": "MIA@example.org", "password": PASSWORD})
    assert answer.status_code == 422
    assert "Too many attempts" in answer.content.decode()


@pytest.mark.claim("P18")
def test_guesses_are_counted_by_the_clients_true_address(mia: User) -> None:
    for number in range(30):
        Client().post(
            "/accounts/login/", {"login": f"a{number}@b.co", "password": "x"}, HTTP_X_FORWARDED_FOR=f"9.9.9.{number}"
        )
    answer = Client().post("/accounts/login/", {"login": "mia@example.org", "password": PASSWORD})
    assert answer.status_code == 429


@pytest.mark.claim("P25")
@pytest.mark.parametrize(
    "hostile",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "http:///evil.example",
        "javascript:alert(1)",
        "https://testserver@evil.example/",
        "https://testserver.evil.example/",
        " //evil.example",
        "/\t/evil.example",
        "data:text/html,x",
    ],
)
def test_next_never_leads_to_another_host(mia: User, hostile: str) -> None:
    client = Client()
    landed = [
        client.post("/accounts/login/", {"login": "mia@example.org", "password": PASSWORD, "next": hostile}),
        client.get("/accounts/login/", {"next": hostile}),
        client.post("/accounts/confirm/password/", {"password": PASSWORD, "next": hostile}),
        client.get("/accounts/confirm/", {"next": hostile}),
        client.post("/accounts/logout/", {"next": hostile}),
    ]
    assert [answer.status_code for answer in landed] == [302, 302, 303, 302, 302]
    for answer in landed:
        assert answer.headers["Location"] in {"/", "/accounts/profile/", "/accounts/login/"}


@pytest.mark.claim("P25")
def test_next_of_another_allowed_host_is_not_followed(mia: User, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["testserver", "other.example"]
    answer = Client().post(
        "/accounts/login/", {"login": "mia@example.org", "password": PASSWORD, "next": "http://other.example/x"}
    )
    assert answer.headers["Location"] == "/"


def test_next_on_the_own_host_is_followed(client: Client, mia: User) -> None:
    answer = client.post("/accounts/login/", {"login": "mia@example.org", "password": PASSWORD, "next": "/o/acme/?a=1"})
    assert answer.headers["Location"] == "/o/acme/?a=1"


@pytest.mark.claim("P4")
def test_signing_out_takes_a_post(client: Client, mia: User) -> None:
    sign_in(client, "mia@example.org")
    assert client.get("/accounts/logout/").status_code == 200
    assert is_signed_in(client)
    client.post("/accounts/logout/")
    assert not is_signed_in(client)


# --- signing up


def test_sign_up_is_closed_to_strangers(client: Client, mia: User) -> None:
    assert client.get("/accounts/signup/").status_code == 403
    assert client.post("/accounts/signup/", {**SIGN_UP, "email": "x@example.org"}).status_code == 403
    assert "/accounts/signup/" not in client.get("/accounts/login/").content.decode()
    assert User.objects.count() == 1


@pytest.mark.claim("P7")
def test_an_invited_person_gets_exactly_the_invited_address_whatever_they_post(invited: Client, mia: User) -> None:
    page = invited.get("/accounts/signup/?next=/invitation/").content.decode()
    assert "noa" in page
    assert 'name="email"' not in page
    answer = invited.post("/accounts/signup/", {**SIGN_UP, "email": "mia@example.org", "next": "/invitation/"})
    noa = User.objects.get(email=INVITED)
    assert list(EmailAddress.objects.filter(user=noa).values_list("email", "verified", "primary")) == [
        (INVITED, True, True)
    ]
    assert answer.headers["Location"] == "/accounts/welcome/?next=%2Finvitation%2F"
    assert is_signed_in(invited)
    offer = invited.get(answer.headers["Location"]).content.decode()
    assert 'href="/invitation/"' in offer
    assert "/accounts/security/passkeys/add/?next=%2Finvitation%2F" in offer


@pytest.mark.claim("P7")
def test_a_door_that_proves_nothing_makes_an_unconfirmed_account(
    client: Client, mia: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "signup_doors", [lambda request: Door(INVITED)])
    answer = client.post("/accounts/signup/", SIGN_UP)
    assert answer.headers["Location"] == "/accounts/confirm-email/"
    assert not is_signed_in(client)
    assert not EmailAddress.objects.get(email=INVITED).verified


@pytest.mark.claim("P7")
def test_an_invitation_to_somebody_with_an_account_leads_to_signing_in_and_alters_nothing(invited: Client) -> None:
    before = person(INVITED)
    for answer in (invited.get("/accounts/signup/?next=/invitation/"), invited.post("/accounts/signup/", SIGN_UP)):
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/accounts/login/?next=")
    after = User.objects.get()
    assert (after.password, after.name) == (before.password, before.name)


@pytest.mark.claim("P7")
def test_an_address_that_others_claimed_without_proof_is_still_free_for_the_invited(invited: Client, mia: User) -> None:
    actions.add_address(user_id=mia.pk, address=INVITED)
    squatter = actions.sign_up(door=Door(), address=INVITED, name="Squatter", password=PASSWORD)
    invited.post("/accounts/signup/", SIGN_UP)
    noa = User.objects.get(email=INVITED)
    assert noa.pk != squatter.pk
    assert noa.name == "Noa Levi"
    assert is_signed_in(invited)


def test_the_first_person_of_an_empty_installation_signs_up_and_then_the_door_is_closed(
    client: Client, db: None
) -> None:
    assert client.get("/accounts/signup/").status_code == 200
    client.post("/accounts/signup/", {**SIGN_UP, "email": "noa@example.org"})
    assert Client().get("/accounts/signup/").status_code == 403
    assert not is_signed_in(client)
    answer = client.post(mailed_link("noa@example.org", "address_confirmation"))
    assert answer.headers["Location"] == "/accounts/welcome/?next=%2F"
    assert is_signed_in(client)


def test_whoever_mistyped_their_address_starts_again_in_the_same_browser(client: Client, db: None) -> None:
    client.post("/accounts/signup/", {**SIGN_UP, "email": "nao@example.org"})
    assert "nao@example.org" in client.get("/accounts/confirm-email/").content.decode()
    Client().post("/accounts/signup/again/")
    assert User.objects.count() == 1
    assert client.post("/accounts/signup/again/").headers["Location"] == "/accounts/signup/"
    assert User.objects.count() == 0
    client.post("/accounts/signup/", {**SIGN_UP, "email": "noa@example.org"})
    assert User.objects.get().email == "noa@example.org"


@pytest.mark.django_db(transaction=True)
def test_of_two_first_people_at_once_one_gets_in() -> None:
    barrier = threading.Barrier(8)
    outcomes: list[str] = []

    def run(number: int) -> None:
        barrier.wait()
        try:
            actions.sign_up(
                door=Door(only_first=True), address=f"first{number}@example.org", name="First", password=PASSWORD
            )
            outcomes.append("in")
        except Refusal as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["in", *["not_first"] * 7]
    assert User.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_address_becomes_one_account_whoever_comes_at_once() -> None:
    barrier = threading.Barrier(6)
    outcomes: list[str] = []

    def run() -> None:
        barrier.wait()
        try:
            actions.sign_up(door=Door(INVITED, is_proven=True), address="", name="Noa", password=PASSWORD)
            outcomes.append("in")
        except Refusal as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["in", *["taken"] * 5]
    assert EmailAddress.objects.filter(email=INVITED, verified=True).count() == 1


def test_open_sign_up_answers_alike_whether_the_address_has_an_account(mia: User, settings: Settings) -> None:
    settings.OPEN_SIGNUP = True
    pages = []
    for address in ("mia@example.org", "new@example.org"):
        client = Client()
        answer = client.post("/accounts/signup/", {**SIGN_UP, "email": address})
        pages.append((answer.status_code, answer.headers["Location"]))
        page = client.get(answer.headers["Location"]).content.decode()
        assert address in page
    assert pages[0] == pages[1]
    assert mails_to("mia@example.org") == ["account_exists"]
    assert mails_to("new@example.org") == ["address_confirmation"]
    mia.refresh_from_db()
    assert mia.name == "Mia Chen"


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("name", "x" * 10_000, "at most 80 characters"),
        ("name", "Noa\u202eLevi", "one line of plain text"),
        ("name", "Noa\nLevi", "one line of plain text"),
        ("name", "\u200b", "Enter a name"),
        ("email", "noa", "There is no @ in it"),
        ("email", "noa@example.org\x00", "Null characters"),
        ("password1", "short", "too short"),
        ("password1", "noa@example.org", "too similar"),
        ("password1", "password123", "too common"),
    ],
)
@pytest.mark.claim("P17")
def test_wrong_input_gets_a_sentence_and_keeps_what_was_typed(
    client: Client, mia: User, settings: Settings, field: str, text: str, sentence: str
) -> None:
    settings.OPEN_SIGNUP = True
    typed = {**SIGN_UP, "email": "noa@example.org", field: text}
    answer = client.post("/accounts/signup/", typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert 'aria-invalid="true"' in page
    if field != "name":
        assert 'value="Noa Levi"' in page
    assert not User.objects.exclude(pk=mia.pk).exists()


# --- blocked people


@pytest.mark.claim("P14")
def test_blocked_people_learn_why_they_cannot_sign_in(mia: User) -> None:
    actions.block_account(actor=ROSTER, user_id=mia.pk)
    client = Client()
    answer = client.post("/accounts/login/", {"login": "mia@example.org", "password": PASSWORD})
    assert answer.headers["Location"] == "/accounts/inactive/"
    assert "blocked" in client.get("/accounts/inactive/").content.decode()
    assert not is_signed_in(client)


@pytest.mark.claim("P25")
def test_no_answer_to_a_signed_in_person_may_be_stored(mia: User) -> None:
    client = signed_in("mia@example.org")
    for path in ("profile", "security", "sessions", "addresses", "logout"):
        answer = client.get(f"/accounts/{path}/")
        assert answer.status_code == 200
        assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.django_db
@pytest.mark.parametrize("claimed", ["unicode_escape", "utf-7", "idna", "base64", "nonsense"])
def test_what_is_sent_is_read_as_utf_8_whatever_else_it_claims_to_be(client: Client, claimed: str) -> None:
    field = '--x\r\nContent-Disposition: form-data; name="login"\r\n\r\nLinné \\ud800\r\n--x--\r\n'
    kind = f"multipart/form-data; boundary=x; charset={claimed}"
    answer = client.generic("POST", "/accounts/login/", field.encode(), content_type=kind)
    assert answer.status_code == 422
    assert 'value="Linné \\ud800"' in answer.content.decode()
