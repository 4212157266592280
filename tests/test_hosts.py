"""What host products hand in: the catalogue, the registry of resources, counts, figures, accounts (R1 to R6)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import cast
from tests.cast import Acme
from tests.visiting import everything
from workspaces.actions.hosts import Receipt, hand_in
from workspaces.actions.roles import sync_built_in_roles
from workspaces.catalogue import BuiltIn, Scheme, Scope, everyday_role, scheme_roles, top_role
from workspaces.hosts import (
    KnownProduct,
    MemberAccount,
    OrganizationAccount,
    RegisteredPermission,
    RegisteredResource,
    ReportedCount,
    ReportedFigure,
    SeenMember,
    VanishedResource,
    WithdrawnPermission,
)
from workspaces.models import (
    AccountState,
    Collaborator,
    ExternalAccount,
    Figure,
    GrantPermission,
    HostPermission,
    Resource,
    RolePermission,
    Workspace,
)
from workspaces.queries.admins import admin_roles
from workspaces.queries.catalogue import permissions, products
from workspaces.queries.facts import actor_facts, every_code, workspace_facts
from workspaces.queries.resources import blocking_resources, entitlements_of, figures_of, owned_by, say_counts

pytestmark = pytest.mark.django_db

THEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOTEBOOKS = KnownProduct(name="Notebooks", url="https://notebooks.example/")
SHARING = RegisteredPermission(
    product="Notebooks",
    code="apps.publish",
    scope=Scope.WORKSPACE,
    area="Apps",
    ability="publish apps",
    high_risk=True,
)


def project(number: object = 1, **more: Any) -> RegisteredResource:
    given = {"kind": "project", "name": f"Project {number}", "workspace": "research", **more}
    return RegisteredResource(organization="acme", product="Notebooks", external_id=f"p{number}", **given)


def taken(*records: Any) -> Receipt:
    receipt = hand_in(records)
    assert receipt.problems == []
    return receipt


def holders(code: str) -> set[int]:
    return set(RolePermission.objects.filter(permission=code).values_list("role", flat=True))


TOPS = {BuiltIn.STANDARD_ADMIN, BuiltIn.MANAGED_MANAGER, BuiltIn.INFRASTRUCTURE_ACCOUNT_ADMIN}


# --- permissions


@pytest.mark.row("L10", "D10")
def test_a_new_permission_goes_to_the_top_roles_and_to_nobody_else(world: Acme) -> None:
    taken(NOTEBOOKS, SHARING)
    assert holders("apps.publish") == TOPS
    assert permissions()["apps.publish"].enforced_by == "Notebooks"
    assert permissions()["apps.publish"].high_risk
    assert products()["Notebooks"].url == "https://notebooks.example/"
    assert products()["Compute platform"].asked_at is None  # never made itself known


def test_what_a_registration_says_of_lower_roles_counts_and_moves_with_it(world: Acme) -> None:
    taken(NOTEBOOKS, SHARING)
    lower = RegisteredPermission(**{**as_dict(SHARING), "roles": ("standard_viewer", "managed_member")})
    taken(lower)
    standard = {role.id for role in scheme_roles(Scheme.STANDARD)}
    assert holders("apps.publish") == standard | {BuiltIn.MANAGED_MEMBER} | TOPS
    taken(SHARING)
    assert holders("apps.publish") == TOPS


def as_dict(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in type(record).__dataclass_fields__}


@pytest.mark.claim("P11")
def test_a_custom_role_that_is_as_much_as_the_top_role_stays_so_and_a_smaller_one_does_not_grow(
    world: Acme,
) -> None:
    everything_there = top_role(Scheme.STANDARD).permissions
    lead = cast.custom_role(world.organization, "Lead", Scope.WORKSPACE, *everything_there)
    writer = cast.custom_role(
        world.organization, "Writer", Scope.WORKSPACE, *everyday_role(Scheme.STANDARD).permissions
    )
    boss = cast.custom_role(world.organization, "Boss", Scope.ORGANIZATION, *every_code(Scope.ORGANIZATION))
    taken(NOTEBOOKS, SHARING)
    assert set(admin_roles(world.organization)) == {BuiltIn.STANDARD_ADMIN, lead.pk}
    assert writer.pk not in holders("apps.publish")
    assert boss.pk not in holders("apps.publish")
    own = RegisteredPermission(**{**as_dict(SHARING), "code": "apps.bill", "scope": Scope.ORGANIZATION})
    taken(own)
    assert holders("apps.bill") == {BuiltIn.ADMIN, boss.pk}


@pytest.mark.claim("P21")
def test_each_organization_has_in_its_history_which_of_its_roles_hold_more(world: Acme) -> None:
    northlab = cast.found(world.olga, "Southlab", Scheme.MANAGED)
    lead = cast.custom_role(world.organization, "Lead", Scope.WORKSPACE, *top_role(Scheme.STANDARD).permissions)
    taken(NOTEBOOKS, SHARING)
    entered = {(said.subject, said.after) for said in cast.history(world.organization, "permission.entered")}
    assert entered == {(BuiltIn.STANDARD_ADMIN, "apps.publish"), (lead.pk, "apps.publish")}
    assert [said.subject for said in cast.history(northlab, "permission.entered")] == [BuiltIn.MANAGED_MANAGER]
    before = everything()
    hand_in([SHARING])
    after = everything()
    del before["workspaces.Product"], after["workspaces.Product"]  # when it reported last
    assert before == after


def test_a_withdrawn_permission_leaves_roles_and_grants(world: Acme) -> None:
    taken(NOTEBOOKS, SHARING)
    grant = world.member(world.mia).grants.get(workspace=world.research)
    GrantPermission.objects.create(grant=grant, permission="apps.publish")
    taken(WithdrawnPermission(product="Notebooks", code="apps.publish"))
    assert holders("apps.publish") == set()
    assert not HostPermission.objects.exists()
    assert not GrantPermission.objects.exists()
    said = cast.history(world.organization, "permission.withdrawn")
    assert [(entry.subject, entry.before) for entry in said] == [(BuiltIn.STANDARD_ADMIN, "apps.publish")]


def test_a_migration_keeps_what_products_registered(world: Acme) -> None:
    taken(NOTEBOOKS, RegisteredPermission(**{**as_dict(SHARING), "roles": ("standard_editor",)}))
    before = holders("apps.publish")
    sync_built_in_roles()
    assert holders("apps.publish") == before
    RolePermission.objects.filter(role=BuiltIn.STANDARD_ADMIN, permission="apps.publish").delete()
    RolePermission.objects.create(role_id=BuiltIn.STANDARD_VIEWER, permission="nobody.knows")
    sync_built_in_roles()
    assert holders("apps.publish") == before
    assert holders("nobody.knows") == set()


@pytest.mark.claim("P10")
def test_admins_hold_what_was_registered_and_may_still_give_every_role(world: Acme) -> None:
    of_resource = RegisteredPermission(**{**as_dict(SHARING), "code": "apps.open", "scope": Scope.RESOURCE})
    viewing = RegisteredPermission(
        **{**as_dict(SHARING), "code": "apps.look", "viewing": True, "roles": ("standard_viewer",)}
    )
    taken(NOTEBOOKS, SHARING, of_resource, viewing)
    for user in (world.olga, world.mia):
        facts = actor_facts(cast.web(user), world.organization)
        held = workspace_facts(world.organization, facts, [world.research.pk])[world.research.pk]
        assert {"apps.publish", "apps.open", "apps.look"} <= held.permissions
    system = world.organization.workspaces.get(kind=Workspace.Kind.SYSTEM)
    most = workspace_facts(world.organization, actor_facts(cast.web(world.olga), world.organization), [system.pk])
    assert "apps.look" in (most[system.pk].most or ())  # the read-only workspace still takes a Viewer
    cast.place(world.olga, world.member(world.ben), world.research, BuiltIn.STANDARD_ADMIN)


# --- resources and counts


@pytest.mark.row("N1", "N28", "L13")
def test_resources_are_registered_once_and_pushed_again_without_a_trace(world: Acme) -> None:
    records = [
        NOTEBOOKS,
        project(1, owner="Mia@Acme.example", url="https://notebooks.example/1"),
        project(2, kind="data set", access="private"),
        project(3, workspace="", kind="drive"),
    ]
    assert taken(*records).applied == 4
    first, second, third = Resource.objects.order_by("external_id")
    assert (first.workspace, first.owner, first.access) == (world.research, world.member(world.mia), "full")
    assert second.access == "private"
    assert third.workspace is None
    assert {said.subject for said in cast.history(world.organization, "resource.registered")} == {
        first.pk, second.pk, third.pk,
    }  # fmt: skip
    count = len(cast.history(world.organization))
    taken(*records, project(1, name="Renamed", owner="mia@acme.example"))
    first.refresh_from_db()
    assert first.name == "Renamed"
    assert Resource.objects.count() == 3
    assert len(cast.history(world.organization)) == count


def test_afterwards_roster_keeps_who_may_reach_a_resource(world: Acme) -> None:
    taken(NOTEBOOKS, project(1), project(2, owner="ben@acme.example"))
    Resource.objects.filter(external_id="p1").update(access="private")
    taken(project(1, owner="mia@acme.example", access="full"), project(2, owner="mia@acme.example"))
    first, second = Resource.objects.order_by("external_id")
    assert (first.access, first.owner) == ("private", world.member(world.mia))  # it had no owner
    assert second.owner == world.member(world.ben)
    said = cast.history(world.organization, "resource.transferred")
    assert [(each.subject, each.scope) for each in said] == [(world.member(world.mia).pk, first.pk)]


@pytest.mark.claim("P21")
def test_what_a_product_moves_to_another_workspace_stands_in_the_history(world: Acme) -> None:
    taken(NOTEBOOKS, project(1), project(2))
    taken(project(1, workspace="default"), project(2))
    taken(project(1, workspace="default"), project(2))
    moved = Resource.objects.get(external_id="p1").pk
    taken(project(1, workspace=""))
    assert cast.history(world.organization, "resource.moved") == [
        cast.Said("resource.moved", moved, None, "Research", "default"),
        cast.Said("resource.moved", moved, None, "default", ""),
    ]


def test_a_resource_that_vanished_takes_all_along_but_its_name_in_the_history(world: Acme) -> None:
    taken(NOTEBOOKS, project(1, kind="drive"), project(2))
    drive = Resource.objects.get(external_id="p1")
    Collaborator.objects.create(resource=drive, member=world.member(world.ben))
    Workspace.objects.filter(pk=world.research.pk).update(default_drive=drive)
    gone = VanishedResource(organization="acme", product="Notebooks", external_id="p1")
    taken(gone)
    taken(gone)
    assert list(Resource.objects.values_list("external_id", flat=True)) == ["p2"]
    assert not Collaborator.objects.exists()
    world.research.refresh_from_db()
    assert world.research.default_drive is None
    assert [said.subject for said in cast.history(world.organization, "resource.vanished")] == [drive.pk]


def test_a_drive_that_moves_elsewhere_is_no_default_drive_any_more(world: Acme) -> None:
    taken(NOTEBOOKS, project(1, kind="drive"), project(2, kind="drive", workspace=""))
    there, own = Resource.objects.order_by("external_id")
    Workspace.objects.filter(pk=world.research.pk).update(default_drive=there)
    type(world.organization).objects.filter(pk=world.id).update(default_drive=own)
    taken(project(1, kind="drive", name="Renamed"), project(2, kind="drive", workspace=""))
    world.research.refresh_from_db()
    assert world.research.default_drive == there
    taken(project(1, kind="drive", workspace="default"), project(2, kind="drive", workspace="research"))
    world.research.refresh_from_db()
    world.organization.refresh_from_db()
    assert world.research.default_drive is None
    assert world.organization.default_drive is None


@pytest.mark.row("N24")
def test_what_stands_against_a_deletion_counts_registered_and_reported_ones(world: Acme) -> None:
    there = {"organization": "acme", "product": "Notebooks", "workspace": "research", "reported_at": THEN}
    taken(
        NOTEBOOKS,
        project(1, access="private"),
        project(2),
        ReportedCount(**there, kind="project", value=1),
        ReportedCount(**there, kind="data set", value=1205),
        ReportedCount(**there, kind="model", value=0),
    )
    assert say_counts(blocking_resources(world.research.pk)) == "data set (1,205), project (3)"
    taken(ReportedCount(**there, kind="data set", value=0))
    assert say_counts(blocking_resources(world.research.pk)) == "project (3)"


@pytest.mark.row("I51")
def test_what_somebody_owns_is_said_by_kind_without_the_names_of_private_ones(world: Acme) -> None:
    taken(NOTEBOOKS, *(project(number, owner="mia@acme.example") for number in range(4)))
    taken(project(8, kind="model", owner="mia@acme.example", workspace="", access="private"))
    mia = world.member(world.mia)
    owned = [(each.kind, each.count, list(each.names)) for each in owned_by(mia.pk)]
    assert owned == [("project", 4, ["Project 0", "Project 1", "Project 2"]), ("model", 1, [])]
    assert [each.kind for each in owned_by(mia.pk, world.research.pk)] == ["project"]


def test_a_large_push_costs_statements_by_the_batch_not_by_the_resource(world: Acme) -> None:
    taken(NOTEBOOKS)

    def statements(count: int) -> int:
        records = [project(number, owner="mia@acme.example") for number in range(count)]
        with CaptureQueriesContext(connection) as captured:
            taken(*records)
        return len(captured)

    few, many = statements(100), statements(3_000)
    assert many < few + 60  # some hundred rows a statement on SQLite, all at once on PostgreSQL
    assert Resource.objects.count() == 3_000


@pytest.mark.claim("P3")
def test_an_address_of_another_organization_owns_nothing_here(world: Acme) -> None:
    northlab = cast.northlab()
    taken(NOTEBOOKS, project(1, owner=northlab.zoe.email))
    assert Resource.objects.get().owner is None


# --- figures, accounts, activity


@pytest.mark.row("I20", "I29", "I21")
def test_figures_are_kept_with_source_and_time_and_the_later_one_replaces_the_former(world: Acme) -> None:
    usage = {"organization": "acme", "product": "Notebooks", "kind": "usage", "code": "hours", "label": "Machine hours"}
    units = ReportedFigure(
        organization="acme",
        product="Notebooks",
        kind="entitlement",
        code="units",
        label="Shared consumption units",
        value=Decimal(5000),
        reported_at=THEN,
    )
    taken(NOTEBOOKS, units, ReportedFigure(**usage, value=Decimal("12.5"), unit="h", reported_at=THEN))
    taken(ReportedFigure(**usage, value=Decimal("13.25"), unit="h", reported_at=THEN + timedelta(hours=1)))
    taken(ReportedFigure(**usage, workspace="research", value=None, reported_at=THEN))
    [hours] = figures_of(world.organization, Figure.Kind.USAGE)
    assert (hours.value, hours.unit, hours.product.name) == (Decimal("13.25"), "h", "Notebooks")
    assert hours.reported_at == THEN + timedelta(hours=1)
    assert [each.value for each in figures_of(world.organization, "usage", world.research.pk)] == [None]
    assert [each.label for each in entitlements_of(world.organization)] == ["Shared consumption units"]


@pytest.mark.row("L9")
def test_external_accounts_of_organization_and_members_are_noted(world: Acme) -> None:
    here = {"organization": "acme", "account_id": "nca-17"}
    taken(
        OrganizationAccount(**here, state="checked"),
        MemberAccount(**here, address="ben@acme.example", state="failed", reported_at=THEN),
        MemberAccount(**here, address="ben@acme.example", state="checked", reported_at=THEN),
    )
    world.organization.refresh_from_db()
    assert (world.organization.external_account_id, world.organization.external_account_state) == (
        "nca-17", AccountState.CHECKED,
    )  # fmt: skip
    assert ExternalAccount.objects.get().state == AccountState.CHECKED
    said = cast.history(world.organization, "external_account.reported")
    assert [entry.after for entry in said] == ["nca-17, Checked"]


@pytest.mark.row("A12")
def test_reported_activity_never_goes_back(world: Acme) -> None:
    ben = world.member(world.ben)
    ben.activity.last_active_at = THEN
    ben.activity.save()
    earlier, later = THEN - timedelta(days=1), THEN + timedelta(days=1)
    for at, expected in ((earlier, THEN), (later, later), (THEN, later)):
        taken(SeenMember(organization="acme", address="ben@acme.example", at=at))
        ben.activity.refresh_from_db()
        assert ben.activity.last_active_at == expected
