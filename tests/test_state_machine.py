"""The whole domain driven at random (ACCEPTANCE P26): every action, two organizations, people of every kind.

After each step the rows are read again and held against `tests.naive`: what the step changed and said, and what must
always be true. Each example is rolled back, since Hypothesis examples share one test's database.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from pytest_django import Settings

from accounts import actions as people
from accounts.actors import Actor
from accounts.models import User
from config.refusals import Refusal
from tests import cast
from tests.machine_access import AccessMoves
from tests.machine_asking import AskingMoves
from tests.machine_importing import IMPORTING, ImportMoves
from tests.machine_invariants import Invariants
from tests.machine_joining import JoiningMoves
from tests.machine_merging import MERGING, MergeMoves, MergeStep
from tests.machine_moves import ANSWERING, ARRANGING, ASKING, CHANGING, ENDING, GRANTING, JOBS, JOINING, OWNING, PLACING
from tests.machine_proposing import PROPOSING, ProposalMoves, ProposalStep
from tests.machine_resources import KEEPING, ResourceMoves, ResourceStep
from tests.machine_world import World, make_world
from tests.naive import read_model
from tests.steps import Step, the, visible
from workspaces.actions import grants, groups, members, organizations
from workspaces.catalogue import BuiltIn, Scope, scheme_roles
from workspaces.models import Act, Member, Selection
from workspaces.selections import Chosen, store

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(1800)]

EXAMPLES, STEPS = 20, 40


class Roster(
    AskingMoves, JoiningMoves, ImportMoves, ProposalMoves, MergeMoves, AccessMoves, ResourceMoves, Invariants,
    RuleBasedStateMachine,
):  # fmt: skip
    world: World

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.now = read_model()
        self.final: dict[int, str] = {}
        self.touched = set(self.now.organizations)
        self.checks = 0

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    def call(self, chosen: tuple[str, dict[str, Any]]) -> None:
        name, given = chosen
        getattr(self, name)(**given)

    @rule(chosen=ASKING)
    def ask(self, chosen: tuple[str, dict[str, Any]]) -> None:
        self.call(chosen)

    @rule(chosen=ANSWERING)
    def answer(self, chosen: tuple[str, dict[str, Any]]) -> None:
        self.call(chosen)

    @rule(chosen=CHANGING)
    def change(self, chosen: tuple[str, dict[str, Any]]) -> None:
        self.call(chosen)

    @rule(chosen=PLACING)
    def place(self, chosen: tuple[str, dict[str, Any]]) -> None:
        self.call(chosen)

    @rule(chosen=GRANTING)
    def grant(self, chosen: tuple[str, dict[str, Any]]) -> None:
        self.call(chosen)

    @rule(chosen=JOBS)
    def job(self, chosen: tuple[str, dict[str, Any]]) -> None:
        self.call(chosen)

    @rule(chosen=ARRANGING)
    def arrange(self, chosen: tuple[str, dict[str, Any]]) -> None:
        self.call(chosen)

    @rule(chosen=KEEPING)
    def keep(self, chosen: tuple[str, dict[str, Any]]) -> None:
        self.call(chosen)

    @rule(chosen=IMPORTING)
    def import_people(self, chosen: tuple[str, dict[str, Any]]) -> None:
        self.call(chosen)

    @rule(chosen=PROPOSING)
    def propose(self, chosen: tuple[str, dict[str, Any]]) -> None:
        self.call(chosen)

    @rule(chosen=MERGING)
    def merge(self, chosen: tuple[str, dict[str, Any]]) -> None:
        self.call(chosen)

    @rule(chosen=JOINING)
    def join(self, chosen: tuple[str, dict[str, Any]]) -> None:
        self.call(chosen)

    @rule(chosen=OWNING)
    def own(self, chosen: tuple[str, dict[str, Any]]) -> None:
        self.call(chosen)

    @rule(chosen=ENDING)
    def end(self, chosen: tuple[str, dict[str, Any]]) -> None:
        self.call(chosen)

    # --- one step

    def step(self, actor: Actor, act: Callable[[], Any], *, by: str = "") -> Any:
        """Does it, reads everything again, and holds the difference against what was said and allowed."""
        before, result, refused = self.now, None, True
        with suppress(Refusal, Http404, ValidationError):
            result = act()
            refused = False
        self.now = read_model()
        if refused:
            assert (self.now.last_act, self.now.last_entry) == (before.last_act, before.last_entry)
            assert visible(self.now) == visible(before)
            return None
        self.touched |= set(Act.objects.filter(pk__gt=before.last_act).values_list("organization_id", flat=True))
        if by == "account":
            self.touched |= set(self.now.organizations)
        step = Step(before, self.now, actor, by)
        step.check_what_was_said()
        step.check_what_was_given()
        step.check_whom_it_touched()
        step.check_seats()
        step.check_handed_over()
        for part in (ResourceStep, ProposalStep, MergeStep):
            part(step).check()
        lost = before.guarded_scopes() - self.now.guarded_scopes()
        alive = {("organization", pk) for pk in self.now.organizations} | {
            ("workspace", pk) for pk, one in self.now.workspaces.items() if not one.deleted_at
        }
        assert not lost & alive
        return result

    def user(self, who: int, organization: int = 0) -> User:
        if len(self.world.users) <= who < 12:
            return the([self.world.acme.ben, self.world.acme.mia], who)
        admins = sorted(self.now.organization_admins(organization)) if who >= 12 else []
        user = self.now.members[the(admins, who)].user_id if admins else None
        return next((one for one in self.world.users if one.pk == user), the(self.world.users, who))

    def actor(self, who: int, organization: int, fresh: bool = True) -> Actor:
        return cast.web(self.user(who, organization), is_fresh=fresh)

    def organization(self, where: int) -> int:
        return the(sorted(self.now.organizations), where)

    def members_of(self, organization: int, state: str = "") -> list[int]:
        """Its members, or those in one state if there are any."""
        here = {pk: one for pk, one in self.now.members.items() if one.organization_id == organization}
        fitting = [
            pk
            for pk, one in here.items()
            if (state == "waiting" and one.joined_at is None) or (state == "suspended" and one.suspended_at is not None)
        ]
        return sorted(fitting or here)

    def chosen(self, organization: int, numbers: set[int], stored: bool = False, state: str = "") -> Chosen:
        """Some of its members, mostly in the fitting state, now and then with a stranger among the ids."""
        here = self.members_of(organization, "" if 8 in numbers else state)
        ids = tuple({the(here, number) for number in numbers if number < 9})
        if 9 in numbers:
            ids += tuple(pk for pk in sorted(self.now.members) if pk not in here)[:1]
        if stored:
            selection = store(self.now.organizations[organization], Member.objects.filter(pk__in=ids))
            return Chosen(selection_id=selection.pk)
        return Chosen(ids=ids)

    def role(self, organization: int, scope: Scope, number: int) -> int:
        own = [pk for pk in sorted(self.now.roles) if self.is_own(pk, organization, scope)]
        if scope == Scope.ORGANIZATION:
            return the([BuiltIn.GUEST, BuiltIn.MEMBER, BuiltIn.ADMIN, *own], number)
        return the([role.id for role in scheme_roles(self.now.organizations[organization].scheme)] + own, number)

    def is_own(self, role: int, organization: int, scope: Scope) -> bool:
        """Its own custom roles of the scope; now and then another organization's, to be refused."""
        owner = self.now.role_owners.get(role)
        return owner is not None and self.now.role_scopes[role] == scope and (role % 7 == 0 or owner == organization)

    def workspace(self, organization: int, number: int) -> int:
        here = [pk for pk, one in self.now.workspaces.items() if one.organization_id == organization]
        return the(sorted(here) or sorted(self.now.workspaces), number)

    def group(self, organization: int, number: int) -> int:
        here = [pk for pk, owner in self.now.groups.items() if owner == organization]
        return the(sorted(here) or sorted(self.now.groups) or [0], number)

    # --- changing members

    def act_on(
        self, who: int, where: int, numbers: set[int], act: Callable[..., Any], *, staff: bool = False, by: str = "",
        stored: bool = False, state: str = "", **what: int,
    ) -> None:  # fmt: skip
        organization = self.organization(where)
        actor = cast.support(self.world.sam) if staff else self.actor(who, organization)
        chosen = self.chosen(organization, numbers, stored, state)
        self.step(actor, lambda: act(actor=actor, organization_id=organization, chosen=chosen, **what), by=by)
        Selection.objects.filter(pk=chosen.selection_id).delete() if stored else None

    def update_roles(self, who: int, where: int, numbers: set[int], role: int, stored: bool) -> None:
        role_id = self.role(self.organization(where), Scope.ORGANIZATION, role)
        self.act_on(who, where, numbers, members.update_roles, stored=stored, role_id=role_id)

    def suspend(self, who: int, where: int, numbers: set[int], staff: bool) -> None:
        self.act_on(who, where, numbers, members.suspend_members, staff=staff)

    def reactivate(self, who: int, where: int, numbers: set[int]) -> None:
        self.act_on(who, where, numbers, members.reactivate_members, state="suspended")

    def successor(self, organization: int, number: int) -> dict[str, int]:
        """Somebody for the open invitations of whoever goes, or nobody."""
        return {"successor_id": the(self.members_of(organization), number)} if number % 2 else {}

    def remove(self, who: int, where: int, numbers: set[int], stored: bool, successor: int) -> None:
        heir = self.successor(self.organization(where), successor)
        self.act_on(who, where, numbers, members.remove_members, stored=stored, **heir)

    def leave(self, who: int, where: int, successor: int) -> None:
        organization = self.organization(where)
        actor, heir = self.actor(who, organization), self.successor(organization, successor)
        self.step(actor, lambda: members.leave(actor=actor, organization_id=organization, **heir))

    def add_to_group(self, who: int, where: int, numbers: set[int], number: int) -> None:
        group = self.group(self.organization(where), number)
        self.act_on(who, where, numbers, groups.add_to_group, group_id=group)

    def add_to_workspace(self, who: int, where: int, numbers: set[int], number: int, role: int) -> None:
        organization = self.organization(where)
        workspace, role_id = self.workspace(organization, number), self.role(organization, Scope.WORKSPACE, role)
        self.act_on(who, where, numbers, grants.add_to_workspace, workspace_id=workspace, role_id=role_id)

    def create_group(self, who: int, where: int, number: int) -> None:
        organization = self.organization(where)
        actor = self.actor(who, organization)
        name = the(["Alpha", "beta", "BETA"], number)
        self.step(actor, lambda: groups.create_group(actor=actor, organization_id=organization, name=name))

    # --- the organization itself

    def offer_transfer(self, who: int, where: int, fresh: bool, number: int, staff: bool) -> None:
        organization = self.organization(where)
        actor = cast.support(self.world.sam) if staff else self.actor(who, organization, fresh)
        successor = self.chosen(organization, {number % 9}).ids[0]
        self.step(
            actor,
            lambda: organizations.offer_transfer(actor=actor, organization_id=organization, successor_id=successor),
        )

    def accept_transfer(self, who: int, number: int, fresh: bool, right: bool) -> None:
        if not self.now.offers:
            return
        organization = the(sorted(self.now.offers), number)
        successor = self.now.members.get(self.now.offers.get(organization, 0))
        user = successor.user if right and successor is not None else self.user(who, organization)
        assert user is not None
        actor = cast.web(user, is_fresh=fresh)
        self.step(
            actor, lambda: organizations.accept_transfer(actor=actor, organization_id=organization), by="transfer"
        )

    def withdraw_transfer(self, who: int, where: int) -> None:
        organization = self.organization(where)
        actor = self.actor(who, organization)
        self.step(actor, lambda: organizations.withdraw_transfer(actor=actor, organization_id=organization))

    def change_organization(self, who: int, where: int, days: int, flag: bool) -> None:
        organization = self.organization(where)
        actor = self.actor(who, organization)
        self.step(
            actor,
            lambda: organizations.change_organization(
                actor=actor, organization_id=organization, invitation_days=days, workspace_admins_invite=flag
            ),
        )

    def change_seats(self, where: int, free: int) -> None:
        """By the operator: so many more than are taken; at the upper end, no limit."""
        organization, sam = self.organization(where), cast.support(self.world.sam)
        seats = None if free > 4 else max(1, self.now.seats_taken(organization) + free)
        self.step(
            sam,
            lambda: organizations.change_limits(
                actor=sam, organization_id=organization, seats=seats, invitations_per_day=None
            ),
        )

    def create_organization(self, who: int) -> None:
        if len(self.now.organizations) < 3 and self.user(who).pk in self.now.active_users:
            actor = self.actor(who, 0)
            self.step(actor, lambda: organizations.create_organization(actor=actor, name="Third"), by="create")

    def delete_organization(self, who: int, fresh: bool, name: str) -> None:
        """Only ever the third one, or nothing would be left to play with."""
        organization = max(self.now.organizations)
        if len(self.now.organizations) < 3:
            return
        actor = self.actor(who, organization, fresh)
        self.step(
            actor,
            lambda: organizations.delete_organization(actor=actor, organization_id=organization, confirmed_name=name),
            by="delete",
        )

    # --- the account itself

    def block_or_unblock(self, who: int, back: bool) -> None:
        sam, user = cast.support(self.world.sam), the(self.world.users, who).pk
        if user in self.now.active_users:
            self.step(sam, lambda: people.block_account(actor=sam, user_id=user), by="account")
        elif back and User.objects.filter(pk=user).exists():
            self.step(sam, lambda: people.unblock_account(actor=sam, user_id=user), by="account")

    def delete_account(self, who: int, sure: bool) -> None:
        user = the(self.world.users, who)
        if sure and user.pk in self.now.active_users:
            actor = cast.web(user)
            self.step(actor, lambda: people.delete_account(actor=actor), by="account")


@pytest.mark.claim("P3", "P7", "P9", "P10", "P11", "P12", "P13", "P14", "P21", "P26")
def test_whatever_people_do_the_rules_hold(settings: Settings) -> None:
    settings.MAILS_PER_RECIPIENT_PER_DAY = 5
    Roster.world = make_world()
    run_state_machine_as_test(Roster, settings=LIMITS)


LIMITS = settings(
    max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
)
