"""Races about the code of a copied link: many guesses at once, one code in many hands, two codes (P26)."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import Settings

from accounts.actors import ROSTER
from accounts.models import OutgoingMail
from invitations import tokens
from invitations.actions import proving
from invitations.models import Invitation
from invitations.policy import CODE_TRIES, CODES_PER_DAY
from invitations.queries.invitations import CODE_MAIL
from invitations.tokens import Subject
from tests import cast, racing
from tests.racing import FEW, Acme, at_once, resend

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.claim("P26", "P5")]

acme = racing.acme  # a fixture


def asked_in(acme: Acme, number: int) -> Invitation:
    """With a code on its way."""
    organization, olga, *_ = acme
    invitation = cast.invite(olga, organization, f"nora{number}@new.example")
    ask_for_code(invitation)()
    return fresh(invitation)


def fresh(invitation: Invitation) -> Invitation:
    return Invitation.objects.get(pk=invitation.pk)


def code_of(invitation: Invitation, *, number: int | None = None) -> str:
    """The one that its mail holds, or that of an earlier number."""
    subject = Subject(invitation.organization_id, invitation.uuid, invitation.generation)
    return tokens.code(subject, invitation.code_number if number is None else number)


def wrong_for(invitation: Invitation) -> list[str]:
    """Guesses, none of which is or was a code of this invitation."""
    right = {code_of(invitation, number=number) for number in range(1, 9)}
    return [guess for guess in (f"{number:06}" for number in range(40)) if guess not in right][:20]


def enter(invitation: Invitation, text: str) -> Callable[[], bool]:
    what: dict[str, Any] = {"actor": ROSTER, "invitation_id": invitation.pk, "generation": invitation.generation}
    return lambda: proving.enter_code(text=text, **what)


def ask_for_code(invitation: Invitation, *, is_another: bool = False) -> Callable[[], None]:
    what: dict[str, Any] = {"actor": ROSTER, "invitation_id": invitation.pk, "generation": invitation.generation}
    return lambda: proving.send_code(is_another=is_another, **what)


def mails_with_codes(invitation: Invitation) -> int:
    return OutgoingMail.objects.filter(kind=CODE_MAIL, subject_id=invitation.pk).count()


@pytest.mark.claim("P18")
def test_twenty_guesses_at_once_are_five_tries_and_then_the_right_code_is_too_late(acme: Acme) -> None:
    for number in range(FEW):
        invitation = asked_in(acme, number)
        outcomes = Counter(at_once(*(enter(invitation, guess) for guess in wrong_for(invitation))))
        assert set(outcomes) <= {"wrong", "code_ended", "busy"}
        assert outcomes["wrong"] == fresh(invitation).code_failures == CODE_TRIES
        assert at_once(enter(invitation, code_of(invitation))) == ["code_ended"]


def test_among_guesses_the_right_code_is_right_only_within_the_tries(acme: Acme) -> None:
    for number in range(FEW):
        invitation = asked_in(acme, number)
        guesses = wrong_for(invitation)[:9]
        right, *others = at_once(enter(invitation, code_of(invitation)), *(enter(invitation, each) for each in guesses))
        tried = others.count("wrong")
        assert right in {"done", "code_ended"}
        assert tried == CODE_TRIES if right == "code_ended" else tried < CODE_TRIES
        assert at_once(enter(invitation, code_of(invitation))) == ["code_ended"]


def test_one_code_in_ten_hands_is_right_once(acme: Acme) -> None:
    for number in range(FEW):
        invitation = asked_in(acme, number)
        outcomes = Counter(at_once(*[enter(invitation, code_of(invitation))] * 10))
        assert outcomes["done"] == 1
        assert set(outcomes) <= {"done", "code_ended", "busy"}
        assert fresh(invitation).code_failures == 0


def test_a_new_code_ends_the_former_whichever_comes_first(acme: Acme) -> None:
    for number in range(FEW):
        invitation = asked_in(acme, number)
        former = code_of(invitation)
        entered, asked = at_once(enter(invitation, former), ask_for_code(invitation, is_another=True))
        assert (entered, asked) in {("done", "done"), ("wrong", "done")}
        assert at_once(enter(invitation, former)) == ["wrong"]
        assert at_once(enter(invitation, code_of(fresh(invitation)))) == ["done"]
        assert mails_with_codes(invitation) == 2


@pytest.mark.claim("P18")
def test_many_windows_that_ask_for_a_code_get_one_and_by_force_three_a_day(acme: Acme, settings: Settings) -> None:
    settings.MAILS_PER_RECIPIENT_PER_DAY = 50
    for number in range(FEW):
        invitation = asked_in(acme, number)
        assert set(at_once(*[ask_for_code(invitation)] * 8)) <= {"done", "busy"}
        assert mails_with_codes(invitation) == 1
        outcomes = Counter(at_once(*[ask_for_code(invitation, is_another=True)] * 8))
        assert (outcomes["done"], mails_with_codes(invitation)) == (CODES_PER_DAY - 1, CODES_PER_DAY)
        assert set(outcomes) <= {"done", "over_limit", "busy"}


@pytest.mark.claim("P18")
def test_codes_and_links_together_keep_to_what_one_address_may_get(acme: Acme, settings: Settings) -> None:
    organization, olga, priya, _ = acme
    settings.MAILS_PER_RECIPIENT_PER_DAY = 3
    for number in range(FEW):
        invitation = asked_in(acme, number)
        waiting = organization.members.get(address=invitation.address)
        another = ask_for_code(invitation, is_another=True)
        at_once(another, another, resend(olga, waiting), resend(priya, waiting), another)
        assert OutgoingMail.objects.filter(recipient=invitation.address).count() == 3


@pytest.mark.claim("P9")
def test_a_code_of_a_link_that_is_being_replaced_counts_before_or_never(acme: Acme) -> None:
    organization, olga, *_ = acme
    for number in range(FEW):
        invitation = asked_in(acme, number)
        waiting = organization.members.get(address=invitation.address)
        entered, renewed = at_once(enter(invitation, code_of(invitation)), resend(olga, waiting))
        assert (entered, renewed) in {("done", "done"), ("replaced", "done")}
        assert at_once(enter(fresh(invitation), code_of(invitation))) == ["code_ended"]
