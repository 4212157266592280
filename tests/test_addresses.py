"""One person, one address: what is folded together, what is refused, and that pasted lists lose nothing."""

import string
import time
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from accounts.addresses import MAX_LENGTH, AddressError, Pasted, canonical, passes_for_ascii, searched, split

pytestmark = [pytest.mark.claim("P16"), pytest.mark.once]

LOCAL = st.text(string.ascii_letters + string.digits + "!#$%&'*+/=?^_`{|}~-", min_size=1, max_size=20)
LABEL = st.from_regex(r"[a-zA-Z0-9]([a-zA-Z0-9]{0,10}[a-zA-Z0-9])?", fullmatch=True)
PLAIN = st.builds(lambda local, *labels: f"{local}@{'.'.join(labels)}.org", LOCAL, LABEL, LABEL)
# Letters of which each has one capital, and each capital one small form.
FOREIGN = st.text("äöüßéèçñøåłžабвгдежзαβγδσςω日本語한국ไทย", min_size=1, max_size=12)
INTERNATIONAL = st.builds("{}@{}.example.org".format, FOREIGN, LABEL)

# Everything that a renderer or a case mapping may turn into a plain letter, sign or digit.
STRANGERS = [chr(point) for point in range(0x80, 0x1F200) if passes_for_ascii(chr(point)) and not chr(point).isspace()]


@given(PLAIN)
def test_case_variants_are_one_address(address: str) -> None:
    assert canonical(address.upper()) == canonical(address.lower()) == canonical(f"  {address}\n")


@given(st.one_of(PLAIN, INTERNATIONAL))
def test_the_canonical_form_is_its_own(address: str) -> None:
    once = canonical(address)
    assert canonical(once) == once
    assert once == once.lower()
    assert unicodedata.is_normalized("NFC", once)


@given(INTERNATIONAL)
def test_case_variants_of_other_scripts_are_one_address(address: str) -> None:
    assume("ß" not in address)  # its capital form in Python is SS, which is another address
    assert canonical(address.upper()) == canonical(address)


@given(st.text(max_size=300))
def test_any_text_is_an_address_or_gets_a_sentence(text: str) -> None:
    try:
        address = canonical(text)
    except AddressError as refusal:
        sentence = str(refusal)
        address = ""
    assert address or sentence
    if address:
        assert address.count("@") == 1
        assert len(address) <= MAX_LENGTH
        assert canonical(address) == address


@given(PLAIN, st.sampled_from(STRANGERS), st.integers(0, 3))
def test_nothing_that_passes_for_a_plain_letter_gets_in(address: str, stranger: str, place: int) -> None:
    assume(len(address) < MAX_LENGTH)
    with pytest.raises(AddressError, match="only looks like"):
        canonical(address[:place] + stranger + address[place:])


@pytest.mark.parametrize(
    "text",
    [
        "mia@ａcme.example",  # full width
        "ＭＩＡ@acme.example",
        "mıa@acme.example",  # dotless i
        "mİa@acme.example",  # dotted capital I
        "mia@acme.e\u212aample",  # Kelvin sign
        "miſs@acme.example",  # long s
        "ﬁona@acme.example",  # ligature
        "mia＠acme.example@x.org",
        "mi\u0307a@acme.example",  # i with the dot that it has anyway
        "mia\u0332@acme.example",  # underlined
        "q\u0301@acme.example",  # a mark that makes no letter of it
        "mia@acmi\u0307.example",
        "\u217fia@acme.example",  # Roman numeral
        "\U0001d426ia@acme.example",  # mathematical
        "mia@acme\uff0eexample",  # full width
        "mia\u2024chen@acme.example",  # one dot leader
    ],
)
def test_look_alikes_are_refused(text: str) -> None:
    with pytest.raises(AddressError, match="only looks like a plain letter"):
        canonical(text)


@pytest.mark.parametrize(
    "unseen", ["\u034f", "\u115f", "\u1160", "\u17b4", "\u180b", "\u3164", "\ufe0f", "\uffa0", "\U000e0101"]
)
@pytest.mark.parametrize("address", ["mi{}a@acme.example", "mi\u00e9{}@acme.example", "mia@ac{}me.example"])
def test_what_nobody_sees_does_not_make_another_address(address: str, unseen: str) -> None:
    with pytest.raises(AddressError):
        canonical(address.format(unseen))


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Mia.Chen@Acme.Example", "mia.chen@acme.example"),
        ("mia+roster@acme.example", "mia+roster@acme.example"),
        ("Mia+Roster@acme.example", "mia+roster@acme.example"),
        ("mia@acme\u3002example", "mia@acme.example"),  # the dot of Chinese keyboards, RFC 5895
        (
            "mia@a\u0441me.example",
            "mia@xn--ame-4ed.example",
        ),  # with a Cyrillic letter: from then on it looks like no other
        ("mia@xn--80ak6aa92e.example", "mia@xn--80ak6aa92e.example"),
        ("mia@MÜNCHEN.example.org", "mia@xn--mnchen-3ya.example.org"),
        ("mia@straße.example.org", "mia@xn--strae-oqa.example.org"),
        ("mia@XN--MNCHEN-3YA.example.org", "mia@xn--mnchen-3ya.example.org"),
        ("ΟΔΟΣ@example.org", "οδος@example.org"),
        ("οδοσ@example.org", "οδος@example.org"),
        ("JOSE\u0301@example.org", "jos\u00e9@example.org"),
    ],
)
def test_the_form(text: str, form: str) -> None:
    assert canonical(text) == form


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Enter an address."),
        ("   ", "Enter an address."),
        ("mia", "There is no @ in it."),
        ("mia@acme", "It has no ending after “acme”."),
        ("mia@x-y", "It has no ending after “x-y”."),
        ("mia@home@acme", "It has no ending after “acme”."),
        ("mia@-", "An email address cannot end with a hyphen."),
        ("mia@", "There must be something after the @-sign."),
        ("mia@.acme.example", "An email address cannot have a period immediately after the @-sign."),
        ("mia@acme..example", "An email address cannot have two periods in a row."),
        ("mia@@acme.example", "The part after the @-sign contains invalid characters: '@'."),
        ("m i a@acme.example", "The email address contains invalid characters before the @-sign: SPACE."),
        ("mia@ac: me.example", "The part after the @-sign contains invalid characters: ':', SPACE."),
        ("mia\u202e@acme.example", "The email address contains unsafe characters: RIGHT-TO-LEFT OVERRIDE."),
        ("m" * 65 + "@acme.example", "The part before the @-sign is too long."),
        ("mia@" + "a" * 64 + ".example", "The part after the @-sign is too long."),
        ("mia@ab--cd.example", "Mail cannot go to an address like this. Look for a typing mistake."),
        ("mia@xn--a.example", "Mail cannot go to an address like this. Look for a typing mistake."),
        ("mi\u00e9\u034fa@acme.example", "It contains a character that nobody sees."),
        ("m\u0131a@acme.example", "It contains “\u0131”, which only looks like a plain letter."),
        ("a" * 250 + "@acme.example", "An address has at most 254 characters."),
    ],
)
def test_sentences_say_what_is_wrong(text: str, sentence: str) -> None:
    with pytest.raises(AddressError) as refusal:
        canonical(text)
    assert str(refusal.value) == str(refusal.value.sentence) == sentence


def test_an_address_may_be_as_long_as_mail_allows_and_no_longer() -> None:
    domain = ".".join(["d" * 57] * 3 + ["d" * 7, "example"])
    longest = f"{'m' * 64}@{domain}"
    assert len(longest) == MAX_LENGTH
    assert canonical(longest) == longest
    with pytest.raises(AddressError, match="at most 254"):
        canonical(f"{'m' * 64}@d{domain}")


def test_an_address_of_our_own_network_is_one() -> None:
    assert canonical("mia@häuser.test") == "mia@xn--huser-gra.test"


@pytest.mark.parametrize(
    ("typed", "sought"),
    [
        (" Mia@Acme.Example ", "mia@acme.example"),
        (" ACME.Ex", "acme.ex"),
        ("ΟΔΟΣ", "οδος"),
        ("JOSE\u0301", "jos\u00e9"),
    ],
)
def test_parts_of_addresses_are_sought_in_the_form_that_whole_ones_have(typed: str, sought: str) -> None:
    assert searched(typed) == sought


@pytest.mark.parametrize(
    "text",
    [
        "mia chen@acme.example",
        "mia@@acme.example",
        "mia@acme..example",
        "mia@-acme.example",
        ".mia@acme.example",
        "mia.@acme.example",
        "mia@acme.example.",
        "mia@[127.0.0.1]",
        "mia\u202e@acme.example",
        "m\u200bia@acme.example",
        "mia\x00@acme.example",
        "mia@acme.example\r\nBcc: x@y.example",
        '"mia chen"@acme.example',
        "m" * 65 + "@acme.example",
        "mia@" + "a" * 64 + ".example",
        "mia@acme.123",
        "mia@ab--cd.example",
        "mia@xn--a.example",
        '"mia"@acme.example',
        "mia(work)@acme.example",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(AddressError):
        canonical(text)


# --- pasted lists

ADDRESSES = st.lists(PLAIN, max_size=8)
SEPARATORS = st.sampled_from([",", ";", " ", "\n", "\r\n", ", ", " ;\n", "\t", "\u2028"])
NAMES = st.text("abc DEF.'-éß", max_size=20).map(lambda name: " ".join(name.split()))


@given(ADDRESSES, SEPARATORS)
def test_lists_are_taken_apart_at_every_separator(addresses: list[str], separator: str) -> None:
    assert split(separator.join(addresses)) == [Pasted(address) for address in addresses]


@given(st.lists(st.tuples(NAMES, PLAIN), max_size=6), st.sampled_from([",", ";", "\n", ", ", " ; "]), st.booleans())
def test_names_stay_with_their_addresses(people: list[tuple[str, str]], separator: str, quoted: bool) -> None:
    mark = '"' if quoted else ""
    text = separator.join(f"{mark}{name}{mark} <{address}>" for name, address in people)
    assert split(text) == [Pasted(address, name) for name, address in people]


@given(st.text(max_size=400))
def test_nothing_that_was_typed_is_lost(text: str) -> None:
    found = "".join(entry.text + entry.name for entry in split(text))
    marks = set(',;<>"') | {character for character in text if character.isspace()}
    left_over = {character for character in text if character not in marks} - set(found)
    # A word goes only where it repeats the address beside it: <a@b> written as a@b <a@b>.
    assert {character.lower() for character in left_over} <= {character.lower() for character in found}


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("", []),
        (" ,;\n ", []),
        ("a@b.co Mia Chen <m@c.co> d@e.co", [Pasted("a@b.co"), Pasted("m@c.co", "Mia Chen"), Pasted("d@e.co")]),
        ("x@y.co, a@b.co Mia <m@c.co>", [Pasted("x@y.co"), Pasted("a@b.co"), Pasted("m@c.co", "Mia")]),
        ('"Chen, Mia" <m@c.co>, b@c.co', [Pasted("m@c.co", "Chen, Mia"), Pasted("b@c.co")]),
        ('"mia@c.co" <mia@c.co>', [Pasted("mia@c.co", "mia@c.co")]),
        ("Mia@c.co <mia@c.co>", [Pasted("mia@c.co")]),
        ("<mia@c.co>", [Pasted("mia@c.co")]),
        ("mia@c.co<bob@c.co>", [Pasted("mia@c.co"), Pasted("bob@c.co")]),
        ("Mia <>", [Pasted("Mia"), Pasted("<>")]),
        ("Mia <not an address>", [Pasted("not an address", "Mia")]),
        ("Mia <mia@c.co", [Pasted("Mia"), Pasted("mia@c.co")]),
        ("Mia\n<mia@c.co>", [Pasted("Mia"), Pasted("mia@c.co")]),
    ],
)
def test_lists_as_people_paste_them(text: str, entries: list[Pasted]) -> None:
    assert split(text) == entries


@pytest.mark.parametrize("pattern", [" ", "\t", "<", ">", '"', '" ', "a", "<a", '"a', "a@", "\n", "a <", '"<'])
def test_hostile_lists_cost_linear_time(pattern: str) -> None:
    started = time.process_time()
    split(pattern * (400_000 // len(pattern)))
    assert time.process_time() - started < 5
