"""The permission matrix (tests/matrix.py) against the product: every address, method and kind of visitor (P2, P25)."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLPattern, URLResolver

from accounts.models import OutgoingMail, User
from invitations.actions import domains, links
from invitations.asking import Ask
from invitations.models import DomainRule, InviteLink, JoinDomain
from invitations.queries.links import token_of
from tests import cast
from tests.imports import plan
from tests.matrix import COLUMNS, MATRIX, METHODS
from tests.people import person
from tests.stage import DEPLOYING, Stage
from tests.visiting import HTMX, Answer, copy_of, everything, taken_back, toast_of, visitor, words_of
from workspaces.actions import jobs
from workspaces.catalogue import BuiltIn
from workspaces.models import Grant, Job
from workspaces.views.role_editing import digest


def newcomer(stage: Stage, name: str, role: BuiltIn) -> User:
    """A Member with one role in Research."""
    user = person(f"{name}@acme.example", name.title())
    cast.join(stage.acme.olga, stage.acme.organization, user, places={stage.research.pk: role})
    return user


WHO: dict[str, Callable[[Stage], User | None]] = {
    "anonymous": lambda stage: None,
    "stranger": lambda stage: stage.stella,
    "invited": lambda stage: stage.ina,
    "suspended": lambda stage: stage.sven,
    "guest": lambda stage: stage.acme.tom,
    "member": lambda stage: stage.max,
    "viewer": lambda stage: newcomer(stage, "vera", BuiltIn.STANDARD_VIEWER),
    "editor": lambda stage: newcomer(stage, "edda", BuiltIn.STANDARD_EDITOR),
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
        "group_id": stage.data_team.pk,
        "invitation_id": stage.to_ina.pk,
        "token": stage.link(stage.to_ina).removeprefix("/i/"),
        "request_id": stage.asked.pk,
        "job_id": lenas_job(stage).pk,
        "proposal_id": 10**9,
        "resource_id": stage.churn.pk,
        "grant_id": 10**9,
        "role_id": stage.deployer.pk,
        "workspace": stage.research.slug,
        "workspace_id": stage.research.pk,
        "domain_id": added_domain(stage).pk,
        "link_id": olgas_link(stage).pk,
        "address_id": 10**9,
        "session_id": 10**9,
        "pk": 10**9,
        "key": "none",
        "uidb36": "1",
        "app_label": "workspaces",
    }


def added_domain(stage: Stage) -> JoinDomain:
    """One that waits for its record in DNS."""
    return domains.add_domain(actor=cast.web(stage.acme.olga), organization_id=stage.acme.id, domain="labs.example")


def olgas_link(stage: Stage) -> InviteLink:
    ask = Ask(BuiltIn.MEMBER)
    return links.create_link(actor=cast.web(stage.acme.olga), organization_id=stage.acme.id, name="School", ask=ask)


def a_rule(stage: Stage) -> DomainRule:
    return DomainRule.objects.get_or_create(domain="public.example", kind="public")[0]


def mias_grant(stage: Stage) -> Grant:
    """By which she is the last admin of Research."""
    return Grant.objects.get(workspace=stage.research, member=stage.member(stage.acme.mia))


def lenas_job(stage: Stage, *, is_planned: bool = False) -> Job:
    """By which Lena put Nora into the Data team, which she manages; or the mere plan of it."""
    act = jobs.plan_job if is_planned else jobs.start_job
    return act(
        actor=cast.web(stage.lena),
        organization_id=stage.acme.id,
        kind="members.group",
        title="Add to Data team",
        parameters={"group": stage.data_team.pk},
        rows=stage.acme.organization.members.filter(pk=stage.nora.pk),
    )


PLAN_ADDRESSES = (
    "import_template", "import_plan", "import_columns", "import_rejected", "import_row", "import_row_remove",
    "import_confirm", "import_discard",
)  # fmt: skip


def priyas_plan(stage: Stage) -> dict[str, Any]:
    """By which she would ask two people in; a plan is its maker's alone."""
    job = plan(stage.acme, "email,name\nnew@one.example,Nia\nother@one.example,Otto\n")
    return {"job_id": job.pk, "number": 1, "kind": "csv"}


def others(stage: Stage) -> dict[str, dict[str, Any]]:
    """Addresses that are about somebody else than Ben."""
    return {
        "member_edit": {"member_id": stage.nora.pk},
        "member_instead": {"member_id": stage.member(stage.acme.priya).pk},
        "member_resend": {"member_id": stage.nora.pk},
        "member_copy_link": {"member_id": stage.nora.pk},
        "member_reminders": {"member_id": stage.nora.pk},
        "workspace_member_resend": {"member_id": stage.nora.pk},
        "invitation_story": {"invitation_id": stage.to_nora.pk},
        **{name: {"name": "revoke"} for name in ("invitations_bulk", "invitations_bulk_apply")},
        **{
            name: {"name": "role"}
            for name in ("workspace_bulk", "workspace_bulk_apply", "grant_bulk", "grant_bulk_apply")
        },
        **{name: {"grant_id": mias_grant(stage).pk} for name in ("grant_role", "grant_edit", "grant_remove")},
        "job_cancel": {"job_id": lenas_job(stage, is_planned=True).pk},
        **{name: priyas_plan(stage) for name in PLAN_ADDRESSES},
        "invite_link": {"token": token_of(olgas_link(stage))},
        "workspace_why": {"member_id": stage.member(stage.acme.mia).pk},
        "member_reactivate": {"member_id": stage.member(stage.sven).pk},
        "group_remove": {"member_id": stage.member(stage.max).pk},
        "group_manager_dismiss": {"member_id": stage.member(stage.lena).pk},
        "admin:accounts_user_change": {"object_id": stage.acme.ben.pk},
        "admin:accounts_outgoingmail_change": {"object_id": OutgoingMail.objects.latest("pk").pk},
        "admin:workspaces_organization_change": {"object_id": stage.acme.id},
        "admin:workspaces_member_change": {"object_id": stage.member(stage.acme.ben).pk},
        "admin:invitations_invitation_change": {"object_id": stage.to_nora.pk},
        **{f"admin:invitations_domainrule_{name}": {"object_id": a_rule(stage).pk} for name in ("change", "delete")},
    }


# What becomes of the standard roles in the managed scheme, as the page proposes it.
SCHEME = {
    "everyone_11": 21,
    "everyone_12": 21,
    "people_11": 21,
    "people_12": 21,
    "people_13": 22,
}


def forms(stage: Stage) -> dict[str, dict[str, Any]]:
    """What a right entry is, where an empty one would say nothing about rights."""
    ben = stage.member(stage.acme.ben).pk
    return {
        "bulk_preview": {"member": [ben]},
        "bulk_apply": {"member": [ben]},
        "invitations_bulk": {"member": [stage.nora.pk]},
        "invitations_bulk_apply": {"member": [stage.nora.pk]},
        "member_role": {"role": BuiltIn.GUEST},
        "group_create": {"name": "Ops"},
        "group_edit": {"name": "Data people"},
        "group_add": {"member": [ben]},
        "group_manager": {"member": [ben]},
        "group_removal": {"member": [stage.member(stage.max).pk]},
        "group_removal_apply": {"member": [stage.member(stage.max).pk]},
        "member_instead": {"workspace": stage.research.pk},
        "member_merge": {"into": "max@acme.example"},
        "resource_access": {"access": "view"},
        "resource_share": {"address": "max@acme.example", "level": "view"},
        "resource_transfer": {"heir": "max@acme.example"},
        "request_new": {"workspace": stage.research.pk, "role": BuiltIn.STANDARD_EDITOR},
        "request_role": {"role": BuiltIn.ADMIN},
        "request_approve": {"role": BuiltIn.STANDARD_VIEWER},
        "member_edit": {"role": BuiltIn.GUEST, "address": "nora@new.example"},
        "invite": {
            "addresses": "new@one.example",
            "role": BuiltIn.MEMBER,
            "expires": 7,
            f"workspace_{stage.research.pk}": BuiltIn.STANDARD_EDITOR,
        },
        "invite_check": {"addresses": "new@one.example"},
        "import": {"pasted": "new@one.example", "role": BuiltIn.MEMBER, "expires": 7},
        "import_columns": {"column_0": "email", "column_1": "name"},
        "import_row": {"email": "new@one.example"},
        "domains": {"domain": "new.example"},
        "admin:invitations_domainrule_add": {"domain": "other.example", "kind": "public"},
        "admin:invitations_domainrule_change": {"domain": "public.example", "kind": "ordinary"},
        "admin:invitations_domainrule_delete": {"post": "yes"},
        "link_new": {
            "name": "School",
            "role": BuiltIn.MEMBER,
            "expires": 7,
            f"workspace_{stage.research.pk}": BuiltIn.STANDARD_EDITOR,
        },
        "settings": {"name": "Acme", "invitation_days": 7},
        "workspace_create": {"name": "Lab", "label": "team", "kind": "shared"},
        "workspace_settings": {"name": "Research", "label": "team"},
        "workspace_add": {"role": BuiltIn.STANDARD_VIEWER, "pick": f"m{ben}"},
        "workspace_everyone": {"role": BuiltIn.STANDARD_VIEWER},
        "workspace_bulk": {"member": [stage.member(stage.acme.mia).pk], "role": BuiltIn.STANDARD_EDITOR},
        "workspace_bulk_apply": {"member": [stage.member(stage.acme.mia).pk], "role": BuiltIn.STANDARD_EDITOR},
        "workspace_member_role": {"role": BuiltIn.STANDARD_EDITOR},
        "grant_bulk": {"grant": [mias_grant(stage).pk], "role": BuiltIn.STANDARD_EDITOR},
        "grant_bulk_apply": {"grant": [mias_grant(stage).pk], "role": BuiltIn.STANDARD_EDITOR},
        "grant_role": {"role": BuiltIn.STANDARD_ADMIN},
        "grant_edit": {"role": BuiltIn.STANDARD_ADMIN},
        "workspace_leave": {"admin": stage.acme.ben.email},
        "workspace_delete": {"name": "Research"},
        "transfer": {"successor": stage.member(stage.acme.priya).pk},
        "organization_delete": {"name": "Acme"},
        "role_new": {"scope": "workspace", "name": "Reader", "permissions": "workspace.view"},
        "role_edit": {"name": "Pilot", "permissions": [*DEPLOYING], "seen": digest(DEPLOYING, DEPLOYING)},
        "role_edit_preview": {"name": "Pilot", "permissions": [*DEPLOYING]},
        "scheme": {**SCHEME, "to": "managed", "seen": ",".join(["standard", *(f"{k}:{v}" for k, v in SCHEME.items())])},
        "scheme_preview": {**SCHEME, "to": "managed"},
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


def urls_of(stage: Stage) -> dict[str, str]:
    """By the addresses' names."""
    usual, special = arguments(stage), others(stage)
    return {
        name: reverse(name, kwargs={key: {**usual, **special.get(name, {})}[key] for key in takes})
        for name, takes in ADDRESSES.items()
    }


ADDRESSES = addresses(get_resolver().url_patterns)


def who(stage: Stage, column: str) -> Client:
    """A browser of the column's person; whoever is invited has opened the link."""
    client = visitor(WHO[column](stage))
    if column == "invited":
        client.get(stage.link(stage.to_ina))
    return client


def ask(client: Client, method: str, url: str, entry: dict[str, Any]) -> Answer:
    """The answer to a right entry, whose writes are taken back."""
    browser = copy_of(client)
    with taken_back():
        return browser.post(url, entry) if method == "POST" else browser.get(url)


@pytest.mark.claim("P2")
def test_every_address_of_the_product_stands_in_the_matrix() -> None:
    assert set(MATRIX) == {(method, name) for name in ADDRESSES for method in METHODS}
    assert set(WHO) == set(COLUMNS)


@pytest.mark.claim("P2", "P25")
@pytest.mark.parametrize("column", COLUMNS)
def test_the_matrix_says_what_each_visitor_gets_and_every_answer_carries_the_headers(stage: Stage, column: str) -> None:
    client, at = who(stage, column), COLUMNS.index(column)
    urls, entries, wrong = urls_of(stage), forms(stage), []
    for (method, name), statuses in MATRIX.items():
        answer = ask(client, method, urls[name], entries.get(name, {}))
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
    urls = urls_of(stage)
    before = everything()
    for url in urls.values():
        for method in ("GET", "HEAD", "OPTIONS"):
            copy_of(client).generic(method, url)
    assert everything() == before


@pytest.mark.claim("P4")
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["form", "htmx"])
def test_without_its_token_no_unsafe_request_does_anything(stage: Stage, headers: dict[str, str]) -> None:
    client = who(stage, "owner")
    urls = urls_of(stage)
    before = everything()
    answers = {
        (method, name): copy_of(client, enforce_csrf_checks=True).generic(method, url, headers=headers)
        for name, url in urls.items()
        for method in ("POST", "PUT", "PATCH", "DELETE")
    }
    assert {answer.status_code for answer in answers.values()} == {403}
    posted = answers["POST", "member_suspend"]
    assert "Load it again" in (toast_of(posted) if headers else words_of(posted))
    assert everything() == before
