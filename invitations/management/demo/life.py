"""What happens in one of the demo's organizations, each a happening of the timeline.

People act through the actions that the pages call. Rows are written directly only for ends that have passed, and for
joining long ago, which only takes too long one by one.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from accounts import actions as accounts
from accounts.actors import Actor, Source
from accounts.addresses import Pasted
from config.sentences import Sentence
from invitations.actions import importing
from invitations.actions.answering import accept, decline
from invitations.actions.inviting import invite
from invitations.actions.keeping import expire_invitations, resend
from invitations.asking import Ask
from invitations.management.demo.asked import Asked
from invitations.management.demo.changes import SUPPORT, Change, Departed, Kind
from invitations.management.demo.large import RoleChange, Table
from invitations.management.demo.places import Access, Company, CustomRole, Place, Wish
from invitations.management.demo.stage import People, Stage
from invitations.models import Invitation
from invitations.sheets import guess_columns, read_pasted
from workspaces.actions import directory, grants, groups, members, organizations, requests, roles, workspaces
from workspaces.actions.jobs import start_job, undo_job
from workspaces.actions.locking import locked
from workspaces.catalogue import BuiltIn, Scope, scheme_roles, top_role
from workspaces.history import INVITATION_ACCEPTED
from workspaces.models import AccessRequest, Grant, Group, Member, Organization, Role, Workspace
from workspaces.queries.choices import role_name
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
    jobs: dict[RoleChange, uuid.UUID] = field(default_factory=dict)

    # --- the organization and its places

    def found(self, moment: datetime) -> None:
        owner, company = self.company.owner, self.company
        actor = self.actor(owner)
        self.organization = organizations.create_organization(actor=actor, name=company.name, scheme=company.scheme)
        for department, persons in company.departments.items():
            groups.create_group(actor=actor, organization_id=self.organization.pk, name=department)
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
        groups.create_group(actor=self.actor(self.company.owner), organization_id=self.organization.pk, name=circle)
        self._enter_group(circle, self.company.circles[circle])
        self._name_managers(circle)

    def _enter_group(self, name: str, persons: Sequence[str]) -> None:
        groups.add_to_group(
            actor=self.actor(self.company.owner),
            organization_id=self.organization.pk,
            chosen=Chosen(ids=tuple(self.member(person).pk for person in persons)),
            group_id=self._group(name).pk,
        )

    def _name_managers(self, name: str) -> None:
        for manager in self.company.managers.get(name, ()):
            groups.name_manager(
                actor=self.actor(self.company.owner),
                organization_id=self.organization.pk,
                group_id=self._group(name).pk,
                member_id=self.member(manager).pk,
            )

    def open(self, place: Place, moment: datetime) -> None:
        """A workspace with its admins, and what everyone holds there."""
        first, *others = place.admins
        workspace = workspaces.create_workspace(
            actor=self.actor(self.company.owner),
            organization_id=self.organization.pk,
            name=place.name,
            description=place.description,
            label=place.label,
            is_open=place.is_open,
            admin_id=self.member(first).pk,
        )
        for name in others:
            self.give(Access(name, place.name, top_role(self.company.scheme).name, place.since), moment)
        if place.everyone:
            self._give(workspace, place.everyone, everyone=True)

    def admit_groups(self, place: Place, moment: datetime) -> None:
        for group, role in place.groups.items():
            self._give(self._workspace(place.name), role, group_ids=[self._group(group).pk])

    def give(self, access: Access, moment: datetime) -> None:
        workspace, member = self._workspace(access.place), self.member(access.person)
        ends_at = None if access.ends is None else self.stage.now + timedelta(days=access.ends, hours=4)
        is_over = ends_at is not None and ends_at < self.stage.now
        chosen = Chosen.one(member.pk)
        self._give(workspace, access.role, chosen=chosen, ends_at=None if is_over else ends_at, reason=access.reason)
        if is_over:  # no action gives what has ended already
            Grant.objects.filter(workspace=workspace, member=member, ends_at=None).update(ends_at=ends_at)

    def _give(self, workspace: Workspace, role: str, **whom: Any) -> None:
        grants.give_role(
            actor=self.actor(self.company.owner),
            organization_id=self.organization.pk,
            workspace_id=workspace.pk,
            role_id=self._role(role),
            **whom,
        ).insist()

    def invent(self, role: CustomRole, moment: datetime) -> None:
        roles.create_role(
            actor=self.actor(self.company.owner),
            organization_id=self.organization.pk,
            scope=Scope.WORKSPACE,
            name=role.name,
            permissions=role.permissions,
            audience=role.audience,
        )

    def wish(self, wish: Wish, moment: datetime) -> None:
        requests.ask_for_access(
            actor=self.actor(wish.person),
            organization_id=self.organization.pk,
            workspace_id=self._workspace(wish.place).pk,
            role_id=self._role(wish.role),
            message=wish.message,
        )

    def answer(self, wish: Wish, moment: datetime) -> None:
        asked = AccessRequest.objects.get(member=self.member(wish.person), message=wish.message)
        decide = requests.approve_request if wish.approved else requests.decline_request
        decide(actor=self.actor(wish.by), organization_id=self.organization.pk, request_id=asked.pk, reply=wish.reply)

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

    def change_roles(self, change: RoleChange, moment: datetime) -> None:
        """As a job, and so is its undoing, which is planned for its own moment: `undo`."""
        job = start_job(
            actor=self.actor(change.actor),
            organization_id=self.organization.pk,
            kind="members.role",
            title=Sentence("Update role to %(after)s", after=role_name(change.role)),
            parameters={"role": int(change.role)},
            rows=Member.objects.filter(pk__in=[self.member(name).pk for name in change.persons]),
        )
        self.jobs[change] = job.pk

    def undo(self, change: RoleChange, moment: datetime) -> None:
        assert change.undone
        actor = self.actor(change.undone[0])
        undo_job(actor=actor, organization_id=self.organization.pk, job_id=self.jobs[change])

    def import_table(self, table: Table, moment: datetime) -> None:
        actor, here, sheet = self.actor(table.actor), self.organization.pk, read_pasted(table.rows)
        job = importing.plan_import(
            actor=actor,
            organization_id=here,
            sheet=sheet,
            columns=guess_columns(sheet),
            is_certain=True,
            defaults=Ask(role_id=BuiltIn.MEMBER),
            title=Sentence("Import of %(file)s", file=table.file),
        )
        importing.confirm_import(actor=actor, organization_id=here, job_id=job.pk)

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
        built_in = {role.name: int(role.id) for role in scheme_roles(self.company.scheme)}
        return built_in.get(name) or Role.objects.get(organization=self.organization, name=name).pk
