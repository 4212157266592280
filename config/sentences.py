"""Sentences that are kept: their English text and its values, so that each reader reads them in their own language."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import gettext

type Value = str | int | Sentence


class Sentence:
    """`str()` says it in the language of the moment. This very call marks the text for translators, as gettext does;
    a value may be a sentence itself.
    """

    __slots__ = ("text", "values")

    def __init__(self, text: str, /, **values: Value) -> None:
        self.text, self.values = text, values

    def __str__(self) -> str:
        said = gettext(self.text)
        return said % self.values if self.values else said

    def followed_by(self, other: "Sentence") -> "Sentence":
        return Sentence("%(first)s %(second)s", first=self, second=other)

    def __repr__(self) -> str:
        return f"Sentence({self.text!r}, {self.values!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sentence) and (self.text, self.values) == (other.text, other.values)

    def __hash__(self) -> int:
        return hash(self.text)


def together(parts: Sequence[Sentence | str], between: str = " ") -> Sentence | str:
    """One after the other; "" for none."""
    if len(parts) < 2:
        return parts[0] if parts else ""
    named = {f"part{number}": each for number, each in enumerate(parts)}
    return Sentence(between.join(f"%({name})s" for name in named), **named)


if TYPE_CHECKING:
    _Text = models.TextField[Any, Any]
else:
    _Text = models.TextField


class SentenceField(_Text):
    """A column of one Sentence, or of nothing: "". What nobody translates, such as a name, may stand as it is."""

    _pyi_private_set_type: Any  # for mypy's plugin
    _pyi_private_get_type: Any

    def from_db_value(self, value: str | None, *_: object) -> Sentence | str | None:
        if value is None or not value.startswith(_MARK):
            return value
        sentence: Sentence = _read(json.loads(value))
        return sentence

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, str) and value.startswith(_MARK):
            value = Sentence("%(words)s", words=value)
        if not isinstance(value, Sentence):
            return super().get_prep_value(value)
        return json.dumps(_kept(value), ensure_ascii=False, separators=(",", ":"))


_MARK = '{"say":'


def _kept(value: Value) -> Any:
    if not isinstance(value, Sentence):
        return value
    return {"say": value.text, **{name: _kept(each) for name, each in value.values.items()}}


def _read(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return Sentence(value.pop("say"), **{name: _read(each) for name, each in value.items()})
