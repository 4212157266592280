"""The whole domain driven at random (ACCEPTANCE P26): every action, two organizations, people of every kind.

After each step the rows are read again and held against `tests.naive`: what the step changed and said, and what must
always be true. Each example is rolled back, since Hypothesis examples share one test's database.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from pytest_django import Settings

from accounts import actions as people
from accounts.actors import ROSTER, Actor
from accounts.addresses import Pasted
from accounts.models import User
from config.refusals import Refusal
from invitations.actions import answering, inviting, keeping
from invitations.actions.editing import Edit, edit_invitation
from invitations.asking import Ask
from invitations.models import Invitation
from tests import cast
from tests.machine_access import AccessMoves
from tests.machine_joining import JoiningMoves
from tests.machine_moves import ANSWERING, ARRANGING, ASKING, CHANGING, ENDING, GRANTING, JOBS, JOINING, OWNING, PLACING
from tests.machine_resources import KEEPING, ResourceMoves, ResourceStep
from tests.machine_world import World, make_world
from tests.naive import read_model
from tests.steps import Step, rights_on_screen, state_on_screen, visible
from workspaces.actions import grants, groups, members, organizations
from workspaces.catalogue import BuiltIn, Scope, scheme_roles
from workspaces.models import Act, Activity, Departure, Directory, Member, Selection
from workspaces.names import folded
from workspaces.queries.facts import actor_facts, workspace_permissions
from workspaces.queries.member_sql import STATES
from workspaces.queries.members import Filters, Found, matching_members, member_page
from workspaces.selections import Chosen, store

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(1800)]

EXAMPLES, STEPS = 20, 40


def the(items: Sequence[Any], number: int) -> Any:
    return items[number % len(items)]


class Roster(JoiningMoves, AccessMoves, ResourceMoves, RuleBasedStateMachine):
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
        ResourceStep(step).check()
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

    # --- asking in and answering

    def invite(
        self, who: int, fresh: bool, where: int, numbers: set[int], role: int, places: dict[int, int], groups: set[int]
    ) -> None:
        organization = self.organization(where)
        ask = Ask(
            role_id=self.role(organization, Scope.ORGANIZATION, role),
            group_ids=sorted({self.group(organization, number) for number in groups}),
            placements={
                self.workspace(organization, place): self.role(organization, Scope.WORKSPACE, number)
                for place, number in places.items()
            },
        )
        addresses = [the(self.world.addresses[::-1], number * (who + 1)) for number in sorted(numbers)]
        actor = self.actor(who, organization, fresh)
        self.step(
            actor,
            lambda: inviting.invite(
                actor=actor,
                organization_id=organization,
                entries=[Pasted(address) for address in addresses],
                ask=ask,
            ),
            by="invite",
        )

    def some_invitation(self, number: int, former: bool, good: bool) -> tuple[Invitation, int]:
        """One that is open, if good and if there is one, else any."""
        known = [self.now.invitations[pk] for pk in sorted(self.now.invitations, reverse=True)]
        opened = [one for one in known if one.accepted_at is None and one.revoked_at is None]
        invitation = the(opened if good and opened else known, number)
        return invitation, invitation.generation - former

    def accept(self, number: int, former: bool, good: bool, who: int, right: bool) -> None:
        """Mostly by the person whose address it is."""
        invitation, generation = self.some_invitation(number, former, good)
        owners = [user for user in self.world.users if invitation.address in self.now.verified.get(user.pk, ())]
        user = owners[0] if right and owners else self.user(who)
        actor = cast.web(user)
        joined = self.step(
            actor,
            lambda: answering.accept(actor=actor, invitation_id=invitation.pk, generation=generation),
            by=f"accept {invitation.pk}",
        )
        if joined is not None:
            assert invitation.address in self.now.verified[user.pk]

    def decline(self, number: int, former: bool, good: bool) -> None:
        invitation, generation = self.some_invitation(number, former, good)
        self.step(ROSTER, lambda: answering.decline(actor=ROSTER, invitation_id=invitation.pk, generation=generation))

    def resend(self, who: int, where: int, numbers: set[int], staff: bool) -> None:
        self.act_on(who, where, numbers, keeping.resend, staff=staff, state="waiting")

    def revoke(self, who: int, where: int, numbers: set[int], staff: bool) -> None:
        self.act_on(who, where, numbers, members.revoke_invitations, staff=staff, by="revoke", state="waiting")

    def correct_address(self, who: int, where: int, number: int, address: int) -> None:
        organization = self.organization(where)
        waiting = self.members_of(organization, "waiting")
        actor = self.actor(who, organization)
        self.step(
            actor,
            lambda: keeping.correct_address(
                actor=actor,
                organization_id=organization,
                member_id=the(waiting, number),
                address=the(self.world.addresses, address),
            ),
        )

    def time_passes(self, number: int, sweep: bool) -> None:
        pending = [one for one in self.now.invitations.values() if one.accepted_at is None and one.revoked_at is None]
        if pending:
            cast.expire(the(sorted(pending, key=lambda one: one.pk), number))
            self.now = read_model()
            self.touched |= set(self.now.organizations)
        if sweep:
            self.step(ROSTER, keeping.expire_invitations)
            assert keeping.expire_invitations() == 0

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

    def edit_invitation(
        self, who: int, where: int, number: int, role: int, places: dict[int, int], groups: dict[int, bool], again: bool
    ) -> None:
        organization = self.organization(where)
        actor = self.actor(who, organization)
        waiting = self.now.members[the(self.members_of(organization, "waiting"), number)]
        edit = Edit(
            role_id=self.role(organization, Scope.ORGANIZATION, role),
            address=waiting.address,
            message="",
            language=the(["en", "de"], role),
            groups={self.group(organization, each): wanted for each, wanted in groups.items()},
            placements={
                self.workspace(organization, place): self.role(organization, Scope.WORKSPACE, given)
                if given % 3
                else None
                for place, given in places.items()
            },
            days=7 if role % 2 else None,
            sends_again=again,
        )
        self.step(
            actor,
            lambda: edit_invitation(actor=actor, organization_id=organization, member_id=waiting.pk, edit=edit),
        )

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

    # --- what is always so

    @invariant()
    def check(self) -> None:
        """Where nothing has changed, nothing has to be asked again."""
        if self.touched:
            self.checks += 1
            self.check_the_ways_agree()
            self.check_resources()
            self.check_owners_and_admins()
            self.check_invitations()
            self.check_nothing_is_left_over()
            self.touched.clear()

    def check_the_ways_agree(self) -> None:
        """The resolver, the screen's rows and the naive model; strangers, invited and suspended people hold nothing."""
        for organization in [self.now.organizations[pk] for pk in self.touched & self.now.organizations.keys()]:
            page = member_page(organization.pk, Filters())
            here = {pk: one for pk, one in self.now.members.items() if one.organization_id == organization.pk}
            assert {row.id for row in page.rows} == set(here)
            for row in page.rows:
                member = here[row.id]
                truth = self.now.all_rights(member, extras=False)
                assert rights_on_screen(row, page.everyone, self.now, organization.pk) == truth, member
                assert row.role_id == member.role_id
                self.check_own_organization(row, organization.pk)
            for user in self.world.users:
                facts = actor_facts(cast.web(user), organization)
                mine = self.now.member_of(organization.pk, user.pk)
                truth = self.now.all_rights(mine) if mine is not None else {}
                assert workspace_permissions(organization, facts) == truth, user
                assert facts.permissions == self.now.held(organization.pk, user.pk)
                assert facts.is_active == (mine is not None and self.now.is_effective(mine))
            state = the(STATES, self.checks)
            found = set(matching_members(organization, Filters(states=[state])).values_list("pk", flat=True))
            assert found == {row.id for row in page.rows if state_on_screen(row, self.now) == state}

    def check_own_organization(self, row: Found, organization: int) -> None:
        foreign = {one.name for one in self.now.organizations.values() if one.pk != organization}
        assert row.address == self.now.members[row.id].address
        assert {self.now.workspaces[workspace].organization_id for workspace, _, _ in row.grants} <= {organization}
        assert not foreign & {row.name, row.inviter, *row.groups}

    def check_owners_and_admins(self) -> None:
        for organization in self.now.organizations.values():
            owner = self.now.members[organization.owner_id or 0]
            assert owner.organization_id == organization.pk
            assert owner.role_id == BuiltIn.ADMIN
            assert owner.joined_at is not None
            assert owner.suspended_at is None
            assert self.now.organization_admins(organization.pk)

    def check_invitations(self) -> None:
        """Waiting members and open invitations are one to one and say the same; final states are final."""
        waiting = {pk for pk, member in self.now.members.items() if member.joined_at is None}
        opened = [one for one in self.now.invitations.values() if one.accepted_at is None and one.revoked_at is None]
        assert Counter(one.member_id for one in opened) == Counter(waiting)
        for invitation in opened:
            member = self.now.members[invitation.member_id or 0]
            assert (member.address, member.organization_id) == (invitation.address, invitation.organization_id)
            assert (member.invited_until, member.declined_at, member.invited_by_id, member.mail_id) == (
                invitation.expires_at,
                invitation.declined_at,
                invitation.inviter_id,
                self.now.mails[invitation.pk],
            )
        for member in self.now.members.values():
            if member.joined_at is not None:
                assert (member.invited_until, member.declined_at, member.mail_id) == (None, None, None)
        known = {
            pk: "revoked" if one.revoked_at else "accepted"
            for pk, one in self.now.invitations.items()
            if one.revoked_at or one.accepted_at
        }
        for pk, state in self.final.items():
            assert pk not in self.now.invitations or known[pk] == state
        self.final |= known

    def check_nothing_is_left_over(self) -> None:
        rows = {
            pk: row
            for pk, *row in Directory.objects.values_list("member", "name", "address", "sort_name", "search_text")
        }
        names = dict(User.objects.values_list("pk", "name"))
        assert rows == {
            pk: [name, member.address, *folded(name, member.address)]
            for pk, member in self.now.members.items()
            for name in [names.get(member.user_id or 0, "") or member.name]
        }
        assert set(Activity.objects.values_list("member", flat=True)) == set(self.now.members)
        assert not Selection.objects.exists()
        departed = set(Departure.objects.values_list("member_id", flat=True))
        assert not departed & set(self.now.members)
        everyone = set(self.now.members)
        assert {one.member_id for one in self.now.grants.values() if one.member_id} <= everyone
        assert {member for _, member in self.now.group_members} | {
            member for _, member in self.now.managers
        } <= everyone


@pytest.mark.claim("P3", "P7", "P9", "P10", "P11", "P12", "P13", "P14", "P21", "P26")
def test_whatever_people_do_the_rules_hold(settings: Settings) -> None:
    settings.MAILS_PER_RECIPIENT_PER_DAY = 5
    Roster.world = make_world()
    run_state_machine_as_test(Roster, settings=LIMITS)


LIMITS = settings(
    max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
)
