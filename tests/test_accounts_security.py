"""Passwords, codes, sessions and the proof of identity before what could do harm."""

import re
from urllib.parse import quote

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core.exceptions import ValidationError
from django.test import Client
from fido2.webauthn import AuthenticationResponse

from accounts import actions, queries
from accounts.forms import CredentialField
from accounts.models import User
from tests.people import PASSWORD, code_for, is_signed_in, mailed_link, mails_to, make_stale, person, sign_in, signed_in

MIA = "mia@example.org"
NEW = "a new passphrase"

KEY = '{"id":"AA","rawId":"AA","type":"public-key","response":'
RUBBISH = [
    *("", "x", "[]", "{}", "null", "1", '"x"', '{"id": 1}', "[" * 5000, '{"response": {"userHandle": "////"}}'),
    KEY + "[]}",
    KEY + '{"clientDataJSON":"AA","authenticatorData":"AA","signature":"AA"}}',
    KEY + '{"clientDataJSON":"e30","attestationObject":"oA"}}',
    '{"a": "\\u0000"}',
    '{"a": "' + "x" * 30_000 + '"}',
]


@pytest.fixture
def mia(db: None) -> User:
    return person(MIA)


def add_app(client: Client) -> str:
    """Adds an authenticator app and returns its secret."""
    page = client.get("/accounts/security/app/").content.decode()
    found = re.search(r'class="r-secret">([A-Z2-7]+)<', page)
    assert found
    answer = client.post("/accounts/security/app/", {"code": code_for(found[1])})
    assert answer.headers["Location"] == "/accounts/security/codes/"
    return found[1]


def recovery_codes(client: Client) -> list[str]:
    return client.get("/accounts/security/codes/file/").content.decode().split()


# --- passwords


@pytest.mark.claim("P14")
def test_a_changed_password_ends_other_sessions_and_keeps_this_one(mia: User) -> None:
    client, elsewhere = signed_in(MIA), signed_in(MIA)
    answer = client.post("/accounts/security/password/", {"oldpassword": PASSWORD, "password1": NEW})
    assert answer.headers["Location"] == "/accounts/security/"
    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)
    assert queries.open_sessions(mia.pk).count() == 1
    assert mails_to(MIA) == ["password_changed"]
    sign_in(Client(), MIA, NEW)


def test_the_present_password_is_asked_for(mia: User) -> None:
    page = signed_in(MIA).post("/accounts/security/password/", {"oldpassword": "wrong", "password1": NEW})
    assert page.status_code == 422
    assert "not your present password" in page.content.decode()


@pytest.mark.claim("P14")
def test_a_forgotten_password_is_reset_by_mail_and_ends_every_session(mia: User) -> None:
    elsewhere = signed_in(MIA)
    client = Client()
    assert (
        client.post("/accounts/password/reset/", {"email": MIA}).headers["Location"] == "/accounts/password/reset/done/"
    )
    link = mailed_link(MIA, "password_reset")
    moved = client.get(link)
    assert moved.status_code == 302
    assert link.rpartition("-")[2].strip("/") not in moved.headers["Location"]
    page = client.get(moved.headers["Location"])
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert client.post(moved.headers["Location"], {"password1": "short"}).status_code == 422
    assert client.post(moved.headers["Location"], {"password1": NEW}).headers["Location"] == "/accounts/login/"
    assert not is_signed_in(elsewhere)
    assert not is_signed_in(client)
    sign_in(client, MIA, NEW)
    assert Client().get(link).status_code == 404


def test_a_reset_link_opens_any_number_of_times_before_it_is_used(mia: User) -> None:
    Client().post("/accounts/password/reset/", {"email": MIA})
    link = mailed_link(MIA, "password_reset")
    assert [Client().get(link).status_code for _scanner in range(3)] == [302, 302, 302]


@pytest.mark.parametrize("address", [MIA, "nobody@example.org"])
def test_asking_for_a_reset_answers_alike(mia: User, address: str) -> None:
    answer = Client().post("/accounts/password/reset/", {"email": address}, follow=True)
    assert "If there is an account" in answer.content.decode()
    assert mails_to(address) == (["password_reset"] if address == MIA else [])


def test_a_mailbox_is_not_flooded_with_reset_links(mia: User) -> None:
    statuses = [Client().post("/accounts/password/reset/", {"email": MIA}).status_code for _ in range(7)]
    assert statuses == [302] * 5 + [429] * 2
    assert len(mails_to(MIA)) == 5


def test_too_many_attempts_get_a_page_that_says_when_to_try_again(mia: User) -> None:
    client = Client()
    answers = [client.post("/accounts/password/reset/", {"email": MIA}) for _ in range(6)]
    assert answers[-1].headers["Retry-After"] == "60"
    assert "Wait a minute" in answers[-1].content.decode()


@pytest.mark.parametrize("link", ["zzzzzzzzzzzzzzzzzzzz-a", "1-set-password", "0-x", "1-" + "a" * 500])
def test_made_up_reset_links_lead_nowhere(mia: User, link: str) -> None:
    assert Client().get(f"/accounts/password/reset/key/{link}/").status_code == 404


# --- second factors


@pytest.mark.claim("P14")
def test_an_app_is_added_asked_for_and_removed(mia: User) -> None:
    client, elsewhere = signed_in(MIA), signed_in(MIA)
    secret = add_app(client)
    assert is_signed_in(client)
    assert not is_signed_in(elsewhere)
    again = Client()
    answer = again.post("/accounts/login/", {"login": MIA, "password": PASSWORD, "next": "/my/"})
    assert answer.headers["Location"] == "/accounts/login/code/"
    assert not is_signed_in(again)
    page = again.get("/accounts/login/code/").content.decode()
    assert "authenticator app" in page
    assert again.post("/accounts/login/code/", {"code": "000000"}).status_code == 422
    assert again.post("/accounts/login/code/", {"code": code_for(secret)}).headers["Location"] == "/my/"
    assert is_signed_in(again)
    answer = again.post("/accounts/security/app/remove/")
    assert answer.headers["Location"] == "/accounts/security/"
    assert not Authenticator.objects.exists()
    assert not is_signed_in(client)
    assert mails_to(MIA)[-1] == "authenticator_removed"


def test_a_code_works_once(mia: User) -> None:
    secret = add_app(signed_in(MIA))
    code = code_for(secret)
    statuses = []
    for _ in range(2):
        client = Client()
        client.post("/accounts/login/", {"login": MIA, "password": PASSWORD})
        statuses.append(client.post("/accounts/login/code/", {"code": code}).status_code)
    assert statuses == [302, 422]


def test_a_recovery_code_lets_in_once(mia: User) -> None:
    owner = signed_in(MIA)
    add_app(owner)
    codes = recovery_codes(owner)
    assert len(codes) == 10
    statuses = []
    for _ in range(2):
        client = Client()
        client.post("/accounts/login/", {"login": MIA, "password": PASSWORD})
        statuses.append(client.post("/accounts/login/code/", {"code": codes[0]}).status_code)
    assert statuses == [302, 422]
    assert recovery_codes(owner) == codes[1:]


@pytest.mark.claim("P14")
def test_new_recovery_codes_void_the_former_ones_and_end_other_sessions(mia: User) -> None:
    client = signed_in(MIA)
    secret = add_app(client)
    codes = recovery_codes(client)
    elsewhere = Client()
    elsewhere.post("/accounts/login/", {"login": MIA, "password": PASSWORD})
    elsewhere.post("/accounts/login/code/", {"code": code_for(secret)})
    assert is_signed_in(elsewhere)
    assert client.post("/accounts/security/codes/new/").status_code == 302
    assert not set(codes) & set(recovery_codes(client))
    assert not is_signed_in(elsewhere)


@pytest.mark.claim("P4")
def test_looking_at_the_security_pages_changes_nothing(mia: User) -> None:
    client = signed_in(MIA)
    add_app(client)
    before = list(Authenticator.objects.order_by("id").values_list("data", "last_used_at"))
    for path in ("", "codes/", "codes/file/", "codes/new/", "app/remove/", "passkeys/add/", "password/"):
        assert client.get(f"/accounts/security/{path}").status_code == 200
    assert list(Authenticator.objects.order_by("id").values_list("data", "last_used_at")) == before


def test_guessing_codes_is_slowed_down(mia: User) -> None:
    secret = add_app(signed_in(MIA))
    client = Client()
    client.post("/accounts/login/", {"login": MIA, "password": PASSWORD})
    for _ in range(5):
        client.post("/accounts/login/code/", {"code": "000000"})
    answer = client.post("/accounts/login/code/", {"code": code_for(secret)})
    assert "Too many attempts" in answer.content.decode()
    assert not is_signed_in(client)


@pytest.mark.parametrize("credential", RUBBISH)
def test_rubbish_in_place_of_a_passkey_is_refused_without_harm(mia: User, credential: str) -> None:
    client = signed_in(MIA)
    client.get("/accounts/security/passkeys/add/")
    assert client.post("/accounts/security/passkeys/add/", {"name": "Key", "credential": credential}).status_code == 422
    assert client.post("/accounts/confirm/passkey/", {"credential": credential}).status_code == 422
    visitor = Client()
    visitor.get("/accounts/login/passkey/", headers={"Accept": "application/json"})
    answer = visitor.post("/accounts/login/passkey/", {"credential": credential})
    assert answer.headers["Location"].startswith("/accounts/login/")
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize("rubbish", ['"\\ud800"', "NaN", "1e999", '"\\u0000"'])
def test_what_no_database_holds_is_no_part_of_a_passkey(rubbish: str) -> None:
    right = KEY + (
        '{"clientDataJSON": "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiQUFBQSIsIm9yaWdpbiI6Imh0dHA6Ly94In0", '
        f'"authenticatorData": "{"A" * 50}", "signature": "AAAA"}}, "clientExtensionResults": {{"said": %s}}}}'
    )
    field = CredentialField(AuthenticationResponse)
    assert field.clean(right % '"\\ud83d\\ude00"')["clientExtensionResults"] == {"said": "😀"}
    with pytest.raises(ValidationError):
        field.clean(right % rubbish)


# --- the proof of identity


@pytest.mark.claim("P15")
def test_a_sign_in_counts_for_five_minutes(mia: User) -> None:
    client = signed_in(MIA)
    assert client.get("/accounts/security/app/").status_code == 200
    make_stale(client, 240)
    assert client.get("/accounts/security/app/").status_code == 200
    make_stale(client, 61)
    answer = client.get("/accounts/security/app/")
    assert answer.headers["Location"] == "/accounts/confirm/?next=%2Faccounts%2Fsecurity%2Fapp%2F"


@pytest.mark.claim("P15")
@pytest.mark.parametrize("way", ["password", "code", "recovery"])
def test_password_code_and_recovery_code_confirm_and_lead_back(mia: User, way: str) -> None:
    client = signed_in(MIA)
    secret = add_app(client)
    codes = recovery_codes(client)
    make_stale(client)
    page = client.get("/accounts/confirm/?next=/accounts/profile/delete/").content.decode()
    assert 'value="/accounts/profile/delete/"' in page
    typed = {"password": ("password", PASSWORD), "code": ("code", code_for(secret)), "recovery": ("code", codes[0])}[
        way
    ]
    path = f"/accounts/confirm/{typed[0]}/"
    wrong = client.post(path, {typed[0]: "123456", "next": "/accounts/profile/delete/"})
    assert wrong.status_code == 422
    assert client.get("/accounts/profile/delete/").status_code == 302
    right = client.post(path, {typed[0]: typed[1], "next": "/accounts/profile/delete/"})
    assert right.status_code == 303
    assert right.headers["Location"] == "/accounts/profile/delete/"
    assert client.get("/accounts/profile/delete/").status_code == 200


@pytest.mark.claim("P15")
def test_nothing_posted_is_kept_or_replayed(mia: User) -> None:
    client = signed_in(MIA)
    make_stale(client)
    client.post("/accounts/profile/delete/", {"anything": "typed-by-mia"})
    assert "typed-by-mia" not in str(dict(client.session.items()))
    client.post("/accounts/confirm/password/", {"password": PASSWORD})
    assert User.objects.filter(pk=mia.pk).exists()


@pytest.mark.claim("P15")
def test_visitors_post_nothing_into_sessions(db: None) -> None:
    client = Client()
    for path in ("app/", "codes/new/", "passkeys/add/", "app/remove/"):
        answer = client.post(f"/accounts/security/{path}", {"code": "typed-by-a-visitor"})
        assert answer.headers["Location"].startswith("/accounts/login/?next=")
    assert "typed-by-a-visitor" not in str(dict(client.session.items()))


@pytest.mark.claim("P15")
def test_under_htmx_the_confirmation_page_is_reached_by_redirect(mia: User) -> None:
    client = signed_in(MIA)
    make_stale(client)
    answer = client.post(
        "/accounts/profile/delete/",
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/accounts/profile/"},
    )
    assert (
        answer.headers["HX-Redirect"]
        == f"/accounts/confirm/?next={quote('http://testserver/accounts/profile/', safe='')}"
    )


@pytest.mark.claim("P15")
def test_who_has_neither_password_nor_factor_adds_one_by_mail_first(mia: User) -> None:
    client = signed_in(MIA)
    mia.set_unusable_password()
    mia.save()
    session = client.session
    session["_auth_user_hash"] = mia.get_session_auth_hash()
    session.save()
    make_stale(client)
    page = client.get("/accounts/confirm/").content.decode()
    assert "neither a password nor a passkey" in page
    assert client.post("/accounts/confirm/password/", {"password": ""}).status_code == 422
    assert client.post("/accounts/confirm/code/", {"code": "1"}).status_code == 422
    assert client.get("/accounts/security/password/").headers["Location"] == "/accounts/security/"
    client.post("/accounts/password/reset/", {"email": MIA})
    fresh = Client()
    moved = fresh.get(mailed_link(MIA, "password_reset")).headers["Location"]
    fresh.post(moved, {"password1": NEW})
    sign_in(fresh, MIA, NEW)


def test_guessing_at_the_confirmation_page_is_slowed_down(mia: User) -> None:
    client = signed_in(MIA)
    make_stale(client)
    answers = [client.post("/accounts/confirm/password/", {"password": f"guess {n}"}) for n in range(11)]
    assert answers[-1].status_code == 429
    client.post("/accounts/confirm/password/", {"password": PASSWORD})
    assert client.get("/accounts/profile/delete/").status_code == 302


# --- sessions


def test_people_see_where_they_are_signed_in_and_end_one_there(mia: User) -> None:
    client = signed_in(MIA)
    other = Client(headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"})
    sign_in(other, MIA)
    third = signed_in(MIA)
    page = client.get("/accounts/sessions/").content.decode()
    assert "Firefox on Linux" in page
    assert page.count("This one") == 1
    one = UserSession.objects.get(session_key=other.session.session_key)
    assert client.post(f"/accounts/sessions/{one.pk}/end/").status_code == 303
    assert not is_signed_in(other)
    assert is_signed_in(third)
    client.post("/accounts/sessions/end/")
    assert not is_signed_in(third)
    assert is_signed_in(client)
    assert "Firefox on Linux" not in client.get("/accounts/sessions/").content.decode()


@pytest.mark.claim("P3")
def test_other_peoples_sessions_look_like_unknown_ones(mia: User) -> None:
    person("olga@example.org", "Olga")
    olga = signed_in("olga@example.org")
    theirs = UserSession.objects.get(session_key=olga.session.session_key)
    client = signed_in(MIA)
    assert client.post(f"/accounts/sessions/{theirs.pk}/end/").status_code == 404
    assert client.post("/accounts/sessions/999999999999/end/").status_code == 404
    assert is_signed_in(olga)


def test_ended_sessions_are_gone_from_the_list(mia: User) -> None:
    client, other = signed_in(MIA), signed_in(MIA)
    other.post("/accounts/logout/")
    assert client.get("/accounts/sessions/").content.decode().count('class="r-line"') == 1


@pytest.mark.claim("P14")
def test_a_removed_factor_ends_other_sessions_in_the_same_transaction(mia: User) -> None:
    client, other = signed_in(MIA), signed_in(MIA)
    actions.end_other_sessions(user_id=mia.pk, keep=client.session.session_key)
    assert is_signed_in(client)
    assert not is_signed_in(other)
