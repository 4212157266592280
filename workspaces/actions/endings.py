"""What the end of an account means here; registered with `accounts` and called inside its transaction.

Locks every organization of the person, by id, before anything is counted; the account's row is locked after them.
"""

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.registry import Departure, Ending, Objection
from workspaces.actions.locking import Locked
from workspaces.actions.members import sweep
from workspaces.history import ACCOUNT_BLOCKED, ACCOUNT_UNBLOCKED, MEMBER_LEFT
from workspaces.models import Departure as Receipt
from workspaces.models import Label, Member, Organization
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
        # Whoever deletes their account takes their name along: what remains of them is "Deleted account".
        gone = Receipt.objects.filter(user_id=departure.user_id)
        Label.objects.filter(kind="member", object_id__in=gone.values("member_id")).delete()
        gone.update(name="")


def _locked_organizations(user_id: int) -> list[Organization]:
    organizations = Organization.objects.filter(members__in=Member.objects.filter(user_id=user_id))
    return list(
        Organization.objects.select_for_update(no_key=True).filter(pk__in=organizations.values("pk")).order_by("pk")
    )
