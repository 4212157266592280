"""Effective access against an oracle that knows nothing of SQL: random worlds, told twice."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from tests.cast import Acme, custom_role, end, grant_everyone, workspace_in
from tests.cast import place as place_by_hand
from tests.stage import Stage
from workspaces.actions.asking import may
from workspaces.actions.directory import enter
from workspaces.catalogue import BUILT_IN_ROLES, PERMISSIONS, BuiltIn, Scope
from workspaces.models import Grant, GrantPermission, Group, GroupMember, Member, Organization, Product, Role, Workspace
from workspaces.queries.effective import (
    Kind,
    No,
    blast_radius,
    check,
    held_by,
    paths_in,
    paths_of,
    who_can,
)
from workspaces.queries.roles import all_roles

pytestmark = pytest.mark.django_db

SOME = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture
def world(stage: Stage) -> Acme:
    return stage.acme


# --- the world as it is drawn, and what it means

STATES = ("joined", "joined", "joined", "waiting", "suspended", "blocked")
ORGANIZATION_ROLES = (BuiltIn.GUEST, BuiltIn.MEMBER, BuiltIn.MEMBER, BuiltIn.ADMIN)
PLACES = ("open", "archived", "deleted")
ENDS = (None, None, 1, -1)
WRITES, RUNS = "Writes", "Runs"
CUSTOM = {WRITES: frozenset({"projects.edit", "workspace.view"}), RUNS: frozenset({"deployments.create"})}
BUILT_IN = {
    "Viewer": BUILT_IN_ROLES[BuiltIn.STANDARD_VIEWER].permissions,
    "Editor": BUILT_IN_ROLES[BuiltIn.STANDARD_EDITOR].permissions,
}
CODES = {**CUSTOM, **BUILT_IN}
EVERY_CODE = frozenset(code for code, permission in PERMISSIONS.items() if permission.scope == Scope.WORKSPACE)
VIEWING = frozenset(code for code, permission in PERMISSIONS.items() if permission.viewing)
ASKED = ("projects.edit", "deployments.create", "workspace.view", "billing.view", "no.such.permission")


@dataclass(frozen=True)
class DrawnGrant:
    """principal: ("member", n), ("group", n) or ("everyone", 0); end in days from now."""

    place: int
    principal: tuple[str, int]
    role: str
    end: int | None
    extra: str


@dataclass(frozen=True)
class Drawn:
    members: tuple[tuple[str, int], ...]
    groups: tuple[frozenset[int], ...]
    grants: tuple[DrawnGrant, ...]

    def carries(self, member: int, grant: DrawnGrant) -> bool:
        """Does the grant reach the member, by whichever way, and is it not past its end?"""
        kind, number = grant.principal
        if grant.end is not None and grant.end < 0:
            return False
        if kind == "member":
            return number == member
        if kind == "group":
            return member in self.groups[number]
        return self.members[member][1] != BuiltIn.GUEST

    def held(self, member: int, place: int) -> frozenset[str]:
        """All that leads there, whatever state the member and the workspace are in."""
        if PLACES[place] == "deleted":
            return frozenset()
        if self.members[member][1] == BuiltIn.ADMIN:
            return EVERY_CODE
        found: set[str] = set()
        for grant in self.grants:
            if grant.place == place and self.carries(member, grant):
                found |= CODES[grant.role] | ({grant.extra} if grant.extra else set())
        return frozenset(found)

    def may(self, member: int, place: int, code: str) -> bool:
        held = self.held(member, place)
        if PLACES[place] == "archived":
            held &= VIEWING
        return self.members[member][0] == "joined" and code in held

    def gaining(self, place: int, codes: frozenset[str], principal: tuple[str, int]) -> int:
        grant = DrawnGrant(place, principal, "Viewer", None, "")
        reached = [n for n, (state, _role) in enumerate(self.members) if state == "joined" and self.carries(n, grant)]
        return sum(1 for member in reached if not codes <= self.held(member, place))


@st.composite
def drawn_worlds(draw: st.DrawFn) -> Drawn:
    member = st.tuples(st.sampled_from(STATES), st.sampled_from(ORGANIZATION_ROLES))
    members = draw(st.lists(member, min_size=3, max_size=6))
    anyone = st.integers(0, len(members) - 1)
    groups = draw(st.lists(st.frozensets(anyone, max_size=4), min_size=2, max_size=2))
    principal = st.one_of(
        st.tuples(st.just("member"), anyone),
        st.tuples(st.just("group"), st.integers(0, 1)),
        st.just(("everyone", 0)),
    )
    grant = st.builds(
        DrawnGrant,
        st.sampled_from((0, 0, 0, 1, 2)),
        principal,
        st.sampled_from(sorted(CODES)),
        st.sampled_from(ENDS),
        st.sampled_from(("", "", "billing.view", "projects.edit")),
    )
    grants = draw(st.lists(grant, max_size=8, unique_by=lambda one: (one.place, one.principal, one.role)))
    return Drawn(tuple(members), tuple(groups), tuple(grants))


class Built:
    """The drawn world as rows; another organization holds the same beside it."""

    def __init__(self, drawn: Drawn, organization: Organization) -> None:
        self.drawn, self.organization = drawn, organization
        now = timezone.now()
        self.members = [self._member(number, *about) for number, about in enumerate(drawn.members)]
        self.places = [workspace_in(organization, name) for name in PLACES]
        Workspace.objects.filter(pk=self.places[1].pk).update(archived_at=now)
        Workspace.objects.filter(pk=self.places[2].pk).update(deleted_at=now)
        self.groups = [Group.objects.create(organization=organization, name=f"G{n}", sort_name=f"g{n}") for n in (0, 1)]
        for group, people in zip(self.groups, drawn.groups, strict=True):
            for number in people:
                GroupMember.objects.create(group=group, member=self.members[number])
        self.roles = {name: custom_role(organization, name, Scope.WORKSPACE, *CUSTOM[name]) for name in CUSTOM}
        self.roles |= {role.name: role for role in Role.objects.filter(pk__in=(11, 12))}
        for grant in drawn.grants:
            self._grant(grant)

    def _member(self, number: int, state: str, role: int) -> Member:
        address = f"m{number}@{self.organization.slug}.example"
        user = User.objects.create(email=address, name=f"M{number}", is_active=state != "blocked")
        now = timezone.now()
        member = Member.objects.create(
            organization=self.organization,
            user=None if state == "waiting" else user,
            address=address,
            role_id=role,
            joined_at=None if state == "waiting" else now,
            suspended_at=now if state == "suspended" else None,
        )
        enter([member])
        return member

    def _grant(self, drawn: DrawnGrant) -> None:
        kind, number = drawn.principal
        grant = Grant.objects.create(
            workspace=self.places[drawn.place],
            member=self.members[number] if kind == "member" else None,
            group=self.groups[number] if kind == "group" else None,
            role=self.roles[drawn.role],
            ends_at=None if drawn.end is None else timezone.now() + timedelta(days=drawn.end),
        )
        if drawn.extra:
            GrantPermission.objects.create(grant=grant, permission=drawn.extra)

    def member_ids(self) -> list[int]:
        return [member.pk for member in self.members]


def build(drawn: Drawn) -> Built:
    organization = Organization.objects.create(name="Drawn", slug="drawn")
    # The same beside it: what one organization grants must never reach another.
    Built(drawn, Organization.objects.create(name="Beside", slug="beside"))
    return Built(drawn, organization)


def pairs(built: Built) -> list[tuple[int, Member, int, Workspace]]:
    return [
        (number, member, place, workspace)
        for number, member in enumerate(built.members)
        for place, workspace in enumerate(built.places)
    ]


@pytest.mark.claim("P12")
@pytest.mark.row("I43", "I44", "I4", "I8")
@SOME
@given(drawn_worlds())
def test_every_way_of_asking_agrees_with_the_oracle(drawn: Drawn) -> None:
    with transaction.atomic():
        built = build(drawn)
        roles = all_roles(built.organization)
        for number, member, place, workspace in pairs(built):
            held = drawn.held(number, place)
            there = paths_in(built.organization, workspace.pk, built.member_ids())[member.pk]
            assert held_by(roles, there) == held
            anywhere = [path for path in paths_of(built.organization, member) if path.workspace_id == workspace.pk]
            assert sorted(anywhere, key=str) == sorted(there, key=str)
            for code in ASKED:
                answer = check(built.organization.pk, member.pk, code, workspace.pk)
                assert bool(answer) == drawn.may(number, place, code), (answer, code)
                assert bool(answer.sources) == (code in held)
        transaction.set_rollback(True)


@pytest.mark.claim("P12")
@SOME
@given(drawn_worlds())
def test_who_may_do_a_thing_is_whoever_may_when_asked_one_by_one(drawn: Drawn) -> None:
    with transaction.atomic():
        built = build(drawn)
        for place, workspace in enumerate(built.places):
            for code in ASKED:
                found = {holder.member_id for holder in who_can(built.organization, code, workspace.pk).people}
                assert found == {
                    member.pk for number, member in enumerate(built.members) if drawn.may(number, place, code)
                }
        transaction.set_rollback(True)


@SOME
@given(drawn_worlds(), st.sampled_from(sorted(CODES)), st.sampled_from([("everyone", 0), ("group", 0), ("member", 0)]))
def test_the_blast_radius_counts_whoever_would_gain(drawn: Drawn, role: str, principal: tuple[str, int]) -> None:
    with transaction.atomic():
        built = build(drawn)
        kind, number = principal
        radius = blast_radius(
            built.organization,
            built.places[0].pk,
            CODES[role],
            member_ids=[built.members[number].pk] if kind == "member" else (),
            group_ids=[built.groups[number].pk] if kind == "group" else (),
            everyone=kind == "everyone",
        )
        assert radius.gaining == drawn.gaining(0, CODES[role], principal)
        transaction.set_rollback(True)


# --- one question, in words


def answer(world: Acme, user: User, code: str, workspace: Workspace) -> tuple[No | None, list[str]]:
    found = check(world.id, world.member(user).pk, code, workspace.pk)
    return found.no, [source.kind.value for source in found.sources]


@pytest.mark.row("I4", "I8", "L10")
def test_an_answer_names_its_reason_and_its_sources(world: Acme) -> None:
    assert answer(world, world.mia, "deployments.create", world.research) == (None, [Kind.DIRECT])
    assert answer(world, world.priya, "deployments.create", world.research) == (None, [Kind.ORGANIZATION])
    assert answer(world, world.ben, "deployments.create", world.research) == (No.NOT_HELD, [])
    assert answer(world, world.ben, "deployments.create", world.default) == (None, [Kind.EVERYONE])
    assert answer(world, world.tom, "deployments.create", world.default) == (No.NOT_HELD, [])
    Workspace.objects.filter(pk=world.research.pk).update(archived_at=timezone.now())
    assert answer(world, world.mia, "deployments.create", world.research) == (No.ARCHIVED, [Kind.DIRECT])
    assert answer(world, world.mia, "deployments.view", world.research) == (None, [Kind.DIRECT])
    User.objects.filter(pk=world.mia.pk).update(is_active=False)
    assert answer(world, world.mia, "deployments.view", world.research) == (No.BLOCKED, [Kind.DIRECT])
    assert check(world.id, 10**12, "deployments.view", world.research.pk).no is No.UNKNOWN


@pytest.mark.claim("P12")
def test_an_end_counts_by_the_clock_and_extras_go_with_their_grant(world: Acme) -> None:
    place_by_hand(world.olga, world.member(world.ben), world.research, BuiltIn.STANDARD_VIEWER)
    grant = Grant.objects.get(member=world.member(world.ben), workspace=world.research)
    GrantPermission.objects.create(grant=grant, permission="billing.view")
    assert answer(world, world.ben, "billing.view", world.research) == (None, [Kind.DIRECT])
    end(grant)
    assert answer(world, world.ben, "billing.view", world.research) == (No.NOT_HELD, [])


@pytest.mark.claim("P12")
def test_a_permission_of_the_organization_is_its_role_s_wherever_it_is_asked(world: Acme) -> None:
    assert check(world.id, world.member(world.olga).pk, "billing.manage")
    assert check(world.id, world.member(world.olga).pk, "billing.manage", world.research.pk)
    assert check(world.id, world.member(world.mia).pk, "billing.manage", world.research.pk).no is No.NOT_HELD


@pytest.mark.row("L10")
def test_a_product_asks_and_it_is_noted_at_most_once_a_minute(world: Acme) -> None:
    Product.objects.update_or_create(name="Notebooks", defaults={"asked_at": None})
    ask = {"product": "Notebooks", "organization_id": world.id, "code": "notebooks.run"}
    assert may(**ask, member_id=world.member(world.mia).pk, workspace_id=world.research.pk)
    first = Product.objects.get(name="Notebooks").asked_at
    assert first is not None
    assert not may(**ask, member_id=world.member(world.ben).pk, workspace_id=world.research.pk)
    assert Product.objects.get(name="Notebooks").asked_at == first


@pytest.mark.row("D1")
def test_on_a_resource_its_lock_and_its_collaborators_have_their_say(stage: Stage) -> None:
    acme, churn = stage.acme, stage.churn

    def on_churn(user: User, code: str) -> No | None:
        return check(acme.id, acme.member(user).pk, code, resource_id=churn.pk).no

    assert on_churn(acme.mia, "projects.edit") is None, "the owner"
    assert on_churn(acme.ben, "projects.edit") is None, "a collaborator, who is not in the workspace"
    assert on_churn(stage.max, "projects.view") is No.NOT_HELD
    place_by_hand(acme.olga, acme.member(stage.max), acme.research, BuiltIn.STANDARD_EDITOR)
    assert on_churn(stage.max, "projects.edit") is None, "by the role in the workspace"
    type(churn).objects.filter(pk=churn.pk).update(access="view")
    assert on_churn(stage.max, "projects.edit") is No.LOCKED
    assert on_churn(stage.max, "projects.view") is None
    type(churn).objects.filter(pk=churn.pk).update(access="private")
    assert on_churn(stage.max, "projects.view") is No.PRIVATE
    assert on_churn(acme.priya, "projects.view") is No.PRIVATE, "admins are not excepted"


def test_the_blast_radius_says_what_is_high_risk(world: Acme) -> None:
    grant_everyone(world.research, BuiltIn.STANDARD_VIEWER)
    editor = BUILT_IN_ROLES[BuiltIn.STANDARD_EDITOR].permissions
    admin = BUILT_IN_ROLES[BuiltIn.STANDARD_ADMIN].permissions
    radius = blast_radius(world.organization, world.research.pk, admin, everyone=True)
    assert (radius.reached, radius.gaining) == (4, 3), "Mia is Admin there; Ben, Max and Lena gain; Admins have it all"
    assert "manage the workspace's members" in map(str, radius.high_risk)
    assert blast_radius(world.organization, world.research.pk, editor, everyone=True).high_risk == ()


def test_whoever_holds_it_all_by_several_ways_together_would_gain_nothing(stage: Stage) -> None:
    acme, research = stage.acme, stage.research
    writes = custom_role(acme.organization, "Writer", Scope.WORKSPACE, "projects.edit").pk
    runs = custom_role(acme.organization, "Runner", Scope.WORKSPACE, "deployments.create").pk
    both = {"projects.edit", "deployments.create"}

    def gaining(user: User) -> int:
        return blast_radius(acme.organization, research.pk, both, member_ids=[acme.member(user).pk]).gaining

    for role in (writes, runs):
        assert gaining(acme.ben) == 1
        place_by_hand(acme.olga, acme.member(acme.ben), research, role)
    assert gaining(acme.ben) == 0, "two grants of his own"
    place_by_hand(acme.olga, acme.member(stage.max), research, runs)
    assert gaining(stage.max) == 1
    grant_everyone(research, writes)
    assert gaining(stage.max) == 0, "one of his own, and one as part of everyone"
