"""The Members pages of a workspace over HTTP: who is in it and why, and all that can be done about it."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import OutgoingMail
from accounts.models.mails import MailState
from invitations.models import Invitation
from tests import cast
from tests.places import on
from tests.stage import Stage, crowd
from tests.visiting import HTMX, Answer, body_of, hidden_of, link_of, queries_of, rows_of, toast_of, visitor, words_of
from workspaces.actions import grants
from workspaces.catalogue import BuiltIn
from workspaces.models import Grant, Member, Resource
from workspaces.queries.effective import held_by, paths_in
from workspaces.queries.member_sql import Cursor
from workspaces.queries.roles import all_roles

VIEWER, EDITOR, ADMIN = map(int, (BuiltIn.STANDARD_VIEWER, BuiltIn.STANDARD_EDITOR, BuiltIn.STANDARD_ADMIN))


def here(stage: Stage, path: str = "", slug: str = "research") -> str:
    return stage.url(f"w/{slug}/{path}")


def people(stage: Stage, client: Client, slug: str = "research", **query: Any) -> Answer:
    return client.get(here(stage, f"members/?{urlencode(query, doseq=True)}", slug))


def found(stage: Stage, client: Client, slug: str = "research", **query: Any) -> set[str]:
    shown = Member.objects.filter(pk__in=rows_of(people(stage, client, slug, **query)))
    return {address.partition("@")[0] for address in shown.values_list("address", flat=True)}


def row_of(page: Answer, member: Member) -> str:
    [row] = re.findall(rf'(?s)<tr id="m{member.pk}".*?</tr>', body_of(page))
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)).strip()


def give(stage: Stage, role: int, *members: Member, **more: Any) -> None:
    grants.give_role(
        **on(stage.acme.mia, stage.research),
        role_id=role,
        chosen=cast.chosen(*members) if members else None,
        **more,
    )


def roles_of(stage: Stage, member: Member) -> list[int]:
    """Their own live roles in Research."""
    mine = Grant.objects.live().filter(workspace=stage.research, member=member)
    return list(mine.order_by("role").values_list("role", flat=True))


def shown(stage: Stage, member: Member) -> str:
    roles = all_roles(stage.acme.organization)
    ways = paths_in(stage.acme.organization, stage.research.pk, [member.pk])[member.pk]
    return roles.shown(held_by(roles, ways)).role


@pytest.mark.row("L4", "I4", "I43", "I44", "I53", "I54", "N9", "A19", "I9")
def test_one_row_per_person_says_the_role_every_way_and_which_one_decides(stage: Stage, mia: Client) -> None:
    ben, max_ = stage.member(stage.acme.ben), stage.member(stage.max)
    give(stage, VIEWER, ben, max_, reason="Trial")
    give(stage, EDITOR, group_ids=[stage.data_team.pk])

    page = people(stage, mia)

    assert found(stage, mia) == {"olga", "priya", "mia", "ben", "max"}
    assert rows_of(page) == [
        stage.member(user).pk for user in (stage.acme.ben, stage.max, stage.acme.mia, stage.acme.olga, stage.acme.priya)
    ]
    of_max = row_of(page, max_)
    assert "Editor through Data team and 1 more way Every way here Editor through Data team decides" in of_max
    assert re.search(r"Viewer directly Given by hand · .* by Mia Chen “Trial”", of_max)
    assert "by Mia Chen" in of_max.split("Every way here")[1]
    of_priya = row_of(page, stage.member(stage.acme.priya))
    assert "Admin by the organization role" in of_priya
    assert "with the organization role" in of_priya
    assert "inherited here, and removed only there" in body_of(page)
    assert found(stage, mia, q="data te") == {"max"}
    assert found(stage, mia, q="MUST") == {"max"}
    assert found(stage, mia, role=VIEWER) == {"ben", "max"}
    assert found(stage, mia, source="group") == {"max"}
    assert found(stage, mia, source="organization") == {"olga", "priya"}
    assert found(stage, mia, q="zoe") == set()


@pytest.mark.row("A18", "A20", "A22", "I31", "I33")
def test_waiting_people_stand_among_them_with_pill_bell_and_the_six_acts(stage: Stage, mia: Client) -> None:
    olga, nora = visitor(stage.acme.olga), stage.nora
    cast.ask_in(stage.acme.olga, stage.acme.organization, "nora@new.example", places={stage.research.pk: EDITOR})
    page = people(stage, mia)
    assert "Editor directly" in row_of(page, nora)
    assert "Invited · queued" in row_of(page, nora)
    assert "every 5s" in body_of(page)
    OutgoingMail.objects.update(state=MailState.SENT, next_attempt_at=None, finished_at=timezone.now())
    assert "every 5s" not in body_of(people(stage, mia))
    assert found(stage, mia, state="invited") == {"nora"}

    person = mia.get(here(stage, f"members/{nora.pk}/"))
    acts = ("Edit role", "Update permissions", "Revoke access", "Resend invitation", "Remove all access here")
    assert all(act in words_of(person) for act in (*acts, "Review access history"))
    generation = Invitation.objects.get(member=nora).generation
    OutgoingMail.objects.all().delete()
    assert "new link" in words_of(mia.get(here(stage, f"members/{nora.pk}/resend/")))
    answer = mia.post(here(stage, f"members/{nora.pk}/resend/"), headers=HTMX)
    assert toast_of(answer) == "The invitation of nora@new.example is queued."
    assert Invitation.objects.get(member=nora).generation == generation + 1
    assert roles_of(stage, nora) == [EDITOR]
    assert mia.post(here(stage, f"members/{stage.member(stage.acme.ben).pk}/resend/")).status_code == 409
    history = words_of(mia.get(here(stage, f"members/{nora.pk}/history/")))
    assert "Access history of nora@new.example" in history
    assert olga.get(here(stage, f"members/{nora.pk}/permissions/")).status_code == 302


@pytest.mark.row("N13", "N14", "N15", "N16", "N17")
@pytest.mark.claim("P24")
def test_everyone_is_pinned_with_its_reach_and_editing_for_all_is_asked_twice(stage: Stage, mia: Client) -> None:
    url = here(stage, "members/everyone/")
    first = words_of(mia.get(url))
    assert all(each in first for each in ("Shared data sets", "Published models", "Team space"))
    # Olga, Priya, Mia, Ben, Max and Lena; Tom is a guest, Sven suspended, Ina and Nora wait.
    assert "6 people get up to" in first
    assert "Guests do not" in first
    assert "Admin" not in re.findall(r"(?s)<select.*?</select>", body_of(mia.get(url)))[0]

    assert toast_of(mia.post(url, {"role": VIEWER}, headers=HTMX)) == "Everyone is now Viewer."
    page = people(stage, mia)
    assert re.search(r"Everyone 6 people, guests excepted Viewer as a member", words_of(page))
    assert found(stage, mia) == {"olga", "priya", "mia", "ben", "max", "lena", "sven"}
    assert "Viewer as part of everyone" in row_of(page, stage.member(stage.lena))

    unsure = mia.post(url, {"role": EDITOR})
    assert unsure.status_code == 422
    assert "Confirm this: it reaches everyone." in words_of(unsure)
    assert mia.post(url, {"role": ADMIN, "sure": "on"}).status_code == 422
    mia.post(url, {"role": EDITOR, "sure": "on", "reason": "Common room"})
    [grant] = Grant.objects.filter(workspace=stage.research, principal_key=0)
    assert (grant.role_id, grant.reason) == (EDITOR, "Common room")
    dialog = words_of(mia.get(here(stage, f"grants/{grant.pk}/remove/")))
    assert "6 people lose Editor here, unless they hold it by themselves" in dialog
    mia.post(here(stage, f"grants/{grant.pk}/remove/"))
    assert not Grant.objects.filter(workspace=stage.research, principal_key=0).exists()


@pytest.mark.row("I45", "I46", "I41", "I42", "I47", "I58", "A6")
def test_quick_add_takes_the_role_then_people_and_groups(stage: Stage, mia: Client) -> None:
    url, ben = here(stage, "members/add/"), stage.member(stage.acme.ben)
    assert url in body_of(people(stage, mia))
    assert words_of(mia.get(url)).index("Role") < words_of(mia.get(url)).index("People and groups")
    results = words_of(mia.get(url, {"q": "data"}, headers={**HTMX, "HX-Target": "picking"}))
    assert "Data team" in results
    assert "Add people" not in results
    assert "Zoe" not in words_of(mia.get(url, {"q": "zoe"}))
    assert "Ben Weber" in words_of(mia.get(url, {"q": "weber"}))
    reach = words_of(mia.get(url, {"q": "", "pick": f"g{stage.data_team.pk}", "role": ADMIN}))
    assert "The groups bring 1 person" in reach
    assert "1 person gets up to" in reach
    assert "further permissions as Admin." in reach
    assert "High-risk permissions come along" in reach

    until = timezone.localdate() + timedelta(days=5)
    answer = mia.post(
        url,
        {"role": EDITOR, "pick": [f"m{ben.pk}", f"g{stage.data_team.pk}"], "until": until, "reason": "Sprint"},
        headers=HTMX,
    )
    assert toast_of(answer) == "Added 2 people and groups."
    given = Grant.objects.filter(workspace=stage.research, reason="Sprint")
    assert {grant.principal_key for grant in given} == {ben.pk, -stage.data_team.pk}
    assert {timezone.localtime(grant.ends_at).date() for grant in given if grant.ends_at} == {until + timedelta(days=1)}
    assert shown(stage, stage.member(stage.max)) == "Editor"


def test_what_is_wrong_with_a_quick_add_stands_at_the_field_and_nothing_is_lost(stage: Stage, mia: Client) -> None:
    url, ben = here(stage, "members/add/"), stage.member(stage.acme.ben)
    for entry, sentence in (
        ({"role": EDITOR, "q": ""}, "Search and tick somebody first, or type an address."),
        ({"role": EDITOR, "q": "no body"}, "“no” is nobody that is ticked, and no address."),
        ({"role": 999, "pick": f"m{ben.pk}"}, "Choose one of the list."),
        ({"role": EDITOR, "pick": f"m{ben.pk}", "until": "2020-01-01", "reason": "Kept"}, "This day is over."),
        ({"role": EDITOR, "pick": f"m{ben.pk}", "until": "9999-12-31"}, "Choose an earlier day."),
        ({"role": EDITOR, "pick": f"m{ben.pk}", "until": "soon"}, "Enter a valid date."),
    ):
        answer = mia.post(url, entry)
        assert (answer.status_code, sentence in words_of(answer)) == (422, True), words_of(answer)
        assert str(entry.get("reason", "")) in body_of(answer)
    zoe = Member.objects.get(user=stage.northlab.zoe)
    assert mia.post(url, {"role": EDITOR, "pick": [f"m{zoe.pk}", "g0", "x", "m" + "9" * 40]}).status_code == 422
    assert roles_of(stage, ben) == []


@pytest.mark.row("N7", "A4", "I31")
def test_an_unknown_address_becomes_an_invitation_to_this_workspace(stage: Stage, mia: Client) -> None:
    url = here(stage, "members/add/")
    assert "Add sends an invitation to this workspace" in words_of(mia.get(url, {"q": "hugo@new.example"}))
    until = timezone.localdate() + timedelta(days=5)
    answer = mia.post(
        url, {"role": EDITOR, "q": "hugo@new.example, ben@acme.example", "until": until, "reason": "Help"}, headers=HTMX
    )
    assert toast_of(answer) == "Added 1 person or group. 1 invitation is queued."
    hugo = stage.member_invited("hugo@new.example")
    [grant] = Grant.objects.filter(member=hugo)
    assert (grant.workspace, grant.role_id, grant.reason, grant.ends_at is not None) == (
        stage.research, EDITOR, "Help", True,
    )  # fmt: skip
    assert roles_of(stage, stage.member(stage.acme.ben)) == [EDITOR]
    stage.acme.organization.workspace_admins_invite = False
    stage.acme.organization.save()
    refused = mia.post(url, {"role": EDITOR, "q": "ute@new.example"})
    assert refused.status_code == 422
    assert "you cannot invite people" in words_of(refused)


@pytest.mark.row("I48", "I49", "I55", "A22", "D7")
def test_the_dropdown_changes_the_one_direct_role_and_says_what_remains(stage: Stage, mia: Client) -> None:
    ben, max_ = stage.member(stage.acme.ben), stage.member(stage.max)
    give(stage, VIEWER, ben, max_)
    give(stage, EDITOR, group_ids=[stage.data_team.pk])
    answer = mia.post(here(stage, f"members/{ben.pk}/role/"), {"role": EDITOR}, headers=HTMX)
    assert (toast_of(answer), roles_of(stage, ben)) == ("Ben Weber is now Editor.", [EDITOR])

    lena = stage.member(stage.lena)
    mia.post(here(stage, f"members/{lena.pk}/role/"), {"role": VIEWER})
    assert roles_of(stage, lena) == [VIEWER]
    cast.grant_group(stage.data_team, stage.research, ADMIN)
    answer = mia.post(here(stage, f"members/{max_.pk}/role/"), {"role": EDITOR}, headers=HTMX)
    assert toast_of(answer) == "Max Muster has Editor directly, and Admin through Data team."

    dialog = words_of(mia.get(here(stage, f"members/{max_.pk}/revoke/")))
    assert "Max Muster keeps Admin through Data team." in dialog
    answer = mia.post(here(stage, f"members/{max_.pk}/revoke/"), headers=HTMX)
    assert toast_of(answer) == "Max Muster keeps Admin through Data team."
    assert roles_of(stage, max_) == []
    assert mia.post(here(stage, f"members/{max_.pk}/revoke/")).status_code == 409
    assert "comes through a group" in words_of(mia.get(here(stage, f"members/{max_.pk}/revoke/")))
    assert "then has no access here" in words_of(mia.get(here(stage, f"members/{ben.pk}/revoke/")))
    assert mia.post(here(stage, f"members/{ben.pk}/role/"), {"role": 7}).status_code == 422


@pytest.mark.row("N12", "N20", "N22", "I51", "I53", "A22")
@pytest.mark.claim("P11")
def test_remove_all_access_lists_what_goes_and_hands_over_from_the_last_admin(stage: Stage, priya: Client) -> None:
    mia, ben = stage.member(stage.acme.mia), stage.member(stage.acme.ben)
    lab = cast.workspace_in(stage.acme.organization, "Lab")
    team = cast.group_of(stage.acme.olga, stage.acme.organization, "Core", mia)
    cast.grant_group(team, stage.research, EDITOR)
    cast.grant_group(team, lab, EDITOR)
    url = here(stage, f"members/{mia.pk}/remove/")

    dialog = words_of(priya.get(url))
    assert "Their own role here ends: Admin." in dialog
    assert "They leave the group Core." in dialog
    assert "By that they also lose Editor in Lab." in dialog
    assert "They own work here that they cannot reach any more: project (1)." in dialog
    assert "Mia Chen is the last admin here." in dialog
    assert priya.post(url, {"heir": ""}).status_code == 422
    assert priya.post(url, {"heir": "zoe@northlab.example"}).status_code == 422
    assert roles_of(stage, mia) == [ADMIN]
    answer = priya.post(url, {"heir": ben.address}, headers=HTMX)
    assert toast_of(answer) == "Mia Chen then has no access here."
    assert (roles_of(stage, mia), roles_of(stage, ben)) == ([], [ADMIN])
    assert Resource.objects.get(pk=stage.churn.pk).owner_id == mia.pk

    of_priya = words_of(priya.get(here(stage, f"members/{stage.member(stage.acme.priya).pk}/remove/")))
    assert "inherited from the organization role, and removed only there" in of_priya


@pytest.mark.row("N8", "N11", "I56", "A9", "A22", "I52")
def test_each_grant_can_be_edited_and_taken_away_by_itself(stage: Stage, mia: Client) -> None:
    ben, max_ = stage.member(stage.acme.ben), stage.member(stage.max)
    give(stage, VIEWER, ben, max_)
    give(stage, EDITOR, ben, group_ids=[stage.data_team.pk])
    page = words_of(mia.get(here(stage, "grants/")))
    assert page.count("Ben Weber") == 2
    assert re.search(r"Data team group Editor – Given by hand Now by Mia Chen –", page)
    [viewer] = Grant.objects.filter(member=ben, role=VIEWER)
    url = here(stage, f"grants/{viewer.pk}/edit/")
    assert "set up infrastructure" in words_of(mia.get(url))
    until = timezone.localdate() + timedelta(days=3)
    entry = {"role": VIEWER, "extras": ["deployments.create", "logs.manage"], "until": until, "reason": "On call"}
    assert toast_of(mia.post(url, entry, headers=HTMX)) == "What Ben Weber may do here is saved."
    assert set(viewer.extra_permissions.values_list("permission", flat=True)) == {"deployments.create", "logs.manage"}
    assert f'value="{until:%Y-%m-%d}"' in body_of(mia.get(url))
    assert mia.post(url, {**entry, "extras": ["billing.manage"]}).status_code == 422
    row = words_of(mia.get(here(stage, "grants/?q=ben")))
    assert "deployments.create …" in row
    assert "On call" in row
    assert mia.post(here(stage, f"grants/{viewer.pk}/role/"), {"role": EDITOR}).status_code == 303
    assert roles_of(stage, ben) == [EDITOR]

    [of_team] = Grant.objects.filter(group=stage.data_team, workspace=stage.research)
    dialog = words_of(mia.get(here(stage, f"grants/{of_team.pk}/remove/")))
    assert "Max Muster loses Editor here and keeps Viewer." in dialog
    give(stage, EDITOR, max_)
    dialog = words_of(mia.get(here(stage, f"grants/{of_team.pk}/remove/")))
    assert "Max Muster keeps it by a direct grant." in dialog
    mia.post(here(stage, f"grants/{of_team.pk}/remove/"))
    assert not Grant.objects.filter(pk=of_team.pk).exists()
    assert mia.get(here(stage, f"grants/{of_team.pk}/edit/")).status_code == 404


@pytest.mark.row("I50", "I57", "N21")
@pytest.mark.claim("P11")
def test_roles_are_updated_and_deleted_in_bulk_after_a_preview(stage: Stage, mia: Client) -> None:
    members = [stage.member(user) for user in (stage.acme.ben, stage.max, stage.lena)]
    give(stage, VIEWER, *members[:2])
    give(stage, VIEWER, group_ids=[cast.group_of(stage.acme.olga, stage.acme.organization, "Core", members[2]).pk])
    bulk = here(stage, "members/bulk/role/")
    nobody = mia.post(bulk, {})
    assert nobody.status_code == 422
    preview = mia.post(bulk, {"all": "1", "query": "", "role": EDITOR})
    words = words_of(preview)
    assert "2 will change" in words
    assert "Viewer Editor" in words
    assert "Lena Lindt They hold no role of their own here" in words
    assert "Mia Chen They are the last admin" in words
    selection = hidden_of(preview, "selection")
    answer = mia.post(f"{bulk}apply/", {"selection": selection, "role": EDITOR}, headers=HTMX)
    assert toast_of(answer) == "2 roles changed. 1 was left as it is."
    assert [roles_of(stage, member) for member in members] == [[EDITOR], [EDITOR], []]
    assert roles_of(stage, stage.member(stage.acme.mia)) == [ADMIN]

    ids = list(Grant.objects.filter(workspace=stage.research, member__in=members).values_list("pk", flat=True))
    url = here(stage, "grants/bulk/remove/")
    preview = mia.post(url, {"grant": ids})
    assert "2 will change" in words_of(preview)
    answer = mia.post(f"{url}apply/", {"selection": hidden_of(preview, "selection")}, headers=HTMX)
    assert toast_of(answer) == "2 roles taken away."
    assert [roles_of(stage, member) for member in members] == [[], [], []]
    assert mia.post(here(stage, "grants/bulk/shred/"), {"grant": ids}).status_code == 404
    someone = visitor(stage.acme.priya)
    assert someone.post(f"{bulk}apply/", {"selection": selection, "role": EDITOR}).status_code == 404


@pytest.mark.row("I19", "I42")
@pytest.mark.claim("P10")
def test_members_see_the_list_and_change_nothing(stage: Stage) -> None:
    ben = stage.member(stage.acme.ben)
    give(stage, VIEWER, ben)
    page = people(stage, visitor(stage.acme.ben))
    assert page.status_code == 200
    assert "Your role does not include this." in body_of(page)
    assert "Add people" not in words_of(page)
    assert "Update roles" not in words_of(page)
    [grant] = Grant.objects.filter(member=ben, workspace=stage.research)
    browser = visitor(stage.acme.ben)
    assert browser.get(here(stage, f"members/{ben.pk}/")).status_code == 200
    assert browser.get(here(stage, f"members/{stage.member(stage.lena).pk}/")).status_code == 404
    for path in ("members/add/", "members/everyone/", f"members/{ben.pk}/role/", f"members/{ben.pk}/remove/",
                 f"grants/{grant.pk}/edit/", f"grants/{grant.pk}/remove/"):  # fmt: skip
        assert browser.get(here(stage, path)).status_code == 403
        assert browser.post(here(stage, path), {"role": EDITOR}).status_code == 403


@pytest.mark.claim("P3")
def test_grants_and_people_of_elsewhere_are_not_there(stage: Stage, mia: Client) -> None:
    zoe = Member.objects.get(user=stage.northlab.zoe)
    foreign = Grant.objects.filter(workspace__organization=stage.northlab.organization).first()
    other = Grant.objects.filter(workspace=stage.acme.default).first()
    assert foreign is not None
    assert other is not None
    gone = (f"members/{zoe.pk}/", f"members/{zoe.pk}/role/", f"grants/{foreign.pk}/edit/", f"grants/{other.pk}/remove/")
    for path in gone:
        assert mia.get(here(stage, path)).status_code == 404
    answer = mia.post(here(stage, "grants/bulk/remove/apply/"), {"selection": f"{foreign.pk},{other.pk}"})
    assert Grant.objects.filter(pk__in=[foreign.pk, other.pk]).count() == 2, answer


def test_ends_and_renewal_stand_on_the_pages_and_nothing_outlives_its_end(stage: Stage, mia: Client) -> None:
    ben = stage.member(stage.acme.ben)
    give(stage, EDITOR, ben, ends_at=timezone.now() + timedelta(days=2))
    [grant] = Grant.objects.filter(member=ben, workspace=stage.research)
    assert "in 2 days" in row_of(people(stage, mia), ben)
    cast.end(grant)
    assert "ben" not in found(stage, mia)
    assert "Ben Weber" not in words_of(mia.get(here(stage, "grants/")))
    assert mia.post(here(stage, f"grants/{grant.pk}/edit/"), {"role": EDITOR}).status_code == 404
    assert mia.post(here(stage, "members/add/"), {"role": EDITOR, "pick": f"m{ben.pk}"}).status_code == 303
    assert roles_of(stage, ben) == [EDITOR]


def test_the_pages_cost_the_same_for_many(stage: Stage, mia: Client) -> None:
    def cost() -> Sequence[int]:
        return [len(queries_of(mia, here(stage, path))) for path in ("members/", "grants/")]

    few = crowd(stage, [(f"a{number}@crowd.example", f"Ann {number}") for number in range(5)])
    give(stage, VIEWER, *Member.objects.filter(pk__in=few))
    before = cost()
    assert before[0] <= 16
    many = crowd(stage, [(f"z{number}@crowd.example", f"Zed {number}") for number in range(60)])
    give(stage, EDITOR, *Member.objects.filter(pk__in=many), extra_permissions=["logs.manage"])
    assert cost() == before
    page = people(stage, mia)
    assert len(rows_of(page)) == 50
    following = link_of(page, "next")
    assert following is not None
    assert len(rows_of(mia.get(following))) == 18


def test_a_cursor_that_is_none_shows_the_beginning(stage: Stage, mia: Client) -> None:
    for page in ("x", "e30", Cursor(0, "\ud800".encode("utf-16", "surrogatepass").hex(), 1).encode()):
        assert people(stage, mia, page=page).status_code == 200
    assert mia.get(here(stage, "grants/?after=x")).status_code == 200
