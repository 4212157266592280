"""Bulk acts over HTTP: the exact selection, the preview that says who is skipped and why, the act on who is left."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client, override_settings

from tests import cast
from tests.stage import Stage, crowd
from tests.visiting import HTMX, Answer, body_of, events_of, hidden_of, toast_of, visitor, words_of
from workspaces.catalogue import BuiltIn
from workspaces.models import Grant, Group, GroupMember, Member, Selection


def preview(stage: Stage, client: Client, act: str, *members: Member, **entry: Any) -> Answer:
    """The dialog that an act opens for ticked people."""
    data = {"member": [member.pk for member in members], **entry}
    return client.post(stage.url(f"members/bulk/{act}/"), data)


def confirm(stage: Stage, client: Client, act: str, shown: Answer, **entry: Any) -> Answer:
    """Pressing the dialog's button."""
    carried = {"selection": hidden_of(shown, "selection")}
    if 'name="counted"' in body_of(shown):
        carried["counted"] = hidden_of(shown, "counted")
    return client.post(stage.url(f"members/bulk/{act}/apply/"), {**carried, **entry})


def everybody(stage: Stage) -> list[Member]:
    return list(stage.acme.organization.members.order_by("pk"))


@pytest.mark.row("I35", "A6", "L3")
@pytest.mark.claim("P10", "P11")
def test_update_role_previews_from_what_to_what_and_names_everybody_who_is_skipped(stage: Stage, priya: Client) -> None:
    before = dict(stage.acme.organization.members.values_list("pk", "role"))
    asked = preview(stage, priya, "role", *everybody(stage))
    assert "Update role: 10 people" in words_of(asked)
    shown = preview(stage, priya, "role", selection=hidden_of(asked, "selection"), role=BuiltIn.GUEST)
    words = words_of(shown)
    assert "Update role to Guest: 7 will change, 3 will not" in words
    assert "Tom Guest Nothing would change." in words
    assert "Olga Owner They own the organization. Ownership has to be transferred first." in words
    assert "Mia Chen They are the last admin of a workspace. Name another admin there first." in words
    assert "Max Muster Member Guest" in words
    assert "Update role of 7 people" in words
    assert dict(stage.acme.organization.members.values_list("pk", "role")) == before

    done = confirm(stage, priya, "role", shown, role=BuiltIn.GUEST)
    assert done.status_code == 303
    assert "Role updated: 7 people. 3 were left as they are." in words_of(priya.get(done.url))
    admins = stage.acme.organization.members.filter(role=BuiltIn.ADMIN)
    assert [member.user for member in admins] == [stage.acme.olga]  # Priya has lowered herself with the others


@pytest.mark.claim("P15")
def test_giving_admin_in_bulk_asks_who_one_is_by_get_and_replays_nothing(stage: Stage) -> None:
    stale = visitor(stage.acme.priya, is_fresh=False)
    ben = stage.member(stage.acme.ben)
    entry = {"member": ben.pk, "role": BuiltIn.ADMIN}
    path = stage.url("members/bulk/role/apply/")
    led = stale.post(path, entry, headers={"Referer": f"http://testserver{stage.url('members/')}"})
    assert (led.status_code, led.url) == (
        302,
        f"/accounts/confirm/?{urlencode({'next': 'http://testserver' + stage.url('members/')})}",
    )
    under_htmx = stale.post(path, entry, headers=HTMX)
    assert under_htmx["HX-Redirect"].startswith("/accounts/confirm/?next=")
    stale.post("/accounts/confirm/password/", {"password": "correct horse battery", "next": stage.url("members/")})
    ben.refresh_from_db()
    assert ben.role_id == BuiltIn.MEMBER
    assert stale.post(path, entry).status_code == 303
    ben.refresh_from_db()
    assert ben.role_id == BuiltIn.ADMIN


@pytest.mark.row("I31", "I35")
def test_people_are_added_to_a_group_and_to_a_workspace_waiting_ones_too(stage: Stage, priya: Client) -> None:
    mia, nora, sven = stage.member(stage.acme.mia), stage.nora, stage.member(stage.sven)
    shown = preview(stage, priya, "group", mia, nora, sven, group=stage.data_team.pk)
    assert "2 will change" in words_of(shown)
    assert "Sven Still They are suspended. Reactivate them first." in words_of(shown)
    assert confirm(stage, priya, "group", shown, group=stage.data_team.pk).status_code == 303
    assert set(GroupMember.objects.filter(group=stage.data_team).values_list("member", flat=True)) >= {mia.pk, nora.pk}

    place = {"workspace": stage.research.pk, "workspace_role": BuiltIn.STANDARD_VIEWER}
    shown = preview(stage, priya, "workspace", mia, nora, sven, **place)
    assert "Add as Viewer, Research: 2 will change, 1 will not" in words_of(shown)
    assert confirm(stage, priya, "workspace", shown, **place).status_code == 303
    granted = Grant.objects.filter(workspace=stage.research, role=BuiltIn.STANDARD_VIEWER, member__isnull=False)
    assert set(granted.values_list("member", flat=True)) == {mia.pk, nora.pk}


@pytest.mark.row("I33", "I35", "A21")
@pytest.mark.claim("P9", "P18")
def test_resend_and_revoke_reach_waiting_people_only(stage: Stage, priya: Client) -> None:
    ben, ina, nora = stage.member(stage.acme.ben), stage.member_invited("ina@elsewhere.example"), stage.nora
    shown = preview(stage, priya, "resend", ben, ina, nora)
    assert "2 will change" in words_of(shown)
    assert "Ben Weber They have joined already." in words_of(shown)
    assert confirm(stage, priya, "resend", shown).status_code == 303
    stage.to_nora.refresh_from_db()
    assert stage.to_nora.generation == 2
    shown = preview(stage, priya, "revoke", ben, ina, nora)
    assert "1 will not change" in words_of(shown)
    assert confirm(stage, priya, "revoke", shown).status_code == 303
    assert not Member.objects.filter(pk__in=[ina.pk, nora.pk]).exists()
    assert Member.objects.filter(pk=ben.pk).exists()


@pytest.mark.row("I40", "L2")
@pytest.mark.claim("P11", "P13", "P14")
def test_suspend_reactivate_and_delete_members_with_their_reasons(stage: Stage, priya: Client) -> None:
    acme = stage.acme
    people = [acme.member(user) for user in (acme.olga, acme.priya, acme.mia, acme.ben, stage.max)] + [stage.nora]
    shown = preview(stage, priya, "suspend", *people)
    words = words_of(shown)
    assert "2 will change" in words
    assert "Olga Owner They own the organization." in words
    assert "Priya Admin You cannot do this to yourself." in words
    assert "Mia Chen They are the last admin of a workspace. Name another admin there first." in words
    assert "nora @new.example They have not accepted their invitation yet." in words
    assert confirm(stage, priya, "suspend", shown).status_code == 303
    assert visitor(stage.max).get(stage.url("members/")).status_code == 403

    shown = preview(stage, priya, "reactivate", *people)
    assert "2 will change" in words_of(shown)
    assert confirm(stage, priya, "reactivate", shown).status_code == 303
    assert visitor(stage.max).get(stage.url("members/")).status_code == 200

    shown = preview(stage, priya, "remove", *people)
    assert 'class="btn btn-danger"' in body_of(shown)
    assert confirm(stage, priya, "remove", shown).status_code == 303
    assert not Member.objects.filter(user__in=[stage.max, acme.ben], organization=acme.organization).exists()
    assert Member.objects.filter(user=acme.mia).exists()
    assert visitor(stage.max).get(stage.url("members/")).status_code == 404


# --- the selection


@pytest.mark.row("I35")
def test_all_matching_means_exactly_those_who_match_when_it_is_asked_over_all_pages(
    stage: Stage, priya: Client
) -> None:
    ids = crowd(stage, [(f"p{n}@crowd.example", f"Person {n:03}") for n in range(120)])
    shown = preview(stage, priya, "revoke", all=1, query="q=person&state=invited&sort=-added&page=junk")
    assert "Revoke: 120 will change" in words_of(shown)
    crowd(stage, [("late@crowd.example", "Person late")])
    gone = Member.objects.get(pk=ids[0])
    priya.post(stage.url(f"members/{gone.pk}/remove/"))
    assert confirm(stage, priya, "revoke", shown).status_code == 303
    left = stage.acme.organization.members.filter(directory__name__startswith="Person")
    assert list(left.values_list("address", flat=True)) == ["late@crowd.example"]


def test_a_tick_on_a_page_and_a_search_above_the_cap_select_what_the_page_counts(stage: Stage, priya: Client) -> None:
    crowd(stage, [(f"p{n}@crowd.example", f"Person {n}") for n in range(1100)])
    assert "more than 1,000 matching" in words_of(priya.get(stage.url("members/?q=person")))
    preview(stage, priya, "resend", all=1, query="q=person")
    assert Selection.objects.latest("created_at").count == 1100


def test_nobody_ticked_is_said_and_a_foreign_selection_is_nothing(stage: Stage, priya: Client) -> None:
    nobody = preview(stage, priya, "suspend")
    assert nobody.status_code == 422
    assert "Nobody is selected. Tick the people first." in words_of(nobody)
    olgas = hidden_of(preview(stage, visitor(stage.acme.olga), "suspend", stage.member(stage.max)), "selection")
    for selection in (olgas, "00000000-0000-4000-8000-000000000000", "rubbish", ""):
        path = stage.url("members/bulk/suspend/apply/")
        assert priya.post(path, {"selection": selection}).status_code == 404, selection
    assert preview(stage, priya, "explode", stage.member(stage.max)).status_code == 404


def test_a_choice_that_is_missing_or_not_ones_own_to_give_is_asked_again(stage: Stage, priya: Client) -> None:
    shown = preview(stage, priya, "group", stage.member(stage.max))
    again = confirm(stage, priya, "group", shown, group="999999")
    assert again.status_code == 422
    assert "Choose one of the list." in words_of(again)
    assert hidden_of(again, "selection") == hidden_of(shown, "selection")


@pytest.mark.claim("P24", "P10")
def test_a_group_manager_adds_people_to_their_own_group_only(stage: Stage) -> None:
    lena, mia = visitor(stage.lena), stage.member(stage.acme.mia)
    other = cast.group_of(stage.acme.olga, stage.acme.organization, "Other team")
    shown = preview(stage, lena, "group", mia)
    assert "Data team" in words_of(shown)
    assert "Other team" not in words_of(shown)
    assert confirm(stage, lena, "group", shown, group=other.pk).status_code == 422
    assert confirm(stage, lena, "group", shown, group=stage.data_team.pk).status_code == 303
    assert Group.objects.filter(pk=stage.data_team.pk, memberships__member=mia).exists()
    assert preview(stage, lena, "remove", mia).status_code == 200
    refused = confirm(stage, lena, "remove", shown)
    assert refused.status_code == 403
    assert "Your role does not include this." in words_of(refused)


def test_the_bar_offers_only_what_the_person_may_do_somewhere(stage: Stage) -> None:
    def offered(user: Any) -> list[str]:
        page = body_of(visitor(user).get(stage.url("members/")))
        return re.findall(r'formaction="[^"]*/bulk/(\w+)/"', page)

    everything = ["role", "group", "workspace", "suspend", "reactivate", "revoke", "remove", "resend"]
    assert sorted(offered(stage.acme.priya)) == sorted(everything)
    assert offered(stage.lena) == ["group"]
    assert offered(stage.acme.mia) == ["workspace"]
    assert offered(stage.max) == []


def test_under_htmx_the_dialog_is_a_fragment_and_the_end_closes_it_with_a_toast(stage: Stage, priya: Client) -> None:
    path, max_ = stage.url("members/bulk/suspend/"), stage.member(stage.max)
    dialog = priya.post(path, {"member": max_.pk}, headers=HTMX)
    assert "<html" not in body_of(dialog)
    entry = {"selection": hidden_of(dialog, "selection")}
    done = priya.post(f"{path}apply/", entry, headers=HTMX)
    assert done.status_code == 204
    assert events_of(done) == {"dialog:close", "table:refresh", "toast"}
    assert toast_of(done) == "Suspended: 1 person."
    again = priya.post(f"{path}apply/", entry, headers=HTMX)
    assert again.status_code == 409
    assert toast_of(again) == "Nothing would change."


@pytest.mark.claim("P18")
@override_settings(MAILS_PER_RECIPIENT_PER_DAY=1)
def test_when_the_days_mails_are_used_up_resending_answers_429_with_retry_after(stage: Stage, priya: Client) -> None:
    shown = preview(stage, priya, "resend", stage.nora)
    refused = confirm(stage, priya, "resend", shown)
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    assert "has had its mails for today" in words_of(refused)
