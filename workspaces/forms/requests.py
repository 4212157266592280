"""Forms about requests for access."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from workspaces.forms.fields import LastDay, choice

MESSAGE = 500


def _words(label: Any, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=MESSAGE,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class AskForWorkspace(forms.Form):
    workspace = choice(_("Workspace"))
    role = choice(_("Role"))
    message = _words(_("What for?"), _("Whoever decides reads this."))


class AskForOrganizationRole(forms.Form):
    role = choice(_("Role"))
    message = _words(_("What for?"), _("Whoever decides reads this."))


class AskForTime(forms.Form):
    message = _words(_("What for?"), _("Whoever decides reads this."))


class Approval(forms.Form):
    """role is left out where more than one thing is asked for. The end is a day, which it includes, in the time zone of
    whoever decides.
    """

    role = choice(_("Role"), required=False)
    until = LastDay(label=_("Until"), help_text=_("The last day. Empty: it does not end."))
    reply = _words(_("Answer"))


class Refusal(forms.Form):
    reply = _words(_("Reason"), _("The person who asked reads this."))
