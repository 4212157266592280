"""Who may reach a resource, and who says so: the lock, privacy, collaborators, guests, owners, drives."""

import dataclasses
from typing import Any

import pytest
from django.http import Http404

from accounts.addresses import AddressError
from accounts.models import OutgoingMail, User
from tests import cast
from tests.people import person
from workspaces.actions import members, organizations, resources
from workspaces.actions.hosts import hand_in
from workspaces.catalogue import BuiltIn, Scope, everyday_role, top_role
from workspaces.hosts import KnownProduct, MemberAccount, RegisteredResource, ReportedCount
from workspaces.models import Collaborator, Member, Resource, Workspace
from workspaces.policy.resources import OnResource, Why
from workspaces.queries.facts import actor_facts, workspace_facts
from workspaces.queries.resources import approach, drives_in, rights_on

pytestmark = pytest.mark.django_db

EDITOR = everyday_role("standard").permissions
EDITS = {"projects.view", "projects.edit", "projects.make_private", "integrations.attach", "notebooks.run"}


@dataclasses.dataclass(frozen=True)
class World:
    """Research with Mia its Admin, Ben an Editor, Lena a Viewer; Churn is Ben's project there. Tom is a guest."""

    acme: cast.Acme
    lena: User
    churn: Resource

    def on(self, user: User, resource: Resource | None = None) -> OnResource:
        """What somebody holds on it now."""
        resource = resource or self.churn
        facts = actor_facts(cast.web(user), self.acme.organization)
        held = facts.permissions
        if resource.workspace_id is not None:
            held = workspace_facts(self.acme.organization, facts, [resource.workspace_id])[
                resource.workspace_id
            ].permissions
        found = rights_on(self.acme.organization, facts.member_id or 0, resource.pk, held, is_guest=facts.is_guest)
        assert found is not None
        return found

    def sees(self, user: User) -> bool:
        facts = actor_facts(cast.web(user), self.acme.organization)
        return approach(self.acme.organization, facts, self.churn.pk) is not None

    def told(self, by: User, **more: Any) -> dict[str, Any]:
        return {"actor": cast.web(by), "organization_id": self.acme.id, "resource_id": self.churn.pk, **more}

    def set(self, by: User, access: str) -> None:
        resources.change_access(**self.told(by, access=access))

    def share(self, by: User, address: str, level: str = "edit") -> resources.Shared:
        return resources.share(**self.told(by, address=address, level=level))


def register(**more: Any) -> Resource:
    given = {"external_id": "churn", "kind": "project", "name": "Churn", "workspace": "research", **more}
    receipt = hand_in(
        [KnownProduct(name="Notebooks"), RegisteredResource(organization="acme", product="Notebooks", **given)]
    )
    assert not receipt.problems
    return Resource.objects.get(external_id=given["external_id"])


@pytest.fixture
def world(db: None) -> World:
    acme = cast.acme()
    lena = person("lena@acme.example", "Lena Lindt")
    cast.join(acme.olga, acme.organization, lena)
    cast.place(acme.olga, acme.member(acme.ben), acme.research, BuiltIn.STANDARD_EDITOR)
    cast.place(acme.olga, acme.member(lena), acme.research, BuiltIn.STANDARD_VIEWER)
    return World(acme, lena, register(owner="ben@acme.example"))


# --- who reaches what, and why


@pytest.mark.row("D24", "D3", "D5", "D8", "D9", "L10")
def test_full_access_is_the_workspace_role(world: World) -> None:
    ben, lena = world.on(world.acme.ben), world.on(world.lena)
    assert ben.permissions == EDITOR
    assert ben.why is Why.OWNER
    assert lena.why is Why.ROLE
    assert {"projects.view", "notebooks.run", "inputs.set"} <= lena.permissions
    assert not {"projects.edit", "integrations.attach"} & lena.permissions
    assert "integrations.manage" not in ben.permissions
    assert "integrations.attach" in ben.permissions
    assert world.on(world.acme.tom) == OnResource(frozenset(), Why.NOTHING)


@pytest.mark.row("D22", "D23")
def test_the_lock_caps_workspace_roles_at_viewing_but_not_owner_collaborators_and_admins(world: World) -> None:
    acme = world.acme
    max_ = person("max@acme.example", "Max Muster")
    editor = cast.join(acme.olga, acme.organization, max_)
    cast.place(acme.olga, editor, acme.research, BuiltIn.STANDARD_EDITOR)
    world.set(acme.ben, "view")
    assert world.on(max_).why is Why.LOCKED
    assert {"projects.view", "notebooks.run"} <= world.on(max_).permissions
    assert not {"projects.edit", "resources.manage"} & world.on(max_).permissions
    assert "projects.edit" in world.on(acme.ben).permissions
    for admin in (acme.mia, acme.olga):
        assert world.on(admin).why is Why.ADMIN
        assert "projects.edit" in world.on(admin).permissions
    world.share(acme.ben, "max@acme.example", "view")
    assert "projects.edit" not in world.on(max_).permissions
    world.share(acme.ben, "max@acme.example", "edit")
    assert world.on(max_).permissions == EDITOR
    world.set(acme.mia, "full")
    assert "projects.edit" in world.on(acme.ben).permissions


@pytest.mark.row("D18", "D19", "D21")
def test_private_means_owner_and_collaborators_only_admins_not_excepted(world: World) -> None:
    acme = world.acme
    world.set(acme.ben, "private")
    assert world.on(acme.ben).why is Why.OWNER
    for other in (acme.mia, acme.olga, world.lena):
        assert world.on(other) == OnResource(frozenset(), Why.PRIVATE)
    assert world.sees(acme.mia)
    assert not world.sees(world.lena)
    assert not world.sees(acme.tom)
    world.share(acme.ben, "lena@acme.example", "view")
    assert world.sees(world.lena)
    assert world.on(world.lena).why is Why.COLLABORATOR
    assert "projects.edit" not in world.on(world.lena).permissions
    # An admin can neither open it to others nor to themselves; they may give it away.
    for attempt in (lambda: world.set(acme.mia, "full"), lambda: world.share(acme.mia, "mia@acme.example")):
        with cast.refused(403, "no_right"):
            attempt()
    with cast.refused(403, "private"):
        resources.transfer(**world.told(acme.mia, owner_id=acme.member(acme.mia).pk))
    resources.transfer(**world.told(acme.mia, owner_id=acme.member(acme.priya).pk))
    assert world.on(acme.priya).why is Why.OWNER
    assert not world.on(acme.ben).reaches


@pytest.mark.row("D21")
def test_only_the_owner_makes_private_and_only_with_the_permission_for_it(world: World) -> None:
    acme = world.acme
    with cast.refused(403, "no_right"):
        world.set(acme.mia, "private")
    resources.transfer(**world.told(acme.ben, owner_id=acme.member(world.lena).pk))
    with cast.refused(403, "no_right"):
        world.set(world.lena, "private")  # owner, but a Viewer


@pytest.mark.claim("P3")
def test_whoever_does_not_see_it_learns_nothing_from_the_acts(world: World) -> None:
    northlab = cast.northlab()
    world.set(world.acme.ben, "private")
    for other in (world.lena, world.acme.tom, northlab.zoe):
        with pytest.raises(Http404):
            world.set(other, "full")
    with pytest.raises(Http404):
        resources.transfer(
            **world.told(world.acme.ben, owner_id=cast.member_of(northlab.organization, northlab.zoe).pk)
        )
    with pytest.raises(Http404):
        resources.share(
            **world.told(world.acme.ben, level="edit", member_id=cast.member_of(northlab.organization, northlab.zoe).pk)
        )


def test_an_archived_workspace_leaves_viewing_and_a_deleted_one_nothing(world: World) -> None:
    acme = world.acme
    Workspace.objects.filter(pk=acme.research.pk).update(archived_at=world.churn.synced_at)
    for user in (acme.ben, acme.mia):
        assert "projects.view" in world.on(user).permissions
        assert "projects.edit" not in world.on(user).permissions
    Workspace.objects.filter(pk=acme.research.pk).update(deleted_at=world.churn.synced_at)
    assert rights_on(acme.organization, acme.member(acme.ben).pk, world.churn.pk, EDITOR) is None


# --- collaborators and guests


@pytest.mark.row("D11", "D19")
def test_an_unknown_address_becomes_a_guest_who_reaches_this_only(world: World) -> None:
    acme = world.acme
    another = register(external_id="uplift", name="Uplift")
    shared = world.share(acme.mia, "Nora@New.example")
    assert shared.invited
    waiting = Member.objects.get(pk=shared.member_id)
    assert (waiting.role_id, waiting.address, waiting.joined_at) == (BuiltIn.GUEST, "nora@new.example", None)
    assert OutgoingMail.objects.filter(recipient="nora@new.example").count() == 1
    nora = person("nora@new.example", "Nora New")
    cast.accept(nora, cast.open_invitation(acme.organization, "nora@new.example"))
    assert world.on(nora).why is Why.COLLABORATOR
    assert "projects.edit" in world.on(nora).permissions
    assert world.on(nora, another) == OnResource(frozenset(), Why.NOTHING)
    assert "integrations.manage" not in world.on(nora).permissions  # high risk
    said = cast.history(acme.organization, "invitation.sent", "resource.shared")[-2:]
    assert [(each.kind, each.subject) for each in said] == [
        ("invitation.sent", waiting.pk), ("resource.shared", waiting.pk),
    ]  # fmt: skip


def test_an_editor_may_share_with_members_but_invites_nobody(world: World) -> None:
    acme = world.acme
    assert not world.share(acme.ben, "tom@guest.example").invited
    assert world.on(acme.tom).why is Why.COLLABORATOR
    with cast.refused(403, "no_right"):
        world.share(acme.ben, "nora@new.example")
    with pytest.raises(AddressError):
        world.share(acme.ben, "nora")
    acme.organization.workspace_admins_invite = False
    acme.organization.save()
    with cast.refused(403, "no_right"):
        world.share(acme.mia, "nora@new.example")


def test_collaborations_of_another_address_move_along_when_its_invitation_is_accepted(world: World) -> None:
    acme = world.acme
    world.share(acme.mia, "tom@home.example")
    from allauth.account.models import EmailAddress

    EmailAddress.objects.create(user=acme.tom, email="tom@home.example", verified=True)
    cast.accept(acme.tom, cast.open_invitation(acme.organization, "tom@home.example"))
    assert world.on(acme.tom).why is Why.COLLABORATOR


def test_what_the_sharer_may_no_longer_share_is_left_out_at_acceptance(world: World) -> None:
    acme = world.acme
    world.share(acme.mia, "nora@new.example")
    acme.member(acme.mia).grants.filter(workspace=acme.research).delete()
    nora = person("nora@new.example", "Nora New")
    cast.accept(nora, cast.open_invitation(acme.organization, "nora@new.example"))
    assert not world.on(nora).reaches


@pytest.mark.claim("P10")
def test_nobody_shares_or_takes_away_what_they_do_not_hold(world: World) -> None:
    acme = world.acme
    host = cast.custom_role(
        acme.organization, "Host", Scope.WORKSPACE, "workspace.view", "members.workspace.manage", "projects.view",
        "comments.create", "notebooks.run", "inputs.set", "projects.duplicate_out",
    )  # fmt: skip
    max_ = person("max@acme.example", "Max Muster")
    cast.place(acme.olga, cast.join(acme.olga, acme.organization, max_), acme.research, host.pk)
    world.share(max_, "tom@guest.example", "view")
    with cast.refused(403, "gives_more"):
        world.share(max_, "lena@acme.example", "edit")
    with cast.refused(403, "gives_more"):
        resources.transfer(**world.told(max_, owner_id=acme.member(world.lena).pk))
    world.share(acme.ben, "tom@guest.example", "edit")
    with cast.refused(403, "holds_more"):
        world.share(max_, "tom@guest.example", "view")
    with cast.refused(403, "holds_more"):
        resources.unshare(**world.told(max_, member_id=acme.member(acme.tom).pk))
    resources.unshare(**world.told(acme.tom, member_id=acme.member(acme.tom).pk))  # one's own way out
    assert not Collaborator.objects.exists()


def test_suspended_people_are_neither_added_nor_made_owner(world: World) -> None:
    acme = world.acme
    lena = acme.member(world.lena)
    members.suspend_members(actor=cast.web(acme.olga), organization_id=acme.id, chosen=cast.chosen(lena))
    with cast.refused(409, "suspended"):
        world.share(acme.ben, "lena@acme.example")
    with cast.refused(409, "suspended"):
        resources.transfer(**world.told(acme.ben, owner_id=lena.pk))


@pytest.mark.claim("P21")
def test_each_change_stands_in_the_history_and_what_changes_nothing_does_not(world: World) -> None:
    acme = world.acme
    for _ in range(2):
        world.set(acme.ben, "view")
        world.share(acme.ben, "lena@acme.example", "edit")
        resources.transfer(**world.told(acme.ben, owner_id=acme.member(acme.ben).pk))
    resources.unshare(**world.told(acme.ben, member_id=acme.member(world.lena).pk))
    lena, churn = acme.member(world.lena).pk, world.churn.pk
    said = [each for each in cast.history(acme.organization) if each.kind.startswith("resource.")]
    assert said[1:] == [
        cast.Said("resource.access_changed", churn, None, "Full: by workspace role", "Locked: members view"),
        cast.Said("resource.shared", lena, churn, "", "Can edit"),
        cast.Said("resource.unshared", lena, churn, "Can edit", ""),
    ]


# --- what a removal leaves


@pytest.mark.row("I51")
@pytest.mark.claim("P13")
def test_a_removal_hands_over_what_the_person_owns_or_leaves_it_to_nobody(world: World) -> None:
    acme = world.acme
    uplift = register(external_id="uplift", name="Uplift", owner="ben@acme.example", workspace="", access="private")
    world.share(acme.ben, "lena@acme.example")
    heir = acme.member(world.lena)
    members.remove_members(
        actor=cast.web(acme.olga), organization_id=acme.id, chosen=cast.chosen(acme.member(acme.ben)), heir_id=heir.pk
    )
    assert set(Resource.objects.values_list("owner", flat=True)) == {heir.pk}
    assert not Collaborator.objects.exists()  # an owner is no collaborator beside that
    transferred = {said.scope for said in cast.history(acme.organization, "resource.transferred")}
    assert transferred == {world.churn.pk, uplift.pk}
    members.remove_members(actor=cast.web(acme.olga), organization_id=acme.id, chosen=cast.chosen(heir))
    assert set(Resource.objects.values_list("owner", flat=True)) == {None}


@pytest.mark.claim("P10")
def test_private_things_of_somebody_removed_go_to_others_not_to_the_remover(world: World) -> None:
    acme = world.acme
    world.set(acme.ben, "private")
    told: dict[str, Any] = {
        "actor": cast.web(acme.olga),
        "organization_id": acme.id,
        "chosen": cast.chosen(acme.member(acme.ben)),
    }
    with cast.refused(403, "private"):
        members.remove_members(**told, heir_id=acme.member(acme.olga).pk)
    assert acme.member(acme.ben)
    members.remove_members(**told)
    resources.transfer(**world.told(acme.olga, owner_id=acme.member(acme.olga).pk))  # nobody's: it may be taken
    assert world.on(acme.olga).why is Why.OWNER


def test_an_organization_goes_with_all_that_products_handed_in(world: World) -> None:
    acme = world.acme
    drive = register(external_id="d1", kind="drive", name="Archive", workspace="")
    resources.choose_drive(actor=cast.web(acme.olga), organization_id=acme.id, resource_id=drive.pk)
    world.share(acme.ben, "tom@guest.example")
    told: dict[str, Any] = {"organization": "acme", "reported_at": world.churn.synced_at}
    hand_in(
        [
            ReportedCount(**told, product="Notebooks", workspace="research", kind="model", value=2),
            MemberAccount(**told, address="ben@acme.example", state="checked"),
        ]
    )
    organizations.delete_organization(actor=cast.web(acme.olga), organization_id=acme.id, confirmed_name="Acme")
    assert not Resource.objects.exists()


# --- drives


@pytest.mark.row("I15", "I17", "I14", "I16")
def test_default_drives_are_chosen_by_whoever_holds_the_permission_for_it(world: World) -> None:
    acme = world.acme
    own = register(external_id="d1", kind="drive", name="Archive", workspace="")
    there = register(external_id="d2", kind="drive", name="Lab drive")
    assert [name for _, name in drives_in(acme.organization, acme.research.pk)] == ["Lab drive", "Archive"]
    assert [name for _, name in drives_in(acme.organization, None)] == ["Archive"]

    def choose(by: User, drive: Resource | None, workspace: Workspace | None = None) -> None:
        resources.choose_drive(
            actor=cast.web(by),
            organization_id=acme.id,
            resource_id=drive.pk if drive else None,
            workspace_id=workspace.pk if workspace else None,
        )

    choose(acme.olga, own)
    choose(acme.mia, there, acme.research)
    choose(acme.mia, there, acme.research)
    with cast.refused(403, "no_right"):
        choose(acme.mia, own)
    with cast.refused(403, "no_right"):
        choose(acme.ben, there, acme.research)
    with pytest.raises(Http404):
        choose(acme.olga, there)  # belongs to a workspace
    choose(acme.mia, None, acme.research)
    acme.research.refresh_from_db()
    acme.organization.refresh_from_db()
    assert (acme.research.default_drive, acme.organization.default_drive) == (None, own)
    kinds = [said.kind for said in cast.history(acme.organization) if said.kind.startswith("drive.")]
    assert kinds == ["drive.chosen", "drive.chosen_in_workspace", "drive.dropped"]


@pytest.mark.row("A27", "A14", "A15", "A17")
def test_roles_hold_the_host_permissions_that_the_peers_give_them() -> None:
    developer, account_admin = everyday_role("infrastructure").permissions, top_role("infrastructure").permissions
    assert {"resources.manage", "deployments.create", "deployments.view", "environment.manage"} <= developer
    assert not {"billing.view", "members.workspace.manage", "infrastructure.manage"} & developer
    assert developer < account_admin
    assert {"billing.view", "infrastructure.manage", "domains.manage", "logs.manage"} <= account_admin
    assert "billing.manage" not in account_admin  # reads it only
