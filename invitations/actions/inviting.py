"""Asking people in: one address or ten thousand, checked and recorded set by set."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from django.db.models import BigIntegerField, Case, F, OuterRef, QuerySet, Subquery, When
from django.db.models.functions import Now

from accounts.actors import Actor
from accounts.addresses import Pasted
from accounts.models import OutgoingMail, User
from accounts.models.mails import MailState
from accounts.outbox import hint
from invitations.actions.deciding import giving_of, hold_quota, over_limit, reach_of
from invitations.asking import Addressee, Ask, Line, Report, Result, read_entries
from invitations.models import Invitation
from invitations.queries.invitations import INVITATION_MAIL, Known
from invitations.queries.limits import quota_of
from workspaces.actions.locking import Locked, locked
from workspaces.actions.seats import insist_on_seats
from workspaces.catalogue import BuiltIn, Scope
from workspaces.history import INVITATION_RENEWED, MEMBER_INVITED, ROLE_CHANGED
from workspaces.models import (
    Activity,
    Directory,
    Grant,
    GrantPermission,
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
from workspaces.policy import BULK_LIMIT, RoleFacts
from workspaces.queries.facts import actor_facts, roles_of
from workspaces.reasons import Reason
from workspaces.selections import Chosen
from workspaces.sql import delete_rows, insert_rows, reserve_ids

QUEUED = MailState.QUEUED.value


def invite(*, actor: Actor, organization_id: int, entries: Iterable[Pasted], ask: Ask) -> Report:
    """Asks every good address of the list in, and says what became of each entry. Locks the organization.

    Raises Refusal 403 for a role, group or workspace that the actor cannot give, 409 for more than 10,000 addresses,
    429 when the day's limit leaves nothing; Http404 for ids that are not the organization's. The same transaction
    queues the mails.
    """
    addressees, lines = read_entries(entries)
    if len(addressees) > BULK_LIMIT:
        raise Reason.TOO_MANY.refusal()
    with locked(actor=actor, organization_id=organization_id) as held:
        hold_quota(held)
        giving = giving_of(held, [ask])
        giving.insist(ask)
        new, known, unasked = reach_of(held, [who.address for who in addressees], giving.roles).sort(addressees)
        if not new and not known and addressees and all(line.result is Result.OVER_LIMIT for line in unasked):
            quota = quota_of(held.organization, actor.user_id)
            raise over_limit(held, quota, [line.address for line in unasked])
        ask_in(held, [Invitees(ask, new, known)], giving.roles)
    return Report([*good_lines(new, known), *unasked, *lines])


@dataclass(frozen=True, slots=True)
class Invitees:
    """Who gets one ask: those who are new, and those who wait already."""

    ask: Ask
    new: list[Addressee] = field(default_factory=list)
    known: list[tuple[Addressee, Known]] = field(default_factory=list)


def ask_in(held: Locked, asked: Sequence[Invitees], roles: Mapping[int, RoleFacts]) -> None:
    """Writes what `deciding` has accepted, under the lock held: as many statements for a few dozen asks as for one.

    The asks share message, language and expiry: they differ in what they give.
    """
    writer = Inviting(held, asked)
    writer.enter()
    writer.renew(roles)
    if any(each.new or each.known for each in asked):
        hint()


def good_lines(new: Sequence[Addressee], known: Sequence[tuple[Addressee, Known]]) -> list[Line]:
    good = [Line(who.address, Result.INVITED, who.address, who.name) for who in new]
    return good + [Line(who.address, Result.RENEWED, who.address, who.name) for who, _ in known]


def invite_guest(held: Locked, address: str) -> int:
    """Asks somebody in as Guest under the lock held, the right to it being decided: a resource that they get is the
    reason. Returns the waiting member's id. Raises Refusal 429 over the day's limit, 409 without a free seat.
    """
    hold_quota(held)
    ask = Ask(BuiltIn.GUEST)
    roles = roles_of(held.organization, Scope.ORGANIZATION)
    new, _known, _unasked = reach_of(held, [address], roles).sort([Addressee(address)])
    if not new:
        insist_on_seats(held)
        raise over_limit(held, quota_of(held.organization, held.actor.user_id), [address])
    ask_in(held, [Invitees(ask, new)], roles)
    return held.organization.members.values_list("pk", flat=True).get(address=address)


def preview(*, actor: Actor, organization_id: int, entries: Iterable[Pasted], ask: Ask) -> Report:
    """What `invite` would say of each entry, without the lock and without a write."""
    addressees, lines = read_entries(entries)
    organization = Organization.objects.get(pk=organization_id)
    held = Locked(organization, actor, actor_facts(actor, organization))
    roles = roles_of(organization, Scope.ORGANIZATION)
    new, known, unasked = reach_of(held, [who.address for who in addressees], roles).sort(addressees)
    return Report([*good_lines(new, known), *unasked, *lines])


class Inviting:
    """The rows of some asks, under the lock. Writes by whole tables, never ask by ask."""

    def __init__(self, held: Locked, asked: Sequence[Invitees]) -> None:
        self.held, self.asked = held, asked
        self.now = held.now()
        self.user_id = held.actor.user_id
        self.inviter = User.objects.filter(pk=self.user_id or 0).values_list("name", flat=True).first() or ""
        self.names = _Names.of([each.ask for each in asked])

    def enter(self) -> None:
        """Waiting members, their invitations and mails, placements and history: one set-based insert per table."""
        everybody = [(each.ask, who) for each in self.asked for who in each.new]
        if not everybody:
            return
        organization, now = self.held.organization, self.now
        here, count = organization.pk, len(everybody)
        members, invitations, mails = (reserve_ids(model, count) for model in (Member, Invitation, OutgoingMail))
        new = list(zip(everybody, members, invitations, mails, strict=True))
        insert_rows(
            OutgoingMail,
            ["id", *MAIL_FIELDS],
            ((mail, *_mail_row(self.held, invitation, who.address, 1, now)) for (_, who), _, invitation, mail in new),
        )
        insert_rows(
            Member,
            [
                "id", "organization_id", "address", "name", "role_id", "created_at", "invited_until", "invited_by_id",
                "mail_id",
            ],
            (
                (member, here, who.address, who.name, ask.role_id, now, self._expiry(ask), self.user_id, mail)
                for (ask, who), member, _, mail in new
            ),
        )  # fmt: skip
        insert_rows(
            Directory,
            ["member_id", "organization_id", "name", "sort_name", "search_text", "address", "since"],
            (
                (member, here, who.name, *folded(who.name, who.address), who.address, now)
                for (_, who), member, _, _ in new
            ),
        )
        insert_rows(Activity, ["member_id", "organization_id", "last_active_at"], ((pk, here, NEVER) for pk in members))
        insert_rows(
            Invitation,
            [
                "id", "uuid", "organization_id", "member_id", "address", "inviter_id", "inviter_name", "message",
                "language", "generation", "created_at", "sent_at", "expires_at",
            ],
            (
                (
                    invitation, uuid.uuid4(), here, member, who.address, self.user_id, self.inviter, ask.message,
                    ask.language or organization.language, 1, now, now, self._expiry(ask),
                )
                for (ask, who), member, invitation, _ in new
            ),
        )  # fmt: skip
        self._place([(ask, member) for (ask, _), member, _, _ in new])
        numbers = iter(members)
        self.held.record_acts(
            MEMBER_INVITED,
            [
                (
                    self.names.places(each.ask),
                    [(next(numbers), "", self.names.roles[each.ask.role_id]) for _ in each.new],
                )
                for each in self.asked
            ],
        )

    def renew(self, roles: Mapping[int, RoleFacts]) -> None:
        """Asking again: a new link, a new life, more placements; the role changes only to one that contains the present
        one (P9).
        """
        known = [(each.ask, member) for each in self.asked for _, member in each.known]
        if not known:
            return
        ids = [member.member_id for _, member in known]
        waiting = Chosen(ids=tuple(ids)).members(self.held.organization)
        # What has ended while they waited is given anew.
        ended = Grant.objects.filter(member__in=ids, ends_at__lte=Now())
        delete_rows(GrantPermission.objects.filter(grant__in=ended.values("pk")))
        delete_rows(ended)
        self._place(
            [(ask, member.member_id) for ask, member in known],
            set(GroupMember.objects.filter(member__in=ids).values_list("group_id", "member_id")),
            set(Grant.objects.filter(member__in=ids).values_list("workspace_id", "member_id", "role_id")),
        )
        self._raise_roles(
            [
                (ask.role_id, member)
                for ask, member in known
                if roles[member.role_id].permissions < roles[ask.role_id].permissions
            ]
        )
        # Whoever asked last answers for it: their rights cover the role, as `deciding` made sure.
        waiting.update(invited_by_id=self.user_id)
        Invitation.objects.filter(member__in=waiting.values("pk"), accepted_at=None, revoked_at=None).update(
            inviter_id=self.user_id, inviter_name=self.inviter
        )
        self.held.record_acts(
            INVITATION_RENEWED,
            [
                (self.names.places(each.ask), [(member.member_id, "", "") for _, member in each.known])
                for each in self.asked
            ],
        )
        [(days, message, language)] = {(ask.days, ask.message, ask.language) for ask, _ in known}
        _renew(self.held, waiting, days=days, message=message, language=language)

    def _raise_roles(self, raised: Sequence[tuple[int, Known]]) -> None:
        """The role to be, and who gets it."""
        if not raised:
            return
        names = dict(Role.objects.filter(pk__in={known.role_id for _, known in raised}).values_list("pk", "name"))
        by_role: dict[int, list[tuple[int, str, str]]] = {}
        for role_id, known in raised:
            entry = (known.member_id, names[known.role_id], self.names.roles[role_id])
            by_role.setdefault(role_id, []).append(entry)
        self.held.record_acts(ROLE_CHANGED, [({}, entries) for entries in by_role.values()])
        cases = [When(pk__in=[pk for pk, _, _ in entries], then=role_id) for role_id, entries in by_role.items()]
        self.held.organization.members.filter(pk__in=[known.member_id for _, known in raised]).update(
            role_id=Case(*cases, output_field=BigIntegerField())
        )

    def _place(
        self,
        asked: Sequence[tuple[Ask, int]],
        in_groups: Collection[tuple[int, int]] = (),
        granted: Collection[tuple[int, int, int]] = (),
    ) -> None:
        """Puts waiting members into the groups and workspaces asked for; whoever asked answers for it at acceptance.

        in_groups (group, member) and granted (workspace, member, role): where they are already.
        """
        now, by = self.now, self.user_id
        insert_rows(
            GroupMember,
            ["group_id", "member_id", "added_at", "added_by_id"],
            (
                (group_id, member, now, by)
                for ask, member in asked
                for group_id in ask.group_ids
                if (group_id, member) not in in_groups
            ),
        )
        insert_rows(
            Grant,
            ["workspace_id", "member_id", "role_id", "origin", "granted_at", "granted_by_id", "reason"],
            (
                (workspace_id, member, role_id, Origin.INVITATION.value, now, by, "")
                for ask, member in asked
                for workspace_id, role_id in ask.placements.items()
                if (workspace_id, member, role_id) not in granted
            ),
        )

    def _expiry(self, ask: Ask) -> datetime:
        return self.now + timedelta(days=ask.days or self.held.organization.invitation_days)


@dataclass(frozen=True, slots=True)
class _Names:
    """What asks name, for the history; in the order of the names."""

    roles: Mapping[int, str]
    workspaces: Mapping[int, str]
    groups: Mapping[int, str]

    @classmethod
    def of(cls, asks: Sequence[Ask]) -> Self:
        role_ids = {pk for ask in asks for pk in (ask.role_id, *ask.placements.values())}
        workspaces = Workspace.objects.filter(pk__in={pk for ask in asks for pk in ask.placements}).order_by("name")
        groups = Group.objects.filter(pk__in={pk for ask in asks for pk in ask.group_ids}).order_by("sort_name")
        return cls(
            dict(Role.objects.filter(pk__in=role_ids).values_list("pk", "name")),
            dict(workspaces.values_list("pk", "name")),
            dict(groups.values_list("pk", "name")),
        )

    def places(self, ask: Ask) -> dict[str, list[str]]:
        """Where the invited are put: one act says it for all of them."""
        workspaces = [pk for pk in self.workspaces if pk in ask.placements]
        return {
            "places": [
                *(f"{self.roles[ask.placements[pk]]}, {self.workspaces[pk]}" for pk in workspaces),
                *(name for pk, name in self.groups.items() if pk in ask.group_ids),
            ]
        }


def renew_links(held: Locked, waiting: MemberQuerySet, *, days: int | None = None) -> int:
    """A new generation for the invitations of waiting members: the former link dies, the life starts anew, a mail is
    queued.
    """
    held.record_set(INVITATION_RENEWED, waiting)
    return _renew(held, waiting, days=days)


def _renew(
    held: Locked, waiting: MemberQuerySet, *, days: int | None = None, message: str = "", language: str = ""
) -> int:
    ids = waiting.order_by().values("pk")
    open_ones = Invitation.objects.filter(member__in=ids, accepted_at__isnull=True, revoked_at__isnull=True)
    expires = Now() + timedelta(days=days or held.organization.invitation_days)
    changes: dict[str, object] = {
        "generation": F("generation") + 1,
        "sent_at": Now(),
        "expires_at": expires,
        "declined_at": None,
        "decline_word": "",
        "expiry_recorded_at": None,
        "reminders": 0,
        "fresh_asked_at": None,
        "code_sent_at": None,
        "code_failures": 0,
    }
    if message:
        changes["message"] = message
    if language:
        changes["language"] = language
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
    now = held.now()
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
