"""Fields that several forms have: one of a list that depends on who asks, and the last day of something."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

NOT_OFFERED = {"invalid_choice": _("Choose one of the list.")}


def choice(label: Any, **more: Any) -> forms.TypedChoiceField:
    """An id out of a list that `set_choices` fills."""
    return forms.TypedChoiceField(label=label, coerce=int, error_messages=NOT_OFFERED, **more)


def several(label: Any) -> forms.TypedMultipleChoiceField:
    """Any number of ids out of a list that `set_choices` fills, as boxes to tick."""
    return _EachOnce(label=label, coerce=int, required=False, widget=forms.CheckboxSelectMultiple)


class _EachOnce(forms.TypedMultipleChoiceField):
    """No browser sends a box twice, but whoever writes the request by hand may."""

    def clean(self, value: Any) -> list[Any]:
        return list(dict.fromkeys(super().clean(value)))


def set_choices(form: forms.Form, **choices: Sequence[tuple[Any, Any]]) -> None:
    for name, offered in choices.items():
        field = form.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(offered)


class LastDay(forms.DateField):
    """Cleaned to the moment when the day is over."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(widget=widget, required=False, **options)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, datetime):
            return timezone.localtime(value - timedelta(microseconds=1)).date()
        return value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)

    def clean(self, value: Any) -> datetime | None:
        day = super().clean(value)
        if day is None:
            return None
        if day < timezone.localdate():
            raise forms.ValidationError(_("This day is over. Choose today or later."), code="past")
        try:
            return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))
        except OverflowError as problem:
            raise forms.ValidationError(_("Choose an earlier day."), code="far") from problem
