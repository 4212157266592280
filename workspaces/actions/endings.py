"""What the end of an account means here; registered with `accounts` and called inside its transaction.

Locks every organization of the person, by id, before anything is counted; the account's row is locked after them.
"""

from collections.abc import Iterable

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.queries import addresses_of
from accounts.registry import Departure, Ending, Objection
from workspaces.actions.locking import Locked
from workspaces.actions.members import MEMBER_LABEL, sweep
from workspaces.history import (
    ACCOUNT_BLOCKED,
    ACCOUNT_UNBLOCKED,
    FORMER_ADDRESS_LABEL,
    INVITATION_DECLINED,
    INVITATION_EXPLAINED,
    INVITATION_READDRESSED,
    MEMBER_LEFT,
    NEW_ADDRESS_LABEL,
    WORD_LABEL,
)
from workspaces.models import Departure as Receipt
from workspaces.models import Entry, Label, Member, MergedMember, Organization
from workspaces.queries.admins import must_keep
from workspaces.queries.facts import actor_facts


def objections(departure: Departure) -> Iterable[Objection]:
    """Where the person is owner or the last admin: a sentence each, with the page that is the way out."""
    if departure.ending is Ending.UNBLOCKED:
        return
    for organization in _locked_organizations(departure.user_id):
        members = organization.members.filter(user_id=departure.user_id)
        url = reverse("ownership", args=[organization.slug])
        # An owner can be blocked while another admin is active: support then starts the transfer that they no longer
        # can.
        if departure.ending is Ending.DELETED and members.filter(owned=organization).exists():
            sentence = _("You own %(name)s. Hand it over or delete it first.")
            yield Objection(sentence % {"name": organization.name}, url, _("Ownership"))
            continue
        kept = must_keep(organization, members.effective(), workspaces=True, actor_member_id=None)
        if kept:
            sentence = _("%(name)s would be left without an admin. Name another admin there first.")
            where = reverse("members", args=[organization.slug])
            yield Objection(sentence % {"name": organization.name}, where, _("Members"))


def depart(departure: Departure) -> None:
    """Deleting ends the memberships; blocking and unblocking stand in the history of each organization."""
    for organization in _locked_organizations(departure.user_id):
        held = Locked(organization, departure.actor, actor_facts(departure.actor, organization))
        members = organization.members.filter(user_id=departure.user_id)
        if departure.ending is Ending.DELETED:
            sweep(held, members, Receipt.Cause.ACCOUNT_DELETED, MEMBER_LEFT)
        else:
            kind = ACCOUNT_BLOCKED if departure.ending is Ending.BLOCKED else ACCOUNT_UNBLOCKED
            held.record_set(kind, members)
    if departure.ending is Ending.DELETED:
        _shred(departure.user_id)


def _shred(user_id: int) -> None:
    """Whoever deletes their account takes their name along, and what they wrote: what remains of them in any
    organization is "Deleted account". Theirs is also what was asked in at one of their addresses.
    """
    addresses = addresses_of(user_id).filter(verified=True).values("email")
    receipts = Receipt.objects.filter(Q(user_id=user_id) | Q(address__in=addresses))
    waiting = Member.objects.filter(address__in=addresses, joined_at__isnull=True)
    ids = {*receipts.values_list("pk", flat=True), *waiting.values_list("pk", flat=True)}
    ids.update(MergedMember.objects.filter(member_id__in=ids).values_list("former_id", flat=True))
    Label.objects.filter(kind=MEMBER_LABEL, object_id__in=ids).delete()
    beside = Entry.objects.filter(subject_id__in=ids, act__kind__in=[kind.name for kind in _WITH_LABELS])
    Label.objects.filter(kind__in=_LABELS_OF_ACTS, object_id__in=beside.values("act_id")).delete()
    Receipt.objects.filter(pk__in=ids).update(name="")


_WITH_LABELS = (INVITATION_DECLINED, INVITATION_EXPLAINED, INVITATION_READDRESSED)
_LABELS_OF_ACTS = (WORD_LABEL, FORMER_ADDRESS_LABEL, NEW_ADDRESS_LABEL)


def _locked_organizations(user_id: int) -> list[Organization]:
    organizations = Organization.objects.filter(members__in=Member.objects.filter(user_id=user_id))
    return list(
        Organization.objects.select_for_update(no_key=True).filter(pk__in=organizations.values("pk")).order_by("pk")
    )
