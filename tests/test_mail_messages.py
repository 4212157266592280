"""The bytes of a message: one skeleton for many people, right for each, and no way to write into its structure."""

from dataclasses import dataclass
from email.message import EmailMessage
from typing import ClassVar

import pytest
from django.utils.html import escape, urlize

from accounts.emails import AccountWording
from accounts.outbox import Wording, one_line, without_links
from accounts.outbox.skeletons import Skeleton
from tests.smtp import parse

HEADERS = {"recipient": "mia@example.org", "date": "Sat, 21 Nov 2026 18:41:00 +0000", "message_id": "0-1"}
WORDING = AccountWording("Grüße aus Ærøskøbing", "Zwölf Boxkämpfer = viel.", "Öffnen", "…")


def parts(message: EmailMessage) -> tuple[str, str]:
    text, html = (part.get_content() for part in message.iter_parts())
    return text, html


def test_every_value_arrives_whole_in_text_and_html_whatever_its_length_and_characters() -> None:
    skeleton = Skeleton(WORDING)
    for length in range(1, 200, 7):
        link = "https://roster.example.com/i/" + "a=é." * length + "?x=1&y='2'"

        content = skeleton.fill({**HEADERS, "link": link})

        assert max(map(len, content.split(b"\r\n"))) <= 76  # RFC 2045, 6.7
        assert b"\n" not in content.replace(b"\r\n", b"")
        assert content.isascii()
        message = parse(content)
        assert not message.defects
        text, html = parts(message)
        assert f"\n{link}\n" in text.replace("\r\n", "\n")
        assert f'href="{escape(link)}"' in html
        assert WORDING.sentence in text
        assert WORDING.sentence in html


def test_headers_are_encoded_and_complete(settings: pytest.FixtureRequest) -> None:
    settings.MAIL_FROM = "Roster <roster@mail.example.com>"  # type: ignore[attr-defined]

    message = parse(Skeleton(WORDING).fill({**HEADERS, "link": "https://roster.example.com/"}))

    assert dict(message.items()) | {"Content-Type": ""} == {
        "From": "Roster <roster@mail.example.com>",
        "Subject": "Grüße aus Ærøskøbing",
        "Content-Language": "en",
        "Auto-Submitted": "auto-generated",
        "To": "mia@example.org",
        "Date": "Sat, 21 Nov 2026 18:41:00 +0000",
        "Message-ID": "<0-1@mail.example.com>",
        "MIME-Version": "1.0",
        "Content-Type": "",
    }


@pytest.mark.claim("P17")
@pytest.mark.parametrize("name", ["link", "recipient", "date", "message_id"])
@pytest.mark.parametrize("breaker", ["\r\n", "\n", "\r", "\x0b", "\u2028", "\x00", "\x85"])
def test_no_value_can_start_a_new_line(name: str, breaker: str) -> None:
    values = {**HEADERS, "link": "https://roster.example.com/"}

    with pytest.raises(ValueError, match=name):
        Skeleton(WORDING).fill({**values, name: f"a{breaker}Bcc: everybody@example.org"})


@pytest.mark.claim("P17")
def test_a_value_is_text_and_never_markup() -> None:
    content = Skeleton(WORDING).fill({**HEADERS, "link": 'https://roster.example.com/"><script>alert(1)</script>'})

    text, html = parts(parse(content))
    assert "<script>" not in html
    assert "<script>" in text


@pytest.mark.claim("P17")
def test_a_subject_with_a_line_break_is_refused() -> None:
    with pytest.raises(ValueError, match="linefeed"):
        Skeleton(AccountWording("Hello\r\nBcc: everybody@example.org", "", "", ""))


def test_a_template_that_forgets_a_slot_is_noticed() -> None:
    @dataclass(frozen=True)
    class Forgetful(Wording):
        template: ClassVar[str] = "mail/account"
        slots: ClassVar[frozenset[str]] = frozenset({"link", "until"})
        subject: str = "Hello"

    with pytest.raises(ValueError, match="until"):
        Skeleton(Forgetful())


def test_the_message_loads_nothing_from_elsewhere() -> None:
    _, html = parts(parse(Skeleton(WORDING).fill({**HEADERS, "link": "LINK"})))

    for loader in ("@import", "<link", "<img", "<script", "url(", "fonts.googleapis"):
        assert loader not in html


@pytest.mark.claim("P17")
@pytest.mark.parametrize(
    "words",
    [
        "see http://evil.example/x and https://evil.example",
        "www.evil.com is nice",
        "evil.com",
        "mail me@evil.com",
        "mailto:me@evil.com",
        "//evil.com\\x",
        "http://1.2.3.4/login",
        "\\\\evil\\share",
        "evil。com and evil．com",
        "javascript:alert(1)",
        "e\u200bvil.com \u202eelgoog",
    ],
)
def test_no_mail_client_finds_a_link_in_a_users_words(words: str) -> None:
    shown = without_links(words)

    assert urlize(shown) == shown
    for found in ("://", "//", "www.e", "evil.c", "evil。c", "@evil", "mailto:m", "\\\\"):
        assert found not in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize(
    "words",
    ["Welcome to the study. Start on Monday: bring tea at 18:40.", "J. R. Smith & Sons, Dept. 4", "3.5 % and/or more…"],
)
def test_ordinary_words_stay_as_they_are(words: str) -> None:
    assert without_links(words) == words


def test_a_name_becomes_one_line() -> None:
    assert one_line(" Olga\r\n Rossi\u2028 ") == "Olga Rossi"
