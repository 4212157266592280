"""Workspaces: made, changed, archived, deleted, restored, purged; joined, left and begun in. And races against them."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db.models.functions import Now
from django.http import Http404
from django.utils import timezone

from accounts.models import User
from config.refusals import Refusal
from tests import cast
from tests.cast import Acme, Said, acme, history, refused, web
from tests.test_races import at_once, newcomer
from workspaces.actions import grants, members, organizations, workspaces
from workspaces.actions.hosts import hand_in
from workspaces.actions.requests import ask_for_access
from workspaces.catalogue import BuiltIn, Code, Scheme, Scope
from workspaces.hosts import KnownProduct, RegisteredResource, ReportedCount, VanishedResource
from workspaces.models import (
    AccessRequest,
    Act,
    Entry,
    Grant,
    Label,
    Member,
    Organization,
    Workspace,
)
from workspaces.plans import Outcome
from workspaces.policy import Verb, decide
from workspaces.queries.admins import workspace_admins
from workspaces.queries.facts import actor_facts, workspace_facts
from workspaces.queries.palette import workspaces_named
from workspaces.queries.workspaces import joinable, listed, page_of
from workspaces.reasons import Reason

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> Acme:
    return acme()


def make(by: User, organization: Organization, name: str = "Lab", **what: Any) -> Workspace:
    return workspaces.create_workspace(actor=web(by), organization_id=organization.pk, name=name, **what)


def delete(by: User, workspace: Workspace) -> None:
    workspaces.delete_workspace(
        actor=web(by),
        organization_id=workspace.organization_id,
        workspace_id=workspace.pk,
        confirmed_name=workspace.name,
    )


def restore(by: User, workspace: Workspace, admin: Member | None = None) -> None:
    workspaces.restore_workspace(
        actor=web(by),
        organization_id=workspace.organization_id,
        workspace_id=workspace.pk,
        admin_id=admin.pk if admin else None,
    )


def on(by: User, workspace: Workspace) -> dict[str, Any]:
    """What every act on a workspace is told."""
    return {"actor": web(by), "organization_id": workspace.organization_id, "workspace_id": workspace.pk}


def held(user: User, workspace: Workspace) -> frozenset[str]:
    facts = actor_facts(web(user), workspace.organization)
    return workspace_facts(workspace.organization, facts, [workspace.pk])[workspace.pk].permissions


def sees(user: User, workspace: Workspace) -> bool:
    organization = Organization.objects.get(pk=workspace.organization_id)
    facts = actor_facts(web(user), organization)
    place = workspace_facts(organization, facts, [workspace.pk])[workspace.pk]
    return bool(decide(facts, Verb.VIEW_WORKSPACE, workspace=place))


def admins_of(workspace: Workspace) -> set[int]:
    everybody = Member.objects.filter(organization=workspace.organization_id)
    direct, through = workspace_admins(workspace.organization, everybody, [workspace.pk])
    return {*direct.values_list("member_id", flat=True), *through.values_list("member_id", flat=True)}


def northlab() -> Organization:
    return Organization.objects.get(slug="northlab")


def opened(world: Acme) -> Workspace:
    workspaces.change_workspace(**on(world.mia, world.research), is_open=True)
    return world.research


def let_members_create(world: Acme) -> None:
    organizations.change_organization(actor=web(world.olga), organization_id=world.id, members_create_workspaces=True)


# --- made


@pytest.mark.row("N2", "N3", "N4", "I13")
@pytest.mark.claim("P21")
@pytest.mark.parametrize(
    ("scheme", "top"),
    [
        (Scheme.STANDARD, BuiltIn.STANDARD_ADMIN),
        (Scheme.MANAGED, BuiltIn.MANAGED_MANAGER),
        (Scheme.INFRASTRUCTURE, BuiltIn.INFRASTRUCTURE_ACCOUNT_ADMIN),
    ],
)
def test_whoever_creates_a_workspace_is_its_admin(scheme: Scheme, top: BuiltIn) -> None:
    olga = cast.person("olga@acme.example", "Olga")
    organization = cast.found(olga, "Acme", scheme)
    lab = make(olga, organization, " Deep   Lab ", description=" For proofs ", label="environment")
    assert (lab.name, lab.slug, lab.description, lab.label, lab.kind) == (
        "Deep Lab",
        "deep-lab",
        "For proofs",
        "environment",
        "shared",
    )
    owner = cast.member_of(organization, olga)
    assert list(Grant.objects.filter(workspace=lab).values_list("member", "role", "granted_by")) == [
        (owner.pk, top, olga.pk)
    ]
    assert history(organization, "workspace.created", "grant.given")[-2:] == [
        Said("workspace.created", lab.pk, after="Deep Lab"),
        Said("grant.given", owner.pk, lab.pk, after=top_name(top)),
    ]


def top_name(role: BuiltIn) -> str:
    return {13: "Admin", 22: "Manager", 32: "Account Admin"}[role]


@pytest.mark.row("I13")
@pytest.mark.claim("P10", "P11")
def test_who_manages_workspaces_names_the_first_admin_and_takes_no_role_there(world: Acme) -> None:
    lab = make(world.olga, world.organization, admin_id=world.member(world.ben).pk)
    assert admins_of(lab) == {world.member(world.ben).pk}
    assert not Grant.objects.filter(workspace=lab, member=world.member(world.olga)).exists()
    waiting = cast.invite(world.olga, world.organization, "ivy@acme.example").member
    stranger = cast.northlab()
    assert waiting is not None
    for nobody in (waiting, world.member(world.tom), cast.member_of(stranger.organization, stranger.zoe)):
        with pytest.raises(Http404):
            make(world.olga, world.organization, "Nobody's", admin_id=nobody.pk)
    assert not Workspace.objects.filter(name="Nobody's").exists()
    let_members_create(world)
    with refused(403, Reason.NO_RIGHT):
        make(world.ben, world.organization, admin_id=world.member(world.mia).pk)


@pytest.mark.claim("P10")
def test_members_create_workspaces_where_the_policy_lets_them_and_guests_never(world: Acme) -> None:
    for user in (world.ben, world.tom):
        with refused(403, Reason.NO_RIGHT):
            make(user, world.organization)
    let_members_create(world)
    assert admins_of(make(world.ben, world.organization)) == {world.member(world.ben).pk}
    with refused(403, Reason.NO_RIGHT):
        make(world.tom, world.organization)
    creators = cast.custom_role(world.organization, "Makers", Scope.ORGANIZATION, Code.WORKSPACES_CREATE)
    organizations.change_organization(actor=web(world.olga), organization_id=world.id, members_create_workspaces=False)
    Member.objects.filter(pk=world.member(world.mia).pk).update(role=creators)
    assert make(world.mia, world.organization, "Mine").slug == "mine"


@pytest.mark.row("I60")
def test_a_personal_workspace_is_its_persons_alone(world: Acme) -> None:
    ben = world.member(world.ben)
    den = make(world.olga, world.organization, "Ben's den", kind="personal", admin_id=ben.pk, is_open=True)
    assert (den.person, den.is_open) == (ben, False)
    assert Code.WORKSPACE_DELETE in held(world.ben, den)
    with refused(409, Reason.PERSONAL):
        grants.give_role(
            **on(world.ben, den), role_id=BuiltIn.STANDARD_VIEWER, chosen=cast.chosen(world.member(world.mia))
        ).insist()
    with refused(409, Reason.PERSONAL):
        workspaces.leave_workspace(**on(world.ben, den))
    members.remove_members(actor=web(world.olga), organization_id=world.id, chosen=cast.chosen(ben))
    den.refresh_from_db()
    assert (den.person, den.archived_at is not None) == (None, True)
    with refused(409, Reason.PERSONAL):
        workspaces.reopen_workspace(**on(world.olga, den))


@pytest.mark.row("N1")
def test_the_address_part_is_the_workspaces_own_and_stays(world: Acme) -> None:
    names = ["New", "Research", "Research!", "新", "A" * 80, "default"]
    assert [make(world.olga, world.organization, name).slug for name in names] == [
        "new-2",
        "research-2",
        "research-3",
        "workspace",
        "a" * 40,
        "default-2",
    ]
    assert make(cast.northlab().zoe, northlab(), "Research").slug == "research"
    workspaces.change_workspace(**on(world.mia, world.research), name="Old Research")
    assert Workspace.objects.get(pk=world.research.pk).slug == "research"


@pytest.mark.claim("P17")
@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "Acme\u202e"},
        {"name": "x" * 81},
        {"description": "x" * 501},
        {"label": "club"},
        {"kind": "system"},
        {"kind": "secret"},
    ],
)
def test_what_is_no_workspace_is_not_made(world: Acme, wrong: dict[str, Any]) -> None:
    before = Workspace.objects.count(), Entry.objects.count()
    with pytest.raises(ValidationError):
        make(world.olga, world.organization, **{"name": "Lab", **wrong})
    assert (Workspace.objects.count(), Entry.objects.count()) == before


# --- changed and archived


@pytest.mark.claim("P21")
def test_each_changed_setting_of_a_workspace_stands_in_the_history(world: Acme) -> None:
    changed = workspaces.change_workspace(
        **on(world.mia, world.research), name="Science", description="d" * 500, label="project", is_open=True
    )
    assert changed == ["name", "description", "label", "is_open"]
    said = history(world.organization, "workspace.changed")
    assert (said[0].before, said[0].after) == ("Research", "Science")
    assert len(said[1].after) == 300
    assert [act.payload["field"] for act in Act.objects.filter(kind="workspace.changed").order_by("pk")] == [
        "name",
        "description",
        "label",
        "open",
    ]
    assert workspaces.change_workspace(**on(world.mia, world.research), name="Science") == []
    with refused(403, Reason.NO_RIGHT):
        workspaces.change_workspace(**on(world.ben, world.research), name="Ben's")
    system = world.organization.workspaces.get(slug="system")
    assert workspaces.change_workspace(**on(world.olga, system), is_open=True) == []


@pytest.mark.claim("P12")
def test_an_archived_workspace_is_seen_by_its_admins_only_and_takes_nobody_in(world: Acme) -> None:
    lab = opened(world)
    ben = world.member(world.ben)
    cast.place(world.mia, ben, lab, BuiltIn.STANDARD_EDITOR)
    with refused(403, Reason.NO_RIGHT):
        workspaces.archive_workspace(**on(world.ben, lab))
    workspaces.archive_workspace(**on(world.mia, lab))
    assert [sees(user, lab) for user in (world.mia, world.olga, world.ben)] == [True, True, False]
    lena = cast.person("lena@acme.example", "Lena")
    cast.join(world.olga, world.organization, lena)
    for act in (
        lambda: workspaces.join_workspace(**on(lena, lab)),
        lambda: grants.give_role(
            **on(world.mia, lab),
            role_id=BuiltIn.STANDARD_VIEWER,
            chosen=cast.chosen(cast.member_of(world.organization, lena)),
        ).insist(),
    ):
        with refused(409, Reason.ARCHIVED):
            act()
    with refused(409, Reason.UNCHANGED):
        workspaces.archive_workspace(**on(world.mia, lab))
    workspaces.reopen_workspace(**on(world.mia, lab))
    assert sees(world.ben, lab)
    with refused(409, Reason.UNCHANGED):
        workspaces.reopen_workspace(**on(world.mia, lab))
    assert [said.kind for said in history(world.organization, "workspace.archived", "workspace.reopened")] == [
        "workspace.archived",
        "workspace.reopened",
    ]


# --- deleted, restored, purged


@pytest.mark.row("N23", "I13")
@pytest.mark.claim("P12", "P15", "P21")
def test_a_deleted_workspace_gives_no_rights_and_is_gone_for_everybody(world: Acme) -> None:
    stale = {**on(world.mia, world.research), "actor": web(world.mia, is_fresh=False)}
    with refused(401, Reason.CONFIRM):
        workspaces.delete_workspace(**stale, confirmed_name="Research")
    with refused(403, Reason.NO_RIGHT):
        workspaces.delete_workspace(**on(world.ben, world.research), confirmed_name="Research")
    with refused(422, "name_differs"):
        workspaces.delete_workspace(**on(world.mia, world.research), confirmed_name="research")
    delete(world.mia, world.research)
    assert [held(user, world.research) for user in (world.olga, world.mia)] == [frozenset(), frozenset()]
    assert history(world.organization, "workspace.deleted") == [
        Said("workspace.deleted", world.research.pk, before="Research")
    ]
    for act in (
        lambda: delete(world.mia, world.research),
        lambda: workspaces.archive_workspace(**on(world.olga, world.research)),
        lambda: workspaces.join_workspace(**on(world.ben, world.research)),
        lambda: workspaces.leave_workspace(**on(world.mia, world.research)),
    ):
        with pytest.raises(Http404):
            act()


@pytest.mark.row("N23")
@pytest.mark.parametrize(
    ("scheme", "top", "may"),
    [
        (Scheme.STANDARD, BuiltIn.STANDARD_ADMIN, True),
        (Scheme.MANAGED, BuiltIn.MANAGED_MANAGER, False),
        (Scheme.INFRASTRUCTURE, BuiltIn.INFRASTRUCTURE_ACCOUNT_ADMIN, False),
    ],
)
def test_workspace_admins_delete_workspaces_in_the_standard_scheme_only(
    scheme: Scheme, top: BuiltIn, may: bool
) -> None:
    olga, mia = cast.person("olga@acme.example", "Olga"), cast.person("mia@acme.example")
    organization = cast.found(olga, "Acme", scheme)
    lab = make(olga, organization, admin_id=cast.join(olga, organization, mia).pk)
    if may:
        delete(mia, lab)
    else:
        with refused(403, Reason.NO_RIGHT):
            delete(mia, lab)
        delete(olga, lab)
    assert not organization.workspaces.alive().filter(pk=lab.pk).exists()


def keep_in_research(*external_ids: str, kind: str = "project") -> None:
    receipt = hand_in(
        [
            KnownProduct(name="Notebooks", url="https://notebooks.example/"),
            *(
                RegisteredResource(
                    organization="acme",
                    product="Notebooks",
                    external_id=each,
                    kind=kind,
                    name=each,
                    workspace="research",
                )
                for each in external_ids
            ),
        ]
    )
    assert receipt.problems == []


def count_in_research(kind: str, value: int) -> None:
    counted = ReportedCount(
        organization="acme",
        workspace="research",
        product="Notebooks",
        kind=kind,
        value=value,
        reported_at=timezone.now(),
    )
    assert hand_in([counted]).problems == []


@pytest.mark.row("N24", "N25")
def test_a_workspace_that_holds_resources_is_not_deleted_and_says_what_is_in_the_way(world: Acme) -> None:
    def insist_on(words: str) -> None:
        with pytest.raises(Refusal) as refusal:
            delete(world.mia, world.research)
        assert (refusal.value.status, refusal.value.code) == (409, Reason.HAS_RESOURCES)
        assert f"Research still holds {words}." in str(refusal.value)

    keep_in_research("p1", "p2", "p3")
    count_in_research("data set", 5)
    insist_on("data set (5), project (3)")
    count_in_research("data set", 0)
    hand_in([VanishedResource(organization="acme", product="Notebooks", external_id=each) for each in ("p1", "p2")])
    insist_on("project (1)")
    hand_in([VanishedResource(organization="acme", product="Notebooks", external_id="p3")])
    delete(world.mia, world.research)


def days_ago(workspace: Workspace, days: float) -> None:
    Workspace.objects.filter(pk=workspace.pk).update(deleted_at=Now() - timedelta(days=days))


def test_for_thirty_days_a_deletion_can_be_taken_back_by_organization_admins(world: Acme) -> None:
    delete(world.mia, world.research)
    with refused(403, Reason.NO_RIGHT):
        restore(world.mia, world.research)
    days_ago(world.research, 29.9)
    restore(world.olga, world.research)
    assert sees(world.mia, world.research)
    assert admins_of(world.research) == {world.member(world.mia).pk}
    assert not Grant.objects.filter(workspace=world.research, member=world.member(world.olga)).exists()
    with pytest.raises(Http404):
        restore(world.olga, world.research)
    delete(world.mia, world.research)
    days_ago(world.research, 30.001)
    with pytest.raises(Http404):
        restore(world.olga, world.research)


@pytest.mark.claim("P11")
def test_a_restored_workspace_without_an_admin_gets_one_in_the_same_step(world: Acme) -> None:
    delete(world.mia, world.research)
    mia = world.member(world.mia)
    # Deleted, it stands in nobody's way.
    assert members.remove_members(actor=web(world.olga), organization_id=world.id, chosen=cast.chosen(mia)).changed
    with pytest.raises(Http404):
        restore(world.priya, world.research, world.member(world.tom))
    assert Workspace.objects.get(pk=world.research.pk).deleted_at is not None
    restore(world.priya, world.research, world.member(world.ben))
    assert admins_of(world.research) == {world.member(world.ben).pk}
    delete(world.ben, world.research)
    members.remove_members(actor=web(world.olga), organization_id=world.id, chosen=cast.chosen(world.member(world.ben)))
    restore(world.priya, world.research)
    assert admins_of(world.research) == {world.member(world.priya).pk}


@pytest.mark.claim("P13", "P21")
def test_after_thirty_days_it_is_gone_with_everything_in_it_and_the_history_stays(world: Acme) -> None:
    ben = world.member(world.ben)
    cast.grant_group(cast.group_of(world.olga, world.organization, "Leads", ben), world.research, 11)
    other = make(world.olga, world.organization, "Other")
    workspaces.choose_default_workspace(**on(world.mia, world.research))
    for workspace in (world.research, other):
        delete(world.olga, workspace)
    days_ago(world.research, 30.001)
    days_ago(other, 29.9)
    assert [workspaces.purge_workspaces(), workspaces.purge_workspaces()] == [1, 0]
    assert not Workspace.objects.filter(pk=world.research.pk).exists()
    assert Workspace.objects.filter(pk=other.pk).exists()
    assert not Grant.objects.filter(workspace=world.research.pk).exists()
    assert world.member(world.mia).default_workspace is None
    assert history(world.organization, "workspace.purged") == [
        Said("workspace.purged", world.research.pk, before="Research")
    ]
    assert Label.objects.get(kind="workspace", object_id=world.research.pk).text == "Research"
    assert Said("workspace.deleted", world.research.pk, before="Research") in history(world.organization)
    assert make(world.olga, world.organization, "Research").slug == "research"


def test_a_purge_takes_requests_for_the_workspace_along(world: Acme) -> None:
    ask_for_access(
        actor=web(world.ben),
        organization_id=world.id,
        workspace_id=world.research.pk,
        role_id=BuiltIn.STANDARD_EDITOR,
        message="",
    )
    delete(world.mia, world.research)
    days_ago(world.research, 31)
    workspaces.purge_workspaces()
    assert not AccessRequest.objects.exists()


# --- joined and left


@pytest.mark.claim("P10", "P21")
def test_members_join_what_is_open_to_them_with_the_lowest_role(world: Acme) -> None:
    with refused(409, Reason.NOT_OPEN):
        workspaces.join_workspace(**on(world.ben, world.research))
    lab, ben = opened(world), world.member(world.ben)
    facts = {user: actor_facts(web(user), world.organization) for user in (world.ben, world.tom, world.mia, world.olga)}
    assert [lab in joinable(world.organization, each) for each in facts.values()] == [True, False, False, False]
    with refused(403, Reason.NO_RIGHT):
        workspaces.join_workspace(**on(world.tom, lab))
    assert workspaces.join_workspace(**on(world.ben, lab))
    assert list(Grant.objects.filter(workspace=lab, member=ben).values_list("role", "origin", "ends_at")) == [
        (BuiltIn.STANDARD_VIEWER, "joined", None)
    ]
    assert history(world.organization, "workspace.joined") == [Said("workspace.joined", ben.pk, lab.pk, after="Viewer")]
    assert not workspaces.join_workspace(**on(world.ben, lab))
    assert not workspaces.join_workspace(**on(world.mia, lab))
    assert len(history(world.organization, "workspace.joined")) == 1
    with pytest.raises(Http404):
        workspaces.join_workspace(**{**on(cast.northlab().zoe, lab), "organization_id": northlab().pk})


@pytest.mark.claim("P10")
def test_whose_access_has_ended_may_join_again_without_what_they_had_beside_it(world: Acme) -> None:
    lab, ben = opened(world), world.member(world.ben)
    viewer = {"role_id": BuiltIn.STANDARD_VIEWER, "chosen": cast.chosen(ben)}
    grants.give_role(**on(world.mia, lab), **viewer, extra_permissions=["deployments.create"], reason="A trial")
    assert "deployments.create" in held(world.ben, lab)
    cast.end(Grant.objects.get(workspace=lab, member=ben))
    assert workspaces.join_workspace(**on(world.ben, lab))
    again = Grant.objects.get(workspace=lab, member=ben)
    assert (again.ends_at, again.origin, again.reason, again.granted_by) == (None, "joined", "", world.ben)
    assert "deployments.create" not in held(world.ben, lab)


@pytest.mark.row("N22", "N20")
@pytest.mark.claim("P11", "P21")
def test_the_last_admin_hands_over_and_leaves_in_one_step(world: Acme) -> None:
    with refused(409, Reason.LAST_WORKSPACE_ADMIN):
        workspaces.leave_workspace(**on(world.mia, world.research))
    mia, ben = world.member(world.mia), world.member(world.ben)
    for nobody in (mia, world.member(world.tom)):
        with pytest.raises(Http404):
            workspaces.leave_workspace(**on(world.mia, world.research), heir_id=nobody.pk)
    workspaces.leave_workspace(**on(world.mia, world.research), heir_id=ben.pk)
    assert admins_of(world.research) == {ben.pk}
    assert not held(world.mia, world.research)
    assert history(world.organization)[-2:] == [
        Said("grant.given", ben.pk, world.research.pk, after="Admin"),
        Said("workspace.left", mia.pk, world.research.pk, before="Admin"),
    ]
    with refused(409, Reason.UNCHANGED):
        workspaces.leave_workspace(**on(world.mia, world.research))


@pytest.mark.claim("P11")
def test_leaving_gives_back_what_was_given_by_name_and_nothing_else(world: Acme) -> None:
    mia, ben = world.member(world.mia), world.member(world.ben)
    leads = cast.group_of(world.olga, world.organization, "Leads", mia)
    cast.place(world.mia, mia, world.research, BuiltIn.STANDARD_EDITOR)
    # Through the group she stays an admin, so her own grants may go.
    cast.grant_group(leads, world.research, BuiltIn.STANDARD_ADMIN)
    workspaces.leave_workspace(**on(world.mia, world.research))
    assert not Grant.objects.filter(member=mia, workspace=world.research).exists()
    assert admins_of(world.research) == {mia.pk}
    assert len(history(world.organization, "workspace.left")) == 2
    # An admin whose access ends is none that counts.
    cast.place(world.olga, ben, world.research, BuiltIn.STANDARD_ADMIN)
    Grant.objects.filter(group=leads).update(ends_at=Now() + timedelta(days=1))
    with refused(409, Reason.LAST_WORKSPACE_ADMIN):
        workspaces.leave_workspace(**on(world.ben, world.research))


@pytest.mark.claim("P10")
def test_whose_own_access_ends_hands_nothing_over_that_lasts(world: Acme) -> None:
    """Ben's Admin ends tomorrow: he is not the last admin and leaves; he cannot leave it to himself for longer."""
    ben = world.member(world.ben)
    cast.place(world.mia, ben, world.research, BuiltIn.STANDARD_ADMIN)
    Grant.objects.filter(member=ben).update(ends_at=Now() + timedelta(days=1))
    workspaces.leave_workspace(**on(world.ben, world.research))
    assert not held(world.ben, world.research)


def test_one_begins_in_a_workspace_that_one_reaches(world: Acme) -> None:
    workspaces.choose_default_workspace(**on(world.mia, world.research))
    assert world.member(world.mia).default_workspace == world.research
    with pytest.raises(Http404):
        workspaces.choose_default_workspace(**on(world.ben, world.research))
    workspaces.choose_default_workspace(actor=web(world.mia), organization_id=world.id, workspace_id=None)
    assert world.member(world.mia).default_workspace is None


# --- seen


@pytest.mark.row("I12")
@pytest.mark.claim("P3")
def test_everybody_lists_what_they_see_and_organization_admins_all(world: Acme) -> None:
    lab = opened(world)
    old = make(world.olga, world.organization, "Old", admin_id=world.member(world.mia).pk)
    gone = make(world.olga, world.organization, "Gone")
    workspaces.archive_workspace(**on(world.olga, old))
    delete(world.olga, gone)
    cast.northlab()

    def names(user: User, state: str = "active") -> list[str]:
        facts = actor_facts(web(user), world.organization)
        return sorted(listed(world.organization, facts, state).values_list("name", flat=True))

    assert names(world.olga) == names(world.ben) == ["Research", "default", "system"]
    workspaces.change_workspace(**on(world.mia, lab), is_open=False)
    assert names(world.ben) == ["default", "system"]
    assert names(world.tom) == []
    assert [names(user, "archived") for user in (world.olga, world.mia, world.ben)] == [["Old"], ["Old"], []]
    assert [names(user, "deleted") for user in (world.olga, world.mia)] == [["Gone"], []]


def test_a_page_of_workspaces_counts_people_once_and_says_everyone(world: Acme) -> None:
    mia, ben, tom = (world.member(user) for user in (world.mia, world.ben, world.tom))
    leads = cast.group_of(world.olga, world.organization, "Leads", mia, ben)
    cast.grant_group(leads, world.research, BuiltIn.STANDARD_VIEWER)
    cast.place(world.mia, tom, world.research, BuiltIn.STANDARD_VIEWER)
    cast.invite(world.olga, world.organization, "ivy@acme.example", places={world.research.pk: BuiltIn.STANDARD_VIEWER})
    facts = actor_facts(web(world.ben), world.organization)
    lines, following = page_of(world.organization, facts)
    assert following is None
    assert {line.workspace.name: line.people for line in lines} == {"default": None, "Research": 3, "system": None}
    members.suspend_members(actor=web(world.olga), organization_id=world.id, chosen=cast.chosen(tom))
    lines, _ = page_of(world.organization, facts, search="sear")
    assert [(line.workspace.name, line.people) for line in lines] == [("Research", 2)]


def test_pages_of_workspaces_follow_one_another_without_gap_or_overlap(world: Acme) -> None:
    Workspace.objects.bulk_create(
        Workspace(
            organization=world.organization,
            name=f"{'aB'[n % 2]} {n % 7}",
            sort_name=f"{'ab'[n % 2]} {n % 7}",
            slug=f"w{n}",
        )
        for n in range(120)
    )
    facts, seen, after = actor_facts(web(world.olga), world.organization), [], None
    for _ in range(3):
        lines, after = page_of(world.organization, facts, after=after)
        seen += [line.workspace.pk for line in lines]
    assert after is None
    assert sorted(seen) == sorted(world.organization.workspaces.values_list("pk", flat=True))


# --- races


def races(test: Any) -> Any:
    """With real commits, at a barrier."""
    for mark in (pytest.mark.django_db(transaction=True), pytest.mark.claim("P26"), pytest.mark.timeout(300)):
        test = mark(test)
    return test


ROUNDS = 6


@races
@pytest.mark.claim("P12")
def test_accepting_against_the_deletion_of_the_workspace_gives_the_role_or_drops_it() -> None:
    world = acme()
    for number in range(ROUNDS):
        lab, ivy = make(world.olga, world.organization, f"Lab {number}"), newcomer(number)
        places = {lab.pk: BuiltIn.STANDARD_EDITOR}
        invitation = cast.invite(world.olga, world.organization, ivy.email, places=places)
        assert at_once(partial(cast.accept, ivy, invitation), partial(delete, world.olga, lab)) == ["done", "done"]
        joined = Act.objects.filter(kind="invitation.accepted").latest("pk").pk
        deleted = Act.objects.filter(kind="workspace.deleted").latest("pk").pk
        member = cast.member_of(world.organization, ivy)
        assert Grant.objects.filter(workspace=lab, member=member).exists() == (joined < deleted)
        assert not held(ivy, lab)


def giving(by: User, member: Member, workspace: Workspace) -> Outcome:
    chosen = cast.chosen(member)
    return grants.give_role(**on(by, workspace), role_id=BuiltIn.STANDARD_EDITOR, chosen=chosen).insist()


@races
@pytest.mark.parametrize(("end", "refusals"), [("archive", {"archived"}), ("delete", {"no_right", "gone"})])
def test_a_grant_against_archiving_or_deleting_is_given_before_or_refused(end: str, refusals: set[str]) -> None:
    world = acme()
    ben = world.member(world.ben)
    for number in range(ROUNDS):
        lab = make(world.olga, world.organization, f"Lab {number}")
        archive = partial(workspaces.archive_workspace, **on(world.olga, lab))
        given, ended = at_once(
            partial(giving, world.olga, ben, lab), archive if end == "archive" else partial(delete, world.olga, lab)
        )
        assert ended == "done"
        assert given in {"done", *refusals}
        assert Grant.objects.filter(workspace=lab, member=ben).exists() == (given == "done")


@races
@pytest.mark.claim("P11")
@pytest.mark.row("N20")
def test_two_admins_who_leave_at_once_leave_one() -> None:
    world = acme()
    pair = (world.mia, world.ben)
    for _ in range(ROUNDS):
        for user in pair:
            role = {"workspace": world.research, "role_id": BuiltIn.STANDARD_ADMIN}
            Grant.objects.get_or_create(member=world.member(user), **role)
        outcomes = at_once(*(partial(workspaces.leave_workspace, **on(user, world.research)) for user in pair))
        assert sorted(outcomes) == ["done", "last_workspace_admin"]
        assert len(admins_of(world.research)) == 1


@races
@pytest.mark.claim("P11")
def test_restoring_against_the_removal_of_its_last_admin_leaves_an_admin() -> None:
    world = acme()
    for number in range(ROUNDS):
        ivy = cast.join(world.olga, world.organization, newcomer(number))
        lab = make(world.olga, world.organization, f"Lab {number}", admin_id=ivy.pk)
        delete(world.olga, lab)
        restored, removed = at_once(
            partial(restore, world.priya, lab),
            partial(members.remove_members, actor=web(world.olga), organization_id=world.id, chosen=cast.chosen(ivy)),
        )
        assert (restored, removed) in {("done", "done"), ("done", "last_workspace_admin")}
        assert len(admins_of(lab)) == 1


@races
def test_two_purges_at_once_purge_once() -> None:
    world = acme()
    for number in range(ROUNDS):
        lab = make(world.olga, world.organization, f"Lab {number}")
        delete(world.olga, lab)
        days_ago(lab, 31)
        assert at_once(workspaces.purge_workspaces, workspaces.purge_workspaces) == ["done", "done"]
        assert not Workspace.objects.filter(pk=lab.pk).exists()
        assert len(history(world.organization, "workspace.purged")) == number + 1


@pytest.mark.row("N2")
def test_workspaces_are_found_and_sorted_alike_whatever_the_case_and_the_accents(world: Acme) -> None:
    facts = actor_facts(web(world.olga), world.organization)
    common: dict[str, Any] = {"actor": web(world.olga), "organization_id": world.id}
    atelier = workspaces.create_workspace(**common, name="ÉTUDES Östlich", description="Für die Übung")
    workspaces.create_workspace(**common, name="zebra")
    for text in ("études", "ETUDES", "östlich", "OSTLICH", "ÜBUNG"):
        lines, _ = page_of(world.organization, facts, search=text)
        assert [line.workspace.pk for line in lines] == [atelier.pk], text
    assert [hit.name for hit in workspaces_named(world.organization, facts, "ÖST")] == ["ÉTUDES Östlich"]
    names = [line.workspace.name for line in page_of(world.organization, facts)[0]]
    assert names.index("default") < names.index("ÉTUDES Östlich") < names.index("Research") < names.index("zebra")
    workspaces.change_workspace(**common, workspace_id=atelier.pk, name="Ärger", description="")
    assert page_of(world.organization, facts, search="etudes")[0] == []
    assert page_of(world.organization, facts, search="ubung")[0] == []
    assert [line.workspace.pk for line in page_of(world.organization, facts, search="ÄRGER")[0]] == [atelier.pk]
