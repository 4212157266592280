"""Asking people in over HTTP: one or many, a result per address, and what becomes of rubbish."""

import json
import re
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from accounts.addresses import AddressError, Pasted, canonical, split
from accounts.models import OutgoingMail
from invitations.models import Invitation
from tests import cast
from tests.stage import Stage
from tests.visiting import HTMX, Answer, body_of, box_of, events_of, toast_of, visitor, words_of
from workspaces.catalogue import BuiltIn, Scheme
from workspaces.models import Grant, GroupMember, Member


def invite(stage: Stage, client: Client, addresses: str, **entry: Any) -> Answer:
    headers = entry.pop("headers", {})
    data = {"addresses": addresses, "role": BuiltIn.MEMBER, "expires": 7, **entry}
    return client.post(stage.url("invite/"), data, headers=headers)


def asked(stage: Stage) -> set[str]:
    """Who is asked in beside Ina and Nora."""
    every = set(
        Invitation.objects.filter(organization=stage.acme.id, accepted_at=None).values_list("address", flat=True)
    )
    return every - {"ina@elsewhere.example", "nora@new.example"}


@pytest.mark.row("L1", "I25", "I26", "A2", "A4", "A5")
@pytest.mark.claim("P19", "P21")
def test_one_address_is_asked_in_with_a_row_a_mail_and_a_line_in_the_history(stage: Stage, priya: Client) -> None:
    done = invite(stage, priya, " New.Person@Example.ORG ")
    assert (done.status_code, done.url) == (303, stage.url("members/"))
    words = words_of(priya.get(done.url))
    assert "1 was invited." in words
    assert "new.person @example.org Invited by Priya Admin" in words
    mail = OutgoingMail.objects.get(recipient="new.person@example.org")
    assert (mail.state, mail.kind) == ("queued", "invitation")
    newest = cast.history(stage.acme.organization)[-1]
    assert newest == cast.Said(
        "invitation.sent", Member.objects.get(address="new.person@example.org").pk, after="Member"
    )


@pytest.mark.row("I26")
@pytest.mark.claim("P16")
@pytest.mark.parametrize(
    "text",
    [
        "a@x.example, b@x.example, c@x.example",
        "a@x.example;b@x.example;c@x.example",
        "a@x.example b@x.example\tc@x.example",
        "a@x.example\nb@x.example\r\n\r\nc@x.example\n",
        'Anna A <a@x.example>, "B, Bert" <B@X.example>; c@x.example, a@x.example, A@x.EXAMPLE',
    ],
)
def test_many_addresses_in_every_way_that_people_write_them(stage: Stage, priya: Client, text: str) -> None:
    assert invite(stage, priya, text).status_code == 303
    assert asked(stage) == {"a@x.example", "b@x.example", "c@x.example"}


def test_a_name_beside_the_address_stands_in_the_list(stage: Stage, priya: Client) -> None:
    invite(stage, priya, "Zoé Müller <zoe@x.example>")
    assert "Zoé Müller zoe@x.example" in words_of(priya.get(stage.url("members/?q=zoe")))


@pytest.mark.row("I30", "I31", "A6")
@pytest.mark.claim("P8")
def test_role_groups_workspaces_message_and_expiry_go_with_the_invitation(stage: Stage, priya: Client) -> None:
    entry = {
        "role": BuiltIn.ADMIN,
        "groups": [stage.data_team.pk],
        f"workspace_{stage.research.pk}": BuiltIn.STANDARD_EDITOR,
        "message": "Welcome.\r\nWe start on Monday.",
        "expires": 30,
    }
    assert invite(stage, priya, "new@x.example", **entry).status_code == 303
    member = Member.objects.get(address="new@x.example")
    assert member.role_id == BuiltIn.ADMIN
    assert GroupMember.objects.filter(member=member, group=stage.data_team).exists()
    assert Grant.objects.get(member=member).workspace == stage.research
    invitation = Invitation.objects.get(address="new@x.example")
    assert (invitation.expires_at - invitation.sent_at).days == 30
    card = words_of(Client().get(stage.link(invitation), follow=True))
    for words in (
        "Priya Admin invites you to join Acme",
        "Editor in Research",
        "Admin of the organization",
        "Data team",
        "Welcome. We start on Monday.",
        "new@x.example",
    ):
        assert words in card
    assert "once accepted" in words_of(priya.get(stage.url("members/?q=new@x")))


def test_a_group_that_a_request_names_twice_is_joined_once(stage: Stage, priya: Client) -> None:
    assert invite(stage, priya, "new@x.example", groups=[stage.data_team.pk] * 2).status_code == 303
    assert GroupMember.objects.filter(member__address="new@x.example").count() == 1


@pytest.mark.row("I1", "I3", "I30")
def test_everybody_begins_as_member_where_nothing_else_is_chosen(stage: Stage, priya: Client) -> None:
    form = body_of(priya.get(stage.url("invite/")))
    assert re.search(rf'<option value="{BuiltIn.MEMBER}" selected>Member', form)
    assert re.search(rf'<option value="{BuiltIn.ADMIN}">Admin', form)
    assert re.search(r'<option value="7" selected>In 7 days', form)


@pytest.mark.claim("P16")
def test_each_address_is_judged_alone_and_the_bad_ones_stay_in_the_box(stage: Stage, priya: Client) -> None:
    good, bad = (
        "good@x.example, ben@acme.example, nora@new.example",
        ["broken@", "Bad Name <no at sign>", "\u212aim@x.example"],
    )
    pasted = ", ".join([good, *bad, "good@x.example"])
    answer = invite(stage, priya, pasted, message="Hello", groups=[stage.data_team.pk])
    assert answer.status_code == 422
    words = words_of(answer)
    assert "2 were invited. 1 is a member already, 3 need a look." in words
    assert "ben@acme.example Is a member already." in words
    assert "which only looks like a plain letter" in words
    assert box_of(answer, "addresses").split("\n") == bad
    assert box_of(answer, "message") == "Hello"
    assert re.search(rf'value="{stage.data_team.pk}"[^>]* checked', body_of(answer))
    assert asked(stage) == {"good@x.example"}
    stage.to_nora.refresh_from_db()
    assert stage.to_nora.generation == 2


@pytest.mark.claim("P18")
def test_over_the_limit_a_list_is_cut_and_says_so_and_429_comes_when_nothing_remains(
    stage: Stage, priya: Client, settings: LazySettings
) -> None:
    settings.INVITATIONS_PER_DAY = OutgoingMail.objects.filter(kind="invitation").count() + 2
    cut = invite(stage, priya, "a@x.example b@x.example c@x.example d@x.example")
    assert cut.status_code == 422
    assert "2 were invited." in words_of(cut)
    assert box_of(cut, "addresses") == "c@x.example\nd@x.example"
    assert "c@x.example Is over the organization's limit of today." in words_of(cut)
    nothing = invite(stage, priya, "c@x.example d@x.example")
    assert nothing.status_code == 429
    assert int(nothing["Retry-After"]) > 0
    assert box_of(nothing, "addresses") == "c@x.example d@x.example"
    assert asked(stage) == {"a@x.example", "b@x.example"}


@pytest.mark.claim("P18")
def test_the_page_says_how_many_may_be_invited_today_and_the_check_counts_down(
    stage: Stage, priya: Client, settings: LazySettings
) -> None:
    settings.INVITATIONS_PER_DAY = OutgoingMail.objects.filter(kind="invitation").count() + 1_400
    assert "You can invite 1,400 more people today." in words_of(priya.get(stage.url("invite/")))
    checked = priya.post(stage.url("invite/check/"), {"addresses": "a@x.example b@x.example nonsense"}).json()
    assert (checked["sum"], checked["room"]) == ("2 will be invited", "You can invite 1,398 more people today.")


@pytest.mark.claim("P10")
def test_a_workspace_admin_invites_into_their_workspace_only(stage: Stage) -> None:
    mia = visitor(stage.acme.mia)
    form = body_of(mia.get(stage.url("invite/")))
    assert f"workspace_{stage.research.pk}" in form
    assert f"workspace_{stage.acme.default.pk}" not in form
    bare = invite(stage, mia, "new@x.example")
    assert bare.status_code == 403
    assert box_of(bare, "addresses") == "new@x.example"
    place = {f"workspace_{stage.research.pk}": BuiltIn.STANDARD_EDITOR}
    assert invite(stage, mia, "new@x.example", role=BuiltIn.ADMIN, **place).status_code == 422
    assert invite(stage, mia, "new@x.example", **place).status_code == 303
    stage.acme.organization.workspace_admins_invite = False
    stage.acme.organization.save()
    assert mia.get(stage.url("invite/")).status_code == 403


@pytest.mark.claim("P15")
def test_asking_an_admin_in_needs_fresh_proof_and_loses_nothing_typed(stage: Stage) -> None:
    answer = invite(stage, visitor(stage.acme.priya, is_fresh=False), "new@x.example", role=BuiltIn.ADMIN, message="Hi")
    assert answer.status_code == 403
    assert "needs a fresh proof that it is you" in words_of(answer)
    assert "/accounts/confirm/?next=" in body_of(answer)
    assert (box_of(answer, "addresses"), box_of(answer, "message")) == ("new@x.example", "Hi")
    assert asked(stage) == set()


# --- while one types


@pytest.mark.row("I26")
def test_the_check_says_of_each_address_what_would_become_of_it_and_writes_nothing(stage: Stage, priya: Client) -> None:
    typed = "new@x.example\nBen <ben@acme.example>\nnora@new.example\nbroken@acme"
    answer = priya.post(stage.url("invite/check/"), {"addresses": typed})
    said = json.loads(answer.content)
    assert [(entry["text"], entry["outcome"]) for entry in said["entries"]] == [
        ("new@x.example", "ok"),
        ("Ben <ben@acme.example>", "member"),
        ("nora@new.example", "invited"),
        ("broken@acme", "invalid"),
    ]
    assert (said["sum"], said["submit"]) == ("2 will be invited", "Invite 2 people")
    assert "1 is a member already" in said["rest"]
    assert said["entries"][3]["suggestion"] == "broken@acme.example"
    assert asked(stage) == set()


def test_under_htmx_the_panel_closes_when_all_went_well_and_stays_when_not(stage: Stage, priya: Client) -> None:
    done = invite(stage, priya, "a@x.example", headers=HTMX)
    assert done.status_code == 204
    assert {"dialog:close", "table:refresh"} <= events_of(done)
    assert toast_of(done) == "1 was invited."
    partly = invite(stage, priya, "b@x.example nonsense", headers=HTMX)
    assert partly.status_code == 422
    assert "<html" not in body_of(partly)
    assert partly["HX-Trigger"] == "table:refresh"


# --- bad input

RUBBISH = [
    "To: everyone@x.example\r\nBcc: victim@x.example",
    "\u202eevil@x.example",
    "<script>alert(1)</script>@x.example",
    "=cmd|'/c calc'!A1",
    "\ufeffbom@x.example",
    "x" * 10_000 + "@x.example",
    "имя@пример.рф",
    "名前@例え.jp",
    "user@[127.0.0.1]",
    '"quoted @ local"@x.example',
    "🙂@x.example",
    "a@@x.example",
    "\ud83d".encode("utf-16", "surrogatepass").decode("utf-16", "replace") + "@x.example",
]


@pytest.mark.claim("P16", "P18", "P19")
def test_ten_thousand_pasted_lines_of_every_kind_lose_nothing_and_break_nothing(stage: Stage, priya: Client) -> None:
    good = [f"Person {n} <p{n}@crowd.example>" for n in range(4_000)]
    lines = [
        *good,
        *good[:3_000],
        *[RUBBISH[n % len(RUBBISH)] for n in range(400)],
        *[f"broken{n}@" for n in range(2_600)],
    ]
    assert len(lines) == 10_000
    pasted = "\n".join(lines)
    answer = invite(stage, priya, pasted)
    assert answer.status_code == 422
    assert "were invited." in words_of(answer)
    assert Member.objects.filter(address__endswith="@crowd.example").count() == 4_000
    assert OutgoingMail.objects.filter(recipient__endswith="@crowd.example").count() == 4_000
    kept, invited = box_of(answer, "addresses"), asked(stage)
    lost = [entry.text for entry in split(pasted) if entry.text not in kept and address_of(entry) not in invited]
    assert lost == []
    assert kept.count("broken") == 2_600
    assert "<script>alert" not in body_of(answer)


def address_of(entry: Pasted) -> str:
    try:
        return canonical(entry.text)
    except AddressError:
        return ""


def test_more_than_ten_thousand_are_refused_whole_with_the_reason_and_stay_in_the_box(
    stage: Stage, priya: Client
) -> None:
    many = "\n".join(f"p{n}@crowd.example" for n in range(10_001))
    answer = invite(stage, priya, many)
    assert answer.status_code == 409
    assert "more than 10,000 people at once" in words_of(answer)
    assert box_of(answer, "addresses") == many
    assert asked(stage) == set()


@pytest.mark.claim("P17")
@pytest.mark.parametrize(
    "name", ["n" * 10_240, "line\u2028break", "tab\tbed", "\u202eterces", "nul\x00l", "\x1b[31mred", "\u200b\u200b"]
)
def test_names_that_no_name_can_be_are_named_and_kept(stage: Stage, priya: Client, name: str) -> None:
    answer = invite(stage, priya, f'"{name}" <new@x.example>')
    assert answer.status_code in (303, 422)
    shown = Member.objects.filter(address="new@x.example").values_list("name", flat=True).first()
    if answer.status_code == 422:
        assert shown is None
        assert "new@x.example" in box_of(answer, "addresses")
        assert re.search(r"A name (has|is)|Enter a name|Null characters", words_of(answer))
    else:
        assert shown is not None
        assert len(shown) <= 80
        assert shown.isprintable()


def test_an_empty_box_a_foreign_choice_and_a_long_message_are_told_where_they_are_wrong(
    stage: Stage, priya: Client
) -> None:
    answer = invite(stage, priya, "  \n ", role="77", expires="x", message="m" * 1001)
    assert answer.status_code == 422
    words = words_of(answer)
    assert "Enter at least one address." in words
    assert "A message has at most 1,000 characters" in words or "A message has at most 1000 characters" in words
    assert box_of(answer, "message") == "m" * 1001


@pytest.mark.claim("P4")
def test_an_htmx_post_without_its_csrf_token_is_told_so_and_the_box_is_left_alone(stage: Stage) -> None:
    client = visitor(stage.acme.priya, enforce_csrf_checks=True)
    answer = invite(stage, client, "new@x.example", headers=HTMX)
    assert answer.status_code == 403
    assert answer["HX-Reswap"] == "none"
    assert "Load it again and repeat what you did." in toast_of(answer)
    assert asked(stage) == set()


@pytest.mark.row("A3")
def test_where_the_scheme_is_that_of_an_account_the_button_gives_account_access(stage: Stage) -> None:
    harbor = cast.found(stage.acme.olga, "Harbor Systems", Scheme.INFRASTRUCTURE)
    client = visitor(stage.acme.olga)
    assert "Give account access" in words_of(client.get(f"/o/{harbor.slug}/members/"))
    assert "Give access to Harbor Systems" in words_of(client.get(f"/o/{harbor.slug}/invite/"))
