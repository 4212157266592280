"""Asking people in: one address or ten thousand, checked and recorded set by set."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import BigIntegerField, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Now

from accounts.actors import Actor
from accounts.addresses import Pasted
from accounts.models import OutgoingMail, User
from accounts.models.mails import MailState
from accounts.outbox import hint
from config.refusals import Refusal
from invitations.actions.deciding import giving_of, over_limit, reach_of
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
        giving = giving_of(held, [ask])
        giving.insist(ask)
        new, known, unasked = reach_of(held, [who.address for who in addressees], giving.roles).sort(addressees)
        if not new and not known and addressees and all(line.result is Result.OVER_LIMIT for line in unasked):
            quota = quota_of(held.organization, actor.user_id)
            raise over_limit(held, quota, [line.address for line in unasked])
        ask_in(held, ask, new, known, giving.roles)
    return Report([*good_lines(new, known), *unasked, *lines])


def ask_in(
    held: Locked,
    ask: Ask,
    new: Sequence[Addressee],
    known: Sequence[tuple[Addressee, Known]],
    roles: Mapping[int, RoleFacts],
) -> None:
    """Writes what `deciding` has accepted, under the lock held."""
    writer = Inviting(held, ask)
    writer.enter(new)
    writer.renew(known, roles)
    if new or known:
        hint()


def good_lines(new: Sequence[Addressee], known: Sequence[tuple[Addressee, Known]]) -> list[Line]:
    good = [Line(who.address, Result.INVITED, who.address, who.name) for who in new]
    return good + [Line(who.address, Result.RENEWED, who.address, who.name) for who, _ in known]


def invite_guest(held: Locked, address: str) -> int:
    """Asks somebody in as Guest under the lock held, the right to it being decided: a resource that they get is the
    reason. Returns the waiting member's id. Raises Refusal 429 over the day's limit, 409 without a free seat.
    """
    ask = Ask(BuiltIn.GUEST)
    roles = roles_of(held.organization, Scope.ORGANIZATION)
    new, _known, _unasked = reach_of(held, [address], roles).sort([Addressee(address)])
    if not new:
        insist_on_seats(held)
        raise over_limit(held, quota_of(held.organization, held.actor.user_id), [address])
    Inviting(held, ask).enter(new)
    hint()
    return held.organization.members.values_list("pk", flat=True).get(address=address)


def preview(*, actor: Actor, organization_id: int, entries: Iterable[Pasted], ask: Ask) -> Report:
    """What `invite` would say of each entry, without the lock and without a write."""
    addressees, lines = read_entries(entries)
    organization = Organization.objects.get(pk=organization_id)
    held = Locked(organization, actor, actor_facts(actor, organization))
    roles = roles_of(organization, Scope.ORGANIZATION)
    new, known, unasked = reach_of(held, [who.address for who in addressees], roles).sort(addressees)
    return Report([*good_lines(new, known), *unasked, *lines])


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
        language = self.ask.language or organization.language
        insert_rows(
            Invitation,
            [
                "id", "uuid", "organization_id", "member_id", "address", "inviter_id", "inviter_name", "message",
                "language", "generation", "created_at", "sent_at", "expires_at",
            ],
            (
                (
                    pk, uuid.uuid4(), here, member, who.address, user_id, inviter, self.ask.message,
                    language, 1, now, now, expires,
                )
                for who, pk, member in zip(new, invitations, members, strict=True)
            ),
        )  # fmt: skip
        everybody = organization.members.filter(pk__gte=members[0], pk__lte=members[-1])
        self.place(everybody, are_new=True)
        self.held.record_set(MEMBER_INVITED, everybody, after=self._role_name(), payload=self._places())

    def renew(self, known: Sequence[tuple[Addressee, Known]], roles: Mapping[int, RoleFacts]) -> None:
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
        # Whoever asked last answers for it: their rights cover the role, as `deciding` made sure.
        user_id = self.held.actor.user_id
        waiting.update(invited_by_id=user_id)
        Invitation.objects.filter(member__in=waiting.values("pk"), accepted_at=None, revoked_at=None).update(
            inviter_id=user_id, inviter_name=self._inviter_name()
        )
        renew_links(
            self.held,
            waiting,
            days=self.ask.days,
            message=self.ask.message,
            language=self.ask.language,
            payload=self._places(),
        )

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
    language: str = "",
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
