"""Bulk actions on invitations, registered with the member table."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from config.sentences import Sentence
from invitations.actions import keeping
from workspaces.actions.locking import Locked
from workspaces.bulk import BulkAction
from workspaces.models.members import MemberQuerySet
from workspaces.place import Place
from workspaces.plans import Outcome, Proposal, Sorted, make_plan
from workspaces.policy import Verb
from workspaces.selections import Chosen


class Resend(BulkAction):
    order = 4
    name, verb, icon = "resend", Verb.RESEND, "bell"
    label, button, done = Sentence("Resend"), _("Resend to"), _("Mails queued")
    foot = _("Each gets a mail with a new link, and the full time to accept. The former links end at once.")

    def propose(self, place: Place, data: Mapping[str, Any]) -> Proposal:
        return keeping.RESENDING

    def perform(self, place: Place, chosen: Chosen, data: Mapping[str, Any]) -> Outcome:
        return keeping.resend(actor=place.actor, organization_id=place.organization.pk, chosen=chosen)

    def sort(self, place: Place, members: MemberQuerySet, data: Mapping[str, Any]) -> Sorted:
        """Whom the day's limits leave out, or who would need a seat, is left as they are."""
        plan = make_plan(place.facts, place.organization, members, self.propose(place, data))
        held = Locked(place.organization, place.actor, place.facts)
        allowed, skipped = keeping.within_limits(held, plan.accepted)
        return Sorted(allowed, {**plan.sorted().refused, **skipped})

    def after(self, place: Place, data: Mapping[str, Any]) -> str:
        return str(_("New link"))
