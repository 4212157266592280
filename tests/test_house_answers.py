"""What every answer carries, whatever happened: headers, ids, error pages, and no secret in a log."""

import io
import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from pytest_django.fixtures import Settings

from accounts.models import User
from config import middleware
from config.logs import logging_config

WAYS_TO_END = {
    "/fine/": 200,
    "/malformed/": 400,
    "/forbidden/": 403,
    "/foreign/7/": 404,
    "/nowhere/": 404,
    "/refused/": 409,
    "/broken/": 500,
}


@pytest.fixture(autouse=True)
def _addresses(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.house_urls"


@pytest.fixture
def browser_client() -> Client:
    """A client that gets error pages, as a browser does, instead of exceptions."""
    return Client(raise_request_exception=False)


@pytest.fixture
def olga(db: None) -> User:
    return User.objects.create_user("olga@example.com", "a password of hers", name="Olga", time_zone="Asia/Tokyo")


# --- headers


@pytest.mark.claim("P25")
@pytest.mark.parametrize(("path", "status"), WAYS_TO_END.items())
def test_every_answer_carries_the_protective_headers(browser_client: Client, path: str, status: int) -> None:
    answer = browser_client.get(path)
    assert answer.status_code == status
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert {"Cookie", "HX-Request"} <= {name.strip() for name in answer["Vary"].split(",")}
    assert answer["X-Request-ID"]


@pytest.mark.claim("P25")
@pytest.mark.parametrize("path", WAYS_TO_END)
def test_no_answer_to_a_signed_in_person_is_stored(browser_client: Client, olga: User, path: str) -> None:
    browser_client.force_login(olga)
    assert browser_client.get(path)["Cache-Control"] == "no-store"


def test_answers_to_strangers_may_be_stored(client: Client) -> None:
    assert "Cache-Control" not in client.get("/fine/")


@pytest.mark.claim("P4", "P25")
def test_a_post_without_the_csrf_token_is_refused_in_plain_words(olga: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(olga)
    page = client.post("/fine/")
    assert page.status_code == 403
    assert "Load it again" in page.content.decode()
    toast = client.post("/fine/", headers={"HX-Request": "true"})
    assert toast.status_code == 403
    assert "Load it again" in json.loads(toast["HX-Trigger"])["toast"]["text"]
    assert toast["HX-Reswap"] == "none"


# --- error pages


@pytest.mark.claim("P3")
def test_a_foreign_thing_and_an_unknown_address_look_alike(client: Client) -> None:
    answers = [client.get(path) for path in ("/foreign/7/", "/foreign/8/", "/nowhere/")]
    bodies = {re.sub(r'nonce="[^"]+"', "", answer.content.decode()) for answer in answers}
    assert len(bodies) == 1


@pytest.mark.claim("P3")
def test_in_development_too_a_foreign_thing_says_nothing_about_itself(client: Client, settings: Settings) -> None:
    settings.DEBUG = True
    assert "belongs to someone else" not in client.get("/foreign/7/").content.decode()


def test_the_page_of_an_error_names_the_id_under_which_it_is_logged(browser_client: Client) -> None:
    answer = browser_client.get("/broken/", headers={"X-Request-ID": "the-id-of-a-proxy"})
    assert answer.status_code == 500
    assert "the-id-of-a-proxy" in answer.content.decode()
    assert "broken on purpose" not in answer.content.decode()


def test_under_htmx_an_error_is_a_toast_and_the_page_stays(browser_client: Client) -> None:
    answer = browser_client.get("/broken/", headers={"HX-Request": "true"})
    assert answer.status_code == 500
    assert json.loads(answer["HX-Trigger"])["toast"]["tone"] == "bad"
    assert answer.content == b""


# --- the wait for a lock


@contextmanager
def another_large_change() -> Iterator[None]:
    """Someone else holds the lock, over a connection of their own, until the block ends."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 100" if connection.vendor == "sqlite" else "SET lock_timeout = 100")
    other = connection.copy()
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:
            cursor.execute("UPDATE accounts_user SET name = name")
        yield
    finally:
        other.close()  # rolls back
        connection.close()  # and with it the short time-out


@pytest.mark.django_db(transaction=True)
def test_a_wait_for_a_lock_that_took_too_long_asks_to_come_again(client: Client) -> None:
    User.objects.create_user("olga@example.com")
    with another_large_change():
        page = client.get("/locking/")
        toast = client.get("/locking/", headers={"HX-Request": "true"})
    assert page.status_code == 503
    assert page["Retry-After"] == "5"
    assert "Another large change is running" in page.content.decode()
    assert "Another large change is running" in json.loads(toast["HX-Trigger"])["toast"]["text"]
    assert client.get("/locking/").status_code == 200


# --- the request's context


def test_a_harmless_request_id_is_kept_and_another_replaced(client: Client) -> None:
    assert client.get("/context/", headers={"X-Request-ID": "0f3a-trace.7"})["X-Request-ID"] == "0f3a-trace.7"
    for hostile in ("short", "x" * 65, "with blank and more", "line\tbreak-in-it", "<script>alert(1)</script>"):
        answer = client.get("/context/", headers={"X-Request-ID": hostile})
        assert answer["X-Request-ID"] != hostile
        assert answer.json()["request_id"] == answer["X-Request-ID"]


@pytest.mark.claim("P18")
@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, None, "10.0.0.9"),
        (0, "203.0.113.7", "10.0.0.9"),
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "6.6.6.6, 203.0.113.7", "203.0.113.7"),
        (2, "6.6.6.6, 203.0.113.7, 10.0.0.1", "203.0.113.7"),
        (2, "203.0.113.7", "10.0.0.9"),
        (1, "nonsense", "10.0.0.9"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, None, "10.0.0.9"),
    ],
)
def test_the_clients_address_is_taken_from_the_trusted_hop_only(
    settings: Settings, proxies: int, forwarded: str | None, expected: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR="10.0.0.9")
    assert middleware.client_ip_of(request) == expected


def test_a_connection_without_an_address_has_none() -> None:
    assert middleware.client_ip_of(RequestFactory().get("/", REMOTE_ADDR="")) is None


def test_times_are_shown_in_the_persons_zone(client: Client, olga: User) -> None:
    assert client.get("/context/").json()["zone"] == "UTC"
    client.force_login(olga)
    assert client.get("/context/").json()["zone"] == "Asia/Tokyo"
    User.objects.filter(pk=olga.pk).update(time_zone="Mars/Olympus")
    assert client.get("/context/").json()["zone"] == "UTC"


# --- logs


def formatter(debug: bool) -> logging.Formatter:
    described = logging_config(debug=debug, level="INFO")["formatters"]["lines"]
    made: logging.Formatter = described.pop("()")(**described)
    return made


def logged(debug: bool, *arguments: object) -> str:
    record = logging.LogRecord("django.request", logging.ERROR, __file__, 1, "%s", arguments, None)
    return formatter(debug).format(record)


@pytest.mark.claim("P5")
@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize(
    "address",
    [
        "/i/c2VjcmV0LXRva2Vu/",
        "/i/c2VjcmV0LXRva2Vu/reminders/",
        "/l/c2VjcmV0LXRva2Vu/",
        "https://roster.example.com/i/c2VjcmV0LXRva2Vu?next=/",
        "/accounts/password/reset/key/3-c2VjcmV0LXRva2Vu/",
        "/accounts/confirm-email/c2VjcmV0LXRva2Vu/",
    ],
)
def test_no_log_line_holds_a_link_that_its_reader_could_use(debug: bool, address: str) -> None:
    line = logged(debug, f"Internal Server Error: {address}")
    assert "Internal Server Error" in line
    assert "c2VjcmV0LXRva2Vu" not in line


@pytest.mark.claim("P5")
def test_the_access_line_of_an_invitation_link_holds_no_token(client: Client) -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(formatter(debug=False))
    logging.getLogger().addHandler(handler)
    try:
        client.get("/i/c2VjcmV0LXRva2Vu/")
    finally:
        logging.getLogger().removeHandler(handler)
    assert json.loads(written.getvalue())["path"] == "/i/…/"


@pytest.mark.once
def test_a_production_log_line_is_json_with_a_time() -> None:
    line = json.loads(logged(False, "A sentence."))
    assert line["event"] == "A sentence."
    assert line["level"] == "error"
    assert line["timestamp"].endswith("Z")
