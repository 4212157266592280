"""Accepting and declining: only the invited address, once, in time; only what can still be given."""

import pytest
from allauth.account.models import EmailAddress
from django.http import Http404

from accounts.actors import ROSTER
from accounts.models import User
from invitations.actions import answering, keeping
from invitations.models import Invitation
from tests.cast import (
    Acme,
    Said,
    accept,
    ask_in,
    chosen,
    custom_role,
    expire,
    found,
    grant_group,
    group_of,
    history,
    invite,
    join,
    manage,
    northlab,
    open_invitation,
    person,
    place,
    refused,
    web,
    workspace_in,
)
from workspaces.actions import members
from workspaces.catalogue import BuiltIn, Code, Scope
from workspaces.models import Directory, Grant, GroupMember, Member

pytestmark = pytest.mark.django_db


@pytest.fixture
def ivy(world: Acme) -> User:
    return person("ivy@acme.example", "Ivy Lee")


def decline(invitation: Invitation, generation: int | None = None) -> None:
    answering.decline(actor=ROSTER, invitation_id=invitation.pk, generation=generation or invitation.generation)


@pytest.mark.row("I27", "I28", "I32", "L7")
@pytest.mark.claim("P7", "P21")
def test_accepting_makes_the_waiting_member_a_joined_one(world: Acme, ivy: User) -> None:
    invitation = invite(world.olga, world.organization, ivy.email)
    waiting = invitation.member_id
    joined = accept(ivy, invitation)
    member = Member.objects.get(pk=joined.member_id)
    assert member.pk == waiting
    assert (member.user, member.role_id, member.invited_until, member.mail) == (ivy, BuiltIn.MEMBER, None, None)
    assert member.joined_at is not None
    invitation.refresh_from_db()
    assert (invitation.accepted_by, invitation.accepted_at is not None) == (ivy, True)
    assert Directory.objects.get(member=member).name == "Ivy Lee"
    assert history(world.organization, "invitation.accepted")[-1] == Said(
        "invitation.accepted", member.pk, None, "Invited", "Joined"
    )


@pytest.mark.claim("P7")
def test_only_a_verified_address_opens_an_invitation(world: Acme, ivy: User) -> None:
    invitation = invite(world.olga, world.organization, "ivy@home.example")
    with refused(403, "wrong_account"):
        accept(ivy, invitation)
    address = EmailAddress.objects.create(user=ivy, email="ivy@home.example", verified=False)
    with refused(403, "wrong_account"):
        accept(ivy, invitation)
    with refused(403, "wrong_account"):
        answering.accept(actor=ROSTER, invitation_id=invitation.pk, generation=1)
    address.verified = True
    address.save()
    User.objects.filter(pk=ivy.pk).update(is_active=False)
    with refused(403, "wrong_account"):
        accept(ivy, invitation)
    User.objects.filter(pk=ivy.pk).update(is_active=True)
    assert accept(ivy, invitation).dropped == 0
    ivy.refresh_from_db()
    assert ivy.email == "ivy@acme.example"


@pytest.mark.claim("P5", "P9")
def test_an_invitation_is_used_once(world: Acme, ivy: User) -> None:
    invitation = invite(world.olga, world.organization, ivy.email)
    accept(ivy, invitation)
    with refused(409, "accepted"):
        accept(ivy, invitation)
    with refused(409, "accepted"):
        decline(invitation)
    # Nor does it open again for whoever left meanwhile.
    members.leave(actor=web(ivy), organization_id=world.id)
    with refused(409, "accepted"):
        accept(ivy, invitation)


@pytest.mark.claim("P8")
def test_an_expired_invitation_is_neither_accepted_nor_declined(world: Acme, ivy: User) -> None:
    invitation = invite(world.olga, world.organization, ivy.email)
    expire(invitation)
    with refused(409, "expired"):
        accept(ivy, invitation)
    with refused(409, "expired"):
        decline(invitation)


@pytest.mark.claim("P9")
def test_declining_keeps_the_waiting_member_and_says_so_once(world: Acme, ivy: User) -> None:
    invitation = invite(world.olga, world.organization, ivy.email)
    decline(invitation)
    invitation.refresh_from_db()
    member = Member.objects.get(invitation=invitation)
    assert invitation.declined_at is not None
    assert (member.joined_at, member.declined_at) == (None, invitation.declined_at)
    for again in (lambda: decline(invitation), lambda: accept(ivy, invitation)):
        with refused(409, "declined"):
            again()
    assert history(world.organization, "invitation.declined") == [
        Said("invitation.declined", member.pk, None, "Pending", "Declined")
    ]
    keeping.resend(actor=web(world.olga), organization_id=world.id, chosen=chosen(member))
    invitation.refresh_from_db()
    accept(ivy, invitation)


@pytest.mark.claim("P5")
def test_a_link_of_a_former_generation_answers_nothing(world: Acme, ivy: User) -> None:
    former = invite(world.olga, world.organization, ivy.email)
    ask_in(world.olga, world.organization, ivy.email)
    with refused(409, "replaced"):
        accept(ivy, former)
    with refused(409, "replaced"):
        decline(former)
    with refused(409, "replaced"):
        decline(former, generation=3)
    accept(ivy, open_invitation(world.organization, ivy.email))


@pytest.mark.claim("P3")
def test_an_unknown_invitation_is_not_there(ivy: User) -> None:
    for answer in (answering.accept, answering.decline):
        with pytest.raises(Http404):
            answer(actor=web(ivy), invitation_id=999_999, generation=1)


# --- somebody who is a member already


@pytest.mark.row("I43")
@pytest.mark.claim("P9", "P21")
def test_an_invitation_to_a_further_address_merges_into_the_membership_and_only_adds(world: Acme) -> None:
    ben = world.member(world.ben)
    lab = workspace_in(world.organization, "Lab")
    team = group_of(world.olga, world.organization, "Team", ben)
    club = group_of(world.olga, world.organization, "Club")
    place(world.olga, ben, world.research, BuiltIn.STANDARD_VIEWER)
    invitation = invite(
        world.olga,
        world.organization,
        "ben@home.example",
        role=BuiltIn.ADMIN,
        groups=[team.pk, club.pk],
        places={world.research.pk: BuiltIn.STANDARD_VIEWER, lab.pk: BuiltIn.STANDARD_EDITOR},
    )
    EmailAddress.objects.create(user=world.ben, email="ben@home.example", verified=True)
    joined = accept(world.ben, invitation)
    assert joined.member_id == ben.pk
    assert not Member.objects.filter(address="ben@home.example").exists()
    ben.refresh_from_db()
    assert (ben.role_id, ben.address) == (BuiltIn.ADMIN, "ben@acme.example")
    assert set(Grant.objects.filter(member=ben).values_list("workspace", "role")) == {
        (world.research.pk, BuiltIn.STANDARD_VIEWER),
        (lab.pk, BuiltIn.STANDARD_EDITOR),
    }
    assert set(GroupMember.objects.filter(member=ben).values_list("group", flat=True)) == {team.pk, club.pk}
    assert history(world.organization, "invitation.merged", "member.role_changed") == [
        Said("member.role_changed", ben.pk, None, "Member", "Admin"),
        Said("invitation.merged", ben.pk),
    ]


@pytest.mark.claim("P9")
def test_merging_never_lowers_a_role(world: Acme) -> None:
    invitation = invite(world.olga, world.organization, "priya@home.example", role=BuiltIn.GUEST)
    EmailAddress.objects.create(user=world.priya, email="priya@home.example", verified=True)
    accept(world.priya, invitation)
    assert world.member(world.priya).role_id == BuiltIn.ADMIN
    # Sideways is not upwards: a role that holds other permissions leaves the present one.
    billing = custom_role(world.organization, "Billing", Scope.ORGANIZATION, "billing.manage")
    invitation = invite(world.olga, world.organization, "ben@home.example", role=billing.pk)
    EmailAddress.objects.create(user=world.ben, email="ben@home.example", verified=True)
    accept(world.ben, invitation)
    assert world.member(world.ben).role_id == BuiltIn.MEMBER


@pytest.mark.claim("P23", "P14")
def test_a_suspended_member_does_not_come_back_by_another_address(world: Acme) -> None:
    members.suspend_members(actor=web(world.olga), organization_id=world.id, chosen=chosen(world.member(world.ben)))
    invitation = invite(world.olga, world.organization, "ben@home.example")
    EmailAddress.objects.create(user=world.ben, email="ben@home.example", verified=True)
    with refused(409, "suspended"):
        accept(world.ben, invitation)
    invitation.refresh_from_db()
    assert invitation.accepted_at is None


# --- what the inviter may give by then


@pytest.mark.claim("P10", "P21")
def test_what_the_inviter_may_no_longer_give_is_left_out_and_recorded(world: Acme, ivy: User) -> None:
    lab = workspace_in(world.organization, "Lab")
    heavy = group_of(world.olga, world.organization, "Heavy")
    grant_group(heavy, lab, BuiltIn.STANDARD_EDITOR)
    invitation = invite(
        world.priya,
        world.organization,
        ivy.email,
        role=BuiltIn.ADMIN,
        groups=[heavy.pk],
        places={lab.pk: BuiltIn.STANDARD_EDITOR, world.research.pk: BuiltIn.STANDARD_VIEWER},
    )
    place(world.olga, Member.objects.get(invitation=invitation), world.default, BuiltIn.STANDARD_VIEWER)
    place(world.olga, world.member(world.priya), world.research, BuiltIn.STANDARD_ADMIN)
    members.update_roles(
        actor=web(world.olga),
        organization_id=world.id,
        chosen=chosen(world.member(world.priya)),
        role_id=BuiltIn.MEMBER,
    )
    joined = accept(ivy, invitation)
    member = Member.objects.get(pk=joined.member_id)
    assert joined.dropped == 3
    assert member.role_id == BuiltIn.MEMBER
    # Priya is still an admin of Research; what Olga gave is Olga's.
    assert set(Grant.objects.filter(member=member).values_list("workspace", flat=True)) == {
        world.research.pk,
        world.default.pk,
    }
    assert not GroupMember.objects.filter(member=member).exists()
    assert history(world.organization, "placement.dropped") == [
        Said("placement.dropped", member.pk, None, "Admin", ""),
        Said("placement.dropped", member.pk, lab.pk, "Editor", ""),
        Said("placement.dropped", member.pk, None, "Heavy", ""),
    ]


@pytest.mark.claim("P10")
def test_of_a_suspended_inviter_nothing_is_left_to_give(world: Acme, ivy: User) -> None:
    invitation = invite(world.priya, world.organization, ivy.email, places={world.research.pk: BuiltIn.STANDARD_VIEWER})
    priya = world.member(world.priya)
    members.suspend_members(actor=web(world.olga), organization_id=world.id, chosen=chosen(priya))
    joined = accept(ivy, invitation)
    member = Member.objects.get(pk=joined.member_id)
    assert (joined.dropped, member.role_id) == (2, BuiltIn.GUEST)
    assert not Grant.objects.filter(member=member).exists()


@pytest.mark.claim("P10")
def test_a_custom_role_falls_back_to_member_where_both_hold_that_much_and_to_guest_otherwise(world: Acme) -> None:
    most = custom_role(
        world.organization, "Most", Scope.ORGANIZATION, Code.MEMBERS_VIEW, Code.MEMBERS_INVITE, Code.HISTORY_VIEW
    )
    narrow = custom_role(world.organization, "Narrow", Scope.ORGANIZATION, Code.HISTORY_VIEW)
    roles = {}
    for address, role in (("a@acme.example", most.pk), ("b@acme.example", narrow.pk)):
        invitation = invite(world.priya, world.organization, address, role=role)
        roles[address] = invitation
    members.update_roles(
        actor=web(world.olga),
        organization_id=world.id,
        chosen=chosen(world.member(world.priya)),
        role_id=BuiltIn.MEMBER,
    )
    found_roles = [
        Member.objects.get(pk=accept(person(address, address[0]), invitation).member_id).role_id
        for address, invitation in roles.items()
    ]
    assert found_roles == [BuiltIn.MEMBER, BuiltIn.GUEST]


@pytest.mark.claim("P24")
def test_a_group_managers_placement_holds_while_they_manage_the_group(world: Acme, ivy: User) -> None:
    inviter = custom_role(world.organization, "Inviter", Scope.ORGANIZATION, Code.MEMBERS_INVITE, Code.MEMBERS_VIEW)
    ada = join(world.olga, world.organization, person("ada@acme.example", "Ada"), role=inviter.pk)
    team, club = (group_of(world.olga, world.organization, name) for name in ("Team", "Club"))
    manage(team, ada)
    manage(club, ada)
    invitation = invite(ada.user, world.organization, ivy.email, groups=[team.pk, club.pk])
    club.managers.all().delete()
    joined = accept(ivy, invitation)
    assert joined.dropped == 1
    assert GroupMember.objects.get(member=joined.member_id).group_id == team.pk


@pytest.mark.claim("P7")
def test_one_person_belongs_to_many_organizations_each_by_its_own_invitation(world: Acme, ivy: User) -> None:
    north = northlab()
    here, there = (
        invite(world.olga, world.organization, ivy.email),
        invite(north.zoe, north.organization, ivy.email),
    )
    accept(ivy, here)
    assert Member.objects.filter(user=ivy).count() == 1
    accept(ivy, there)
    found(ivy, "Ivy's own")
    assert Member.objects.filter(user=ivy).count() == 3
