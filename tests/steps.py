"""What one step of the state machine did: the rows before and after it, held against what the history says of it and
against what its actor was allowed to give and to touch.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.actors import Actor
from invitations.models import Invitation
from tests.naive import NONE, WORKSPACE_CODES, Model
from workspaces.catalogue import BuiltIn, Code, scheme_roles
from workspaces.models import Entry, Member
from workspaces.queries.members import Found


def _member_of(grant: Any) -> tuple[int, int | None] | None:
    return (grant.member_id, grant.workspace_id) if grant.member_id else None


def _group_of(grant: Any) -> tuple[int, int | None] | None:
    return (grant.group_id, grant.workspace_id) if grant.group_id else None


def _everyone_in(grant: Any) -> tuple[int, int | None] | None:
    return None if grant.member_id or grant.group_id else (grant.workspace_id, None)


# By how the names of their entries begin: what an entry's subject and scope are.
_PRINCIPALS: Sequence[tuple[tuple[str, ...], Callable[[Any], tuple[int, int | None] | None]]] = (
    (("grant", "workspace"), _member_of),
    (("group_grant",), _group_of),
    (("everyone_grant",), _everyone_in),
)


# What they give to who waits stands with their acts.
ASKS = {"invite", "import"}


def the(items: Sequence[Any], number: int) -> Any:
    """One of the items, whatever number was drawn."""
    return items[number % len(items)]


@dataclass(frozen=True)
class Step:
    """The rows before and after, and who did it. by: what kind of step it was, where that matters."""

    before: Model
    after: Model
    actor: Actor
    by: str

    def said(self, *kinds: str) -> list[tuple[int, int | None]]:
        rows = Entry.objects.filter(pk__gt=self.before.last_entry, act__kind__in=kinds)
        return sorted(rows.values_list("subject_id", "scope_id"), key=str)

    def changed(self, differs: Callable[[Member, Member], bool]) -> list[tuple[int, int | None]]:
        both = self.before.members.keys() & self.after.members.keys()
        return sorted(((pk, None) for pk in both if differs(self.before.members[pk], self.after.members[pk])), key=str)

    def answered(self, differs: Callable[[Invitation, Invitation], bool]) -> list[tuple[int, int | None]]:
        both = self.before.invitations.keys() & self.after.invitations.keys()
        rows = ((self.before.invitations[pk], self.after.invitations[pk]) for pk in both)
        return sorted(((old.member_id or 0, None) for old, new in rows if differs(old, new)), key=str)

    @property
    def accepted(self) -> Invitation | None:
        return self.before.invitations[int(self.by.split()[1])] if self.by.startswith("accept") else None

    @property
    def joined_by(self) -> str:
        """What somebody joined by themselves by: "domain", or "link" with the id of whoever made it."""
        return self.by.removeprefix("join ") if self.by.startswith("join ") else ""

    @property
    def merged(self) -> tuple[int, int] | None:
        """Who was merged into whom by an administrator."""
        words = self.by.split()
        return (int(words[1]), int(words[2])) if words[:1] == ["merge"] else None

    def removed(self) -> list[tuple[int, int | None]]:
        """Who is gone, without who was merged into another."""
        gone = self.before.members.keys() - self.after.members.keys() - set((self.merged or ())[:1])
        return sorted(((pk, None) for pk in gone if self.accepted is None), key=str)

    def check_what_was_said(self) -> None:
        """One entry for each changed item, none for others."""
        if self.by == "delete":
            return
        assert self.said("member.suspended") == self.changed(
            lambda old, new: not old.suspended_at and bool(new.suspended_at)
        )
        assert self.said("member.reactivated") == self.changed(
            lambda old, new: bool(old.suspended_at) and not new.suspended_at
        )
        assert self.said("invitation.accepted") == self.changed(
            lambda old, new: not old.joined_at and bool(new.joined_at)
        )
        assert self.said("invitation.readdressed") == self.changed(lambda old, new: old.address != new.address)
        assert self.said("member.removed", "member.left", "invitation.revoked") == self.removed()
        assert self.said("invitation.renewed") == self.answered(lambda old, new: old.generation < new.generation)
        assert self.said("invitation.declined") == self.answered(
            lambda old, new: not old.declined_at and bool(new.declined_at)
        )
        assert self.said("invitation.expired") == self.answered(
            lambda old, new: not old.expiry_recorded_at and bool(new.expiry_recorded_at)
        )
        new = self.after.members.keys() - self.before.members.keys()
        assert self.said("invitation.sent") == (
            [] if self.by == "create" or self.joined_by else sorted(((pk, None) for pk in new), key=str)
        )
        came = sorted(((pk, None) for pk in new), key=str) if self.joined_by else []
        assert self.said("domain.joined", "invite_link.joined") == came
        told = Counter(subject for subject, _ in self.said("member.role_changed", "ownership.taken"))
        lowered = {subject for subject, _ in self.said("placement.dropped")}
        for pk, _ in self.changed(lambda old, new: old.role_id != new.role_id):
            assert told[pk] == 1 or (told[pk] == 0 and pk in lowered)
        self.check_what_was_said_of_access()

    @property
    def present(self) -> set[int]:
        """Whoever had joined before."""
        return {pk for pk, one in self.before.members.items() if one.joined_at is not None}

    def left_places(self) -> list[tuple[int, int]]:
        """Of people who are still members."""
        gone = self.before.group_members.keys() - self.after.group_members.keys()
        return [(group, member) for group, member in gone if member in self.after.members]

    def check_what_was_said_of_access(self) -> None:
        """Each grant, place in a group and manager that came, changed or went has its entry, and nothing else has. What
        an invitation gives stands with its act.
        """
        if self.by in {"create", "account"} or self.accepted is not None or self.joined_by or self.merged:
            return
        gone_members = self.before.members.keys() - self.after.members.keys()
        was, now = self.before, self.after
        came = [one for pk, one in now.grants.items() if pk not in was.grants or self.is_revived(pk)]
        went = [one for pk, one in was.grants.items() if pk not in now.grants and one.member_id not in gone_members]
        changed = [one for pk, one in was.grants.items() if self.differs(pk) and not self.is_revived(pk)]
        if self.by in ASKS:
            came = [one for one in came if one.member_id in self.present]
        if self.by.startswith("replace"):  # two roles of the same principal may become one
            changed, went = [*changed, *went], []
        for verbs, grants in ((("given", "joined"), came), (("removed", "left"), went), (("changed",), changed)):
            self.check_entries_of_grants(verbs, grants)
        assert self.said("group.left") == sorted(((member, group) for group, member in self.left_places()), key=str)
        joined = [(pk, group) for group, pk in self.new_places() if self.by not in ASKS or pk in self.present]
        assert self.said("group.joined") == sorted(joined, key=str)
        named, dismissed = self.after.managers - self.before.managers, self.before.managers - self.after.managers
        assert set(self.said("group.manager_named")) == {(member, group) for group, member in named}
        assert self.said("group.manager_dismissed") == sorted(
            ((member, group) for group, member in dismissed if member not in gone_members),
            key=str,
        )

    def is_revived(self, grant: int) -> bool:
        """Past its end before, and given again."""
        old, new = self.before.grants.get(grant), self.after.grants.get(grant)
        return old is not None and new is not None and not self.before.is_live(old) and self.after.is_live(new)

    def differs(self, grant: int) -> bool:
        old, new = self.before.grants[grant], self.after.grants.get(grant)
        return new is not None and (old.role_id, old.ends_at, old.reason, self.before.extras.get(grant)) != (
            new.role_id,
            new.ends_at,
            new.reason,
            self.after.extras.get(grant),
        )

    def check_entries_of_grants(self, verbs: Sequence[str], grants: Sequence[Any]) -> None:
        """By kind of principal; what was past its end may go without a word."""
        for prefixes, key in _PRINCIPALS:
            said = set(self.said(*(f"{prefix}.{verb}" for prefix in prefixes for verb in verbs)))
            may = {found for one in grants if (found := key(one)) is not None}
            must = {
                found
                for one in grants
                if (found := key(one)) is not None and (self.after.is_live(one) or one.pk in self.after.grants)
            }
            assert must <= said <= may, (verbs, must, said, may)

    def new_grants(self) -> list[Any]:
        return [one for pk, one in self.after.grants.items() if pk not in self.before.grants]

    def new_places(self) -> list[tuple[int, int]]:
        return [key for key in self.after.group_members if key not in self.before.group_members]

    def check_what_was_given(self) -> None:
        """Nobody gives what they do not hold: the actor, or at acceptance whoever gave it, then."""
        if self.by in {"create", "transfer"}:
            return
        if self.accepted is not None:
            self.check_what_was_accepted(self.accepted)
            return
        if self.joined_by:
            self.check_what_joining_gave()
            return
        user = self.actor.user_id
        self.check_grants_given(user)
        self.check_roles_given()
        for group, _ in self.new_places():
            for workspace, codes in self.after.carried(group).items():
                assert codes <= self.before.rights_of(user, workspace)
        for pk, member in self.after.members.items():
            old = self.before.members.get(pk)
            if old is None or old.role_id != member.role_id:
                assert self.after.roles[member.role_id] <= self.before.held(member.organization_id, user)

    def check_grants_given(self, user: int | None) -> None:
        """Beyond what the grant gave before, nothing that its giver lacks there; their own new workspaces aside, the
        lowest role where one joins by oneself, and all that follows from another role for the whole organization.
        """
        if self.by.startswith("replace") or self.by == "restore":
            return
        for pk, grant in self.after.grants.items():
            if grant.workspace_id not in self.before.workspaces or grant.origin == "joined":
                continue
            before = self.before.grants.get(pk)
            had = self.before.codes(before) if before is not None and self.before.is_live(before) else NONE
            gained = self.after.codes(grant) - had
            assert gained <= self.before.rights_of(user, grant.workspace_id) or not self.after.is_live(grant)
            if before is None and grant.member_id is None and grant.group_id is None:
                assert Code.MEMBERS_WORKSPACE_MANAGE not in self.after.codes(grant)

    def check_roles_given(self) -> None:
        """Nobody puts into a role what they lack at its scope: a workspace role needs it in every workspace."""
        for pk in self.before.roles.keys() & self.after.roles.keys():
            gained = self.after.roles[pk] - self.before.roles[pk]
            if gained:
                mine = [one for one in self.before.members.values() if one.user_id == self.actor.user_id]
                held = [self.before.roles[one.role_id] for one in mine if self.before.is_effective(one)]
                everywhere = [WORKSPACE_CODES if Code.WORKSPACES_ACCESS_ALL in codes else NONE for codes in held]
                assert any(gained <= codes for codes in (*held, *everywhere))

    def check_what_joining_gave(self) -> None:
        """By a domain, Member and the lowest roles; by a link, nothing that its maker lacked at that moment, and to
        who is in already no other role.
        """
        by_domain = self.joined_by == "domain"
        maker = None if by_domain else int(self.joined_by.split()[1])
        for pk in self.after.members.keys() - self.before.members.keys():
            member = self.after.members[pk]
            assert member.user_id == self.actor.user_id
            held = self.before.held(member.organization_id, maker)
            fits = member.role_id == BuiltIn.MEMBER if by_domain else self.after.roles[member.role_id] <= held
            assert fits or member.role_id == BuiltIn.GUEST
        assert not self.changed(lambda old, new: old.role_id != new.role_id)
        for grant in self.new_grants():
            scheme = self.before.organizations[self.before.workspaces[grant.workspace_id].organization_id].scheme
            lowest = grant.role_id == scheme_roles(scheme)[0].id
            held = self.before.rights_of(maker, grant.workspace_id)
            assert lowest if by_domain else self.after.codes(grant) <= held
        for group, _ in self.new_places():
            for workspace, codes in self.after.carried(group).items():
                assert codes <= self.before.rights_of(maker, workspace)

    def check_what_was_accepted(self, invitation: Invitation) -> None:
        before, waiting = self.before, invitation.member_id or 0
        organization = invitation.organization_id
        joined = self.after.member_of(organization, self.actor.user_id)
        assert joined is not None
        former = before.members[joined.pk].role_id
        present = before.roles[former] if joined.pk != waiting else NONE
        assert self.after.roles[joined.role_id] <= before.held(organization, invitation.inviter_id) or (
            joined.pk != waiting and joined.role_id == former
        )
        assert present <= self.after.roles[joined.role_id]
        for pk, grant in self.after.grants.items():
            if grant.member_id == joined.pk and before.grants[pk].member_id == waiting:
                giver = before.rights_of(grant.granted_by_id, grant.workspace_id)
                assert self.after.roles[grant.role_id] <= giver
        for group in before.groups_of(waiting) & self.after.groups_of(joined.pk):
            if (group, joined.pk) in self.new_places() or joined.pk == waiting:
                by = before.group_members[group, waiting]
                for workspace, codes in before.carried(group).items():
                    assert codes <= before.rights_of(by, workspace)

    def check_seats(self) -> None:
        """Nobody is added beyond the seats; a number that is lowered sends nobody away."""
        for pk, organization in self.after.organizations.items():
            if organization.seats is not None and pk in self.before.organizations:
                assert self.after.seats_taken(pk) <= max(organization.seats, self.before.seats_taken(pk))

    def check_handed_over(self) -> None:
        """Whoever waits because of somebody who goes is handed over or revoked; the heir answers for it from then on,
        and holds what was promised.
        """
        gone = [one for pk, one in self.before.members.items() if pk not in self.after.members and one.user_id]
        leaving = {(one.organization_id, one.user_id) for one in gone}
        handed = [
            (old, self.after.invitations[old.pk])
            for old in self.before.opened()
            if (old.organization_id, old.inviter_id) in leaving
            and self.after.invitations.get(old.pk) in self.after.opened()
        ]
        if self.by == "delete":
            return
        heirs = [(old.member_id or 0, self.after.member_of(old.organization_id, new.inviter_id)) for old, new in handed]
        assert all(heir is not None for _, heir in heirs)
        assert self.said("invitation.handed_over") == sorted(((pk, heir.pk) for pk, heir in heirs if heir), key=str)
        for old, new in handed:
            self.check_heir(old, new.inviter_id or 0)

    def check_heir(self, old: Invitation, heir: int) -> None:
        before, member = self.before, self.before.members[old.member_id or 0]
        assert before.roles[member.role_id] <= before.held(old.organization_id, heir)
        for pk, grant in before.grants.items():
            if grant.member_id == member.pk and grant.granted_by_id == old.inviter_id and before.is_live(grant):
                assert before.codes(grant) <= before.rights_of(heir, grant.workspace_id)
                assert self.after.grants[pk].granted_by_id == heir
        for group in before.groups_of(member.pk):
            if before.group_members[group, member.pk] == old.inviter_id:
                assert self.after.group_members[group, member.pk] == heir
                for workspace, codes in before.carried(group).items():
                    assert codes <= before.rights_of(heir, workspace)

    def check_whom_it_touched(self) -> None:
        """Nobody changes, suspends or removes a person who holds more; followers of somebody who goes aside."""
        if self.by in {"create", "transfer", "account", "delete"} or self.accepted is not None or self.actor.is_support:
            return
        revoked = {pk for pk, _ in self.said("invitation.revoked")} if self.by != "revoke" else set()
        touched = {pk for pk, _ in self.removed()} | {
            pk
            for pk, _ in self.changed(
                lambda old, new: (old.role_id, old.suspended_at) != (new.role_id, new.suspended_at)
            )
        }
        touched |= {member for group, member in self.left_places() if group in self.after.groups}
        for pk in touched - revoked:
            member = self.before.members[pk]
            if member.user_id is None or member.user_id != self.actor.user_id:
                held = self.before.held(member.organization_id, self.actor.user_id)
                assert self.before.roles[member.role_id] <= held


def begins(before: datetime | None, after: datetime | None) -> bool:
    return before is None and after is not None


def visible(model: Model) -> object:
    """What a refused act must leave alone."""
    rows = (model.members, model.grants, model.invitations, model.workspaces, model.resources)
    return [
        *([vars(one) | {"_state": None} for one in each.values()] for each in rows),
        *(model.group_members, model.groups, model.offers, model.active_users, model.mails),
        *(model.extras, model.managers, model.roles, model.role_names, model.collaborators),
        *(vars(one) | {"_state": None} for one in model.proposals.values()),
    ]


def rights_on_screen(
    row: Found, everyone: Sequence[tuple[int, int]], model: Model, organization: int
) -> dict[int, frozenset[str]]:
    """What the row of the member table says that somebody holds."""
    if row.joined_at is None or row.suspended_at is not None or row.is_blocked:
        return {}
    if row.role_id == BuiltIn.ADMIN:
        here = (
            pk for pk, one in model.workspaces.items() if one.organization_id == organization and not one.deleted_at
        )
        return dict.fromkeys(here, WORKSPACE_CODES)
    found: dict[int, frozenset[str]] = {}
    paths = [(workspace, role) for workspace, role, _ in row.grants]
    for workspace, role in [*paths, *(everyone if row.role_id != BuiltIn.GUEST else [])]:
        found[workspace] = found.get(workspace, NONE) | model.roles[role]
    return found


def state_on_screen(row: Found, model: Model) -> str:
    if row.joined_at is not None:
        return "suspended" if row.suspended_at is not None else "joined"
    if row.declined_at is not None:
        return "declined"
    invitation = model.open_invitation_of(row.id)
    assert invitation is not None
    # Only `time_passes` moves an expiry, to before the asking.
    return "invited" if invitation.expires_at > invitation.sent_at else "expired"
