"""Groups over HTTP: the list, one group, the acts with their previews, what managers see, and the palette as a page."""

import re
from typing import Any

import pytest
from django.test import Client

from tests import cast
from tests.stage import Stage, crowd
from tests.visiting import HTMX, Answer, body_of, hidden_of, link_of, queries_of, toast_of, visitor, words_of
from workspaces.actions import groups as actions
from workspaces.catalogue import BuiltIn
from workspaces.models import Group, GroupMember, Organization


@pytest.fixture
def lena(stage: Stage) -> Client:
    """She manages the Data team and nothing else."""
    return visitor(stage.lena)


def at(stage: Stage, path: str = "", group: Group | None = None) -> str:
    return stage.url(f"groups/{(group or stage.data_team).pk}/{path}")


def inside(group: Group) -> set[int]:
    return set(GroupMember.objects.filter(group=group).values_list("member", flat=True))


def set_policy(stage: Stage, **policies: bool) -> None:
    Organization.objects.filter(pk=stage.acme.id).update(**policies)


def error_of(answer: Answer) -> str:
    found = re.search(r'(?s)<ul class="r-errors".*?</ul>', body_of(answer))
    assert found, "No error stands at a field."
    return re.sub(r"<[^>]+>|\s+", " ", found[0]).strip()


# --- the list


@pytest.mark.row("I61", "A25")
def test_the_list_says_who_manages_each_group_how_many_are_in_it_and_what_it_gives(stage: Stage, priya: Client) -> None:
    cast.grant_group(stage.data_team, stage.research, BuiltIn.STANDARD_EDITOR)
    cast.group_of(stage.acme.olga, stage.acme.organization, "Ops")
    words = words_of(priya.get(stage.url("groups/")))
    assert "Data team 1 Lena Lindt Editor · Research" in words
    assert "Ops 0 – nothing yet" in words
    assert "Ops" not in words_of(priya.get(stage.url("groups/"), {"q": "DATA"})).split("Groups", 2)[2]
    assert "No group matches Searched for “zz”." in words_of(priya.get(stage.url("groups/"), {"q": "zz"}))
    actions.delete_group(actor=cast.web(stage.acme.olga), organization_id=stage.acme.id, group_id=stage.data_team.pk)
    Group.objects.all().delete()
    assert "No groups yet" in words_of(priya.get(stage.url("groups/")))


def test_a_page_of_groups_costs_the_same_however_many_there_are_and_pages_go_both_ways(
    stage: Stage, priya: Client
) -> None:
    def some(start: int, stop: int) -> None:
        for number in range(start, stop):
            group = cast.group_of(stage.acme.olga, stage.acme.organization, f"Group {number:03}", stage.nora)
            cast.grant_group(group, stage.research, BuiltIn.STANDARD_VIEWER)

    some(0, 5)
    few = queries_of(priya, stage.url("groups/"))
    some(5, 60)
    assert len(queries_of(priya, stage.url("groups/"))) == len(few) <= 12
    first = priya.get(stage.url("groups/"))
    last = priya.get(link_of(first, "next"))
    back = priya.get(link_of(last, "prev"))
    listed = [re.findall(r"Group \d{3}", body_of(each)) for each in (first, last, back)]
    assert listed[0] + listed[1] == [f"Group {number:03}" for number in range(60)]
    assert listed[2] == listed[0]
    assert link_of(last, "next") is None
    assert link_of(first, "prev") is None


@pytest.mark.row("I22")
@pytest.mark.claim("P24", "P3")
def test_plain_members_see_names_but_only_grants_of_workspaces_that_they_may_see(stage: Stage) -> None:
    cast.grant_group(stage.data_team, stage.research, BuiltIn.STANDARD_EDITOR)
    ben = visitor(stage.acme.ben)
    for path in (stage.url("groups/"), at(stage)):
        words = words_of(ben.get(path))
        assert "Data team" in words
        assert "Research" not in words
    assert "And 1 role in a workspace that you cannot see." in words_of(ben.get(at(stage)))
    assert "Add people" not in words_of(ben.get(at(stage)))
    set_policy(stage, members_see_members=False)
    assert ben.get(stage.url("groups/")).status_code == 403
    assert ben.get(at(stage)).status_code == 403
    zoe = visitor(stage.northlab.zoe)
    assert zoe.get(f"/o/{stage.northlab.organization.slug}/groups/{stage.data_team.pk}/").status_code == 404


# --- making, changing, deleting


def test_a_group_is_made_and_a_taken_name_stays_in_its_field_with_the_reason(stage: Stage, priya: Client) -> None:
    answer = priya.post(stage.url("groups/new/"), {"name": "DATA team ", "description": "Tables"})
    assert answer.status_code == 422
    assert error_of(answer) == "There is a group of this name already. Choose another name."
    assert 'value="DATA team "' in body_of(answer)
    assert "Tables" in body_of(answer)
    long = priya.post(stage.url("groups/new/"), {"name": "Ops", "description": "x" * 501})
    assert error_of(long) == "A description has at most 500 characters; this one has 501."
    made = priya.post(stage.url("groups/new/"), {"name": "Ops", "description": "Tables"}, headers=HTMX)
    ops = Group.objects.get(name="Ops")
    assert made["HX-Redirect"] == at(stage, group=ops)
    assert priya.post(at(stage, "edit/", ops), {"name": "data team"}).status_code == 422
    assert priya.post(at(stage, "edit/", ops), {"name": "Operations"}).status_code == 303
    words = words_of(priya.get(at(stage, group=ops)))
    assert "Nobody is in this group" in words
    assert "changed name of the group Operations Ops Operations" in words


@pytest.mark.claim("P24")
def test_members_find_the_button_only_where_the_policy_lets_them_make_groups(stage: Stage) -> None:
    ben = visitor(stage.acme.ben)
    assert "Create group" not in words_of(ben.get(stage.url("groups/")))
    assert ben.post(stage.url("groups/new/"), {"name": "Club"}).status_code == 403
    set_policy(stage, members_create_groups=True)
    assert "Create group" in words_of(ben.get(stage.url("groups/")))
    assert "You become its manager" in words_of(ben.get(stage.url("groups/new/")))
    answer = ben.post(stage.url("groups/new/"), {"name": "Club"}, follow=True)
    assert "You manage it" in words_of(answer)


@pytest.mark.row("I52")
@pytest.mark.claim("P11")
def test_deleting_says_who_loses_what_and_who_keeps_it_and_is_refused_for_the_last_admins(
    stage: Stage, priya: Client
) -> None:
    acme = stage.acme
    for user in (acme.mia, acme.priya):
        actions.add_to_group(
            actor=cast.web(acme.olga),
            organization_id=acme.id,
            chosen=cast.chosen(stage.member(user)),
            group_id=stage.data_team.pk,
        )
    grant = cast.grant_group(stage.data_team, stage.research, BuiltIn.STANDARD_EDITOR)
    words = words_of(priya.get(at(stage, "delete/")))
    assert "Editor in Research 1 person loses it Max Muster: no access remains" in words
    assert "2 people keep it another way" in words
    assert "Mia Chen: by a direct grant" in words
    assert "Priya Admin: as Admin of the organization" in words
    grant.role_id = BuiltIn.STANDARD_ADMIN
    grant.workspace = cast.workspace_in(acme.organization, "Lab")
    grant.save()
    refused = priya.get(at(stage, "delete/"))
    assert "Without this group, Lab would have no admin. Name another admin there first." in words_of(refused)
    assert stage.url("w/lab/members/") in body_of(refused)
    assert "Delete group" not in words_of(refused)
    assert priya.post(at(stage, "delete/")).status_code == 409
    grant.delete()
    assert "nobody loses any" in words_of(priya.get(at(stage, "delete/")))
    assert priya.post(at(stage, "delete/")).url == stage.url("groups/")
    assert priya.get(at(stage)).status_code == 404
    assert "deleted the group Data team" in words_of(priya.get(stage.url("history/")))


# --- its people


@pytest.mark.row("A25", "I31")
def test_people_are_searched_picked_and_added_after_one_saw_what_they_gain(stage: Stage, priya: Client) -> None:
    ben, nora = stage.member(stage.acme.ben), stage.nora
    cast.grant_group(stage.data_team, stage.research, BuiltIn.STANDARD_ADMIN)
    found = words_of(priya.get(at(stage, "add/"), {"q": "be", "member": [nora.pk]}))
    assert "nora@new.example invited BW Ben Weber" in found
    assert "nora@new.example gains Admin in Research." in found
    assert "High-risk permissions come along:" in found
    assert "change audit logs, change bring-your-own compute" in found
    assert "Max Muster" not in words_of(priya.get(at(stage, "add/"), {"q": "max"}))
    assert "Sven" not in words_of(priya.get(at(stage, "add/"), {"q": "sven"}))
    nobody = priya.post(at(stage, "add/"), {"q": "be"})
    assert (nobody.status_code, error_of(nobody)) == (422, "Search and tick somebody first.")
    assert "Ben Weber" in words_of(nobody)
    added = priya.post(at(stage, "add/"), {"member": [ben.pk, nora.pk]}, headers=HTMX)
    assert toast_of(added) == "Added 2 people."
    assert {ben.pk, nora.pk} <= inside(stage.data_team)
    foreign = stage.northlab.organization.members.get()
    assert priya.post(at(stage, "add/"), {"member": [foreign.pk]}).status_code == 422


@pytest.mark.row("I22")
@pytest.mark.claim("P24")
def test_a_manager_who_administers_nothing_finds_the_group_and_works_on_its_people(stage: Stage, lena: Client) -> None:
    set_policy(stage, members_see_members=False)
    mine = body_of(lena.get("/my/"))
    assert f'href="{at(stage)}">Data team' in mine
    listed = words_of(lena.get(stage.url("groups/")))
    assert "Groups you manage" in listed
    own = lena.get(at(stage))
    assert "Max Muster" in words_of(own)
    assert stage.url("members/") not in body_of(own)
    assert "Ben" not in words_of(lena.get(at(stage, "add/"), {"q": "ben"}))
    assert "Ben Weber" in words_of(lena.get(at(stage, "add/"), {"q": "ben@acme.example"}))
    top, ben = stage.member(stage.max), stage.member(stage.acme.ben)
    assert lena.post(at(stage, "add/"), {"member": ben.pk}).status_code == 303
    assert lena.post(at(stage, f"members/{top.pk}/remove/")).status_code == 303
    assert inside(stage.data_team) == {ben.pk}
    for path in ("edit/", "delete/", "managers/new/", f"managers/{top.pk}/dismiss/"):
        assert lena.post(at(stage, path)).status_code == 403
    cast.grant_group(stage.data_team, stage.research, BuiltIn.STANDARD_VIEWER)
    assert "This group gives more than you hold yourself" in words_of(lena.get(at(stage)))
    assert lena.post(at(stage, "add/"), {"member": top.pk}).status_code == 403


@pytest.mark.row("I52")
@pytest.mark.claim("P11")
def test_removing_one_or_many_says_what_goes_and_skips_the_last_admin(stage: Stage, priya: Client) -> None:
    acme = stage.acme
    top, ben = stage.member(stage.max), stage.member(acme.ben)
    lab = cast.workspace_in(acme.organization, "Lab")
    cast.grant_group(stage.data_team, lab, BuiltIn.STANDARD_ADMIN)
    one = at(stage, f"members/{top.pk}/remove/")
    assert "They are the last admin of a workspace. Name another admin there first." in words_of(priya.get(one))
    assert priya.post(one).status_code == 409
    assert priya.post(at(stage, "add/"), {"member": ben.pk}).status_code == 303
    assert "They lose Admin in Lab; no access remains there." in words_of(priya.get(one))
    shown = priya.post(at(stage, "remove/"), {"all": "1", "query": ""})
    assert "1 will change, 1 will not" in words_of(shown)
    assert "Lab: 2 people lose Admin." in words_of(shown)
    done = priya.post(at(stage, "remove/apply/"), {"selection": hidden_of(shown, "selection")}, follow=True)
    assert "Removed from the group: 1 person. 1 was left as they are." in words_of(done)
    assert len(inside(stage.data_team)) == 1
    nobody = priya.post(at(stage, "remove/"), {}, headers=HTMX)
    assert (nobody.status_code, toast_of(nobody)) == (422, "Nobody is selected. Tick the people first.")


def test_all_matching_of_a_group_never_reaches_beyond_the_group(stage: Stage, priya: Client) -> None:
    everybody = crowd(stage, [(f"p{number}@crowd.example", f"Person {number:03}") for number in range(60)])
    assert priya.post(at(stage, "add/"), {"member": everybody[:55]}).status_code == 303
    first = priya.get(at(stage), {"q": "person"})
    assert len(re.findall(r'<tr id="m', body_of(first))) == 50
    assert len(re.findall(r'<tr id="m', body_of(priya.get(link_of(first, "next"))))) == 5
    shown = priya.post(at(stage, "remove/"), {"all": "1", "query": "q=person"})
    assert "55 will change" in words_of(shown)
    assert "will not" not in words_of(shown)
    priya.post(at(stage, "remove/apply/"), {"selection": hidden_of(shown, "selection")})
    assert inside(stage.data_team) == {stage.member(stage.max).pk}


def test_managers_are_named_and_dismissed_in_dialogs(stage: Stage, priya: Client) -> None:
    ben = stage.member(stage.acme.ben)
    assert "gains no access by it" in words_of(priya.get(at(stage, "managers/new/"), {"q": "ben"}))
    assert priya.post(at(stage, "managers/new/"), {"member": ben.pk}).status_code == 303
    assert "Dismiss Ben Weber" in body_of(priya.get(at(stage)))
    dismissal = at(stage, f"managers/{ben.pk}/dismiss/")
    assert "Take the management of Data team from Ben Weber?" in words_of(priya.get(dismissal))
    assert priya.post(dismissal).status_code == 303
    assert not stage.data_team.managers.filter(member=ben).exists()


# --- from the members table


@pytest.mark.row("I61")
def test_add_to_group_makes_a_new_group_of_the_selected_people_in_the_same_step(stage: Stage, priya: Client) -> None:
    ben, sven = stage.member(stage.acme.ben), stage.member(stage.sven)

    def preview(**entry: Any) -> Answer:
        return priya.post(stage.url("members/bulk/group/"), {"member": [ben.pk, sven.pk], **entry})

    assert error_of(preview(group="", new_group="Data TEAM")) == (
        "There is a group of this name already. Choose it above."
    )
    assert error_of(preview(group="", new_group="")) == "Choose a group or name a new one."
    both = preview(group=stage.data_team.pk, new_group="Both")
    assert error_of(both) == "Choose a group or name a new one, not both."
    shown = preview(group="", new_group="Pilots")
    assert "Add to Pilots: 1 will change, 1 will not" in words_of(shown)
    assert not Group.objects.filter(name="Pilots").exists()
    apply = stage.url("members/bulk/group/apply/")
    entry = {"selection": hidden_of(shown, "selection"), "new_group": "Pilots"}
    assert priya.post(apply, entry).status_code == 303
    assert inside(Group.objects.get(name="Pilots")) == {ben.pk}
    # Where nobody may be put in, there is no group either.
    only_sven = priya.post(apply, {"member": sven.pk, "new_group": "Nobody"})
    assert only_sven.status_code == 409
    assert not Group.objects.filter(name="Nobody").exists()
    assert "new_group" not in body_of(visitor(stage.lena).post(stage.url("members/bulk/group/"), {"member": ben.pk}))


# --- the palette


def jump(client: Client, stage: Stage, text: str, **more: Any) -> str:
    page = client.get(stage.url("go/"), {"q": text}, headers={**HTMX, "HX-Target": "palette-results"}, **more)
    assert page.status_code == 200
    return words_of(page)


def test_the_palette_finds_people_groups_workspaces_pages_and_actions(stage: Stage, priya: Client) -> None:
    assert "People BW Ben Weber ben@acme.example" in jump(priya, stage, "ben")
    assert "Groups D Data team" in jump(priya, stage, "data")
    assert "Workspaces R Research" in jump(priya, stage, "rese")
    assert "Pages and actions Members Invite people" not in jump(priya, stage, "zz")
    assert "Nothing here is called “zz”." in jump(priya, stage, "zz")
    assert "Create a group" in jump(priya, stage, "group")
    results = priya.get(stage.url("go/"), {"q": "inv"}, headers={**HTMX, "HX-Target": "palette-results"})
    assert words_of(results) == "Pages and actions Invitations Invite people"
    assert f'href="{stage.url("invite/")}" data-dialog' in body_of(results)


@pytest.mark.claim("P3", "P21")
def test_the_palette_shows_nobody_what_they_may_not_see_and_costs_the_same_for_all(stage: Stage) -> None:
    ben, tom = visitor(stage.acme.ben), visitor(stage.acme.tom)
    assert "Research" not in jump(ben, stage, "research")
    assert "default" in jump(ben, stage, "default")
    assert "Zoe" not in jump(ben, stage, "zoe")
    assert "History" not in jump(ben, stage, "hist")
    for text in ("ben", "data", "default", "research", "invite"):
        assert "Nothing here is called" in jump(tom, stage, text)
    set_policy(stage, members_see_members=False)
    assert "Nothing here is called" in jump(ben, stage, "max")
    assert "Data team" not in jump(ben, stage, "data")
    assert "Data team" in jump(visitor(stage.lena), stage, "data")
    few = len(queries_of(ben, stage.url("go/?q=person")))
    crowd(stage, [(f"p{number}@crowd.example", f"Person {number:03}") for number in range(60)])
    assert len(queries_of(ben, stage.url("go/?q=person"))) <= few <= 12
