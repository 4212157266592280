"""The acts of one row over HTTP, with and without htmx: each says what it will do by GET and does it by POST."""

import pytest
from django.test import Client

from tests import cast
from tests.stage import Stage
from tests.visiting import HTMX, body_of, events_of, everything, toast_of, visitor, words_of
from workspaces.catalogue import BuiltIn
from workspaces.models import Departure, Grant, GroupMember, Member


def act(stage: Stage, member: Member, name: str) -> str:
    return stage.url(f"members/{member.pk}/{name}/")


@pytest.mark.row("L3", "I18", "I34", "A6")
@pytest.mark.claim("P21")
def test_the_role_dropdown_changes_the_role_in_place_and_the_dialog_does_without_script(
    stage: Stage, priya: Client
) -> None:
    ben = stage.member(stage.acme.ben)
    inline = priya.post(act(stage, ben, "role"), {"role": BuiltIn.GUEST}, headers=HTMX)
    assert inline.status_code == 204
    assert toast_of(inline) == "Ben Weber is now Guest."
    assert "table:refresh" in events_of(inline)
    assert "Ben Weber" in words_of(priya.get(act(stage, ben, "role")))
    plain = priya.post(act(stage, ben, "role"), {"role": BuiltIn.MEMBER})
    assert (plain.status_code, plain.url) == (303, stage.url("members/"))
    assert "Ben Weber is now Member." in words_of(priya.get(plain.url))
    changes = cast.history(stage.acme.organization, "member.role_changed")
    assert [(said.subject, said.before, said.after) for said in changes] == [
        (ben.pk, "Member", "Guest"),
        (ben.pk, "Guest", "Member"),
    ]


@pytest.mark.row("I34")
def test_edit_saves_role_and_address_together_or_says_what_is_wrong_and_keeps_what_was_typed(
    stage: Stage, priya: Client
) -> None:
    edit = act(stage, stage.nora, "edit")
    assert 'value="nora@new.example"' in body_of(priya.get(edit))
    for wrong, sentence in {"nora": "There is no @", "ben@acme.example": "is a member or invited already"}.items():
        answer = priya.post(edit, {"role": BuiltIn.GUEST, "address": wrong})
        assert answer.status_code in (409, 422)
        assert sentence in words_of(answer)
        assert f'value="{wrong}"' in body_of(answer)
    assert stage.nora.role_id == BuiltIn.MEMBER
    former = stage.link(stage.to_nora)
    assert priya.post(edit, {"role": BuiltIn.GUEST, "address": "Nora@Newer.example"}).status_code == 303
    assert (stage.nora.address, stage.nora.role_id) == ("nora@newer.example", BuiltIn.GUEST)
    assert "There is a newer link" in words_of(Client().get(former, follow=True))
    joined = priya.get(act(stage, stage.member(stage.max), "edit"))
    assert 'name="address"' not in body_of(joined)


@pytest.mark.row("I33", "A21")
@pytest.mark.claim("P9", "P19")
def test_the_bell_sends_a_new_link_and_never_says_sent_for_what_is_queued(stage: Stage, priya: Client) -> None:
    former = stage.link(stage.to_nora)
    asked = words_of(priya.get(act(stage, stage.nora, "resend")))
    assert "The former link ends at once." in asked
    done = priya.post(act(stage, stage.nora, "resend"), headers=HTMX)
    assert toast_of(done) == "A new mail to nora@new.example is queued."
    assert "There is a newer link" in words_of(Client().get(former, follow=True))
    stage.to_nora.refresh_from_db()
    assert "invites you to join Acme" in words_of(Client().get(stage.link(stage.to_nora), follow=True))
    refused = priya.post(act(stage, stage.member(stage.max), "resend"))
    assert refused.status_code == 409
    assert "They have joined already." in words_of(refused)


@pytest.mark.claim("P14")
def test_a_suspended_person_finds_their_page_on_the_next_click_and_all_their_rights_when_they_are_back(
    stage: Stage, priya: Client
) -> None:
    mia_admin, max_ = stage.member(stage.acme.mia), stage.member(stage.max)
    browser = visitor(stage.max)
    dialog = words_of(priya.get(act(stage, max_, "suspend")))
    assert "Suspend Max Muster?" in dialog
    assert "Editor in default" in dialog
    assert priya.post(act(stage, max_, "suspend")).status_code == 303
    stopped = browser.get(stage.url("members/"))
    assert stopped.status_code == 403
    assert "You are suspended in Acme" in words_of(stopped)
    assert "You are suspended in Acme: nothing below can be used" in words_of(browser.get("/my/"))
    assert priya.post(act(stage, max_, "reactivate")).status_code == 303
    assert browser.get(stage.url("members/")).status_code == 200
    assert GroupMember.objects.filter(member=max_, group=stage.data_team).exists()
    refused = priya.get(act(stage, mia_admin, "suspend"))
    assert "They are the last admin of a workspace." in words_of(refused)
    assert "<button" not in body_of(refused).split('<form class="r-modal', 1)[1].split("</form>")[0]


@pytest.mark.row("L2", "I38", "I39", "A10")
@pytest.mark.claim("P13", "P21")
def test_remove_names_what_is_lost_and_then_nothing_of_it_is_left(stage: Stage, priya: Client) -> None:
    ben, max_ = stage.member(stage.acme.ben), stage.member(stage.max)
    cast.place(stage.acme.olga, max_, stage.research, BuiltIn.STANDARD_VIEWER)
    dialog = words_of(priya.get(act(stage, max_, "remove")))
    for words in (
        "Max Muster",
        "workspace: Research",
        "They leave 1 group: Data team.",
        "They come back only by a new invitation.",
    ):
        assert words in dialog
    done = priya.post(act(stage, max_, "remove"), headers=HTMX)
    assert toast_of(done) == "Max Muster is removed."
    assert not Member.objects.filter(pk=max_.pk).exists()
    assert not Grant.objects.filter(member=max_.pk).exists()
    assert not GroupMember.objects.filter(member=max_.pk).exists()
    assert Departure.objects.get(pk=max_.pk).cause == Departure.Cause.REMOVED
    assert priya.post(act(stage, max_, "remove")).status_code == 404
    assert visitor(stage.max).get(stage.url("members/")).status_code == 404
    assert priya.post(act(stage, ben, "remove")).status_code == 303


@pytest.mark.row("A21")
@pytest.mark.claim("P9", "P13")
def test_the_trash_of_a_waiting_row_revokes_and_the_link_says_so(stage: Stage, priya: Client) -> None:
    dialog = words_of(priya.get(act(stage, stage.nora, "remove")))
    assert "The link in their mail stops working." in dialog
    done = priya.post(act(stage, stage.nora, "remove"), headers=HTMX)
    assert toast_of(done) == "The invitation of nora@new.example is revoked."
    assert "nora" not in words_of(priya.get(stage.url("members/")))
    assert "This invitation was withdrawn" in words_of(Client().get(stage.link(stage.to_nora), follow=True))


@pytest.mark.claim("P10", "P11")
@pytest.mark.parametrize(
    ("name", "who", "sentence"),
    [
        ("suspend", "olga", "They own the organization."),
        ("remove", "olga", "They own the organization."),
        ("suspend", "priya", "You cannot do this to yourself."),
        ("remove", "mia", "They are the last admin of a workspace."),
        ("reactivate", "tom", "They are not suspended."),
    ],
)
def test_what_is_refused_by_state_says_why_and_changes_nothing(
    stage: Stage, priya: Client, name: str, who: str, sentence: str
) -> None:
    member = stage.member(getattr(stage.acme, who))
    before = everything()
    assert sentence in words_of(priya.get(act(stage, member, name)))
    plain, under_htmx = priya.post(act(stage, member, name)), priya.post(act(stage, member, name), headers=HTMX)
    assert (plain.status_code, under_htmx.status_code) == (409, 409)
    assert sentence in words_of(plain)
    assert toast_of(under_htmx).startswith(sentence)
    assert under_htmx["HX-Reswap"] == "none"
    assert everything() == before


@pytest.mark.claim("P15")
@pytest.mark.parametrize("path", ["role", "edit"])
def test_giving_admin_in_a_row_asks_who_one_is_first_and_replays_nothing(stage: Stage, path: str) -> None:
    stale, ben = visitor(stage.acme.priya, is_fresh=False), stage.member(stage.acme.ben)
    entry = {"role": BuiltIn.ADMIN}
    led = stale.post(act(stage, ben, path), entry)
    assert led.status_code == 302
    assert led.url.startswith("/accounts/confirm/")
    page = stale.get(led.url)
    assert "Nothing has changed yet." in words_of(page)
    assert stale.post(act(stage, ben, path), {"role": BuiltIn.GUEST}).status_code == 303  # lesser roles need no proof
    stale.post("/accounts/confirm/password/", {"password": "correct horse battery"})
    assert stage.member(stage.acme.ben).role_id == BuiltIn.GUEST
    assert stale.post(act(stage, ben, path), entry).status_code == 303
    assert stage.member(stage.acme.ben).role_id == BuiltIn.ADMIN


@pytest.mark.row("A7", "A22", "A23")
def test_the_persons_page_shows_access_groups_and_changes_and_everybody_may_see_their_own(
    stage: Stage, priya: Client
) -> None:
    mia, tom = stage.member(stage.acme.mia), stage.member(stage.acme.tom)
    page = words_of(priya.get(stage.url(f"members/{mia.pk}/")))
    for words in ("Mia Chen", "Research", "Mia Admin decides", "Everyone", "accepted the invitation"):
        assert words in page
    waiting = words_of(priya.get(stage.url(f"members/{stage.nora.pk}/")))
    assert "By Olga Owner" in waiting
    assert "Queued" in waiting
    own = visitor(stage.acme.tom)
    assert own.get(stage.url(f"members/{tom.pk}/")).status_code == 200
    assert own.get(stage.url(f"members/{mia.pk}/")).status_code == 403
