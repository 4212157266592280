"""Reads of invitations: for the rules at the moment of asking, for mails, and for the invitee's pages."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, TypedDict

from allauth.account.models import EmailAddress
from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.addresses import searched
from accounts.models import OutgoingMail
from accounts.models.mails import GIVEN_UP, REPORTED
from accounts.queries import MOST_FOUND, users_by_address
from invitations.models import Invitation, Unsubscribed
from invitations.policy import State, state
from invitations.tokens import MAIL, Subject, generation_of, unsubscribing, uuid_of, verify
from workspaces.catalogue import PERMISSIONS, BuiltIn, Scope, role_label
from workspaces.models import Collaborator, Grant, GroupMember, Member, Organization, RolePermission
from workspaces.queries.people import members_at
from workspaces.queries.seats import HELD
from workspaces.queries.support import members_matching

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

INVITATION_MAIL = "invitation"
REMINDER_MAIL = "invitation_reminder"
CODE_MAIL = "invitation_code"
DECLINED_MAIL, FRESH_MAIL = "invitation_declined", "invitation_fresh_asked"  # to the inviter


@dataclass(frozen=True, slots=True)
class Known:
    """A member that an address leads to. waits: not joined yet. holds_seat: if not, renewing takes one."""

    member_id: int
    role_id: int
    waits: bool
    holds_seat: bool = True


def known_addresses(organization: Organization, addresses: Collection[str]) -> dict[str, Known]:
    """Those of the canonical addresses that lead to a member, as `members_at` finds them."""
    at = members_at(organization, addresses)
    members = Member.objects.filter(pk__in=set(at.values()))
    rows = members.annotate(holds_seat=ExpressionWrapper(HELD, BooleanField()))
    known = {
        pk: Known(pk, role_id, joined_at is None, holds_seat)
        for pk, role_id, joined_at, holds_seat in rows.values_list("pk", "role_id", "joined_at", "holds_seat")
    }
    return {address: known[pk] for address, pk in at.items()}


class AtNow(TypedDict):
    now: datetime


type Clocked = "WithAnnotations[Invitation, AtNow]"


def at_now(invitations: "QuerySet[Invitation]") -> "QuerySet[Clocked]":
    """With `now`, the database's clock, beside each: the one by which states are computed."""
    return invitations.annotate(now=Now())


def state_of(invitation: Clocked) -> State:
    """Its state when it was read."""
    return state(invitation, invitation.now)


def invitation_by_token(token: str, purpose: str = MAIL) -> tuple[Clocked, int] | None:
    """The invitation of a link that is or once was genuine, and the generation of the link."""
    uuid = uuid_of(token)
    if uuid is None:
        return None
    invitation = at_now(Invitation.objects.filter(uuid=uuid)).select_related("organization").first()
    if invitation is None:
        return None
    subject = Subject(invitation.organization_id, invitation.uuid, invitation.generation)
    generation = generation_of(token, subject, purpose)
    return (invitation, generation) if generation is not None else None


def invitation_of(member: Member) -> Invitation:
    """The open invitation of somebody waiting."""
    return Invitation.objects.get(member=member)


def has_account(address: str) -> bool:
    """Is it a verified address of somebody's account?"""
    return bool(EmailAddress.objects.filter(email=address, verified=True).exists())


def verified_addresses(user_id: int) -> set[str]:
    return set(EmailAddress.objects.filter(user_id=user_id, verified=True).values_list("email", flat=True))


@dataclass(slots=True)
class Offer:
    """What an invitation gives: the organization role, roles in workspaces, groups; and what that enables."""

    role_name: str = ""
    role_id: int = BuiltIn.MEMBER
    workspaces: list[tuple[str, str]] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)


def offers(invitation_ids: Iterable[int]) -> dict[int, Offer]:
    """What each of the open invitations gives, in three queries."""
    ids = list(invitation_ids)
    found = {
        pk: Offer(role_label(role_id, role_name), role_id)
        for pk, role_name, role_id in Invitation.objects.filter(pk__in=ids, member__isnull=False).values_list(
            "pk", "member__role__name", "member__role"
        )
    }
    grants = Grant.objects.live().filter(member__invitation__in=found)
    for pk, role_id, role, workspace in grants.order_by("workspace__name").values_list(
        "member__invitation", "role", "role__name", "workspace__name"
    ):
        found[pk].workspaces.append((role_label(role_id, role), workspace))
    groups = GroupMember.objects.filter(member__invitation__in=found).order_by("group__sort_name")
    for pk, name in groups.values_list("member__invitation", "group__name"):
        found[pk].groups.append(name)
    return found


@dataclass(frozen=True, slots=True)
class WaitingPlace:
    """Where somebody waiting is placed by a grant of their own: the one that holds most there."""

    grant_id: int
    role_id: int
    role: str
    workspace: str


def places_of_waiting(member_id: int) -> dict[int, WaitingPlace]:
    """By workspace, ordered by its name."""
    grants = Grant.objects.live().filter(member=member_id, workspace__deleted_at__isnull=True)
    rows = grants.annotate(holds=Count("role__permissions")).order_by("workspace__name", "holds", "pk")
    return {
        workspace_id: WaitingPlace(pk, role_id, role_label(role_id, role), workspace)
        for workspace_id, pk, role_id, role, workspace in rows.values_list(
            "workspace_id", "pk", "role_id", "role__name", "workspace__name"
        )
    }


SHARED = {Collaborator.Level.VIEW: lazy("view %(name)s"), Collaborator.Level.EDIT: lazy("edit %(name)s")}


def abilities(invitation: Invitation, limit: int = 6) -> list[str]:
    """What the invitee will be able to do, as sentences without their beginning: "read everything in Clinical
    trials", "edit Churn".
    """
    if invitation.member_id is None:
        return []
    shared = Collaborator.objects.filter(member=invitation.member_id).order_by("resource__name")
    single = [
        SHARED[Collaborator.Level(level)] % {"name": name}
        for level, name in shared.values_list("level", "resource__name")
    ]
    grants = Grant.objects.live().filter(
        Q(member=invitation.member_id) | Q(group__memberships__member=invitation.member_id)
    )
    rows = (
        RolePermission.objects.filter(role__grants__in=grants)
        .order_by("role__grants__workspace__name")
        .values_list("role__grants__workspace__name", "permission")
        .distinct()
    )
    held: dict[str, set[str]] = {}
    for workspace, code in rows:
        held.setdefault(workspace, set()).add(code)
    sentences = single + [
        _("%(ability)s in %(workspace)s") % {"ability": permission.ability, "workspace": workspace}
        for workspace, codes in held.items()
        for code, permission in PERMISSIONS.items()
        if code in codes and permission.scope == Scope.WORKSPACE and "." in code and not code.startswith("workspace.")
    ]
    return sentences[:limit]


def open_invitations_to(user_id: int) -> "QuerySet[Clocked]":
    """Pending invitations to any of a person's verified addresses, for My access."""
    return at_now(
        Invitation.objects.filter(
            address__in=verified_addresses(user_id),
            accepted_at__isnull=True,
            revoked_at__isnull=True,
            declined_at__isnull=True,
            expires_at__gt=Now(),
        )
    ).select_related("organization")


def suggestion(text: str, domains: Iterable[str]) -> str:
    """The address that was probably meant, when its domain is cut short or nearly one of those known; else nothing."""
    mailbox, at, domain = text.rpartition("@")
    if not at or not mailbox:
        return ""
    for known in domains:
        if domain != known and (known.startswith(f"{domain}.") or get_close_matches(domain, [known], cutoff=0.85)):
            return f"{mailbox}@{known}"
    return ""


def reminders_stopped(invitation_ids: Iterable[int]) -> set[int]:
    """Those of the invitations whose reminders were stopped, or whose address wants none from the organization."""
    rows = Invitation.objects.filter(pk__in=list(invitation_ids))
    return set(rows.filter(Q(reminders_stopped_at__isnull=False) | UNSUBSCRIBED).values_list("pk", flat=True))


UNSUBSCRIBED = Exists(Unsubscribed.objects.filter(organization=OuterRef("organization"), address=OuterRef("address")))
NEVER_ARRIVED = (*GIVEN_UP, *REPORTED)


def invitation_to_unsubscribe(token: str) -> Invitation | None:
    """The invitation whose reminders a genuine link ends."""
    uuid = uuid_of(token)
    invitation = Invitation.objects.select_related("organization").filter(uuid=uuid).first() if uuid else None
    if invitation is None:
        return None
    subject, purpose = unsubscribing(invitation.organization_id, invitation.uuid, invitation.address)
    return invitation if verify(token, subject, purpose) else None


def wants_no_reminders(organization_id: int, address: str) -> bool:
    return Unsubscribed.objects.filter(organization=organization_id, address=address).exists()


def invitations_matching(text: str) -> "QuerySet[Invitation]":
    """For support staff: by whoever they are to; without a member (revoked), by the exact address."""
    return Invitation.objects.filter(Q(member__in=members_matching(text)) | Q(member=None, address=searched(text)))


def mails_matching(text: str) -> "QuerySet[OutgoingMail]":
    """For support staff: the mails of the invitations that match, and those about the person's own account."""
    invitations = list(invitations_matching(text).order_by("-pk").values_list("pk", flat=True)[:MOST_FOUND])
    return OutgoingMail.objects.filter(
        Q(kind=INVITATION_MAIL, subject_id__in=invitations) | Q(user__in=users_by_address(text))
    )
