"""What people may call themselves and their things: one line that shows what it says."""

import unicodedata

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from accounts.names import MAX_LENGTH, clean_name

pytestmark = [pytest.mark.claim("P17"), pytest.mark.once]

ORDINARY = st.text(st.characters(categories=["L", "N", "P", "S", "M", "Zs"]), max_size=60)


@given(st.text(max_size=200))
def test_a_clean_name_is_one_short_visible_line_that_stays_as_it_is(text: str) -> None:
    try:
        name = clean_name(text)
    except ValidationError:
        return
    assert 0 < len(name) <= MAX_LENGTH
    assert len(name.splitlines()) == 1
    assert not any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in name)
    assert clean_name(name) == name
    assert name.encode()


@given(
    ORDINARY, st.sampled_from("\n\r\v\f\x00\x1b\x7f\x85\u2028\u2029\u202a\u202e\u2066\u2069\u200e\u200f\u061c\ud800")
)
def test_no_hidden_character_gets_in(text: str, hidden: str) -> None:
    with pytest.raises(ValidationError, match="one line of plain text"):
        clean_name(f"a{text}{hidden}b")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("  Mia   Chen ", "Mia Chen"),
        ("Mia\u00a0Chen", "Mia Chen"),
        ("Zoe\u0308", "Zo\u00eb"),
        ("李 小龍", "李 小龍"),
        ("عمر", "عمر"),
        ("Ana 👩\u200d🚀", "Ana 👩\u200d🚀"),
        ("x" * 80, "x" * 80),
    ],
)
def test_names_are_tidied(text: str, name: str) -> None:
    assert clean_name(text) == name


@pytest.mark.parametrize("text", ["", "   ", "\u00a0", "\u200b", "\u00ad\u2060", "\ufeff"])
def test_a_name_has_to_show_something(text: str) -> None:
    with pytest.raises(ValidationError, match=r"Enter a name\."):
        clean_name(text)


@pytest.mark.parametrize("text", ["x" * 81, "x" * 10_000, "ÿ " * 5_000])
def test_long_names_are_refused_with_their_length(text: str) -> None:
    with pytest.raises(ValidationError, match="at most 80 characters; this one has"):
        clean_name(text)
