"""What becomes of open invitations: renewed, readdressed, expired. Revoking is
`workspaces.actions.members.revoke_invitations`: the waiting member goes.
"""

from collections import Counter
from contextlib import suppress

from allauth.account.models import EmailAddress
from django.db.models import BooleanField, ExpressionWrapper, QuerySet
from django.db.models.functions import Now
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.actors import ROSTER, Actor
from accounts.addresses import AddressError, canonical
from accounts.registry import Departure, Ending
from config.refusals import Refusal
from invitations.actions.deciding import hold_quota, over_limit
from invitations.actions.inviting import renew_links
from invitations.models import Invitation
from invitations.queries.invitations import known_addresses, verified_addresses
from invitations.queries.limits import mailed_out, quota_of
from workspaces.actions import directory
from workspaces.actions.locking import Locked, locked
from workspaces.actions.seats import free_seats, insist_on_seats
from workspaces.history import FORMER_ADDRESS_LABEL, INVITATION_EXPIRED, INVITATION_READDRESSED, NEW_ADDRESS_LABEL
from workspaces.models import Label, Member, Organization
from workspaces.models.members import MemberQuerySet
from workspaces.plans import Outcome, Proposal, make_plan
from workspaces.policy import Verb
from workspaces.queries.facts import policies_of, workspace_facts
from workspaces.queries.seats import HELD
from workspaces.reasons import Reason
from workspaces.registry import Leaving, Resending
from workspaces.selections import Chosen
from workspaces.sql import delete_rows

RESENDING = Proposal(Verb.RESEND)


def resend(*, actor: Actor, organization_id: int, chosen: Chosen, days: int | None = None) -> Outcome:
    """New links and new lives for waiting members; the former links die. Whoever is over the day's limit, or would need
    a seat where none is free, is skipped. days: their new life, if not the organization's.

    Raises Refusal 429 when the limit leaves nobody. Locks the organization.
    """
    with locked(actor=actor, organization_id=organization_id) as held:
        plan = make_plan(held.facts, held.organization, chosen.members(held.organization), RESENDING)
        allowed, skipped = within_limits(held, plan.accepted)
        changed = renew_links(held, held.organization.members.filter(pk__in=allowed), days=days) if allowed else 0
        return Outcome(changed, {**plan.outcome(changed).refused, **Counter(skipped.values())})


def resend_in_workspace(resending: Resending) -> None:
    """The same for one of those who wait, by whoever may ask people into the workspace; registered with `workspaces`.

    Raises Refusal 403 without that right, 409 for who has joined or finds no free seat, 429 over the day's limit;
    Http404 for ids that are not the organization's. Locks the organization.
    """
    with locked(actor=resending.actor, organization_id=resending.organization_id) as held:
        place = workspace_facts(held.organization, held.facts, [resending.workspace_id]).get(resending.workspace_id)
        chosen = Chosen.one(resending.member_id).members(held.organization)
        if place is None or not chosen.exists():
            raise Http404
        asking = Proposal(Verb.INVITE, workspace=place, organization=policies_of(held.organization))
        make_plan(held.facts, held.organization, chosen, asking).outcome(0).insist()
        if chosen.filter(joined_at__isnull=False).exists():
            raise Reason.JOINED.refusal()
        allowed, skipped = within_limits(held, chosen)
        Outcome(len(allowed), Counter(skipped.values())).insist()
        renew_links(held, chosen)


OF_THE_DAY = (Reason.OVER_LIMIT, Reason.OVER_LIMIT_HERE, Reason.OVER_LIMIT_YOURS)


def within_limits(held: Locked, waiting: MemberQuerySet) -> tuple[list[int], dict[int, Reason]]:
    """Ids of those whom the day's limits still allow to be mailed (P18), and who have a seat or get a free one; of the
    others the reason. Raises Refusal 429 when the limits leave nobody.
    """
    seated = waiting.annotate(holds_seat=ExpressionWrapper(HELD, BooleanField()))
    rows = list(seated.order_by("pk").values_list("pk", "address", "holds_seat"))
    hold_quota(held)
    mailed = mailed_out(held.organization, [address for _, address, _ in rows])
    quota, free = quota_of(held.organization, held.actor.user_id), free_seats(held)
    allowed: list[int] = []
    skipped: dict[int, Reason] = {}
    for pk, address, holds_seat in rows:
        if address in mailed:
            skipped[pk] = Reason.OVER_LIMIT
        elif len(allowed) >= quota.remaining:
            skipped[pk] = quota.reason
        elif free is not None and free <= 0 and not holds_seat:
            skipped[pk] = Reason.NO_SEAT
        else:
            allowed.append(pk)
            free = free - 1 if free is not None and not holds_seat else free
    if not allowed and any(reason in OF_THE_DAY for reason in skipped.values()):
        raise over_limit(held, quota, [address for _, address, _ in rows])
    return allowed, skipped


def correct_address(
    *, actor: Actor, organization_id: int, member_id: int, address: str, days: int | None = None
) -> None:
    """Sends the invitation to another address; the former link dies. Locks the organization.

    Raises Refusal 422 for what is no address, 409 for one that is a member or invited already, or where an ended
    invitation finds no free seat, 429 over the limit; Http404 for a member who is gone.
    """
    try:
        address = canonical(address)
    except AddressError as error:
        raise Refusal(str(error), 422, "invalid_address") from None
    with locked(actor=actor, organization_id=organization_id) as held:
        chosen = Chosen.one(member_id).members(held.organization)
        plan = make_plan(held.facts, held.organization, chosen, Proposal(Verb.EDIT_INVITATION))
        plan.outcome(plan.changing).insist()
        member = chosen.select_related("user").first()
        if member is None:
            raise Http404
        if member.address == address:
            return
        if known_addresses(held.organization, [address]):
            raise Refusal(_("This address is a member or invited already."), 409, "address_known")
        hold_quota(held)
        quota = quota_of(held.organization, actor.user_id)
        if mailed_out(held.organization, [address]) or not quota.remaining:
            raise over_limit(held, quota, [address])
        if not chosen.filter(HELD).exists():
            insist_on_seats(held)
        act = held.record(INVITATION_READDRESSED, subject=member.pk)
        # Addresses are personal: they stand in the labels, which can be shredded, not in the entry.
        Label.objects.create(kind=FORMER_ADDRESS_LABEL, object_id=act.pk, text=member.address)
        Label.objects.create(kind=NEW_ADDRESS_LABEL, object_id=act.pk, text=address)
        Member.objects.filter(pk=member.pk).update(address=address)
        Invitation.objects.filter(member=member).update(address=address)
        member.address = address
        directory.enter([member])
        renew_links(held, chosen, days=days)


def expire_invitations() -> int:
    """Writes into the history which invitations have expired, once each; their validity never depends on it. Returns
    how many.
    """
    due = Invitation.objects.filter(
        expires_at__lte=Now(),
        accepted_at__isnull=True,
        revoked_at__isnull=True,
        declined_at__isnull=True,
        expiry_recorded_at__isnull=True,
    )
    total = 0
    for organization_id in list(due.order_by().values_list("organization_id", flat=True).distinct()):
        # An organization that was deleted since then has nothing left to expire.
        with suppress(Http404), locked(actor=ROSTER, organization_id=organization_id) as held:
            now_due = due.filter(organization=held.organization)
            ids = list(now_due.values_list("pk", flat=True)[:5000])
            members = held.organization.members.filter(invitation__in=ids)
            held.record_set(INVITATION_EXPIRED, members, before="Pending", after="Expired")
            total += Invitation.objects.filter(pk__in=ids).update(expiry_recorded_at=Now())
    return total


def invitations_by(leaving: Leaving) -> MemberQuerySet:
    """Waiting members whom somebody who leaves had asked in; registered with `workspaces`."""
    return _waiting_for(leaving, Invitation.objects.filter(inviter__in=_people(leaving)))


def invitations_to(leaving: Leaving) -> MemberQuerySet:
    """Waiting members who are the same people, asked in once more at another address; registered with `workspaces`."""
    addresses = EmailAddress.objects.filter(user__in=_people(leaving), verified=True).values("email")
    return _waiting_for(leaving, Invitation.objects.filter(address__in=addresses))


def _people(leaving: Leaving) -> "QuerySet[Member, int | None]":
    """The ids of their accounts."""
    return Member.objects.filter(pk__in=leaving.ids, user__isnull=False).values_list("user", flat=True)


def _waiting_for(leaving: Leaving, invitations: "QuerySet[Invitation]") -> MemberQuerySet:
    open_ones = invitations.filter(organization=leaving.organization, accepted_at__isnull=True, revoked_at__isnull=True)
    return leaving.organization.members.filter(joined_at__isnull=True, invitation__in=open_ones.values("pk")).exclude(
        pk__in=leaving.ids
    )


def revoke_before_removal(leaving: Leaving) -> None:
    """The open invitations to whoever leaves are revoked; revoked stays revoked. Registered with `workspaces`."""
    Invitation.objects.filter(member__in=leaving.ids, accepted_at__isnull=True, revoked_at__isnull=True).update(
        revoked_at=Now()
    )
    Invitation.objects.filter(member__in=leaving.ids).update(member=None)


def forget_person(departure: Departure) -> None:
    """Whoever deletes their account takes along what they wrote, asked in or asking, and their name. Registered with
    `accounts`.
    """
    if departure.ending is Ending.DELETED:
        Invitation.objects.filter(address__in=verified_addresses(departure.user_id)).update(decline_word="")
        Invitation.objects.filter(inviter=departure.user_id).update(inviter_name="", message="")


def delete_with_organization(organization: Organization) -> None:
    """Registered with `workspaces`: invitations go before the members they point at."""
    delete_rows(Invitation.objects.filter(organization=organization))
