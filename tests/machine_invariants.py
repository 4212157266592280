"""What is always so, whatever the state machine has done: held against `tests.naive` after every step."""

from collections import Counter
from typing import Any

from hypothesis.stateful import invariant

from accounts.models import User
from tests import cast
from tests.naive import Model
from tests.steps import rights_on_screen, state_on_screen, the
from workspaces.catalogue import BuiltIn
from workspaces.models import Activity, Departure, Directory, Selection
from workspaces.names import folded
from workspaces.queries.facts import actor_facts, workspace_permissions
from workspaces.queries.member_sql import STATES
from workspaces.queries.members import Filters, Found, matching_members, member_page


class Invariants:
    """What the machine itself brings. touched: organizations that changed since the last look."""

    now: Model
    world: Any
    touched: set[int]
    checks: int
    final: dict[int, str]
    check_resources: Any

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
        opened = self.now.opened()
        assert Counter(one.member_id for one in opened) == Counter(waiting)
        for invitation in opened:
            inviter = self.now.member_of(invitation.organization_id, invitation.inviter_id)
            assert inviter is not None, "nobody waits because of somebody who has gone"
            assert inviter.joined_at is not None
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
