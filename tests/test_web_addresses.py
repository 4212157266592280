"""Look-alikes at every door that takes an address or a domain: no row of the impostor, and a sentence (ACCEPTANCE P16).

What a look-alike is, and the one form of everything else, is in tests/test_addresses.py.
"""

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from accounts.models import OutgoingMail, User
from invitations.actions import domains
from invitations.models import DomainRule, Invitation, InviteLink, JoinDomain, ProposedPerson
from tests import cast
from tests.imports import plan
from tests.people import PASSWORD
from tests.stage import Stage
from tests.test_web_invite import invite
from tests.test_web_resources import share
from tests.visiting import Answer, visitor, words_of
from workspaces.actions import organizations
from workspaces.catalogue import BuiltIn
from workspaces.models import Member

pytestmark = pytest.mark.claim("P16")

LOOK_ALIKES = [
    "ｍia@acme.example",  # full width
    "mıa@acme.example",  # dotless i
    "mia@acme.e\u212aample",  # Kelvin sign
    "miſ@acme.example",  # long s
    "mi\u0307a@acme.example",  # i under the dot that it has anyway
    "m\u034fia@acme.example",  # a character that nobody sees
    "mia\u3164@acme.example",
    "mia@ａcme.example",
]
SENTENCES = ("only looks like a plain letter", "a character that nobody sees", "is no domain", "no address")


def traces() -> dict[str, set[str]]:
    """Every address and domain that anything knows."""
    columns = [
        (Member, "address"),
        (Invitation, "address"),
        (EmailAddress, "email"),
        (User, "email"),
        (OutgoingMail, "recipient"),
        (ProposedPerson, "address"),
        (JoinDomain, "domain"),
        (InviteLink, "allowed_domain"),
        (DomainRule, "domain"),
    ]
    return {model.__name__: set(model._base_manager.values_list(column, flat=True)) for model, column in columns}


# --- the doors


def dialog(stage: Stage, typed: str) -> Answer:
    return invite(stage, visitor(stage.acme.olga), typed)


def preview(stage: Stage, typed: str) -> Answer:
    return visitor(stage.acme.olga).post(stage.url("invite/check/"), {"addresses": typed})


def imported(stage: Stage, typed: str) -> Answer:
    job = plan(stage.acme, f"email,name\n{typed},Mia\n", stage.acme.olga)
    return visitor(stage.acme.olga).get(stage.url(f"import/{job.pk}/"))


def proposal(stage: Stage, typed: str) -> Answer:
    olga = cast.web(stage.acme.olga)
    organizations.change_organization(actor=olga, organization_id=stage.acme.id, members_propose=True)
    return visitor(stage.acme.ben).post(stage.url("proposals/new/"), {"addresses": typed})


def sign_up_by_domain(stage: Stage, typed: str) -> Answer:
    domains.switch_on(actor=cast.web(stage.acme.olga), organization_id=stage.acme.id, workspace_ids=[])
    return Client().post("/accounts/signup/", {"name": "Mia", "password1": PASSWORD, "email": typed})


def another_address(stage: Stage, typed: str) -> Answer:
    return visitor(stage.stella).post("/accounts/addresses/add/", {"address": typed})


def correction(stage: Stage, typed: str) -> Answer:
    entry = {"address": typed, "role": BuiltIn.MEMBER, "message": "", "language": "en", "expires": ""}
    return visitor(stage.acme.olga).post(stage.url(f"members/{stage.nora.pk}/edit/"), entry)


def sharing(stage: Stage, typed: str) -> Answer:
    return share(stage, typed)


DOORS = [dialog, preview, imported, proposal, sign_up_by_domain, another_address, correction, sharing]


@pytest.mark.parametrize("typed", LOOK_ALIKES, ids=ascii)
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_a_look_alike_of_a_member_gets_through_no_door(
    stage: Stage, door: Callable[[Stage, str], Answer], typed: str
) -> None:
    before = traces()
    answer = door(stage, typed)
    after = traces()
    domain = {"acme.example"} if door is sign_up_by_domain else set()
    assert after == {**before, "JoinDomain": before["JoinDomain"] | domain}
    said = answer.content.decode("unicode_escape") if door is preview else words_of(answer)
    assert any(sentence in said for sentence in SENTENCES), said


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nina@Other.Example", "nina@other.example"),
        ("nina@bücher.example", "NINA@xn--bcher-kva.example"),
        ("nin\u00e9@other.example", "nine\u0301@other.example"),
        ("nina@other\u3002example", "nina@other.example"),
        ("ΝΙΝΑΣ@other.example", "νινας@other.example"),
    ],
    ids=ascii,
)
@pytest.mark.parametrize("door", [dialog, imported, proposal, correction, sharing], ids=lambda door: door.__name__)
def test_two_spellings_of_one_address_are_one_person(
    stage: Stage, door: Callable[[Stage, str], Answer], one: str, other: str
) -> None:
    cast.ask_in(stage.acme.olga, stage.acme.organization, one)
    before, people = traces(), Member.objects.count()
    door(stage, other)
    after = traces()
    assert Member.objects.count() == people
    assert {known for column in after.values() for known in column} == {
        known for column in before.values() for known in column
    }


def test_plus_tags_are_addresses_of_their_own(stage: Stage) -> None:
    invite(stage, visitor(stage.acme.olga), "Mia+Lab@acme.example, mia+lab@acme.example, mia+home@acme.example")
    members = stage.acme.organization.members.filter(address__startswith="mia")
    assert set(members.values_list("address", flat=True)) == {
        "mia@acme.example",
        "mia+lab@acme.example",
        "mia+home@acme.example",
    }


@pytest.mark.parametrize("typed", LOOK_ALIKES[:7], ids=ascii)
def test_a_look_alike_neither_signs_in_nor_resets_a_password(stage: Stage, typed: str) -> None:
    client = Client()
    assert client.post("/accounts/login/", {"login": typed, "password": PASSWORD}).status_code == 422
    assert "_auth_user_id" not in client.session
    before = traces()
    client.post("/accounts/password/reset/", {"email": typed})
    assert traces() == before


# --- domains


@pytest.mark.claim("P23")
@pytest.mark.parametrize(
    "typed", ["ａcme.example", "acme.e\u212aample", "acmi\u0307.example", "ac\u034fme.example"], ids=ascii
)
def test_a_look_alike_of_a_domain_is_no_domain_that_lets_people_join(stage: Stage, typed: str) -> None:
    olga, before = visitor(stage.acme.olga), traces()
    added = olga.post(stage.url("settings/domains/"), {"domain": typed})
    entry = {"name": "School", "role": BuiltIn.MEMBER, "expires": 7, "allowed_domain": typed}
    linked = olga.post(stage.url("links/new/"), entry)
    assert (added.status_code, linked.status_code) == (422, 422)
    assert "is no domain" in words_of(added)
    assert "is no domain" in words_of(linked)
    assert traces() == before


def test_a_domain_in_mixed_scripts_is_shown_as_what_it_is(stage: Stage) -> None:
    """A Cyrillic letter between Latin ones: from then on it stands there as xn--, which looks like nothing else."""
    page = visitor(stage.acme.olga).post(stage.url("settings/domains/"), {"domain": "a\u0441me.example"}, follow=True)
    assert JoinDomain.objects.get().domain == "xn--ame-4ed.example"
    assert "xn--ame-4ed.example" in words_of(page)
