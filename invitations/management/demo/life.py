"""What happens in one of the demo's organizations, each a happening of the timeline.

People act through the actions that the pages call. Rows are written directly only for what has no action yet
(workspaces, the grants of groups and of everyone, managers of groups, ends and reasons of grants), and for joining long
ago, which only takes too long one by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from accounts import actions as accounts
from accounts.actors import Actor, Source
from accounts.addresses import Pasted
from invitations.actions.answering import accept, decline
from invitations.actions.inviting import invite
from invitations.actions.keeping import expire_invitations, resend
from invitations.asking import Ask
from invitations.management.demo.asked import Asked
from invitations.management.demo.changes import SUPPORT, Change, Departed, Kind
from invitations.management.demo.places import Access, Company, Place
from invitations.management.demo.stage import People, Stage
from invitations.models import Invitation
from workspaces.actions import directory, members, organizations, placements
from workspaces.actions.locking import locked
from workspaces.catalogue import BuiltIn, scheme_roles, top_role
from workspaces.history import INVITATION_ACCEPTED, WORKSPACE_CREATED
from workspaces.models import Grant, Group, GroupManager, Member, Organization, Workspace
from workspaces.selections import Chosen

LONGER_DAYS = 14


@dataclass
class Life:
    """Names of people, groups and workspaces lead to rows while it is played. addresses: by name."""

    stage: Stage
    people: People
    company: Company
    addresses: dict[str, str]
    organization: Organization = field(init=False)

    # --- the organization and its places

    def found(self, moment: datetime) -> None:
        owner, company = self.company.owner, self.company
        actor = self.actor(owner)
        self.organization = organizations.create_organization(actor=actor, name=company.name, scheme=company.scheme)
        for department, persons in company.departments.items():
            placements.create_group(actor=actor, organization_id=self.organization.pk, name=department)
            if any(name == owner for name, _ in persons):
                self._enter_group(department, (owner,))

    def appoint(self, moment: datetime) -> None:
        """The organization's admins, and who manages the departments."""
        ids = tuple(self.member(name).pk for name in self.company.admins)
        members.update_roles(
            actor=self.actor(self.company.owner),
            organization_id=self.organization.pk,
            chosen=Chosen(ids=ids),
            role_id=BuiltIn.ADMIN,
        )
        for department in self.company.departments:
            self._name_managers(department)

    def gather(self, circle: str, moment: datetime) -> None:
        placements.create_group(actor=self.actor(self.company.owner), organization_id=self.organization.pk, name=circle)
        self._enter_group(circle, self.company.circles[circle])
        self._name_managers(circle)

    def _enter_group(self, name: str, persons: Sequence[str]) -> None:
        placements.add_to_group(
            actor=self.actor(self.company.owner),
            organization_id=self.organization.pk,
            chosen=Chosen(ids=tuple(self.member(person).pk for person in persons)),
            group_id=self._group(name).pk,
        )

    def _name_managers(self, name: str) -> None:
        for manager in self.company.managers.get(name, ()):
            GroupManager.objects.create(group=self._group(name), member=self.member(manager))

    def open(self, place: Place, moment: datetime) -> None:
        """A workspace with its admins, and what groups and everyone hold there."""
        with locked(actor=self.actor(self.company.owner), organization_id=self.organization.pk) as held:
            workspace = Workspace.objects.create(
                organization=self.organization,
                name=place.name,
                slug=place.slug,
                label=place.label,
                description=place.description,
            )
            held.record(WORKSPACE_CREATED, subject=workspace.pk, after=place.name)
        for name in place.admins:
            self.give(Access(name, place.name, top_role(self.company.scheme).name, place.since), moment)
        if place.everyone:
            self._grant(workspace, place.everyone)

    def admit_groups(self, place: Place, moment: datetime) -> None:
        for group, role in place.groups.items():
            self._grant(self._workspace(place.name), role, self._group(group))

    def _grant(self, workspace: Workspace, role: str, group: Group | None = None) -> None:
        by = self.people.users[self.addresses[self.company.owner]]
        Grant.objects.create(workspace=workspace, group=group, role_id=self._role(role), granted_by=by)

    def give(self, access: Access, moment: datetime) -> None:
        workspace, role_id, member = self._workspace(access.place), self._role(access.role), self.member(access.person)
        placements.add_to_workspace(
            actor=self.actor(self.company.owner),
            organization_id=self.organization.pk,
            chosen=Chosen.one(member.pk),
            workspace_id=workspace.pk,
            role_id=role_id,
        )
        ends_at = None if access.ends is None else self.stage.now + timedelta(days=access.ends, hours=4)
        grants = Grant.objects.filter(workspace=workspace, member=member, role_id=role_id)
        grants.update(ends_at=ends_at, reason=access.reason)

    # --- asking people in, and what they answer

    def ask(self, persons: Sequence[tuple[str, str]], department: str, moment: datetime) -> None:
        """Several people into a department, by one of those who may."""
        entries = [Pasted(address, name) for name, address in persons]
        ask = Ask(role_id=BuiltIn.MEMBER, group_ids=[self._group(department).pk])
        inviters = (self.company.owner, *self.company.admins)
        admins = Member.objects.filter(organization=self.organization, role=BuiltIn.ADMIN).effective()
        present = set(admins.values_list("address", flat=True))
        able = [name for name in inviters if self.addresses[name] in present]
        actor = self.actor(self.stage.chance.choice(able))
        invite(actor=actor, organization_id=self.organization.pk, entries=entries, ask=ask)

    def ask_one(self, asked: Asked, moment: datetime) -> None:
        places = {self._workspace(asked.place).pk: self._role(asked.role)} if asked.place else {}
        ask = Ask(role_id=asked.as_role, placements=places, message=asked.message)
        entries = [Pasted(asked.address, asked.name)]
        invite(actor=self.actor(asked.inviter), organization_id=self.organization.pk, entries=entries, ask=ask)

    def join(self, address: str, moment: datetime) -> None:
        invitation = self._invitation(address)
        accept(actor=self.people.actor(address), invitation_id=invitation.pk, generation=invitation.generation)

    def join_together(self, addresses: Sequence[str], moment: datetime) -> None:
        """What `join` does, set by set: most people came long ago, and one by one they would take half a minute."""
        first = self.people.actor(addresses[0])
        with locked(actor=first, organization_id=self.organization.pk) as held:
            waiting = Member.objects.filter(organization=self.organization, address__in=addresses)
            joining = list(waiting.select_related("invitation").order_by("pk"))
            for member in joining:
                user = member.user = self.people.users[member.address]
                member.joined_at, member.invited_until, member.mail = moment, None, None
                member.invitation.accepted_at, member.invitation.accepted_by = moment, user
                theirs = replace(held, actor=self.people.actor(member.address))
                theirs.record(INVITATION_ACCEPTED, subject=member.pk, before="Invited", after="Joined")
            Member.objects.bulk_update(joining, ["user", "joined_at", "invited_until", "mail"])
            Invitation.objects.bulk_update([member.invitation for member in joining], ["accepted_at", "accepted_by"])
            directory.enter(joining)

    def decline(self, asked: Asked, moment: datetime) -> None:
        invitation = self._invitation(asked.address)
        decline(actor=self.people.visitor(), invitation_id=invitation.pk, generation=invitation.generation)

    def expire(self, asked: Asked, moment: datetime) -> None:
        """Its time is up at this moment, and the next round of beat writes so into the history."""
        invitation = self._invitation(asked.address)
        Invitation.objects.filter(pk=invitation.pk).update(expires_at=moment)
        Member.objects.filter(pk=invitation.member_id or 0).update(invited_until=moment)
        expire_invitations()

    def revoke(self, asked: Asked, moment: datetime) -> None:
        chosen = Chosen.one(self._invitation(asked.address).member_id or 0)
        members.revoke_invitations(actor=self.actor(asked.inviter), organization_id=self.organization.pk, chosen=chosen)

    def resend(self, asked: Asked, moment: datetime) -> None:
        chosen = Chosen.one(self._invitation(asked.address).member_id or 0)
        resend(actor=self.actor(asked.inviter), organization_id=self.organization.pk, chosen=chosen)

    # --- changes

    def change(self, change: Change, moment: datetime) -> None:
        here, actor = self.organization.pk, self.actor(change.actor)
        if change.kind is Kind.LENGTHEN:
            organizations.change_organization(actor=actor, organization_id=here, invitation_days=LONGER_DAYS)
            return
        if change.kind is Kind.WITHDRAW:
            organizations.withdraw_transfer(actor=actor, organization_id=here)
            return
        member = self.member(change.person)
        chosen = Chosen.one(member.pk)
        match change.kind:
            case Kind.MAKE_ADMIN:
                members.update_roles(actor=actor, organization_id=here, chosen=chosen, role_id=BuiltIn.ADMIN)
            case Kind.MAKE_MEMBER:
                members.update_roles(actor=actor, organization_id=here, chosen=chosen, role_id=BuiltIn.MEMBER)
            case Kind.SUSPEND:
                members.suspend_members(actor=actor, organization_id=here, chosen=chosen)
            case Kind.REACTIVATE:
                members.reactivate_members(actor=actor, organization_id=here, chosen=chosen)
            case Kind.OFFER:
                organizations.offer_transfer(actor=actor, organization_id=here, successor_id=member.pk)
            case Kind.BLOCK:
                accounts.block_account(actor=actor, user_id=member.user_id or 0)

    def depart(self, departed: Departed, moment: datetime) -> None:
        here = self.organization.pk
        if departed.left:
            members.leave(actor=self.actor(departed.name), organization_id=here)
        else:
            chosen = Chosen.one(self.member(departed.name).pk)
            members.remove_members(actor=self.actor(self.company.owner), organization_id=here, chosen=chosen)

    # --- looking up

    def actor(self, name: str) -> Actor:
        return self.people.actor(self.addresses[name], Source.ADMIN if name == SUPPORT else Source.WEB)

    def member(self, name: str) -> Member:
        return Member.objects.get(organization=self.organization, address=self.addresses[name])

    def _invitation(self, address: str) -> Invitation:
        return Invitation.objects.get(organization=self.organization, address=address, member__isnull=False)

    def _group(self, name: str) -> Group:
        return Group.objects.get(organization=self.organization, name=name)

    def _workspace(self, name: str) -> Workspace:
        return Workspace.objects.get(organization=self.organization, name=name)

    def _role(self, name: str) -> int:
        return next(role.id for role in scheme_roles(self.company.scheme) if role.name == name)
