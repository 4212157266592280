"""Visitors: browsers without a screen, signed in as somebody of the cast, that read answers as people do."""

import html
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from tests.stage import Stage

HTMX = {"HX-Request": "true"}
type Answer = Any
"""An answer as the test client gives it; its class is made up by Django's stubs."""


def visitor(user: User | None = None, *, is_fresh: bool = True, **options: Any) -> Client:
    """A browser of this person, or of nobody. is_fresh: they have just proven who they are."""
    client = Client(**options)
    if user is not None:
        client.force_login(user)
        session = client.session
        session["authenticated_at"] = timezone.now().timestamp() - (0 if is_fresh else 301)
        session.save()
    return client


def copy_of(client: Client, **options: Any) -> Client:
    """The same browser once more, for a request whose writes are taken back."""
    copy = Client(**options)
    copy.cookies = SimpleCookie(client.cookies.output(header="", sep=";"))
    return copy


@contextmanager
def taken_back() -> Iterator[None]:
    """What happens inside has not happened afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


# --- what they read


def body_of(answer: Answer) -> str:
    return str(answer.content.decode())


# What differs between two answers to the same question.
_FRESH = re.compile(r'(nonce=|name="(?:csrfmiddlewaretoken|selection)" value=|"X-CSRFToken": )"[^"]*"')


def bare(answer: Answer) -> str:
    """The body without nonces, tokens and keys of stored selections."""
    return _FRESH.sub(r'\1""', body_of(answer))


def words_of(answer: Answer) -> str:
    """What can be read on the page, in one line."""
    text = re.sub(r"(?s)<(script|style|template|svg)\b.*?</\1>", " ", body_of(answer))
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def toast_of(answer: Answer) -> str:
    return str(json.loads(answer["HX-Trigger"])["toast"]["text"])


def events_of(answer: Answer) -> set[str]:
    return set(json.loads(answer["HX-Trigger"]))


def rows_of(answer: Answer) -> list[int]:
    """The ids of the people in the table, in its order."""
    return [int(number) for number in re.findall(r'<tr id="m(\d+)"', body_of(answer))]


def link_of(answer: Answer, rel: str) -> str | None:
    """The address of the pager's next or previous page."""
    found = re.search(rf'rel="{rel}" href="([^"]+)"', body_of(answer))
    return html.unescape(found[1]) if found else None


def box_of(answer: Answer, name: str) -> str:
    """What stands in a text box of the page."""
    found = re.search(rf'(?s)<textarea name="{name}"[^>]*>(.*?)</textarea>', body_of(answer))
    assert found, f"There is no box {name}."
    return html.unescape(found[1]).removeprefix("\n")


def hidden_of(answer: Answer, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', body_of(answer))
    assert found, f"There is no field {name}."
    return html.unescape(found[1])


def queries_of(client: Client, url: str) -> list[str]:
    """The statements of one GET, after another that let everything be loaded which is loaded once."""
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return [each["sql"] for each in captured.captured_queries]


# --- what they leave behind

# Of no importance to anybody: that a session exists, when somebody was seen, what a rate limit has counted.
ASIDE = {"sessions.Session", "usersessions.UserSession", "workspaces.Activity"}


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, so that two moments can be compared."""
    return {
        model._meta.label: sorted(model._base_manager.values_list(), key=repr)
        for model in apps.get_models()
        if model._meta.managed and model._meta.label not in ASIDE
    }


# --- whose browser it is


@pytest.fixture
def olga(stage: Stage) -> Client:
    return visitor(stage.acme.olga)


@pytest.fixture
def priya(stage: Stage) -> Client:
    return visitor(stage.acme.priya)


@pytest.fixture
def mia(stage: Stage) -> Client:
    """Admin of Research, plain Member of Acme."""
    return visitor(stage.acme.mia)


@pytest.fixture
def ben(stage: Stage) -> Client:
    return visitor(stage.acme.ben)
