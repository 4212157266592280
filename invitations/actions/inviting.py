"""Asking people in: one address or ten thousand, checked and recorded set by set."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import BigIntegerField, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Now
from django.http import Http404

from accounts.actors import Actor
from accounts.addresses import Pasted
from accounts.models import OutgoingMail, User
from accounts.models.mails import MailState
from accounts.outbox import hint
from config.refusals import Refusal
from invitations.asking import Addressee, Ask, Line, Report, Result, read_entries
from invitations.models import Invitation
from invitations.queries import INVITATION_MAIL, Known, known_addresses, mailed_out, quota
from workspaces.actions.locking import Locked, insist, locked
from workspaces.catalogue import BuiltIn, Scope
from workspaces.history import INVITATION_RENEWED, MEMBER_INVITED, ROLE_CHANGED
from workspaces.models import (
    Activity,
    Directory,
    Grant,
    Group,
    GroupMember,
    Member,
    Organization,
    Origin,
    Role,
    Workspace,
)
from workspaces.models.members import MemberQuerySet
from workspaces.names import NEVER, folded
from workspaces.policy import BULK_LIMIT, OrganizationFacts, RoleFacts, Verb, decide
from workspaces.queries.facts import actor_facts, group_facts, roles_of, workspace_facts
from workspaces.reasons import Reason
from workspaces.selections import Chosen
from workspaces.sql import insert_rows, insert_select, reserve_ids

QUEUED = MailState.QUEUED.value


def invite(*, actor: Actor, organization_id: int, entries: Iterable[Pasted], ask: Ask) -> Report:
    """Asks every good address of the list in, and says what became of each entry. Locks the organization.

    Raises Refusal 403 for a role, group or workspace that the actor cannot give, 409 for more than 10,000 addresses,
    429 when the
    day's limit leaves nothing; Http404 for ids that are not the organization's. The same transaction queues the mails.
    """
    addressees, lines = read_entries(entries)
    if len(addressees) > BULK_LIMIT:
        raise Refusal(Reason.TOO_MANY.sentence, Reason.TOO_MANY.refused.value, Reason.TOO_MANY)
    with locked(actor=actor, organization_id=organization_id) as held:
        roles = insist_may_give(held, ask)
        new, known, unasked = sort_addressees(held, addressees, roles, ask)
        if not new and not known and addressees and all(line.result is Result.OVER_LIMIT for line in unasked):
            raise Refusal(Reason.OVER_LIMIT.sentence, 429, Reason.OVER_LIMIT, retry_after=3600)
        writer = Inviting(held, ask)
        writer.enter(new)
        writer.renew(known, roles)
        if new or known:
            hint()
    good = [Line(who.address, Result.INVITED, who.address, who.name) for who in new]
    good += [Line(who.address, Result.RENEWED, who.address, who.name) for who, _ in known]
    return Report([*good, *unasked, *lines])


def invite_guest(held: Locked, address: str) -> int:
    """Asks somebody in as Guest under the lock held, the right to it being decided: a resource that they get is the
    reason. Returns the waiting member's id. Raises Refusal 429 over the day's limit.
    """
    ask = Ask(BuiltIn.GUEST)
    new, _known, unasked = sort_addressees(
        held, [Addressee(address)], roles_of(held.organization, Scope.ORGANIZATION), ask
    )
    if not new:
        raise Refusal(unasked[0].sentence, 429, Reason.OVER_LIMIT, retry_after=3600)
    Inviting(held, ask).enter(new)
    hint()
    return held.organization.members.values_list("pk", flat=True).get(address=address)


def preview(*, actor: Actor, organization_id: int, entries: Iterable[Pasted], ask: Ask) -> Report:
    """What `invite` would say of each entry, without the lock and without a write."""
    addressees, lines = read_entries(entries)
    organization = Organization.objects.get(pk=organization_id)
    held = Locked(organization, actor, actor_facts(actor, organization))
    new, known, unasked = sort_addressees(held, addressees, roles_of(organization, Scope.ORGANIZATION), ask)
    good = [Line(who.address, Result.INVITED, who.address, who.name) for who in new]
    good += [Line(who.address, Result.RENEWED, who.address, who.name) for who, _ in known]
    return Report([*good, *unasked, *lines])


def insist_may_give(held: Locked, ask: Ask) -> dict[int, RoleFacts]:
    """Raises unless the actor may invite with this role, into these groups and workspaces. Returns the organization's
    roles.
    """
    organization = held.organization
    roles = roles_of(organization, Scope.ORGANIZATION)
    workspace_roles = roles_of(organization, Scope.WORKSPACE)
    workspaces = set(
        Workspace.objects.filter(organization=organization, pk__in=ask.placements).values_list("pk", flat=True)
    )
    groups = set(Group.objects.filter(organization=organization, pk__in=ask.group_ids).values_list("pk", flat=True))
    if (
        ask.role_id not in roles
        or workspaces != set(ask.placements)
        or groups != set(ask.group_ids)
        or not set(ask.placements.values()) <= set(workspace_roles)
    ):
        raise Http404
    places = workspace_facts(organization, held.facts, workspaces)
    policy = OrganizationFacts(workspace_admins_invite=organization.workspace_admins_invite)
    # Without the right to invite into the organization, every workspace asked for has to allow it.
    asked = decide(held.facts, Verb.INVITE, role=roles[ask.role_id])
    if asked.reason is Reason.NO_RIGHT and places and not groups:
        for place in places.values():
            insist(decide(held.facts, Verb.INVITE, workspace=place, organization=policy))
        if not roles[ask.role_id].permissions <= held.facts.permissions:
            insist(decide(held.facts, Verb.INVITE, role=roles[ask.role_id]))
    else:
        insist(asked)
    for workspace_id, place in places.items():
        insist(
            decide(
                held.facts, Verb.ADD_TO_WORKSPACE, workspace=place, role=workspace_roles[ask.placements[workspace_id]]
            )
        )
    for group in group_facts(organization, held.facts, groups).values():
        insist(decide(held.facts, Verb.ADD_TO_GROUP, group=group))
    return roles


def sort_addressees(
    held: Locked, addressees: Sequence[Addressee], roles: dict[int, RoleFacts], ask: Ask
) -> tuple[list[Addressee], list[tuple[Addressee, Known]], list[Line]]:
    """Who is new, who is waiting already and will be renewed, and who is not asked, with the reason."""
    addresses = [who.address for who in addressees]
    members = known_addresses(held.organization, addresses)
    mailed = mailed_out(held.organization, addresses)
    remaining = quota(held.organization, held.actor.user_id)
    new: list[Addressee] = []
    waiting: list[tuple[Addressee, Known]] = []
    unasked: list[Line] = []
    for who in addressees:
        known = members.get(who.address)
        result = None
        if known is not None and not known.waits:
            result = Result.MEMBER
        elif known is not None and not roles[known.role_id].permissions <= held.facts.permissions:
            result = Result.ABOVE_RIGHTS
        elif who.address in mailed or len(new) + len(waiting) >= remaining:
            result = Result.OVER_LIMIT
        if result is not None:
            unasked.append(Line(who.address, result, who.address, who.name))
        elif known is None:
            new.append(who)
        else:
            waiting.append((who, known))
    return new, waiting, unasked


@dataclass(frozen=True, slots=True)
class Inviting:
    """The rows of one ask, under the lock."""

    held: Locked
    ask: Ask

    def enter(self, new: Sequence[Addressee]) -> None:
        """Waiting members, their invitations and mails, placements and history: one set-based insert per table."""
        if not new:
            return
        organization = self.held.organization
        now = _now(organization)
        expires = now + timedelta(days=self.ask.days or organization.invitation_days)
        user_id = self.held.actor.user_id
        members = reserve_ids(Member, len(new))
        invitations = reserve_ids(Invitation, len(new))
        mails = reserve_ids(OutgoingMail, len(new))
        here = organization.pk
        folds = [folded(who.name, who.address) for who in new]
        insert_rows(
            OutgoingMail,
            ["id", *MAIL_FIELDS],
            (
                (mail, *_mail_row(self.held, invitation, who.address, 1, now))
                for who, mail, invitation in zip(new, mails, invitations, strict=True)
            ),
        )
        insert_rows(
            Member,
            [
                "id",
                "organization_id",
                "address",
                "name",
                "role_id",
                "created_at",
                "invited_until",
                "invited_by_id",
                "mail_id",
            ],
            (
                (member, here, who.address, who.name, self.ask.role_id, now, expires, user_id, mail)
                for who, member, mail in zip(new, members, mails, strict=True)
            ),
        )
        insert_rows(
            Directory,
            ["member_id", "organization_id", "name", "sort_name", "address", "search_text", "since"],
            (
                (member, here, who.name, sort_name, who.address, text, now)
                for who, member, (sort_name, text) in zip(new, members, folds, strict=True)
            ),
        )
        insert_rows(Activity, ["member_id", "organization_id", "last_active_at"], ((pk, here, NEVER) for pk in members))
        inviter = self._inviter_name()
        insert_rows(
            Invitation,
            [
                "id", "uuid", "organization_id", "member_id", "address", "inviter_id", "inviter_name", "message",
                "generation", "created_at", "sent_at", "expires_at",
            ],
            (
                (pk, uuid.uuid4(), here, member, who.address, user_id, inviter, self.ask.message, 1, now, now, expires)
                for who, pk, member in zip(new, invitations, members, strict=True)
            ),
        )  # fmt: skip
        everybody = organization.members.filter(pk__gte=members[0], pk__lte=members[-1])
        self.place(everybody, are_new=True)
        self.held.record_set(MEMBER_INVITED, everybody, after=self._role_name(), payload=self._places())

    def renew(self, known: Sequence[tuple[Addressee, Known]], roles: dict[int, RoleFacts]) -> None:
        """Asking again: a new link, a new life, more placements; the role changes only to one that contains the present
        one (P9).
        """
        if not known:
            return
        waiting = Chosen(ids=tuple(member.member_id for _, member in known)).members(self.held.organization)
        self.place(waiting)
        wanted = roles[self.ask.role_id]
        raised = waiting.filter(
            role_id__in=[role.id for role in roles.values() if role.permissions < wanted.permissions]
        )
        self.held.record_set(ROLE_CHANGED, raised, before=F("role__name"), after=self._role_name())
        raised.update(role_id=wanted.id)
        # Whoever asked last answers for it: their rights cover the role, as `sort_addressees` made sure.
        user_id = self.held.actor.user_id
        waiting.update(invited_by_id=user_id)
        Invitation.objects.filter(member__in=waiting.values("pk"), accepted_at=None, revoked_at=None).update(
            inviter_id=user_id, inviter_name=self._inviter_name()
        )
        renew_links(self.held, waiting, days=self.ask.days, message=self.ask.message, payload=self._places())

    def place(self, members: MemberQuerySet, *, are_new: bool = False) -> None:
        """Puts waiting members into the groups and workspaces asked for; whoever asked answers for it at acceptance.

        are_new: they are nowhere yet, so that nothing has to be checked for conflicts.
        """
        by = Value(self.held.actor.user_id, BigIntegerField())
        rows = members.order_by()
        for group_id in self.ask.group_ids:
            insert_select(
                GroupMember,
                ["group_id", "member_id", "added_at", "added_by_id"],
                rows.values_list(Value(group_id, BigIntegerField()), "pk", Now(), by),
                ignore_conflicts=not are_new,
            )
        for workspace_id, role_id in self.ask.placements.items():
            insert_select(
                Grant,
                ["workspace_id", "member_id", "role_id", "origin", "granted_at", "granted_by_id", "reason"],
                rows.values_list(
                    Value(workspace_id, BigIntegerField()),
                    "pk",
                    Value(role_id, BigIntegerField()),
                    Value(Origin.INVITATION.value),
                    Now(),
                    by,
                    Value(""),
                ),
                ignore_conflicts=not are_new,
            )

    def _places(self) -> dict[str, list[str]]:
        """Where the invited are put, for the history: one act says it for all of them."""
        roles = dict(Role.objects.filter(pk__in=self.ask.placements.values()).values_list("pk", "name"))
        workspaces = Workspace.objects.filter(pk__in=self.ask.placements.keys()).order_by("name")
        groups = Group.objects.filter(pk__in=self.ask.group_ids).order_by("sort_name")
        return {
            "places": [
                *(f"{roles[self.ask.placements[pk]]}, {name}" for pk, name in workspaces.values_list("pk", "name")),
                *groups.values_list("name", flat=True),
            ]
        }

    def _inviter_name(self) -> str:
        return User.objects.filter(pk=self.held.actor.user_id or 0).values_list("name", flat=True).first() or ""

    def _role_name(self) -> str:
        return Role.objects.values_list("name", flat=True).get(pk=self.ask.role_id)


def renew_links(
    held: Locked,
    waiting: MemberQuerySet,
    *,
    days: int | None = None,
    message: str = "",
    payload: Mapping[str, list[str]] | None = None,
) -> int:
    """A new generation for the invitations of waiting members: the former link dies, the life starts anew, a mail is
    queued.
    """
    ids = waiting.order_by().values("pk")
    open_ones = Invitation.objects.filter(member__in=ids, accepted_at__isnull=True, revoked_at__isnull=True)
    expires = Now() + timedelta(days=days or held.organization.invitation_days)
    held.record_set(INVITATION_RENEWED, waiting, payload=payload)
    changes: dict[str, object] = {
        "generation": F("generation") + 1,
        "sent_at": Now(),
        "expires_at": expires,
        "declined_at": None,
        "expiry_recorded_at": None,
    }
    if message:
        changes["message"] = message
    open_ones.update(**changes)
    queue_mails(held, open_ones)
    mine = Invitation.objects.filter(member=OuterRef(OuterRef("pk"))).values("pk")
    mails = OutgoingMail.objects.filter(kind=INVITATION_MAIL, subject_id__in=mine).order_by("-pk")
    return held.organization.members.filter(pk__in=ids).update(
        invited_until=Subquery(Invitation.objects.filter(member=OuterRef("pk")).values("expires_at")),
        declined_at=None,
        mail_id=Subquery(mails.values("pk")[:1]),
    )


def queue_mails(held: Locked, invitations: "QuerySet[Invitation]") -> None:
    """One outbox row per invitation, for the generation that it now has."""
    now = _now(held.organization)
    rows = invitations.order_by("pk").values_list("pk", "address", "generation")
    insert_rows(
        OutgoingMail,
        MAIL_FIELDS,
        [_mail_row(held, invitation, address, generation, now) for invitation, address, generation in rows],
    )
    hint()


MAIL_FIELDS = (
    "message_uuid", "kind", "recipient", "subject_id", "generation", "organization_id", "asked_by_id",
    "state", "attempts", "hand_overs", "lapses", "queued_at", "next_attempt_at", "reply",
)  # fmt: skip


def _mail_row(held: Locked, invitation: int, address: str, generation: int, now: datetime) -> tuple[object, ...]:
    here, user_id = held.organization.pk, held.actor.user_id
    return (
        uuid.uuid4(),
        INVITATION_MAIL,
        address,
        invitation,
        generation,
        here,
        user_id,
        QUEUED,
        0,
        0,
        0,
        now,
        now,
        "",
    )


def _now(organization: Organization) -> datetime:
    """The moment that all rows of one ask share, by the database's clock."""
    moment: datetime = Organization.objects.annotate(now=Now()).values_list("now", flat=True).get(pk=organization.pk)
    return moment
