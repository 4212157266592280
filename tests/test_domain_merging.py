"""Two places of one person become one: what moves, what ends, who may do it, and that the past stays whole."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db.models.functions import Now
from django.http import Http404

from accounts.models import User
from invitations.actions import proposing
from invitations.models import Invitation, ProposedPerson
from tests.cast import (
    Acme,
    Said,
    accept,
    ask_in,
    custom_role,
    end,
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
    web,
    workspace_in,
)
from workspaces.actions import members, merging, resources
from workspaces.actions.hosts import hand_in
from workspaces.catalogue import BuiltIn, Code, Scope
from workspaces.hosts import KnownProduct, RegisteredResource
from workspaces.models import (
    AccessRequest,
    Collaborator,
    Departure,
    Grant,
    GrantPermission,
    GroupManager,
    GroupMember,
    Member,
    MergedMember,
    Resource,
)
from workspaces.queries.duplicates import duplicates_in
from workspaces.queries.history import acts_on_member, lines_of
from workspaces.reasons import Reason
from workspaces.selections import Chosen

pytestmark = pytest.mark.django_db


def merge(world: Acme, by: User, former: Member, kept: Member) -> None:
    merging.merge_members(actor=web(by), organization_id=world.id, member_id=former.pk, into_id=kept.pk)


@pytest.fixture
def second(world: Acme) -> Member:
    """Ben's other place: waiting, at his private address."""
    ask_in(world.olga, world.organization, "ben@home.example")
    return world.organization.members.get(address="ben@home.example")


def test_everything_of_the_one_goes_to_the_other_and_the_first_is_removed_with_a_receipt(
    world: Acme, second: Member
) -> None:
    ben, lab = world.member(world.ben), workspace_in(world.organization, "Lab")
    place(world.olga, second, lab, BuiltIn.STANDARD_EDITOR)
    place(world.olga, second, world.research, BuiltIn.STANDARD_VIEWER)
    place(world.olga, ben, world.research, BuiltIn.STANDARD_VIEWER)
    Grant.objects.filter(member=ben).update(ends_at=Now() + timedelta(days=1))
    mine = Grant.objects.get(member=ben)
    GrantPermission.objects.create(
        grant=Grant.objects.get(member=second, workspace=world.research), permission="projects.view"
    )
    both, one = (
        group_of(world.olga, world.organization, "Both", ben, second),
        group_of(world.olga, world.organization, "One", second),
    )
    manage(one, second)
    asked = AccessRequest.objects.create(organization=world.organization, member=second)
    merge(world, world.priya, second, ben)
    assert not Member.objects.filter(pk=second.pk).exists()
    assert set(Grant.objects.filter(member=ben).values_list("workspace", "role", "ends_at")) == {
        (lab.pk, BuiltIn.STANDARD_EDITOR, None),
        (world.research.pk, BuiltIn.STANDARD_VIEWER, None),
    }
    assert GrantPermission.objects.get().grant_id == mine.pk
    assert set(GroupMember.objects.filter(member=ben).values_list("group", flat=True)) == {both.pk, one.pk}
    assert GroupManager.objects.get(group=one).member == ben
    assert AccessRequest.objects.get(pk=asked.pk).member == ben
    assert Departure.objects.get(pk=second.pk).cause == Departure.Cause.MERGED
    invitation = Invitation.objects.get(address="ben@home.example")
    assert (invitation.revoked_at is not None, invitation.member_id) == (True, None)
    assert Said("member.merged", second.pk, ben.pk, "Invited") in history(world.organization, "member.merged")


@pytest.mark.claim("P10")
def test_what_has_ended_for_one_of_them_adds_nothing_and_comes_back_by_nothing(world: Acme, second: Member) -> None:
    ben, lab = world.member(world.ben), workspace_in(world.organization, "Lab")
    for workspace, ended in ((lab, ben), (world.research, second)):
        for member in (ben, second):
            place(world.olga, member, workspace, BuiltIn.STANDARD_VIEWER)
        over = Grant.objects.get(member=ended, workspace=workspace)
        GrantPermission.objects.create(grant=over, permission="projects.edit")
        end(over)
    merge(world, world.olga, second, ben)
    assert set(Grant.objects.filter(member=ben).values_list("workspace", "ends_at")) == {
        (lab.pk, None),
        (world.research.pk, None),
    }
    assert not GrantPermission.objects.exists()


def test_the_kept_ones_history_shows_the_formers_also_over_several_merges(world: Acme, second: Member) -> None:
    ask_in(world.olga, world.organization, "ben@third.example")
    third = world.organization.members.get(address="ben@third.example")
    merge(world, world.olga, second, third)
    merge(world, world.olga, third, world.member(world.ben))
    ben = world.member(world.ben).pk
    assert set(MergedMember.objects.values_list("former_id", "member_id")) == {(second.pk, ben), (third.pk, ben)}
    subjects = {entry.subject_id for line in lines_of(acts_on_member(world.id, ben)) for entry in line.entries}
    assert {second.pk, third.pk, ben} <= subjects


def test_accepting_at_a_further_address_keeps_the_past_as_well(world: Acme, second: Member) -> None:
    EmailAddress.objects.create(user=world.ben, email="ben@home.example", verified=True)
    accept(world.ben, Invitation.objects.get(address="ben@home.example"))
    assert MergedMember.objects.get().member_id == world.member(world.ben).pk


@pytest.mark.claim("P10")
def test_nobody_merges_whom_or_what_they_do_not_hold(world: Acme, second: Member) -> None:
    keeper = custom_role(world.organization, "Keeper", Scope.ORGANIZATION, Code.MEMBERS_ORG_MANAGE, Code.MEMBERS_VIEW)
    kim = person("kim@acme.example", "Kim")
    join(world.olga, world.organization, kim, role=keeper.pk)
    ben, mia, tom = (world.member(user) for user in (world.ben, world.mia, world.tom))
    for user in (world.mia, world.tom):
        with refused(403, Reason.NO_RIGHT):
            merge(world, user, second, ben)
    priya = world.member(world.priya)
    for pair in ((priya, ben), (ben, priya)):
        with refused(403, Reason.HOLDS_MORE):
            merge(world, kim, *pair)
    # Mia is Admin of Research, which Kim is not; the team carries what Kim does not hold.
    with refused(403):
        merge(world, kim, mia, ben)
    grant_group(group_of(world.olga, world.organization, "Team", second), world.research, BuiltIn.STANDARD_ADMIN)
    with refused(403):
        merge(world, kim, second, ben)
    GroupMember.objects.filter(member=second).delete()
    merge(world, kim, second, ben)
    with refused(409, Reason.YOURSELF):
        merge(world, world.priya, tom, priya)
    with refused(409, Reason.YOURSELF):
        merge(world, world.priya, priya, tom)


@pytest.mark.claim("P11")
def test_the_owner_stays_and_every_admin_seat_is_handed_on_or_kept(world: Acme, second: Member) -> None:
    olga, priya, mia, ben, tom = (
        world.member(user) for user in (world.olga, world.priya, world.mia, world.ben, world.tom)
    )
    with refused(409, Reason.OWNER):
        merge(world, world.priya, olga, ben)
    # Nobody is admin of Research but Mia: whoever is blocked would count as none.
    User.objects.filter(pk=world.tom.pk).update(is_active=False)
    with refused(409, Reason.BLOCKED):
        merge(world, world.olga, mia, tom)
    merge(world, world.olga, mia, ben)
    assert Grant.objects.get(workspace=world.research, role=BuiltIn.STANDARD_ADMIN).member == ben
    with refused(401, Reason.CONFIRM):
        merging.merge_members(
            actor=web(world.olga, is_fresh=False), organization_id=world.id, member_id=priya.pk, into_id=ben.pk
        )
    merge(world, world.olga, priya, ben)
    assert world.member(world.ben).role_id == BuiltIn.ADMIN


def test_states_that_do_not_go_together(world: Acme, second: Member) -> None:
    ben, mia = world.member(world.ben), world.member(world.mia)
    with refused(409, Reason.WAITING):
        merge(world, world.olga, ben, second)
    members.suspend_members(actor=web(world.olga), organization_id=world.id, chosen=Chosen.one(ben.pk))
    for pair in ((second, ben), (ben, mia)):
        with refused(409, Reason.SUSPENDED):
            merge(world, world.olga, *pair)
    with pytest.raises(Http404):
        merge(world, world.olga, mia, mia)


@pytest.mark.claim("P3")
def test_members_of_another_organization_do_not_exist(world: Acme, second: Member) -> None:
    zoe = northlab()
    theirs = zoe.organization.members.get()
    for pair in ((second, theirs), (theirs, second)):
        with pytest.raises(Http404):
            merge(world, world.olga, *pair)


def test_what_somebody_owns_and_began_goes_on_and_what_was_private_to_others_ends(world: Acme) -> None:
    about = {"organization": world.organization.slug, "product": "Notebooks", "kind": "project"}
    hand_in(
        [
            KnownProduct(name="Notebooks", url="https://notebooks.example/"),
            RegisteredResource(**about, external_id="a", name="A", workspace="research", owner="mia@acme.example"),
            RegisteredResource(**about, external_id="b", name="B", workspace="research", owner="olga@acme.example"),
        ]
    )
    mia, ben = world.member(world.mia), world.member(world.ben)
    secret = Resource.objects.get(external_id="b")
    resources.share(
        actor=web(world.olga), organization_id=world.id, resource_id=secret.pk, level="view", member_id=mia.pk
    )
    Resource.objects.filter(pk=secret.pk).update(access=Resource.Access.PRIVATE)
    members.update_roles(
        actor=web(world.olga), organization_id=world.id, chosen=Chosen.one(mia.pk), role_id=BuiltIn.ADMIN
    )
    sent = invite(world.mia, world.organization, "ivy@x.example")
    merge(world, world.priya, mia, ben)
    assert Resource.objects.get(external_id="a").owner == ben
    assert not Collaborator.objects.filter(resource=secret).exists()
    assert [entry.subject for entry in history(world.organization, "collaboration.dropped")] == [mia.pk]
    sent.refresh_from_db()
    assert (sent.revoked_at, sent.inviter) == (None, world.ben)


def test_proposals_follow_and_no_address_is_open_twice(world: Acme) -> None:
    world.organization.members_propose = True
    world.organization.save(update_fields=["members_propose"])
    for user in (world.mia, world.ben):
        for address in ("same@x.example", f"{user.pk}@x.example"):
            proposing.propose_people(actor=web(user), organization_id=world.id, entries=[proposing.Pasted(address)])
    merge(world, world.olga, world.member(world.mia), world.member(world.ben))
    mine = ProposedPerson.objects.filter(proposed_by=world.member(world.ben))
    assert sorted(mine.values_list("address", flat=True)) == sorted(
        ["same@x.example", f"{world.mia.pk}@x.example", f"{world.ben.pk}@x.example"]
    )
    assert ProposedPerson.objects.count() == 3


# --- finding them


def test_probable_duplicates_are_found_the_sure_ones_first(world: Acme, second: Member) -> None:
    EmailAddress.objects.create(user=world.ben, email="ben@home.example", verified=True)
    EmailAddress.objects.create(user=world.tom, email="unproven@x.example", verified=False)
    ask_in(world.olga, world.organization, "unproven@x.example", "mia@acme.test", "alone@x.example")
    join(world.olga, world.organization, person("mc@x.example", "MIA chen"))
    north = northlab()
    ask_in(north.zoe, north.organization, "mia@acme.test")
    found = [
        (each.what, each.shared, [member.address for member in each.members])
        for each in duplicates_in(world.organization)
    ]
    assert found == [
        ("person", "ben@home.example", ["ben@acme.example", "ben@home.example"]),
        ("name", "mia chen", ["mia@acme.example", "mc@x.example"]),
        ("mailbox", "mia", ["mia@acme.example", "mia@acme.test"]),
    ]
    assert duplicates_in(north.organization) == []
