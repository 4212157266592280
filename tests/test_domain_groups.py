"""Groups: their names, who is in them, who manages them, and what goes when they do. On both databases."""

import pytest
from django.core.exceptions import ValidationError
from django.http import Http404

from accounts.models import User
from tests import cast
from tests.cast import Said, chosen, refused, web
from tests.stage import Stage, crowd
from workspaces.actions import groups, members
from workspaces.catalogue import BuiltIn, Code
from workspaces.models import Grant, GrantPermission, Group, GroupManager, GroupMember, Label, Member, Organization
from workspaces.plans import Outcome
from workspaces.queries.facts import actor_facts, workspace_permissions
from workspaces.queries.groups import impact_of_adding, impact_of_leaving, impact_of_removal
from workspaces.queries.impact import Impact
from workspaces.reasons import Reason


def add(stage: Stage, by: User, group: Group, *people: Member) -> Outcome:
    return groups.add_to_group(actor=web(by), organization_id=stage.acme.id, chosen=chosen(*people), group_id=group.pk)


def take_out(stage: Stage, by: User, group: Group, *people: Member) -> Outcome:
    return groups.remove_from_group(
        actor=web(by), organization_id=stage.acme.id, chosen=chosen(*people), group_id=group.pk
    )


def delete(stage: Stage, by: User, group: Group) -> None:
    groups.delete_group(actor=web(by), organization_id=stage.acme.id, group_id=group.pk)


def inside(group: Group) -> set[int]:
    return set(GroupMember.objects.filter(group=group).values_list("member", flat=True))


def let_members_make_groups(stage: Stage) -> None:
    Organization.objects.filter(pk=stage.acme.id).update(members_create_groups=True)


# --- making and changing


@pytest.mark.row("I61", "A25")
def test_a_group_name_is_taken_however_it_is_written_and_others_may_use_it_elsewhere(stage: Stage) -> None:
    acme = stage.acme
    for name in ("Data team", "DATA  TEAM", "Dàta team"):
        with refused(409, "name_taken"):
            cast.group_of(acme.olga, acme.organization, name)
    with pytest.raises(ValidationError):
        cast.group_of(acme.olga, acme.organization, "\u202eteam")
    assert cast.group_of(stage.northlab.zoe, stage.northlab.organization, "Data team")
    other = cast.group_of(acme.olga, acme.organization, "Ops")

    def change(name: str, description: str = "") -> list[str]:
        return groups.change_group(
            actor=web(acme.priya),
            organization_id=acme.id,
            group_id=other.pk,
            name=name,
            description=description,
        )

    with refused(409, "name_taken"):
        change("data TEAM")
    assert change("OPS", "Keeps it running. " * 25) == ["name", "description"]
    assert change("OPS", "Keeps it running. " * 25) == []
    assert [said.before for said in cast.history(acme.organization, "group.changed")] == ["Ops", ""]


@pytest.mark.claim("P24")
def test_members_make_groups_where_the_policy_lets_them_and_become_managers_guests_never(stage: Stage) -> None:
    acme = stage.acme
    with refused(403, "no_right"):
        cast.group_of(acme.ben, acme.organization, "Book club")
    let_members_make_groups(stage)
    club = cast.group_of(acme.ben, acme.organization, "Book club", stage.member(acme.mia))
    ben = stage.member(acme.ben)
    assert list(GroupManager.objects.filter(group=club).values_list("member", flat=True)) == [ben.pk]
    assert inside(club) == {stage.member(acme.mia).pk}
    assert Said("group.manager_named", ben.pk, club.pk, after="Book club") in cast.history(acme.organization)
    with refused(403, "no_right"):
        cast.group_of(acme.tom, acme.organization, "Guests")
    admins = cast.group_of(acme.priya, acme.organization, "Admins")
    assert not admins.managers.exists()


# --- who is in


@pytest.mark.row("A25", "I31")
def test_waiting_people_are_put_in_suspended_ones_only_taken_out_each_with_one_entry(stage: Stage) -> None:
    ben, nora, sven = stage.member(stage.acme.ben), stage.nora, stage.member(stage.sven)
    outcome = add(stage, stage.acme.priya, stage.data_team, ben, nora, sven)
    assert (outcome.changed, dict(outcome.refused)) == (2, {Reason.SUSPENDED: 1})
    members.suspend_members(actor=web(stage.acme.olga), organization_id=stage.acme.id, chosen=chosen(ben))
    outcome = take_out(stage, stage.acme.priya, stage.data_team, ben, nora, sven)
    assert (outcome.changed, dict(outcome.refused)) == (2, {Reason.UNCHANGED: 1})
    assert inside(stage.data_team) == {stage.member(stage.max).pk}
    left = cast.history(stage.acme.organization, "group.left")
    assert left == [Said("group.left", each.pk, stage.data_team.pk, before="Data team") for each in (ben, nora)]


@pytest.mark.row("I22")
@pytest.mark.claim("P24", "P10")
def test_a_manager_reaches_the_membership_of_their_own_groups_alone_and_gains_nothing(stage: Stage) -> None:
    acme, lena = stage.acme, stage.member(stage.lena)
    ben, priya = stage.member(acme.ben), stage.member(acme.priya)
    others = cast.group_of(acme.olga, acme.organization, "Finance")
    cast.grant_group(stage.data_team, acme.default, BuiltIn.STANDARD_VIEWER)
    assert add(stage, stage.lena, stage.data_team, ben, priya).changed == 2
    with refused(403, "holds_more"):
        take_out(stage, stage.lena, stage.data_team, priya).insist()
    assert take_out(stage, stage.lena, stage.data_team, ben).changed == 1
    with refused(403, "no_right"):
        add(stage, stage.lena, others, ben).insist()
    for act in (
        lambda: delete(stage, stage.lena, stage.data_team),
        lambda: groups.change_group(
            actor=web(stage.lena), organization_id=acme.id, group_id=stage.data_team.pk, name="Mine", description=""
        ),
        lambda: groups.name_manager(
            actor=web(stage.lena), organization_id=acme.id, group_id=stage.data_team.pk, member_id=ben.pk
        ).insist(),
    ):
        with refused(403, "no_right"):
            act()
    # A grant in Research: she manages the group, and holds nothing there.
    cast.grant_group(stage.data_team, stage.research, BuiltIn.STANDARD_EDITOR)
    facts = actor_facts(web(stage.lena), acme.organization)
    assert stage.research.pk not in workspace_permissions(acme.organization, facts)
    assert lena.pk not in inside(stage.data_team)


@pytest.mark.claim("P24", "P10")
def test_a_group_that_carries_more_than_its_manager_holds_is_edited_by_an_admin(stage: Stage) -> None:
    acme, ben = stage.acme, stage.member(stage.acme.ben)
    viewing = cast.grant_group(stage.data_team, acme.default, BuiltIn.STANDARD_VIEWER)
    GrantPermission.objects.create(grant=viewing, permission=Code.WORKSPACE_DELETE)
    with refused(403, "group_carries_more"):
        add(stage, stage.lena, stage.data_team, ben).insist()
    with refused(403, "group_carries_more"):
        take_out(stage, stage.lena, stage.data_team, stage.member(stage.max)).insist()
    assert add(stage, acme.priya, stage.data_team, ben).changed == 1
    # Once it has ended it gives nothing, so the manager is free again.
    cast.end(viewing)
    assert take_out(stage, stage.lena, stage.data_team, ben).changed == 1
    # What is in a deleted workspace can come back: for its manager it counts, an admin holds it anyway.
    cast.grant_group(stage.data_team, stage.research, BuiltIn.STANDARD_EDITOR)
    stage.research.deleted_at = stage.research.created_at
    stage.research.save()
    with refused(403, "group_carries_more"):
        add(stage, stage.lena, stage.data_team, ben).insist()
    assert add(stage, acme.priya, stage.data_team, ben).changed == 1


def test_managers_are_named_and_dismissed_by_admins_and_a_group_may_have_none(stage: Stage) -> None:
    acme, ben = stage.acme, stage.member(stage.acme.ben)

    def name(member: Member) -> Outcome:
        return groups.name_manager(
            actor=web(acme.priya), organization_id=acme.id, group_id=stage.data_team.pk, member_id=member.pk
        )

    assert name(ben).changed == 1
    assert name(ben).refused == {Reason.UNCHANGED: 1}
    with refused(409, "suspended"):
        name(stage.member(stage.sven))
    for member in (ben, stage.member(stage.lena)):
        outcome = groups.dismiss_manager(
            actor=web(acme.priya), organization_id=acme.id, group_id=stage.data_team.pk, member_id=member.pk
        )
        assert outcome.changed == 1
    assert not stage.data_team.managers.exists()
    kinds = [said.kind for said in cast.history(acme.organization, "group.manager_named", "group.manager_dismissed")]
    assert kinds == ["group.manager_named", *["group.manager_dismissed"] * 2]
    elsewhere = cast.group_of(stage.northlab.zoe, stage.northlab.organization, "Theirs")
    with pytest.raises(Http404):
        groups.name_manager(actor=web(acme.priya), organization_id=acme.id, group_id=elsewhere.pk, member_id=ben.pk)


# --- the last admins


@pytest.mark.row("I52", "N20")
@pytest.mark.claim("P11")
def test_the_last_admins_of_a_workspace_stay_in_the_group_that_makes_them_so(stage: Stage) -> None:
    acme = stage.acme
    ben, top = stage.member(acme.ben), stage.member(stage.max)
    lab = cast.workspace_in(acme.organization, "Lab")
    cast.grant_group(stage.data_team, lab, BuiltIn.STANDARD_ADMIN)
    add(stage, acme.olga, stage.data_team, ben, stage.nora)
    both = take_out(stage, acme.priya, stage.data_team, ben, top, stage.nora)
    assert (both.changed, dict(both.refused)) == (2, {Reason.LAST_WORKSPACE_ADMIN: 1})
    [last] = inside(stage.data_team)
    with refused(409, "last_workspace_admin"):
        take_out(stage, acme.priya, stage.data_team, Member.objects.get(pk=last)).insist()
    with refused(409, "last_workspace_admin"):
        delete(stage, acme.priya, stage.data_team)
    # A direct admin whose access ends is no way out; one without an end is.
    cast.place(acme.olga, stage.member(acme.mia), lab, BuiltIn.STANDARD_ADMIN)
    grant = Grant.objects.get(workspace=lab, member=stage.member(acme.mia))
    grant.ends_at = "2099-01-01T00:00:00Z"
    grant.save()
    with refused(409, "last_workspace_admin"):
        delete(stage, acme.priya, stage.data_team)
    grant.ends_at = None
    grant.save()
    delete(stage, acme.priya, stage.data_team)
    assert not Group.objects.filter(pk=stage.data_team.pk).exists()


@pytest.mark.claim("P11")
def test_another_group_of_admins_lets_the_first_one_go(stage: Stage) -> None:
    acme = stage.acme
    lab = cast.workspace_in(acme.organization, "Lab")
    cast.grant_group(stage.data_team, lab, BuiltIn.STANDARD_ADMIN)
    backup = cast.group_of(acme.olga, acme.organization, "Backup", stage.nora, stage.member(acme.tom))
    cast.grant_group(backup, lab, BuiltIn.STANDARD_ADMIN)
    with refused(409, "last_workspace_admin"):  # who waits, and guests, are no admins
        delete(stage, acme.priya, stage.data_team)
    add(stage, acme.olga, backup, stage.member(acme.ben))
    delete(stage, acme.priya, stage.data_team)


# --- the end


@pytest.mark.row("I52")
@pytest.mark.claim("P21")
def test_deleting_withdraws_all_and_leaves_its_name_and_every_change_in_the_history(stage: Stage) -> None:
    acme, organization = stage.acme, stage.acme.organization
    viewing = cast.grant_group(stage.data_team, stage.research, BuiltIn.STANDARD_VIEWER)
    GrantPermission.objects.create(grant=viewing, permission="deployments.create")
    top, lena, group = stage.member(stage.max), stage.member(stage.lena), stage.data_team.pk
    facts = actor_facts(web(stage.max), organization)
    assert stage.research.pk in workspace_permissions(organization, facts)
    with refused(403, "no_right"):
        delete(stage, acme.mia, stage.data_team)
    delete(stage, acme.priya, stage.data_team)
    assert stage.research.pk not in workspace_permissions(organization, facts)
    assert not GrantPermission.objects.filter(grant=viewing.pk).exists()
    assert cast.history(organization)[-4:] == [
        Said("group.left", top.pk, group, before="Data team"),
        Said("group.manager_dismissed", lena.pk, group, before="Data team"),
        Said("group_grant.removed", group, stage.research.pk, before="Viewer"),
        Said("group.deleted", group, before="Data team"),
    ]
    assert Label.objects.get(kind="group", object_id=group).text == "Data team"
    with pytest.raises(Http404):
        delete(stage, acme.priya, stage.data_team)


# --- what it means


def said_of(impacts: list[Impact]) -> dict[str, tuple[str, dict[str, str], dict[str, str]]]:
    """Workspace -> role, who loses it and what remains, who keeps it and through what."""
    return {
        each.workspace: (
            each.role,
            {name: crowd.role for crowd in each.changed for _pk, name in crowd.people},
            {name: crowd.through or crowd.kind for crowd in each.kept for _pk, name in crowd.people},
        )
        for each in impacts
    }


@pytest.mark.row("I52")
@pytest.mark.claim("P12")
def test_the_impact_tells_who_really_loses_what_and_who_keeps_it_through_what(stage: Stage) -> None:
    acme, organization = stage.acme, stage.acme.organization
    people = [stage.member(user) for user in (acme.ben, acme.mia, acme.priya, stage.lena, acme.tom)]
    add(stage, acme.olga, stage.data_team, *people, stage.nora)
    cast.grant_group(stage.data_team, stage.research, BuiltIn.STANDARD_EDITOR)
    cast.grant_group(stage.data_team, acme.default, BuiltIn.STANDARD_VIEWER)
    cast.place(acme.olga, people[0], stage.research, BuiltIn.STANDARD_VIEWER)
    second = cast.group_of(acme.olga, organization, "Second", people[3])
    cast.grant_group(second, stage.research, BuiltIn.STANDARD_EDITOR)

    assert said_of(impact_of_removal(organization, stage.data_team.pk)) == {
        "Research": (
            "Editor",
            {"Max Muster": "", "Ben Weber": "Viewer", "Tom Guest": ""},
            {"Mia Chen": "direct", "Priya Admin": "organization", "Lena Lindt": "Second"},
        ),
        "default": (
            "Viewer",
            {"Tom Guest": ""},  # everyone means no guests
            {
                "Max Muster": "everyone",
                "Ben Weber": "everyone",
                "Mia Chen": "everyone",
                "Lena Lindt": "everyone",
                "Priya Admin": "organization",
            },
        ),
    }
    only = impact_of_removal(organization, stage.data_team.pk, [stage.research.pk])
    assert [each.workspace for each in only] == ["Research"]
    leaving = impact_of_leaving(organization, stage.data_team.pk, chosen(people[0]).members(organization))
    assert said_of(leaving)["Research"] == ("Editor", {"Ben Weber": "Viewer"}, {})


@pytest.mark.row("A25")
def test_the_impact_of_adding_names_gains_and_high_risk_permissions(stage: Stage) -> None:
    acme, organization = stage.acme, stage.acme.organization
    cast.grant_group(stage.data_team, stage.research, BuiltIn.STANDARD_ADMIN)
    joining = chosen(stage.member(acme.ben), stage.member(acme.mia), stage.nora).members(organization)
    [impact] = impact_of_adding(organization, stage.data_team.pk, joining)
    assert said_of([impact])["Research"] == (
        "Admin",
        {"Ben Weber": "", "nora@new.example": ""},
        {"Mia Chen": "direct"},
    )
    assert "manage the workspace's members" in impact.high_risk
    assert "create and edit projects" not in impact.high_risk


@pytest.mark.parametrize("size", [5, 60])
def test_a_larger_group_asks_no_more_of_the_database(
    stage: Stage, size: int, django_assert_max_num_queries: object
) -> None:
    acme, organization = stage.acme, stage.acme.organization
    cast.grant_group(stage.data_team, stage.research, BuiltIn.STANDARD_VIEWER)
    ids = crowd(stage, [(f"p{number}@crowd.example", f"Person {number:03}") for number in range(size)])
    add(stage, acme.olga, stage.data_team, *Member.objects.filter(pk__in=ids))
    everybody = organization.members.filter(pk__in=ids)
    with django_assert_max_num_queries(9):  # type: ignore[operator]
        [impact] = impact_of_adding(organization, stage.data_team.pk, everybody)
    assert impact.changing == size
    assert len(impact.changed[0].people) == 5
