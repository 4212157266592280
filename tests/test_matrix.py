"""The permission matrix (tests/matrix.py) against the product: every address, method and kind of visitor (P2, P25)."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLPattern, URLResolver

from accounts.models import OutgoingMail, User
from tests.matrix import COLUMNS, MATRIX, METHODS
from tests.stage import Stage
from tests.visiting import HTMX, Answer, copy_of, everything, taken_back, toast_of, visitor, words_of
from workspaces.catalogue import BuiltIn

WHO: dict[str, Callable[[Stage], User | None]] = {
    "anonymous": lambda stage: None,
    "stranger": lambda stage: stage.stella,
    "invited": lambda stage: stage.ina,
    "suspended": lambda stage: stage.sven,
    "guest": lambda stage: stage.acme.tom,
    "member": lambda stage: stage.max,
    "group manager": lambda stage: stage.lena,
    "workspace admin": lambda stage: stage.acme.mia,
    "admin": lambda stage: stage.acme.priya,
    "owner": lambda stage: stage.acme.olga,
    "other admin": lambda stage: stage.northlab.zoe,
    "staff": lambda stage: stage.sam,
}


def arguments(stage: Stage) -> dict[str, Any]:
    """What stands in the addresses: always something that exists in Acme."""
    return {
        "slug": stage.slug,
        "name": "suspend",
        "member_id": stage.member(stage.acme.ben).pk,
        "invitation_id": stage.to_ina.pk,
        "token": stage.link(stage.to_ina).removeprefix("/i/"),
        "address_id": 10**9,
        "session_id": 10**9,
        "pk": 10**9,
        "key": "none",
        "uidb36": "1",
        "app_label": "workspaces",
    }


def others(stage: Stage) -> dict[str, dict[str, Any]]:
    """Addresses that are about somebody else than Ben."""
    return {
        "member_edit": {"member_id": stage.nora.pk},
        "member_resend": {"member_id": stage.nora.pk},
        "member_reactivate": {"member_id": stage.member(stage.sven).pk},
        "admin:accounts_user_change": {"object_id": stage.acme.ben.pk},
        "admin:accounts_outgoingmail_change": {"object_id": OutgoingMail.objects.latest("pk").pk},
        "admin:workspaces_organization_change": {"object_id": stage.acme.id},
        "admin:workspaces_member_change": {"object_id": stage.member(stage.acme.ben).pk},
        "admin:invitations_invitation_change": {"object_id": stage.to_nora.pk},
    }


def forms(stage: Stage) -> dict[str, dict[str, Any]]:
    """What a right entry is, where an empty one would say nothing about rights."""
    ben = stage.member(stage.acme.ben).pk
    return {
        "bulk_preview": {"member": [ben]},
        "bulk_apply": {"member": [ben]},
        "member_role": {"role": BuiltIn.GUEST},
        "member_edit": {"role": BuiltIn.GUEST, "address": "nora@new.example"},
        "invite": {
            "addresses": "new@one.example",
            "role": BuiltIn.MEMBER,
            "expires": 7,
            f"workspace_{stage.research.pk}": BuiltIn.STANDARD_EDITOR,
        },
        "invite_check": {"addresses": "new@one.example"},
        "settings": {"name": "Acme", "invitation_days": 7},
        "transfer": {"successor": stage.member(stage.acme.priya).pk},
        "organization_delete": {"name": "Acme"},
        "organization_create": {"name": "Newco", "scheme": "standard", "with_default": "on"},
    }


def addresses(
    found: Sequence[URLPattern | URLResolver], space: str = "", given: tuple[str, ...] = ()
) -> dict[str, tuple[str, ...]]:
    """Every address of the product: its full name, and which arguments it takes."""
    names: dict[str, tuple[str, ...]] = {}
    for each in found:
        takes = (*given, *each.pattern.regex.groupindex)
        if isinstance(each, URLResolver):
            names |= addresses(each.url_patterns, f"{space}{each.namespace}:" if each.namespace else space, takes)
        elif each.name:
            names[f"{space}{each.name}"] = takes  # what has no name is Django admin's way to the sign-in page
    return names


def url_of(stage: Stage, name: str) -> str:
    given = {**arguments(stage), **others(stage).get(name, {})}
    return reverse(name, kwargs={key: given[key] for key in ADDRESSES[name]})


ADDRESSES = addresses(get_resolver().url_patterns)


def who(stage: Stage, column: str) -> Client:
    """A browser of the column's person; whoever is invited has opened the link."""
    client = visitor(WHO[column](stage))
    if column == "invited":
        client.get(stage.link(stage.to_ina))
    return client


def ask(stage: Stage, client: Client, method: str, name: str) -> Answer:
    """The answer to a right entry, whose writes are taken back."""
    url, browser = url_of(stage, name), copy_of(client)
    with taken_back():
        return browser.post(url, forms(stage).get(name, {})) if method == "POST" else browser.get(url)


@pytest.mark.claim("P2")
def test_every_address_of_the_product_stands_in_the_matrix() -> None:
    assert set(MATRIX) == {(method, name) for name in ADDRESSES for method in METHODS}
    assert set(WHO) == set(COLUMNS)


@pytest.mark.claim("P2", "P25")
@pytest.mark.parametrize("column", COLUMNS)
def test_the_matrix_says_what_each_visitor_gets_and_every_answer_carries_the_headers(stage: Stage, column: str) -> None:
    client, at = who(stage, column), COLUMNS.index(column)
    wrong = []
    for (method, name), statuses in MATRIX.items():
        answer = ask(stage, client, method, name)
        if answer.status_code != statuses[at]:
            wrong.append(f"{method} {name}: {answer.status_code} instead of {statuses[at]}")
        wrong += [f"{method} {name}: {what}" for what in lacking(answer, signed_in=column != "anonymous")]
    assert wrong == []


def lacking(answer: Answer, *, signed_in: bool) -> list[str]:
    """Which of the headers of P25 an answer lacks."""
    policy = answer.headers.get("Content-Security-Policy", "")
    vary = {each.strip() for each in answer.headers.get("Vary", "").split(",")}
    holds = {
        "a policy without unsafe sources": "script-src" in policy and "unsafe" not in policy,
        "no frames": "frame-ancestors 'none'" in policy and answer.headers.get("X-Frame-Options") == "DENY",
        "nosniff": answer.headers.get("X-Content-Type-Options") == "nosniff",
        "Vary": {"Cookie", "HX-Request"} <= vary,
        "no-store": not signed_in or answer.headers.get("Cache-Control", "").endswith("no-store"),
    }
    return [name for name, holding in holds.items() if not holding]


@pytest.mark.claim("P4")
def test_get_head_and_options_change_nothing(stage: Stage) -> None:
    client = who(stage, "owner")
    before = everything()
    for name in ADDRESSES:
        for method in ("GET", "HEAD", "OPTIONS"):
            copy_of(client).generic(method, url_of(stage, name))
    assert everything() == before


@pytest.mark.claim("P4")
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["form", "htmx"])
def test_without_its_token_no_unsafe_request_does_anything(stage: Stage, headers: dict[str, str]) -> None:
    client = who(stage, "owner")
    before = everything()
    answers = {
        (method, name): copy_of(client, enforce_csrf_checks=True).generic(method, url_of(stage, name), headers=headers)
        for name in ADDRESSES
        for method in ("POST", "PUT", "PATCH", "DELETE")
    }
    assert {answer.status_code for answer in answers.values()} == {403}
    posted = answers["POST", "member_suspend"]
    assert "Load it again" in (toast_of(posted) if headers else words_of(posted))
    assert everything() == before
