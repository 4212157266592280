"""Bulk actions on invitations, registered with the member table."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from invitations.actions import keeping
from workspaces.access import Place
from workspaces.bulk import BulkAction
from workspaces.plans import Outcome, Proposal
from workspaces.policy import Verb
from workspaces.selections import Chosen


class Resend(BulkAction):
    order = 4
    name, verb, icon = "resend", Verb.RESEND, "bell"
    label, button, done = _("Resend"), _("Resend to"), _("Mails queued")
    foot = _("Each gets a mail with a new link, and the full time to accept. The former links end at once.")

    def propose(self, place: Place, data: Mapping[str, Any]) -> Proposal:
        return keeping.RESENDING

    def perform(self, place: Place, chosen: Chosen, data: Mapping[str, Any]) -> Outcome:
        return keeping.resend(actor=place.actor, organization_id=place.organization.pk, chosen=chosen)

    def after(self, place: Place, data: Mapping[str, Any]) -> str:
        return str(_("New link"))
