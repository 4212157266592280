"""Invite links, without a browser: what they give and to whom, and when they end."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now
from django.http import Http404
from django.utils import timezone

from accounts.models import User
from config.refusals import Refusal
from invitations.actions import links
from invitations.actions.joining import Joined
from invitations.asking import Ask
from invitations.models import InviteLink, InviteLinkUse
from invitations.queries.invitations import invitation_by_token
from invitations.queries.links import link_by_token, token_of
from invitations.tokens import LINK, MAIL, Subject, issue, verify
from tests import cast
from tests.cast import Acme, Said
from tests.people import person
from workspaces.actions import groups, members, roles
from workspaces.actions import workspaces as places
from workspaces.catalogue import BuiltIn, Code, Scope
from workspaces.models import AccessRequest, Grant, GroupMember, Member, Organization, Origin, Workspace

pytestmark = [pytest.mark.django_db]


def make(by: User, world: Acme, **what: object) -> InviteLink:
    ask = Ask(
        what.pop("role", BuiltIn.MEMBER),  # type: ignore[arg-type]
        what.pop("groups", ()),  # type: ignore[arg-type]
        what.pop("places", {}),  # type: ignore[arg-type]
    )
    return links.create_link(
        actor=cast.web(by),
        organization_id=world.id,
        name="Summer school",
        ask=ask,
        **what,  # type: ignore[arg-type]
    )


def join(user: User, link: InviteLink, generation: int | None = None) -> Joined:
    return links.join_by_link(
        actor=cast.web(user), link_id=link.pk, generation=link.generation if generation is None else generation
    )


def nina() -> User:
    return person("nina@new.example", "Nina New")


def placed(member_id: int) -> set[tuple[str, int, str]]:
    rows = Grant.objects.filter(member=member_id).values_list("workspace__slug", "role_id", "origin")
    return set(rows)


# --- what they are


@pytest.mark.claim("P5")
def test_its_address_is_computed_and_never_opens_an_invitation(world: Acme) -> None:
    link = make(world.olga, world)
    invitation = cast.invite(world.olga, world.organization, "new@one.example")
    token = token_of(link)
    subject = Subject(world.id, link.uuid, 1)
    assert len(token) == 48
    assert verify(token, subject, LINK)
    assert not verify(token, subject, MAIL)
    assert link_by_token(token) == (link, 1)
    assert invitation_by_token(token) is None
    # Neither the other's token nor one of the other purpose over one's own id is any good.
    mailed = Subject(world.id, invitation.uuid, invitation.generation)
    assert link_by_token(issue(mailed)) is None
    assert link_by_token(issue(mailed, LINK)) is None
    assert link_by_token(issue(subject, MAIL)) is None
    assert invitation_by_token(issue(mailed, LINK)) is None
    # An invitation with the very same id and generation would still be another's.
    type(invitation).objects.filter(pk=invitation.pk).update(uuid=link.uuid)
    assert invitation_by_token(token) is None


@pytest.mark.claim("P5")
def test_nothing_that_is_stored_opens_the_door(world: Acme) -> None:
    link = make(world.olga, world)
    shown = links.show_link(actor=cast.web(world.olga), organization_id=world.id, link_id=link.pk)
    assert shown == token_of(link)
    said = cast.history(world.organization, "invite_link.made", "invite_link.shown")
    assert said == [Said("invite_link.made", world.id, after="Member"), Said("invite_link.shown", world.id)]
    stored = " ".join(str(value) for row in InviteLink.objects.values() for value in row.values())
    assert shown not in stored
    assert shown[:20] not in stored


@pytest.mark.claim("P10")
def test_nobody_makes_a_link_that_gives_more_than_they_hold(world: Acme) -> None:
    with cast.refused(403):
        make(world.ben, world)
    with cast.refused(403):
        make(world.mia, world, role=BuiltIn.ADMIN, places={world.research.pk: BuiltIn.STANDARD_VIEWER})
    with cast.refused(403):
        make(world.mia, world, places={world.default.pk: BuiltIn.STANDARD_VIEWER})
    north = cast.northlab()
    lab = cast.workspace_in(north.organization, "Lab")
    with pytest.raises(Http404):
        make(world.olga, world, places={lab.pk: BuiltIn.STANDARD_VIEWER})
    # A workspace's admin makes one for that workspace, where the policy lets them.
    link = make(world.mia, world, places={world.research.pk: BuiltIn.STANDARD_EDITOR})
    assert placed(join(nina(), link).member_id) == {("research", BuiltIn.STANDARD_EDITOR, Origin.LINK)}


@pytest.mark.claim("P15")
def test_a_link_for_admins_needs_fresh_proof_of_identity_to_make_and_to_show(world: Acme) -> None:
    stale = cast.web(world.olga, is_fresh=False)
    with cast.refused(401, "confirm"):
        links.create_link(actor=stale, organization_id=world.id, name="Admins", ask=Ask(BuiltIn.ADMIN))
    link = make(world.olga, world, role=BuiltIn.ADMIN)
    with cast.refused(401, "confirm"):
        links.show_link(actor=stale, organization_id=world.id, link_id=link.pk)


@pytest.mark.claim("P10")
def test_whoever_may_invite_but_holds_less_cannot_look_at_a_stronger_link(world: Acme) -> None:
    inviter = cast.custom_role(
        world.organization, "Inviter", Scope.ORGANIZATION, Code.MEMBERS_INVITE, Code.MEMBERS_VIEW
    )
    members.update_roles(
        actor=cast.web(world.olga),
        organization_id=world.id,
        chosen=cast.chosen(world.member(world.ben)),
        role_id=inviter.pk,
    )
    link = make(world.olga, world, role=BuiltIn.ADMIN)
    what = {"actor": cast.web(world.ben), "organization_id": world.id, "link_id": link.pk}
    for act in (links.show_link, links.rotate_link):
        with cast.refused(403, "gives_more"):
            act(**what)
    links.revoke_link(**what)  # ending gives nothing to anybody


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ({"most_uses": 0}, "uses"),
        ({"most_uses": -1}, "uses"),
        ({"allowed_domain": "not a domain"}, "no_domain"),
        ({"expires_at": timezone.now() - timedelta(days=1)}, "expired"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(world: Acme, what: dict[str, object], code: str) -> None:
    with cast.refused(422, code):
        make(world.olga, world, **what)


# --- joining


def test_whoever_has_it_joins_with_all_that_it_gives(world: Acme) -> None:
    team = cast.group_of(world.olga, world.organization, "Data team")
    link = make(world.olga, world, groups=[team.pk], places={world.research.pk: BuiltIn.STANDARD_EDITOR}, most_uses=2)
    new = nina()
    joined = join(new, link)
    member = Member.objects.get(pk=joined.member_id)
    assert (member.user, member.address, member.role_id, joined.dropped) == (new, new.email, BuiltIn.MEMBER, 0)
    assert placed(member.pk) == {("research", BuiltIn.STANDARD_EDITOR, Origin.LINK)}
    assert list(GroupMember.objects.filter(member=member).values_list("group", flat=True)) == [team.pk]
    assert cast.history(world.organization, "invite_link.joined") == [
        Said("invite_link.joined", member.pk, after="Member")
    ]
    assert InviteLink.objects.get(pk=link.pk).uses == 1
    assert list(InviteLinkUse.objects.values_list("link", "member_id")) == [(link.pk, member.pk)]


@pytest.mark.claim("P7")
def test_only_addresses_that_are_confirmed_and_of_its_domain_count(world: Acme) -> None:
    link = make(world.olga, world, allowed_domain="NEW.example")
    for address in ("nina@other.example", "nina@sub.new.example", "nina@new.example.evil.example"):
        with cast.refused(403, "wrong_address"):
            join(person(address), link)
    member = Member.objects.get(pk=join(nina(), link).member_id)
    assert member.address == "nina@new.example"


def test_it_ends_by_its_day_its_number_its_maker_and_by_a_newer_address(world: Acme) -> None:
    new = nina()
    by_number = make(world.olga, world, most_uses=1)
    join(person("first@new.example"), by_number)
    ended = make(world.olga, world)
    links.revoke_link(actor=cast.web(world.priya), organization_id=world.id, link_id=ended.pk)
    by_day = make(world.olga, world, expires_at=timezone.now() + timedelta(days=1))
    InviteLink.objects.filter(pk=by_day.pk).update(expires_at=Now() - timedelta(seconds=1))
    rotated = make(world.olga, world)
    links.rotate_link(actor=cast.web(world.priya), organization_id=world.id, link_id=rotated.pk)
    for link, code in ((by_number, "used_up"), (ended, "revoked"), (by_day, "expired"), (rotated, "replaced")):
        with cast.refused(409, code):
            join(new, link)
    assert join(new, rotated, generation=2).is_new
    with cast.refused(409, "revoked"):
        links.rotate_link(actor=cast.web(world.olga), organization_id=world.id, link_id=ended.pk)


@pytest.mark.claim("P23")
def test_the_removed_the_revoked_and_the_suspended_do_not_come_back_by_a_link(world: Acme) -> None:
    link = make(world.olga, world, places={world.research.pk: BuiltIn.STANDARD_VIEWER})
    actor = cast.web(world.olga)
    members.remove_members(actor=actor, organization_id=world.id, chosen=cast.chosen(world.member(world.ben)))
    with cast.refused(409, "departed"):
        join(world.ben, link)
    members.suspend_members(actor=actor, organization_id=world.id, chosen=cast.chosen(world.member(world.tom)))
    with cast.refused(409, "suspended"):
        join(world.tom, link)
    new = nina()
    invitation = cast.invite(world.olga, world.organization, new.email)
    with cast.refused(409, "invited"):
        join(new, link)
    waiting = Member.objects.get(invitation=invitation)
    members.revoke_invitations(actor=actor, organization_id=world.id, chosen=cast.chosen(waiting))
    with cast.refused(409, "departed"):
        join(new, link)
    assert InviteLink.objects.get(pk=link.pk).uses == 0


def test_who_is_in_gains_places_only_and_each_but_once(world: Acme) -> None:
    link = make(world.olga, world, places={world.research.pk: BuiltIn.STANDARD_VIEWER})
    tom = world.member(world.tom)
    joined = join(world.tom, link)
    tom.refresh_from_db()
    assert (joined.is_new, joined.member_id, tom.role_id) == (False, tom.pk, BuiltIn.GUEST)
    assert placed(tom.pk) == {("research", BuiltIn.STANDARD_VIEWER, Origin.LINK)}
    Grant.objects.filter(member=tom).delete()  # as if an admin had taken it away
    with cast.refused(409, "used"):
        join(world.tom, link)
    empty = make(world.olga, world)
    with cast.refused(409, "member"):
        join(world.ben, empty)


def test_access_that_ends_is_not_made_longer_by_a_link(world: Acme) -> None:
    cast.place(world.olga, world.member(world.ben), world.research, BuiltIn.STANDARD_VIEWER)
    grant = Grant.objects.get(member=world.member(world.ben), workspace=world.research)
    Grant.objects.filter(pk=grant.pk).update(ends_at=Now() + timedelta(days=1))
    link = make(world.olga, world, places={world.research.pk: BuiltIn.STANDARD_VIEWER})
    with cast.refused(409, "member"):
        join(world.ben, link)
    grant.refresh_from_db()
    assert grant.ends_at is not None


@pytest.mark.claim("P10")
def test_what_its_maker_can_no_longer_give_becomes_one_request(world: Acme) -> None:
    team = cast.group_of(world.olga, world.organization, "Leads")
    cast.grant_group(team, world.research, BuiltIn.STANDARD_ADMIN)
    link = make(
        world.priya,
        world,
        role=BuiltIn.ADMIN,
        groups=[team.pk],
        places={world.research.pk: BuiltIn.STANDARD_EDITOR, world.default.pk: BuiltIn.STANDARD_VIEWER},
    )
    inviter = cast.custom_role(
        world.organization, "Inviter", Scope.ORGANIZATION, Code.MEMBERS_INVITE, Code.MEMBERS_VIEW
    )
    members.update_roles(
        actor=cast.web(world.olga),
        organization_id=world.id,
        chosen=cast.chosen(world.member(world.priya)),
        role_id=inviter.pk,
    )
    joined = join(nina(), link)
    member = Member.objects.get(pk=joined.member_id)
    assert (member.role_id, joined.dropped) == (BuiltIn.MEMBER, 4)
    assert placed(member.pk) == set()
    held = AccessRequest.objects.get(member=member)
    assert held.kind == AccessRequest.Kind.HELD
    wanted = set(held.placements.values_list("workspace", "group", "role"))
    assert wanted == {
        (None, None, BuiltIn.ADMIN),
        (None, team.pk, None),
        (world.research.pk, None, BuiltIn.STANDARD_EDITOR),
        (world.default.pk, None, BuiltIn.STANDARD_VIEWER),
    }


def test_a_maker_who_may_no_longer_invite_lets_nobody_in_and_a_removed_ones_links_end(world: Acme) -> None:
    link = make(world.priya, world)
    actor = cast.web(world.olga)
    priya = world.member(world.priya)
    members.suspend_members(actor=actor, organization_id=world.id, chosen=cast.chosen(priya))
    new = nina()
    with cast.refused(409, "maker"):
        join(new, link)
    members.reactivate_members(actor=actor, organization_id=world.id, chosen=cast.chosen(priya))
    members.remove_members(actor=actor, organization_id=world.id, chosen=cast.chosen(priya))
    assert cast.history(world.organization, "invite_link.revoked") == [Said("invite_link.revoked", world.id)]
    with cast.refused(409, "revoked"):
        join(new, link)


@pytest.mark.claim("P10", "P13")
def test_whoever_rotates_a_link_answers_for_it_from_then_on(world: Acme) -> None:
    link = make(world.priya, world)
    links.rotate_link(actor=cast.web(world.olga), organization_id=world.id, link_id=link.pk)
    members.remove_members(
        actor=cast.web(world.olga), organization_id=world.id, chosen=cast.chosen(world.member(world.priya))
    )
    assert join(nina(), link, generation=2).is_new


def test_nobody_comes_in_beyond_the_seats_and_no_use_is_lost(world: Acme) -> None:
    link = make(world.olga, world, most_uses=1)
    Organization.objects.filter(pk=world.id).update(seats=world.organization.members.count())
    with cast.refused(409, "no_seat"):
        join(nina(), link)
    assert InviteLink.objects.get(pk=link.pk).uses == 0


# --- what it hangs on


def test_a_link_gives_the_role_that_took_the_place_of_another_and_nothing_that_is_gone(world: Acme) -> None:
    actor = cast.web(world.olga)
    reader = cast.custom_role(world.organization, "Reader", Scope.WORKSPACE, Code.WORKSPACE_VIEW)
    spare = cast.custom_role(world.organization, "Spare", Scope.WORKSPACE, Code.WORKSPACE_VIEW)
    billing = cast.custom_role(world.organization, "Billing", Scope.ORGANIZATION, Code.MEMBERS_VIEW)
    lab = cast.workspace_in(world.organization, "Lab")
    team = cast.group_of(world.olga, world.organization, "Data team")
    link = make(world.olga, world, groups=[team.pk], places={world.research.pk: reader.pk, lab.pk: reader.pk})
    cast.place(world.olga, world.member(world.ben), world.research, reader.pk)
    what = {"actor": actor, "organization_id": world.id}
    roles.delete_role(**what, role_id=reader.pk, replacement_id=spare.pk)
    groups.delete_group(**what, group_id=team.pk)
    Workspace.objects.filter(pk=lab.pk).update(deleted_at=Now() - timedelta(days=31))
    assert places.purge_workspaces() == 1
    assert placed(join(nina(), link).member_id) == {("research", spare.pk, Origin.LINK)}
    ending = make(world.olga, world, role=billing.pk)
    roles.delete_role(**what, role_id=billing.pk, replacement_id=None)
    with cast.refused(409, "revoked"):
        join(person("last@new.example"), ending)


def test_an_organization_with_links_and_domains_can_be_deleted(world: Acme) -> None:
    from invitations.actions import domains
    from workspaces.actions import organizations

    billing = cast.custom_role(world.organization, "Billing", Scope.ORGANIZATION, Code.MEMBERS_VIEW)
    join(nina(), make(world.olga, world, role=billing.pk, places={world.research.pk: BuiltIn.STANDARD_VIEWER}))
    domains.switch_on(actor=cast.web(world.olga), organization_id=world.id, workspace_ids=[world.research.pk])
    organizations.delete_organization(actor=cast.web(world.olga), organization_id=world.id, confirmed_name="Acme")
    assert not Organization.objects.filter(pk=world.id).exists()


def test_a_use_is_decided_by_one_update(world: Acme) -> None:
    """What the lock does not see: the row itself says no."""
    link = make(world.olga, world, most_uses=1)
    InviteLink.objects.filter(pk=link.pk).update(uses=F("most_uses"))
    with pytest.raises(Refusal):
        join(nina(), link)
