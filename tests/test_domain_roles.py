"""Changing organization roles, and the rule of the last admin on that path."""

import pytest
from django.http import Http404

from accounts.models import User
from tests.cast import (
    Acme,
    Said,
    chosen,
    custom_role,
    found,
    grant_group,
    group_of,
    history,
    invite,
    join,
    manage,
    northlab,
    person,
    place,
    refused,
    staff_person,
    support,
    web,
    workspace_in,
)
from workspaces.actions import members
from workspaces.catalogue import BuiltIn, Code, Scope
from workspaces.models import Member, Role, Workspace
from workspaces.plans import Outcome
from workspaces.reasons import Reason
from workspaces.selections import Chosen, store

pytestmark = pytest.mark.django_db


def set_role(by: User, role: int, *targets: Member, is_fresh: bool = True) -> Outcome:
    return members.update_roles(
        actor=web(by, is_fresh=is_fresh),
        organization_id=targets[0].organization_id,
        chosen=chosen(*targets),
        role_id=role,
    )


def role_of(member: Member) -> int:
    return Member.objects.values_list("role_id", flat=True).get(pk=member.pk)


@pytest.mark.row("L3", "I30", "I34", "A6")
@pytest.mark.claim("P21")
def test_an_admin_raises_and_lowers_a_member_and_the_history_says_so(world: Acme) -> None:
    mia = world.member(world.mia)
    assert set_role(world.priya, BuiltIn.ADMIN, mia).changed == 1
    assert role_of(mia) == BuiltIn.ADMIN
    set_role(world.priya, BuiltIn.MEMBER, mia)
    assert role_of(mia) == BuiltIn.MEMBER
    assert history(world.organization, "member.role_changed") == [
        Said("member.role_changed", mia.pk, None, "Member", "Admin"),
        Said("member.role_changed", mia.pk, None, "Admin", "Member"),
    ]


@pytest.mark.row("I35")
@pytest.mark.claim("P10", "P21")
def test_many_at_once_change_each_says_so_and_the_others_are_named_by_reason(world: Acme) -> None:
    ada = join(world.olga, world.organization, person("ada@acme.example", "Ada"), role=BuiltIn.ADMIN)
    everybody = world.organization.members.all()
    outcome = members.update_roles(
        actor=web(world.priya),
        organization_id=world.id,
        chosen=Chosen(selection_id=store(world.organization, everybody).pk),
        role_id=BuiltIn.MEMBER,
    )
    assert outcome.changed == 3
    assert outcome.refused == {Reason.UNCHANGED: 2, Reason.OWNER: 1}
    said = history(world.organization, "member.role_changed")
    assert {(entry.subject, entry.before) for entry in said} == {
        (world.member(world.priya).pk, "Admin"),
        (world.member(world.tom).pk, "Guest"),
        (ada.pk, "Admin"),
    }


@pytest.mark.claim("P10")
def test_members_change_nobody_and_admins_of_less_change_no_one_who_holds_more(world: Acme) -> None:
    mia, ben, priya = (world.member(user) for user in (world.mia, world.ben, world.priya))
    with refused(403, Reason.NO_RIGHT):
        set_role(world.mia, BuiltIn.GUEST, ben).insist()
    keeper = custom_role(world.organization, "Keeper", Scope.ORGANIZATION, Code.MEMBERS_ORG_MANAGE, Code.MEMBERS_VIEW)
    set_role(world.olga, keeper.pk, mia)
    with refused(403, Reason.HOLDS_MORE):
        set_role(world.mia, BuiltIn.MEMBER, priya).insist()
    with refused(403, Reason.GIVES_MORE):
        set_role(world.mia, BuiltIn.ADMIN, ben).insist()
    with refused(403, Reason.GIVES_MORE):
        set_role(world.mia, BuiltIn.ADMIN, mia).insist()
    assert set_role(world.mia, keeper.pk, ben).insist().changed == 1


@pytest.mark.claim("P15")
def test_granting_admin_asks_for_a_recent_proof_and_lowering_does_not(world: Acme) -> None:
    ben = world.member(world.ben)
    with refused(401, Reason.CONFIRM):
        set_role(world.olga, BuiltIn.ADMIN, ben, is_fresh=False).insist()
    assert set_role(world.olga, BuiltIn.GUEST, ben, is_fresh=False).changed == 1


@pytest.mark.row("D25")
def test_nobody_lowers_the_owner_not_even_they_themselves(world: Acme) -> None:
    olga = world.member(world.olga)
    for by in (world.priya, world.olga):
        with refused(409, Reason.OWNER):
            set_role(by, BuiltIn.MEMBER, olga).insist()


@pytest.mark.claim("P3")
def test_ids_of_other_organizations_match_nothing_and_their_roles_do_not_exist(world: Acme) -> None:
    north = northlab()
    zoe = Member.objects.get(user=north.zoe)
    outcome = members.update_roles(
        actor=web(world.olga), organization_id=world.id, chosen=chosen(zoe), role_id=BuiltIn.GUEST
    )
    assert outcome == Outcome(0)
    theirs = custom_role(north.organization, "Theirs", Scope.ORGANIZATION, Code.MEMBERS_VIEW)
    for role in (theirs.pk, BuiltIn.STANDARD_ADMIN, 999_999):
        with pytest.raises(Http404):
            set_role(world.olga, role, world.member(world.ben))
    elsewhere = store(north.organization, north.organization.members.all())
    outcome = members.update_roles(
        actor=web(world.olga),
        organization_id=world.id,
        chosen=Chosen(selection_id=elsewhere.pk),
        role_id=BuiltIn.GUEST,
    )
    assert outcome == Outcome(0)
    assert role_of(zoe) == BuiltIn.ADMIN


def test_a_waiting_persons_role_is_editable_until_they_accept(world: Acme) -> None:
    waiting = invite(world.olga, world.organization, "ivy@acme.example").member
    assert waiting is not None
    assert set_role(world.priya, BuiltIn.ADMIN, waiting).changed == 1
    assert role_of(waiting) == BuiltIn.ADMIN


@pytest.mark.claim("P22")
def test_support_staff_change_no_roles_and_a_flag_alone_makes_nobody_support(world: Acme) -> None:
    ben, tom = world.member(world.ben), world.member(world.tom)
    sam = staff_person()
    with refused(403, Reason.NO_RIGHT):
        members.update_roles(
            actor=support(sam), organization_id=world.id, chosen=chosen(ben), role_id=BuiltIn.GUEST
        ).insist()
    assert members.suspend_members(actor=support(sam), organization_id=world.id, chosen=chosen(ben)).changed == 1
    User.objects.filter(pk=sam.pk).update(is_staff=False)
    with refused(409, Reason.NOT_ACTIVE):
        members.suspend_members(actor=support(sam), organization_id=world.id, chosen=chosen(tom)).insist()


# --- the last admin

# The owner is always an Admin and cannot be demoted: an organization comes near its last admin only once the owner's
# account was ended by the operator's own hands, past every action.


def lose_owner(world: Acme) -> None:
    User.objects.filter(pk=world.olga.pk).update(is_active=False)


@pytest.mark.claim("P11")
def test_the_last_active_admin_of_the_organization_is_not_demoted(world: Acme) -> None:
    lose_owner(world)
    priya, mia = world.member(world.priya), world.member(world.mia)
    with refused(409, Reason.LAST_ORGANIZATION_ADMIN):
        set_role(world.priya, BuiltIn.MEMBER, priya).insist()
    set_role(world.priya, BuiltIn.ADMIN, mia)
    assert set_role(world.priya, BuiltIn.MEMBER, priya).insist().changed == 1
    with refused(409, Reason.LAST_ORGANIZATION_ADMIN):
        set_role(world.mia, BuiltIn.MEMBER, mia).insist()


@pytest.mark.claim("P11")
def test_admins_who_wait_are_suspended_or_blocked_do_not_count(world: Acme) -> None:
    lose_owner(world)
    priya, mia, ben = (world.member(user) for user in (world.priya, world.mia, world.ben))
    place(world.priya, ben, world.research, BuiltIn.STANDARD_ADMIN)
    set_role(world.priya, BuiltIn.ADMIN, mia, ben)
    waiting = invite(world.priya, world.organization, "ivy@acme.example", role=BuiltIn.ADMIN)
    assert waiting.member is not None
    members.suspend_members(actor=web(world.priya), organization_id=world.id, chosen=chosen(mia))
    User.objects.filter(pk=world.ben.pk).update(is_active=False)
    with refused(409, Reason.LAST_ORGANIZATION_ADMIN):
        set_role(world.priya, BuiltIn.MEMBER, priya).insist()
    # Their own loss endangers nothing.
    assert set_role(world.priya, BuiltIn.MEMBER, mia, ben, waiting.member).changed == 3


@pytest.mark.claim("P11")
def test_of_all_admins_demoted_at_once_the_actor_stays(world: Acme) -> None:
    lose_owner(world)
    ada = join(world.priya, world.organization, person("ada@acme.example", "Ada"), role=BuiltIn.ADMIN)
    priya = world.member(world.priya)
    outcome = set_role(world.priya, BuiltIn.MEMBER, priya, ada)
    assert (outcome.changed, dict(outcome.refused)) == (1, {Reason.LAST_ORGANIZATION_ADMIN: 1})
    assert (role_of(priya), role_of(ada)) == (BuiltIn.ADMIN, BuiltIn.MEMBER)


@pytest.mark.claim("P11")
def test_the_last_admin_of_a_shared_workspace_is_not_made_a_guest(world: Acme) -> None:
    """A guest's grants count for nothing in the rule of the last admin, so this takes their standing away."""
    mia = world.member(world.mia)
    with refused(409, Reason.LAST_WORKSPACE_ADMIN):
        set_role(world.olga, BuiltIn.GUEST, mia).insist()
    place(world.olga, world.member(world.ben), world.research, BuiltIn.STANDARD_ADMIN)
    assert set_role(world.olga, BuiltIn.GUEST, mia).insist().changed == 1


@pytest.mark.claim("P11")
def test_a_custom_admin_of_a_workspace_holds_all_that_the_top_role_holds(world: Acme) -> None:
    top = Role.objects.get(pk=BuiltIn.STANDARD_ADMIN).permissions.values_list("permission", flat=True)
    more = custom_role(world.organization, "Everything", Scope.WORKSPACE, *top)
    less = custom_role(world.organization, "Nearly", Scope.WORKSPACE, *list(top)[1:])
    lab = workspace_in(world.organization, "Lab")
    ben = world.member(world.ben)
    place(world.olga, ben, lab, less.pk)
    assert set_role(world.olga, BuiltIn.GUEST, ben).insist().changed == 1
    set_role(world.olga, BuiltIn.MEMBER, ben)
    place(world.olga, ben, lab, more.pk)
    with refused(409, Reason.LAST_WORKSPACE_ADMIN):
        set_role(world.olga, BuiltIn.GUEST, ben).insist()


@pytest.mark.claim("P11")
@pytest.mark.parametrize("kind", [Workspace.Kind.SYSTEM, Workspace.Kind.PERSONAL])
def test_system_and_personal_workspaces_are_exempt(world: Acme, kind: Workspace.Kind) -> None:
    attic = workspace_in(world.organization, "Attic", kind)
    ben = world.member(world.ben)
    place(world.olga, ben, attic, BuiltIn.STANDARD_ADMIN)
    assert set_role(world.olga, BuiltIn.GUEST, ben).insist().changed == 1


@pytest.mark.claim("P11")
def test_an_admin_through_a_group_counts_where_the_group_is_admin_and_only_there(world: Acme) -> None:
    lab = workspace_in(world.organization, "Lab")
    ben, mia = world.member(world.ben), world.member(world.mia)
    group = group_of(world.olga, world.organization, "Leads", ben)
    grant_group(group, world.research, BuiltIn.STANDARD_VIEWER)
    grant_group(group, lab, BuiltIn.STANDARD_ADMIN)
    # Ben's group is admin of Lab and only looks at Research, whose one admin stays Mia.
    with refused(409, Reason.LAST_WORKSPACE_ADMIN):
        set_role(world.olga, BuiltIn.GUEST, mia).insist()
    with refused(409, Reason.LAST_WORKSPACE_ADMIN):
        set_role(world.olga, BuiltIn.GUEST, ben).insist()
    grant_group(group, world.research, BuiltIn.STANDARD_ADMIN)
    assert set_role(world.olga, BuiltIn.GUEST, mia).insist().changed == 1


def test_managing_a_group_makes_nobody_admin(world: Acme) -> None:
    lab = workspace_in(world.organization, "Lab")
    group = group_of(world.olga, world.organization, "Leads", world.member(world.mia))
    grant_group(group, lab, BuiltIn.STANDARD_ADMIN)
    manage(group, world.member(world.ben))
    with refused(409, Reason.LAST_WORKSPACE_ADMIN):
        set_role(world.olga, BuiltIn.GUEST, world.member(world.mia)).insist()


@pytest.mark.row("I1", "I3")
def test_new_organizations_know_three_roles_and_member_is_the_default() -> None:
    organization = found(person("olga@acme.example", "Olga"), "Acme")
    names = Role.objects.filter(scope=Scope.ORGANIZATION).values_list("name", flat=True)
    assert set(names) == {"Guest", "Member", "Admin"}
    assert organization.members.get().role_id == BuiltIn.ADMIN
