"""Workspaces: made, changed, archived; joined, left and begun in; listed for whoever sees them."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db.models.functions import Now
from django.http import Http404

from accounts.models import User
from tests import cast
from tests.cast import Acme, Said, history, refused, web
from tests.places import admins_of, delete, held, make, on, sees
from workspaces.actions import grants, members, organizations, workspaces
from workspaces.catalogue import BuiltIn, Code, Scheme, Scope
from workspaces.models import Act, Entry, Grant, Member, Organization, Workspace
from workspaces.queries.facts import actor_facts
from workspaces.queries.palette import workspaces_named
from workspaces.queries.workspaces import joinable, listed, page_of
from workspaces.reasons import Reason

pytestmark = pytest.mark.django_db


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
    lines, _, following = page_of(world.organization, facts)
    assert following is None
    assert {line.workspace.name: line.people for line in lines} == {"default": None, "Research": 3, "system": None}
    members.suspend_members(actor=web(world.olga), organization_id=world.id, chosen=cast.chosen(tom))
    lines, *_ = page_of(world.organization, facts, search="sear")
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
        lines, _, after = page_of(world.organization, facts, after=after)
        seen += [line.workspace.pk for line in lines]
    assert after is None
    assert sorted(seen) == sorted(world.organization.workspaces.values_list("pk", flat=True))


@pytest.mark.row("N2")
def test_workspaces_are_found_and_sorted_alike_whatever_the_case_and_the_accents(world: Acme) -> None:
    facts = actor_facts(web(world.olga), world.organization)
    common: dict[str, Any] = {"actor": web(world.olga), "organization_id": world.id}
    atelier = workspaces.create_workspace(**common, name="ÉTUDES Östlich", description="Für die Übung")
    workspaces.create_workspace(**common, name="zebra")
    for text in ("études", "ETUDES", "östlich", "OSTLICH", "ÜBUNG"):
        lines, *_ = page_of(world.organization, facts, search=text)
        assert [line.workspace.pk for line in lines] == [atelier.pk], text
    assert [hit.name for hit in workspaces_named(world.organization, facts, "ÖST")] == ["ÉTUDES Östlich"]
    names = [line.workspace.name for line in page_of(world.organization, facts)[0]]
    assert names.index("default") < names.index("ÉTUDES Östlich") < names.index("Research") < names.index("zebra")
    workspaces.change_workspace(**common, workspace_id=atelier.pk, name="Ärger", description="")
    assert page_of(world.organization, facts, search="etudes")[0] == []
    assert page_of(world.organization, facts, search="ubung")[0] == []
    assert [line.workspace.pk for line in page_of(world.organization, facts, search="ÄRGER")[0]] == [atelier.pk]
