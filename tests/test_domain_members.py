"""Suspending, reactivating, removing, leaving: what ends, what stays, and who cannot go."""

import pytest
from allauth.account.models import EmailAddress
from django.http import Http404

from accounts.actors import ROSTER
from accounts.models import User
from invitations.models import Invitation
from tests.cast import (
    Acme,
    Said,
    accept,
    ask_in,
    chosen,
    end,
    found,
    grant_everyone,
    grant_group,
    group_of,
    history,
    invite,
    join,
    manage,
    member_of,
    northlab,
    person,
    place,
    refused,
    web,
    workspace_in,
)
from workspaces import selections
from workspaces.actions import members, organizations
from workspaces.actions.locking import locked
from workspaces.catalogue import BuiltIn
from workspaces.models import (
    Activity,
    Departure,
    Directory,
    Grant,
    GrantPermission,
    GroupManager,
    GroupMember,
    Label,
    Member,
    OwnershipTransfer,
    Selection,
    SelectionItem,
)
from workspaces.plans import Outcome
from workspaces.queries.facts import actor_facts, workspace_permissions
from workspaces.reasons import Reason

pytestmark = pytest.mark.django_db


def suspend(by: User, *targets: Member) -> Outcome:
    return members.suspend_members(actor=web(by), organization_id=targets[0].organization_id, chosen=chosen(*targets))


def reactivate(by: User, *targets: Member) -> Outcome:
    return members.reactivate_members(
        actor=web(by), organization_id=targets[0].organization_id, chosen=chosen(*targets)
    )


def remove(by: User, *targets: Member) -> Outcome:
    return members.remove_members(actor=web(by), organization_id=targets[0].organization_id, chosen=chosen(*targets))


def leave(user: User, world: Acme) -> None:
    members.leave(actor=web(user), organization_id=world.id)


def rights_of(user: User, world: Acme) -> dict[int, frozenset[str]]:
    facts = actor_facts(web(user), world.organization)
    return workspace_permissions(world.organization, facts)


# --- suspending and coming back


@pytest.mark.row("A22")
@pytest.mark.claim("P14", "P21", "P12")
def test_suspending_ends_all_rights_here_at_once_and_none_elsewhere_and_reactivating_gives_them_back(
    world: Acme,
) -> None:
    north = northlab()
    join(north.zoe, north.organization, world.ben)
    ben = world.member(world.ben)
    lab = workspace_in(world.organization, "Lab")
    place(world.olga, ben, lab, BuiltIn.STANDARD_EDITOR)
    before = rights_of(world.ben, world)
    assert set(before) > {world.default.pk, lab.pk}
    assert suspend(world.priya, ben).changed == 1
    assert rights_of(world.ben, world) == {}
    assert not actor_facts(web(world.ben), world.organization).permissions
    assert actor_facts(web(world.ben), north.organization).is_active
    assert Grant.objects.filter(member=ben).exists()
    assert reactivate(world.priya, ben).changed == 1
    assert rights_of(world.ben, world) == before
    assert history(world.organization, "member.suspended", "member.reactivated") == [
        Said("member.suspended", ben.pk, None, "Joined", "Suspended"),
        Said("member.reactivated", ben.pk, None, "Suspended", "Joined"),
    ]


@pytest.mark.claim("P10", "P11")
def test_nobody_suspends_themselves_the_owner_or_somebody_who_holds_more(world: Acme) -> None:
    olga, priya, mia = (world.member(user) for user in (world.olga, world.priya, world.mia))
    with refused(409, Reason.OWNER):
        suspend(world.priya, olga).insist()
    with refused(409, Reason.YOURSELF):
        suspend(world.priya, priya).insist()
    with refused(403, Reason.NO_RIGHT):
        suspend(world.ben, mia).insist()
    with refused(409, Reason.NOT_SUSPENDED):
        reactivate(world.priya, mia).insist()
    waiting = invite(world.olga, world.organization, "ivy@acme.example").member
    assert waiting is not None
    with refused(409, Reason.WAITING):
        suspend(world.priya, waiting).insist()


def test_suspending_twice_changes_nothing_the_second_time(world: Acme) -> None:
    ben = world.member(world.ben)
    suspend(world.priya, ben)
    assert suspend(world.priya, ben).insist() == Outcome(0, {Reason.UNCHANGED: 1})
    assert len(history(world.organization, "member.suspended")) == 1


def test_suspending_the_successor_ends_the_offer(world: Acme) -> None:
    priya = world.member(world.priya)
    organizations.offer_transfer(actor=web(world.olga), organization_id=world.id, successor_id=priya.pk)
    suspend(world.olga, priya)
    assert not OwnershipTransfer.objects.exists()


@pytest.mark.claim("P11")
@pytest.mark.row("N20")
@pytest.mark.parametrize("act", [suspend, remove])
def test_the_last_admin_of_a_shared_workspace_stays(world: Acme, act: object) -> None:
    assert callable(act)
    mia, ben, tom = (world.member(user) for user in (world.mia, world.ben, world.tom))
    with refused(409, Reason.LAST_WORKSPACE_ADMIN):
        act(world.priya, mia).insist()
    # Neither inherited Admins, nor guests, nor everyone, nor a grant with an end, nor lesser roles come to the rescue.
    place(world.olga, tom, world.research, BuiltIn.STANDARD_ADMIN)
    place(world.olga, ben, world.research, BuiltIn.STANDARD_EDITOR)
    grant_everyone(world.research, BuiltIn.STANDARD_ADMIN)
    place(world.olga, world.member(world.priya), world.research, BuiltIn.STANDARD_ADMIN)
    end(Grant.objects.get(workspace=world.research, member=world.member(world.priya)))
    with refused(409, Reason.LAST_WORKSPACE_ADMIN):
        act(world.priya, mia).insist()
    waiting = invite(
        world.olga, world.organization, "ivy@acme.example", places={world.research.pk: BuiltIn.STANDARD_ADMIN}
    )
    with refused(409, Reason.LAST_WORKSPACE_ADMIN):
        act(world.priya, mia).insist()
    accept(person("ivy@acme.example", "Ivy"), waiting)
    assert act(world.priya, mia).insist().changed == 1


@pytest.mark.claim("P11")
def test_an_end_that_lies_ahead_is_an_end(world: Acme) -> None:
    ben = world.member(world.ben)
    place(world.olga, ben, world.research, BuiltIn.STANDARD_ADMIN)
    Grant.objects.filter(member=ben).update(ends_at="2099-01-01T00:00Z")
    with refused(409, Reason.LAST_WORKSPACE_ADMIN):
        suspend(world.priya, world.member(world.mia)).insist()


@pytest.mark.claim("P11")
def test_an_admin_through_a_group_is_one_until_the_group_loses_them(world: Acme) -> None:
    lab = workspace_in(world.organization, "Lab")
    ben, mia = world.member(world.ben), world.member(world.mia)
    leads = group_of(world.olga, world.organization, "Leads", ben)
    grant_group(leads, lab, BuiltIn.STANDARD_ADMIN)
    with refused(409, Reason.LAST_WORKSPACE_ADMIN):
        remove(world.priya, ben).insist()
    with refused(409):
        leave(world.ben, world)
    manage(leads, mia)  # managing is no membership
    with refused(409, Reason.LAST_WORKSPACE_ADMIN):
        remove(world.priya, ben).insist()
    place(world.olga, mia, lab, BuiltIn.STANDARD_ADMIN)
    assert remove(world.priya, ben).insist().changed == 1
    with refused(409, Reason.LAST_WORKSPACE_ADMIN):
        remove(world.priya, mia).insist()


@pytest.mark.claim("P11")
def test_of_all_admins_of_a_workspace_suspended_at_once_one_stays(world: Acme) -> None:
    ben, mia = world.member(world.ben), world.member(world.mia)
    place(world.olga, ben, world.research, BuiltIn.STANDARD_ADMIN)
    outcome = suspend(world.priya, mia, ben)
    assert (outcome.changed, dict(outcome.refused)) == (1, {Reason.LAST_WORKSPACE_ADMIN: 1})


# --- removing


@pytest.mark.row("L2", "I38", "A10", "N12")
@pytest.mark.claim("P13", "P21")
def test_removing_sweeps_everything_and_leaves_a_receipt(world: Acme) -> None:
    ben, tom = world.member(world.ben), world.member(world.tom)
    lab = workspace_in(world.organization, "Lab")
    place(world.olga, ben, lab, BuiltIn.STANDARD_ADMIN)
    place(world.olga, world.member(world.mia), lab, BuiltIn.STANDARD_ADMIN)
    GrantPermission.objects.create(grant=Grant.objects.get(member=ben), permission="integrations.manage")
    team = group_of(world.olga, world.organization, "Team", ben, tom)
    manage(team, ben)
    organizations.offer_transfer(actor=web(world.olga), organization_id=world.id, successor_id=ben.pk)
    assert remove(world.priya, ben).changed == 1
    assert not Member.objects.filter(pk=ben.pk).exists()
    for model in (Grant, GroupMember, GroupManager, Activity, Directory):
        assert not model.objects.filter(member=ben.pk).exists(), model
    assert not GrantPermission.objects.exists()
    assert not OwnershipTransfer.objects.exists()
    assert not Selection.objects.exists()
    assert not SelectionItem.objects.exists()
    assert GroupMember.objects.get().member_id == tom.pk
    assert rights_of(world.ben, world) == {}
    receipt = Departure.objects.get(member_id=ben.pk)
    assert (receipt.address, receipt.name, receipt.user, receipt.role_id, receipt.cause) == (
        "ben@acme.example",
        "Ben Weber",
        world.ben,
        BuiltIn.MEMBER,
        Departure.Cause.REMOVED,
    )
    assert set(receipt.placements.values_list("workspace", "role", "group")) == {
        (lab.pk, BuiltIn.STANDARD_ADMIN, None),
        (None, None, team.pk),
    }
    assert Label.objects.get(kind="member", object_id=ben.pk).text == "Ben Weber"
    assert history(world.organization, "member.removed") == [Said("member.removed", ben.pk, None, "Joined", "")]
    assert User.objects.filter(pk=world.ben.pk, is_active=True).exists()


@pytest.mark.claim("P13")
def test_whom_a_removed_person_had_asked_in_is_revoked_and_nobody_else(world: Acme) -> None:
    hers = invite(world.priya, world.organization, "ivy@acme.example")
    accepted = join(world.priya, world.organization, person("ada@acme.example", "Ada"))
    others = invite(world.olga, world.organization, "kim@acme.example")
    north = northlab()
    join(north.zoe, north.organization, world.priya, role=BuiltIn.ADMIN)
    elsewhere = invite(world.priya, north.organization, "ivy@acme.example")
    assert remove(world.olga, world.member(world.priya)).changed == 1
    assert Member.objects.filter(pk=accepted.pk).exists()
    for invitation, revoked in ((hers, True), (others, False), (elsewhere, False)):
        invitation.refresh_from_db()
        assert (invitation.revoked_at is not None) == revoked
        assert (
            Member.objects.filter(address=invitation.address, organization=invitation.organization).exists() != revoked
        )
    with refused(409, "revoked"):
        accept(person("ivy@acme.example", "Ivy"), hers)
    assert [entry.before for entry in history(world.organization, "invitation.revoked")] == ["Invited"]
    assert Departure.objects.get(address="ivy@acme.example").cause == Departure.Cause.REVOKED


@pytest.mark.claim("P13")
def test_however_many_they_had_asked_in(world: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    ask_in(world.priya, world.organization, *(f"p{number}@acme.example" for number in range(7)))
    monkeypatch.setattr(selections, "BULK_LIMIT", 3)
    remove(world.olga, world.member(world.priya))
    assert Invitation.objects.filter(revoked_at=None, accepted_at=None).count() == 0
    assert len(history(world.organization, "invitation.revoked")) == 7


@pytest.mark.claim("P13")
def test_whoever_asked_again_last_is_the_one_who_asked(world: Acme) -> None:
    invitation = invite(world.priya, world.organization, "ivy@acme.example")
    ask_in(world.olga, world.organization, "ivy@acme.example")
    remove(world.olga, world.member(world.priya))
    invitation.refresh_from_db()
    assert invitation.revoked_at is None
    accept(person("ivy@acme.example", "Ivy"), invitation)


@pytest.mark.claim("P13")
def test_an_open_invitation_to_a_further_address_of_the_removed_person_goes_too(world: Acme) -> None:
    private = invite(world.olga, world.organization, "ben@home.example")
    EmailAddress.objects.create(user=world.ben, email="ben@home.example", verified=True)
    unproven = invite(world.olga, world.organization, "ben@dream.example")
    EmailAddress.objects.create(user=world.ben, email="ben@dream.example", verified=False)
    remove(world.olga, world.member(world.ben))
    private.refresh_from_db()
    unproven.refresh_from_db()
    assert private.revoked_at is not None
    assert unproven.revoked_at is None
    with refused(409, "revoked"):
        accept(world.ben, private)


@pytest.mark.row("I40")
@pytest.mark.claim("P10", "P11")
def test_many_are_removed_at_once_and_the_others_are_named_by_reason(world: Acme) -> None:
    everybody = world.organization.members.all()
    outcome = remove(world.priya, *everybody)
    assert outcome.changed == 2
    assert outcome.refused == {Reason.OWNER: 1, Reason.YOURSELF: 1, Reason.LAST_WORKSPACE_ADMIN: 1}
    assert set(everybody.values_list("user__name", flat=True)) == {"Olga Owner", "Priya Admin", "Mia Chen"}
    assert len(history(world.organization, "member.removed")) == 2


@pytest.mark.row("L1", "I31")
@pytest.mark.claim("P13", "P9")
def test_departed_people_come_back_by_invitation_as_if_new(world: Acme) -> None:
    """Invite, accept, remove, invite, accept ends as one invite, accept."""
    ada = person("ada@acme.example", "Ada")
    lab = workspace_in(world.organization, "Lab")
    what = {"places": {lab.pk: BuiltIn.STANDARD_EDITOR}, "role": BuiltIn.MEMBER}
    first = join(world.olga, world.organization, ada, **what)
    once = rights_of(ada, world)
    remove(world.olga, first)
    assert rights_of(ada, world) == {}
    second = join(world.olga, world.organization, ada, **what)
    assert second.pk != first.pk
    assert rights_of(ada, world) == once
    assert (second.role_id, second.address, second.user) == (first.role_id, first.address, first.user)
    assert Departure.objects.get(user=ada).member_id == first.pk


def test_removing_a_waiting_person_kills_their_link(world: Acme) -> None:
    invitation = invite(world.olga, world.organization, "ivy@acme.example")
    assert invitation.member is not None
    remove(world.priya, invitation.member)
    with refused(409, "revoked"):
        accept(person("ivy@acme.example", "Ivy"), invitation)


def test_roster_itself_and_strangers_remove_nobody(world: Acme) -> None:
    north = northlab()
    ben = world.member(world.ben)
    for actor in (web(north.zoe), ROSTER):
        with refused(409, Reason.NOT_ACTIVE):
            members.remove_members(actor=actor, organization_id=world.id, chosen=chosen(ben)).insist()


@pytest.mark.claim("P3")
def test_an_organization_that_is_gone_is_no_organization(world: Acme) -> None:
    with pytest.raises(Http404), locked(actor=web(world.olga), organization_id=999_999):
        pass


# --- leaving


@pytest.mark.claim("P11", "P13", "P21")
def test_people_leave_and_take_along_what_hung_on_them(world: Acme) -> None:
    ben = world.member(world.ben)
    leave(world.ben, world)
    assert not Member.objects.filter(pk=ben.pk).exists()
    assert Departure.objects.get(member_id=ben.pk).cause == Departure.Cause.LEFT
    assert history(world.organization, "member.left") == [Said("member.left", ben.pk, None, "Joined", "")]


@pytest.mark.claim("P11")
@pytest.mark.row("D25", "N22")
def test_neither_the_owner_nor_a_last_admin_leaves(world: Acme) -> None:
    with refused(409, Reason.OWNER):
        leave(world.olga, world)
    with refused(409, Reason.LAST_WORKSPACE_ADMIN):
        leave(world.mia, world)
    place(world.mia, world.member(world.ben), world.research, BuiltIn.STANDARD_ADMIN)
    leave(world.mia, world)


def test_suspended_people_and_strangers_do_not_leave(world: Acme) -> None:
    suspend(world.olga, world.member(world.ben))
    with refused(409, Reason.NOT_ACTIVE):
        leave(world.ben, world)
    with pytest.raises(Http404):
        leave(northlab().zoe, world)


def test_leaving_one_organization_leaves_the_others(world: Acme) -> None:
    ada = person("ada@acme.example", "Ada")
    join(world.olga, world.organization, ada)
    own = found(ada, "Ada's")
    leave(ada, world)
    assert member_of(own, ada).joined_at is not None
