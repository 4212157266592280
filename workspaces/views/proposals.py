"""How the state of a request or a proposal looks, on My access and wherever they are listed."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from workspaces.registry import MyProposal

STATES: Mapping[str, Mapping[str, Any]] = {
    "approved": {"word": _("Approved"), "icon": "check", "tone": "ok"},
    "declined": {"word": _("Declined"), "icon": "x", "tone": "bad"},
    "withdrawn": {"word": _("Withdrawn"), "icon": "arrow-back-up", "tone": "plain"},
    "waiting": {"word": _("Waiting"), "icon": "hourglass", "tone": "invited"},
}


def my_rows(proposals: Iterable[MyProposal]) -> list[dict[str, Any]]:
    return [
        {
            "address": each.address,
            "state": STATES[each.state],
            "at": each.at,
            "reply": each.reply,
            "withdraw_url": each.withdraw_url,
        }
        for each in proposals
    ]
