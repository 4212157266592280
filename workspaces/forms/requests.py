"""Forms about requests for access."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

MESSAGE = 500


def _choice(label: Any, **more: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label, coerce=int, error_messages={"invalid_choice": _("Choose one of the list.")}, **more
    )


def _words(label: Any, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=MESSAGE,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


def set_choices(form: forms.Form, **choices: Sequence[tuple[Any, Any]]) -> None:
    for name, offered in choices.items():
        field = form.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(offered)


class AskForWorkspace(forms.Form):
    workspace = _choice(_("Workspace"))
    role = _choice(_("Role"))
    message = _words(_("What for?"), _("Whoever decides reads this."))


class AskForOrganizationRole(forms.Form):
    role = _choice(_("Role"))
    message = _words(_("What for?"), _("Whoever decides reads this."))


class AskForTime(forms.Form):
    message = _words(_("What for?"), _("Whoever decides reads this."))


class Approval(forms.Form):
    """role is left out where more than one thing is asked for. The end is a day, which it includes, in the time zone of
    whoever decides.
    """

    role = _choice(_("Role"), required=False)
    until = forms.DateField(
        label=_("Until"),
        required=False,
        help_text=_("The last day. Empty: it does not end."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    reply = _words(_("Answer"))

    def clean_until(self) -> datetime | None:
        day = self.cleaned_data["until"]
        if day is None:
            return None
        if day < timezone.localdate():
            raise forms.ValidationError(_("This day is over. Choose today or later."))
        return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


class Refusal(forms.Form):
    reply = _words(_("Reason"), _("The person who asked reads this."))
