"""As what people join an open workspace by themselves: who chooses it, and what becomes of the choice."""

from typing import Any

import pytest
from django.http import Http404

from accounts.models import User
from tests import cast
from tests.cast import Acme, history, refused, web
from tests.visiting import body_of, visitor, words_of
from workspaces.actions import roles, scheme, workspaces
from workspaces.actions.scheme import Mapped
from workspaces.catalogue import BuiltIn, Code, Scope
from workspaces.models import Act, Grant, Role, Workspace
from workspaces.reasons import Reason

pytestmark = pytest.mark.django_db

VIEWER, EDITOR, ADMIN = BuiltIn.STANDARD_VIEWER, BuiltIn.STANDARD_EDITOR, BuiltIn.STANDARD_ADMIN


def change(by: User, workspace: Workspace, **changes: object) -> list[str]:
    return workspaces.change_workspace(
        actor=web(by), organization_id=workspace.organization_id, workspace_id=workspace.pk, **changes
    )


def joined_as(user: User, workspace: Workspace) -> int:
    """The role with which somebody comes in."""
    about: dict[str, Any] = {"organization_id": workspace.organization_id, "workspace_id": workspace.pk}
    workspaces.join_workspace(actor=web(user), **about)
    return Grant.objects.get(workspace=workspace, member__user=user).role_id


def own_role(world: Acme, *codes: str) -> Role:
    return cast.custom_role(world.organization, "Reader", Scope.WORKSPACE, Code.WORKSPACE_VIEW, *codes)


@pytest.mark.claim("P10", "P21")
def test_whoever_joins_gets_the_role_that_was_chosen_and_the_choice_stands_in_the_history(world: Acme) -> None:
    assert change(world.mia, world.research, is_open=True, joining_role=EDITOR) == ["is_open", "joining_role"]
    assert joined_as(world.ben, world.research) == EDITOR
    assert history(world.organization, "workspace.joined")[-1].after == "Editor"
    said = history(world.organization, "workspace.changed")[-1]
    assert (said.before, said.after) == ("Viewer", "Editor")
    assert Act.objects.filter(kind="workspace.changed").latest("pk").payload == {"field": "joining_role"}
    assert change(world.mia, world.research, joining_role=EDITOR) == []
    assert change(world.mia, world.research, name="Research") == []


@pytest.mark.claim("P10", "P24")
def test_nobody_lets_people_join_as_what_they_could_not_give_to_everyone(world: Acme) -> None:
    with refused(403, Reason.EVERYONE_MANAGES):
        change(world.mia, world.research, joining_role=ADMIN)
    keeper = own_role(world, Code.WORKSPACE_EDIT, Code.MEMBERS_WORKSPACE_MANAGE)
    cast.place(world.olga, world.member(world.ben), world.research, keeper.pk)
    with refused(403, Reason.GIVES_MORE):
        change(world.ben, world.research, joining_role=EDITOR)
    for unknown in (BuiltIn.MANAGED_MEMBER, BuiltIn.ADMIN, 999_999, True):
        with pytest.raises(Http404):
            change(world.mia, world.research, joining_role=unknown)
    # What somebody else chose is given by whoever opens the workspace; closing it and the lowest role give nothing.
    change(world.mia, world.research, joining_role=EDITOR)
    with refused(403, Reason.GIVES_MORE):
        change(world.ben, world.research, is_open=True)
    assert change(world.ben, world.research, joining_role=VIEWER, is_open=True) == ["is_open", "joining_role"]


def test_whoever_edits_a_workspace_without_managing_its_people_leaves_the_choice_alone(world: Acme) -> None:
    change(world.mia, world.research, joining_role=EDITOR)
    writer = own_role(world, Code.WORKSPACE_EDIT)
    cast.place(world.olga, world.member(world.ben), world.research, writer.pk)
    with refused(403, Reason.NO_RIGHT):
        change(world.ben, world.research, joining_role=writer.pk)
    assert change(world.ben, world.research, joining_role=EDITOR, name="Science") == ["name"]


@pytest.mark.claim("P10")
def test_the_choice_follows_the_role_that_takes_the_place_of_another_one(world: Acme) -> None:
    reader, about = own_role(world), {"actor": web(world.olga), "organization_id": world.id}
    change(world.mia, world.research, is_open=True, joining_role=reader.pk)
    roles.delete_role(**about, role_id=reader.pk, replacement_id=EDITOR)  # type: ignore[arg-type]
    world.research.refresh_from_db()
    assert world.research.joining_role_id == EDITOR
    another = own_role(world)
    change(world.mia, world.research, joining_role=another.pk)
    roles.delete_role(**about, role_id=another.pk)  # type: ignore[arg-type]
    world.research.refresh_from_db()
    assert world.research.joining_role is None
    assert joined_as(world.ben, world.research) == VIEWER


@pytest.mark.claim("P10")
@pytest.mark.parametrize(("becomes", "expected"), [("MEMBER", "MEMBER"), ("MANAGER", "MEMBER")])
def test_a_change_of_scheme_maps_it_and_never_to_a_role_that_manages_members(
    world: Acme, becomes: str, expected: str
) -> None:
    change(world.mia, world.research, is_open=True, joining_role=EDITOR)
    member, manager = int(BuiltIn.MANAGED_MEMBER), int(BuiltIn.MANAGED_MANAGER)
    known = {"MEMBER": member, "MANAGER": manager}
    people = {VIEWER.value: member, EDITOR.value: known[becomes], ADMIN.value: manager}
    everyone = {VIEWER.value: member, EDITOR.value: member}
    scheme.change_scheme(
        actor=web(world.olga), organization_id=world.id, known="standard", scheme="managed",
        mapped=Mapped(people, everyone),
    )  # fmt: skip
    world.research.refresh_from_db()
    assert world.research.joining_role_id == known[becomes]
    assert joined_as(world.ben, world.research) == known[expected]


@pytest.mark.claim("P24")
def test_a_role_that_comes_to_manage_members_is_given_to_nobody_who_joins(world: Acme) -> None:
    reader = own_role(world)
    change(world.mia, world.research, is_open=True, joining_role=reader.pk)
    roles.edit_role(
        actor=web(world.olga), organization_id=world.id, role_id=reader.pk, name="Reader",
        permissions=frozenset({Code.WORKSPACE_VIEW, Code.MEMBERS_WORKSPACE_MANAGE}),
    )  # fmt: skip
    assert joined_as(world.ben, world.research) == VIEWER


@pytest.mark.row("D12")
def test_the_settings_offer_what_one_may_give_and_joining_says_as_what(world: Acme) -> None:
    url, reader = f"/o/{world.organization.slug}/w/research/settings/", own_role(world)
    mia, ben = visitor(world.mia), visitor(world.ben)
    shown = body_of(mia.get(url))
    assert "Role of those who join by themselves" in shown
    offered = [f'value="{pk}"' in shown for pk in (VIEWER.value, EDITOR.value, reader.pk, ADMIN.value)]
    assert offered == [True, True, True, False]
    assert f'value="{VIEWER.value}" selected' in shown
    entry = {"name": "Research", "label": "team", "is_open": "on", "joining_role": reader.pk}
    assert mia.post(url, {**entry, "joining_role": ADMIN.value}).status_code == 422
    assert mia.post(url, entry).status_code == 303
    assert f'value="{reader.pk}" selected' in body_of(mia.get(url))
    history_page = words_of(mia.get(f"/o/{world.organization.slug}/w/research/history/"))
    assert "changed joining role of" in history_page
    join = f"/o/{world.organization.slug}/w/research/join/"
    assert "You joined Research as Reader." in words_of(ben.post(join, follow=True))
