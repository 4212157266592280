"""Organizations: made, changed, deleted, handed over; and what the end of an account means for them."""

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.http import Http404

from accounts import actions as people
from accounts.actors import Actor
from accounts.models import OutgoingMail, User
from invitations.models import Invitation
from tests.cast import (
    Acme,
    Said,
    chosen,
    found,
    grant_group,
    group_of,
    history,
    invite,
    join,
    member_of,
    northlab,
    person,
    place,
    refused,
    staff_person,
    support,
    web,
)
from workspaces.actions import members, organizations
from workspaces.catalogue import BuiltIn, Scheme
from workspaces.models import Act, Departure, Entry, Grant, Label, Member, Organization, OwnershipTransfer, Workspace
from workspaces.reasons import Reason

pytestmark = pytest.mark.django_db


# --- made


@pytest.mark.row("I10", "D25", "N2", "N18", "N19")
@pytest.mark.parametrize(
    ("scheme", "top", "everyday", "workspaces"),
    [
        (Scheme.STANDARD, BuiltIn.STANDARD_ADMIN, BuiltIn.STANDARD_EDITOR, {"default", "system"}),
        (Scheme.MANAGED, BuiltIn.MANAGED_MANAGER, BuiltIn.MANAGED_MEMBER, {"default"}),
        (
            Scheme.INFRASTRUCTURE,
            BuiltIn.INFRASTRUCTURE_ACCOUNT_ADMIN,
            BuiltIn.INFRASTRUCTURE_DEVELOPER,
            {"default"},
        ),
    ],
)
def test_whoever_creates_an_organization_owns_it_and_everyone_works_in_its_default_workspace(
    scheme: Scheme, top: BuiltIn, everyday: BuiltIn, workspaces: set[str]
) -> None:
    olga = person("olga@acme.example", "Olga")
    organization = found(olga, "  Acme   Labs ", scheme)
    owner = member_of(organization, olga)
    assert (organization.name, organization.slug, organization.owner) == ("Acme Labs", "acme-labs", owner)
    assert (owner.role_id, owner.joined_at is not None) == (BuiltIn.ADMIN, True)
    assert set(organization.workspaces.values_list("slug", flat=True)) == workspaces
    default = organization.workspaces.get(slug="default")
    assert set(Grant.objects.filter(workspace=default).values_list("member", "role", "origin")) == {
        (owner.pk, top, "default"),
        (None, everyday, "default"),
    }
    if scheme == Scheme.STANDARD:
        system = organization.workspaces.get(slug="system")
        assert system.kind == Workspace.Kind.SYSTEM
        assert set(Grant.objects.filter(workspace=system).values_list("member", "role")) == {
            (None, BuiltIn.STANDARD_VIEWER)
        }
    assert [entry.kind for entry in history(organization)] == [
        "organization.created",
        *["workspace.created"] * len(workspaces),
    ]


def test_both_first_workspaces_can_be_left_out() -> None:
    organization = organizations.create_organization(
        actor=web(person("olga@acme.example", "Olga")),
        name="Acme",
        with_default_workspace=False,
        with_system_workspace=False,
    )
    assert not organization.workspaces.exists()


@pytest.mark.parametrize(
    ("name", "slug"), [("Acme", "acme-2"), ("新", "organization"), ("New", "new-2"), ("A" * 80, "a" * 40)]
)
def test_every_organization_has_an_address_of_its_own(world: Acme, name: str, slug: str) -> None:
    assert found(world.ben, name).slug == slug


@pytest.mark.claim("P17")
@pytest.mark.parametrize("name", ["", "Acme\u202e", "Ac\nme", "x" * 81])
def test_what_is_no_name_makes_no_organization(world: Acme, name: str) -> None:
    with pytest.raises(ValidationError):
        found(world.ben, name)
    with pytest.raises(ValidationError):
        organizations.change_organization(actor=web(world.olga), organization_id=world.id, name=name)
    assert Organization.objects.get().name == "Acme"
    assert not history(world.organization, "organization.changed")


# --- changed


@pytest.mark.claim("P10", "P21")
def test_each_changed_setting_stands_in_the_history_and_unchanged_ones_do_not(world: Acme) -> None:
    changed = organizations.change_organization(
        actor=web(world.priya), organization_id=world.id, name="Acme Ltd", invitation_days=14, members_see_members=True
    )
    assert changed == ["name", "invitation_days"]
    assert [(entry.before, entry.after) for entry in history(world.organization, "organization.changed")] == [
        ("Acme", "Acme Ltd"),
        ("7", "14"),
    ]
    fields = Act.objects.filter(kind="organization.changed").order_by("pk").values_list("payload__field", flat=True)
    assert list(fields) == ["name", "invitation_days"]
    world.organization.refresh_from_db()
    assert (world.organization.name, world.organization.slug) == ("Acme Ltd", "acme")
    for user in (world.mia, world.tom):
        with refused(403, Reason.NO_RIGHT):
            organizations.change_organization(actor=web(user), organization_id=world.id, name="Mine")
    for days in (0, 31):
        with pytest.raises(ValidationError):
            organizations.change_organization(actor=web(world.olga), organization_id=world.id, invitation_days=days)


# --- deleted


@pytest.mark.claim("P15", "P21", "P3")
def test_the_owner_deletes_it_with_all_that_is_in_it_and_the_history_stays(world: Acme) -> None:
    invite(world.olga, world.organization, "ivy@acme.example")
    team = group_of(world.olga, world.organization, "Team", world.member(world.ben))
    grant_group(team, world.research, BuiltIn.STANDARD_VIEWER)
    members.remove_members(actor=web(world.olga), organization_id=world.id, chosen=chosen(world.member(world.ben)))
    north = northlab()
    acts = Act.objects.filter(organization_id=world.id).count()

    def delete(by: User, name: str = "Acme", *, is_fresh: bool = True) -> None:
        organizations.delete_organization(
            actor=web(by, is_fresh=is_fresh), organization_id=world.id, confirmed_name=name
        )

    with refused(403, Reason.OWNER_ONLY):
        delete(world.priya)
    with refused(409, Reason.NOT_ACTIVE):
        delete(north.zoe)
    with refused(401, Reason.CONFIRM):
        delete(world.olga, is_fresh=False)
    with refused(422, "name_differs"):
        delete(world.olga, "acme")
    delete(world.olga, " Acme ")
    assert list(Organization.objects.all()) == [north.organization]
    assert list(Member.objects.all()) == [member_of(north.organization, north.zoe)]
    assert not Invitation.objects.exists()
    assert not Departure.objects.exists()
    assert Act.objects.filter(organization_id=world.id).count() == acts + 1
    assert Act.objects.filter(organization_id=world.id).latest("pk").kind == "organization.deleted"
    assert Label.objects.get(kind="organization", object_id=world.id).text == "Acme"
    assert User.objects.filter(is_active=True).count() == 6
    with pytest.raises(Http404):
        delete(world.olga)


# --- handed over


def offer(by: User, world: Acme, successor: User, *, is_fresh: bool = True) -> OwnershipTransfer:
    return organizations.offer_transfer(
        actor=web(by, is_fresh=is_fresh), organization_id=world.id, successor_id=world.member(successor).pk
    )


def take(user: User, world: Acme, *, is_fresh: bool = True) -> None:
    organizations.accept_transfer(actor=web(user, is_fresh=is_fresh), organization_id=world.id)


@pytest.mark.row("D17", "D25")
@pytest.mark.claim("P11", "P15", "P21")
def test_the_owner_offers_and_the_successor_takes(world: Acme) -> None:
    with refused(401, Reason.CONFIRM):
        offer(world.olga, world, world.mia, is_fresh=False)
    transfer = offer(world.olga, world, world.mia)
    assert (transfer.expires_at - transfer.offered_at).days == 7
    with refused(403, Reason.NOT_THE_SUCCESSOR):
        take(world.priya, world)
    with refused(401, Reason.CONFIRM):
        take(world.mia, world, is_fresh=False)
    take(world.mia, world)
    world.organization.refresh_from_db()
    mia, olga = world.member(world.mia), world.member(world.olga)
    assert world.organization.owner == mia
    assert (mia.role_id, olga.role_id) == (BuiltIn.ADMIN, BuiltIn.ADMIN)
    assert not OwnershipTransfer.objects.exists()
    assert history(world.organization, "ownership.offered", "ownership.taken") == [
        Said("ownership.offered", mia.pk),
        Said("ownership.taken", mia.pk, None, "Member", "Admin"),
    ]
    with refused(403, Reason.OWNER_ONLY):
        offer(world.olga, world, world.priya)
    place(world.mia, mia, world.default, BuiltIn.STANDARD_ADMIN)
    members.leave(actor=web(world.olga), organization_id=world.id)


def test_only_the_owner_offers_and_only_to_an_active_member(world: Acme) -> None:
    with refused(403, Reason.OWNER_ONLY):
        offer(world.priya, world, world.mia)
    waiting = invite(world.olga, world.organization, "ivy@acme.example").member
    assert waiting is not None
    members.suspend_members(actor=web(world.olga), organization_id=world.id, chosen=chosen(world.member(world.ben)))
    stranger = member_of(northlab().organization, User.objects.get(email="zoe@northlab.example"))
    for nobody in (waiting, world.member(world.ben), world.member(world.olga), stranger):
        with pytest.raises(Http404):
            organizations.offer_transfer(actor=web(world.olga), organization_id=world.id, successor_id=nobody.pk)


def test_an_offer_ends_by_time_by_either_side_and_by_a_new_one(world: Acme) -> None:
    offer(world.olga, world, world.mia)
    OwnershipTransfer.objects.update(expires_at="2020-01-01T00:00Z")
    with refused(409, Reason.NO_OFFER):
        take(world.mia, world)
    offer(world.olga, world, world.priya)
    with refused(403, Reason.NOT_THE_SUCCESSOR):
        take(world.mia, world)
    with refused(403, Reason.OWNER_ONLY):
        organizations.withdraw_transfer(actor=web(world.mia), organization_id=world.id)
    organizations.withdraw_transfer(actor=web(world.priya), organization_id=world.id)
    with refused(409, Reason.NO_OFFER):
        take(world.priya, world)
    offer(world.olga, world, world.priya)
    organizations.withdraw_transfer(actor=web(world.olga), organization_id=world.id)
    with pytest.raises(Http404):
        organizations.withdraw_transfer(actor=web(world.olga), organization_id=world.id)
    assert len(history(world.organization, "ownership.withdrawn")) == 2


@pytest.mark.claim("P22")
def test_support_staff_start_a_transfer_only_where_the_owner_is_gone(world: Acme) -> None:
    sam = staff_person()
    priya = world.member(world.priya)
    with refused(409, Reason.OWNER_PRESENT):
        organizations.offer_transfer(actor=support(sam), organization_id=world.id, successor_id=priya.pk)
    User.objects.filter(pk=world.olga.pk).update(is_active=False)
    organizations.offer_transfer(actor=support(sam), organization_id=world.id, successor_id=priya.pk)
    act = Act.objects.get(kind="ownership.offered")
    assert (act.actor_id, act.source) == (sam.pk, "admin")
    take(world.priya, world)


# --- the end of an account


@pytest.mark.claim("P11", "P22", "P14")
def test_an_owner_or_a_last_admin_is_neither_blocked_nor_deletes_their_account(world: Acme) -> None:
    sam = support(staff_person())
    for user, sentence, way_out in (
        (world.olga, "own Acme", f"/o/{world.organization.slug}/"),
        (world.mia, "Acme would be left without an admin", f"/o/{world.organization.slug}/members/"),
    ):
        with refused(409, "indispensable"):
            people.block_account(actor=sam, user_id=user.pk)
        with pytest.raises(people.DepartureRefused, match=sentence) as refusal:
            people.delete_account(actor=web(user))
        assert all(objection.url.startswith(way_out) for objection in refusal.value.objections)
    place(world.olga, world.member(world.ben), world.research, BuiltIn.STANDARD_ADMIN)
    people.block_account(actor=sam, user_id=world.mia.pk)
    with refused(409, "indispensable"):
        people.block_account(actor=sam, user_id=world.ben.pk)
    people.unblock_account(actor=sam, user_id=world.mia.pk)
    people.block_account(actor=sam, user_id=world.ben.pk)
    mia, ben = world.member(world.mia).pk, world.member(world.ben).pk
    assert [
        (said.kind, said.subject) for said in history(world.organization, "account.blocked", "account.unblocked")
    ] == [
        ("account.blocked", mia),
        ("account.unblocked", mia),
        ("account.blocked", ben),
    ]


@pytest.mark.claim("P22", "P11")
@pytest.mark.row("D17")
def test_support_staff_block_an_owner_who_is_no_last_admin_and_start_the_transfer(world: Acme) -> None:
    place(world.olga, world.member(world.priya), world.default, BuiltIn.STANDARD_ADMIN)
    sam = support(staff_person())
    people.block_account(actor=sam, user_id=world.olga.pk)
    with refused(409, "indispensable"):
        people.block_account(actor=sam, user_id=world.priya.pk)
    organizations.offer_transfer(actor=sam, organization_id=world.id, successor_id=world.member(world.priya).pk)
    take(world.priya, world)
    world.organization.refresh_from_db()
    assert world.organization.owner == world.member(world.priya)


@pytest.mark.claim("P13", "P21")
def test_deleting_an_account_ends_every_membership_and_takes_the_name_along(world: Acme) -> None:
    north = northlab()
    join(north.zoe, north.organization, world.ben)
    asked = invite(world.olga, world.organization, "ben@home.example")
    ben = world.member(world.ben).pk
    people.delete_account(actor=web(world.ben))
    assert not Member.objects.filter(address="ben@acme.example").exists()
    receipts = Departure.objects.filter(address="ben@acme.example")
    assert {(one.cause, one.name, one.user) for one in receipts} == {(Departure.Cause.ACCOUNT_DELETED, "", None)}
    assert receipts.count() == 2
    assert not Label.objects.filter(kind="member", text__contains="Ben").exists()
    assert [said.subject for said in history(world.organization, "member.left")] == [ben]
    asked.refresh_from_db()
    assert asked.revoked_at is None  # it was never theirs: the address was not verified


@pytest.mark.claim("P13")
def test_whom_a_deleted_account_had_asked_in_is_revoked(world: Acme) -> None:
    place(world.olga, world.member(world.ben), world.research, BuiltIn.STANDARD_ADMIN)
    invitation = invite(
        world.ben, world.organization, "ivy@acme.example", places={world.research.pk: BuiltIn.STANDARD_VIEWER}
    )
    people.delete_account(actor=web(world.ben))
    invitation.refresh_from_db()
    assert invitation.revoked_at is not None


# --- the history itself


@pytest.mark.claim("P21")
def test_an_act_says_who_from_where_and_when(world: Acme) -> None:
    actor = Actor(
        world.olga.pk, web(world.olga).source, ip="198.51.100.7", request_id="abc", on_behalf_of_id=world.priya.pk
    )
    members.suspend_members(actor=actor, organization_id=world.id, chosen=chosen(world.member(world.ben)))
    act = Act.objects.latest("pk")
    assert (act.actor_id, act.on_behalf_of_id, act.source, act.ip, act.request_id) == (
        world.olga.pk,
        world.priya.pk,
        "web",
        "198.51.100.7",
        "abc",
    )
    assert act.at.utcoffset() is not None


@pytest.mark.claim("P21")
@pytest.mark.parametrize("model", [Act, Entry])
def test_the_history_is_neither_changed_nor_deleted(world: Acme, model: type[Act] | type[Entry]) -> None:
    table, row = model._meta.db_table, model._default_manager.latest("pk").pk
    for statement in (
        "UPDATE {} SET id = id + 1000000 WHERE id = {}",
        "DELETE FROM {} WHERE id = {}",
        "DELETE FROM {}",
    ):
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement.format(table, row))


@pytest.mark.claim("P21")
def test_no_personal_name_or_address_stands_in_an_entry(world: Acme) -> None:
    members.remove_members(actor=web(world.olga), organization_id=world.id, chosen=chosen(world.member(world.ben)))
    personal = {word for user in User.objects.all() for word in (user.email, user.name)}
    texts = {text for pair in Entry.objects.values_list("before", "after") for text in pair}
    texts |= {str(payload) for payload in Act.objects.values_list("payload", flat=True)}
    assert not any(word in text for word in personal for text in texts)
    assert OutgoingMail.objects.exists()
