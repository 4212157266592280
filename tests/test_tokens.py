"""Tokens of invitation links, without a database: what they hold, what they are bound to, and what is none."""

import base64
import hashlib
import hmac
import string
import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from invitations.tokens import (
    CODE_DIGITS,
    MAC_BYTES,
    MAIL,
    MAX_GENERATIONS,
    TOKEN_LENGTH,
    Subject,
    code,
    generation_of,
    issue,
    unsubscribing,
    uuid_of,
    verify,
    verify_code,
)

pytestmark = [pytest.mark.once, pytest.mark.claim("P5")]

UUID = uuid.UUID("0188a7b2-1111-4222-8333-94445555aaaa")
SUBJECT = Subject(7, UUID, 1)
SUBJECTS = st.builds(Subject, st.integers(1, 2**63 - 1), st.uuids(), st.integers(1, 5))
LETTERS = string.ascii_letters + string.digits + "-_"


@pytest.fixture(autouse=True)
def _keys() -> Iterator[None]:
    with override_settings(INVITATION_KEYS=["new key", "old key"]):
        yield


def mac_by_hand(subject: Subject, key: str, purpose: str) -> bytes:
    text = f"roster invitation|{purpose}|{subject.organization_id}|{subject.uuid.hex}|{subject.generation}"
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()[:20]


def by_hand(subject: Subject, key: str, purpose: str = "mail") -> str:
    """The form as the design describes it."""
    return base64.urlsafe_b64encode(subject.uuid.bytes + mac_by_hand(subject, key, purpose)).decode()


def code_by_hand(subject: Subject, key: str, number: int) -> str:
    return str(int(mac_by_hand(subject, key, f"code {number}").hex(), 16))[-6:]


def test_the_form_is_the_designs_with_160_bits_of_mac() -> None:
    assert MAC_BYTES * 8 >= 128
    assert issue(SUBJECT) == by_hand(SUBJECT, "new key")
    assert issue(SUBJECT, "copied") == by_hand(SUBJECT, "new key", "copied")
    assert len(issue(SUBJECT)) == TOKEN_LENGTH
    assert set(issue(SUBJECT)) <= set(LETTERS)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SUBJECTS)
def test_a_token_is_good_for_its_subject_and_names_it(subject: Subject) -> None:
    token = issue(subject)
    assert verify(token, subject)
    assert uuid_of(token) == subject.uuid
    assert generation_of(token, subject) == subject.generation


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SUBJECTS, SUBJECTS)
def test_a_token_is_good_for_nothing_else(one: Subject, other: Subject) -> None:
    token = issue(one)
    assert not verify(token, replace(one, organization_id=one.organization_id + 1))
    assert not verify(token, replace(one, generation=one.generation + 1))
    assert not verify(token, one, "copied")
    assert not verify(issue(one, "copied"), one)
    if one.uuid != other.uuid:
        assert not verify(token, replace(one, uuid=other.uuid))


def test_the_mac_of_one_invitation_does_not_fit_another() -> None:
    """Even where somebody glues the one's id to the other's proof."""
    other = replace(SUBJECT, uuid=uuid.uuid4())
    raw = base64.urlsafe_b64decode(issue(SUBJECT))
    glued = base64.urlsafe_b64encode(other.uuid.bytes + raw[16:]).decode()
    assert uuid_of(glued) == other.uuid
    assert not verify(glued, other)
    assert not verify(issue(other), SUBJECT)


def test_a_token_with_one_character_altered_is_none() -> None:
    token = issue(SUBJECT)
    for place, right in enumerate(token):
        for wrong in {*LETTERS, "+", "/", "=", " "} - {right}:
            assert not verify(token[:place] + wrong + token[place + 1 :], SUBJECT)


def test_keys_rotate_without_breaking_links() -> None:
    assert issue(SUBJECT) == by_hand(SUBJECT, "new key")
    assert verify(by_hand(SUBJECT, "old key"), SUBJECT)
    assert not verify(by_hand(SUBJECT, "lost key"), SUBJECT)
    with override_settings(INVITATION_KEYS=["new key"]):
        assert not verify(by_hand(SUBJECT, "old key"), SUBJECT)


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "é" * 48, "A" * 47, "A" * 49, "A" * 44 + "====", "A" * 47 + "=", "A" * 46 + "==", "!" * 48, " " * 48,
        "A" * 47 + "+", "A" * 24 + "/" + "A" * 23, "A" * 47 + "\n",
    ],
)  # fmt: skip
def test_what_has_not_the_form_of_a_token_is_nobodys(text: str) -> None:
    subject = Subject(7, uuid.UUID(int=0), 1)
    assert uuid_of(text) is None
    assert not verify(text, subject)
    assert generation_of(text, subject) is None


def test_forty_eight_letters_claim_a_uuid_and_prove_nothing() -> None:
    assert uuid_of("A" * 48) == uuid.UUID(int=0)
    assert not verify("A" * 48, Subject(7, uuid.UUID(int=0), 1))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60))
def test_any_text_is_answered(text: str) -> None:
    claimed = uuid_of(text)
    assert claimed is None or len(text) == TOKEN_LENGTH
    assert not verify(text, SUBJECT)


def test_former_generations_are_told_from_made_up_ones() -> None:
    third = replace(SUBJECT, generation=3)
    assert [generation_of(issue(replace(SUBJECT, generation=number)), third) for number in (1, 2, 3, 4)] == [
        1,
        2,
        3,
        None,
    ]
    assert generation_of(by_hand(third, "lost key"), third) is None
    assert generation_of(issue(third, "copied"), third) is None
    assert generation_of(issue(third, "copied"), third, "copied") == 3
    assert generation_of(issue(third, MAIL), third, "copied") is None
    # Generations begin at one: a token of generation 0 was never issued.
    assert generation_of(issue(replace(SUBJECT, generation=0)), third) is None


def test_the_search_for_former_generations_has_an_end() -> None:
    late = replace(SUBJECT, generation=MAX_GENERATIONS + 5)
    assert generation_of(issue(replace(SUBJECT, generation=6)), late) == 6
    assert generation_of(issue(replace(SUBJECT, generation=5)), late) is None


# --- codes that prove an address, and links that end reminders


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SUBJECTS, st.integers(1, 1000))
def test_a_code_is_six_digits_by_the_newest_key_and_good_under_every_key(subject: Subject, number: int) -> None:
    assert code(subject, number) == code_by_hand(subject, "new key", number)
    assert len(code(subject, number)) == CODE_DIGITS == 6
    assert verify_code(code(subject, number), subject, number)
    assert verify_code(code_by_hand(subject, "old key", number), subject, number)
    assert not verify_code("", subject, number)
    assert not verify_code("１２３４５６", subject, number)


def test_a_code_is_good_for_its_number_and_its_subject_alone() -> None:
    right = code(SUBJECT, 1)
    assert not verify_code(right, SUBJECT, 2)
    assert not verify_code(right, replace(SUBJECT, generation=2), 1)
    assert not verify_code(right, replace(SUBJECT, organization_id=8), 1)
    assert not verify_code(code_by_hand(SUBJECT, "lost key", 1), SUBJECT, 1)
    assert not verify_code(f"{right}0", SUBJECT, 1)


def test_the_link_that_ends_reminders_outlives_generations_and_belongs_to_one_address() -> None:
    subject, purpose = unsubscribing(7, UUID, "nora@new.example")
    assert subject == Subject(7, UUID, 0)
    token = issue(subject, purpose)
    assert verify(token, *unsubscribing(7, UUID, "nora@new.example"))
    assert not verify(token, *unsubscribing(7, UUID, "nora@old.example"))
    assert not verify(token, *unsubscribing(8, UUID, "nora@new.example"))
    assert generation_of(token, SUBJECT) is None
