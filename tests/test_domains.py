"""What kind of domain it is, and how an organization proves that it is theirs. Without a database."""

import hmac

import pytest
from pytest_django import Settings

from accounts.addresses import AddressError
from invitations.domains import Kind, canonical_domain, domain_of, kind_of, with_parents
from invitations.proofs import Answer, look_up, record_name, record_value
from tests.limits import keeps_within, took
from tests.nameserver import NameServer

pytestmark = pytest.mark.claim("P23")


@pytest.mark.row("D16")
@pytest.mark.parametrize(
    ("domain", "kind"),
    [
        ("gmail.com", Kind.PUBLIC),
        ("hey.com", Kind.PUBLIC),
        ("tuta.io", Kind.PUBLIC),
        ("mail.riseup.net", Kind.PUBLIC),
        ("mailinator.com", Kind.DISPOSABLE),
        ("any.mailinator.com", Kind.DISPOSABLE),
        ("stanford.edu", Kind.EDUCATIONAL),
        ("cs.ox.ac.uk", Kind.EDUCATIONAL),
        ("student.ethz.ch", Kind.EDUCATIONAL),
        ("acme.example", Kind.ORDINARY),
        ("notgmail.com", Kind.ORDINARY),
    ],
)
def test_public_disposable_and_educational_domains_are_known_with_what_is_under_them(domain: str, kind: Kind) -> None:
    assert kind_of(domain, {}) is kind
    assert domain in str(kind.sentence) % {"domain": domain}


@pytest.mark.row("D16")
def test_the_operators_rule_wins_over_the_lists_and_the_nearest_rule_counts() -> None:
    rules = {"gmail.com": "ordinary", "acme.example": "public", "lab.acme.example": "ordinary"}
    assert kind_of("gmail.com", rules) is Kind.ORDINARY
    assert kind_of("mail.acme.example", rules) is Kind.PUBLIC
    assert kind_of("x.lab.acme.example", rules) is Kind.ORDINARY


def test_a_domain_has_one_form_and_look_alikes_are_none() -> None:
    assert canonical_domain(" @ACME.Example. ") == "acme.example"
    assert canonical_domain("BÜCHER.example") == "xn--bcher-kva.example"
    for wrong in ("acme", "a b.example", "acme..example", "acme．example", "Ⅿail.example"):
        with pytest.raises(AddressError) as said:
            canonical_domain(wrong)
        assert str(said.value) == f"“{wrong}” is no domain. Enter one such as acme.example."
    for nothing in ("", "  ", "@", "me@acme.example"):
        with pytest.raises(AddressError) as said:
            canonical_domain(nothing)
        assert str(said.value) == "Enter a domain, such as acme.example."


def test_an_address_is_at_what_follows_its_last_at_sign() -> None:
    assert domain_of("olga@acme.example") == "acme.example"
    assert domain_of('"a@b"@acme.example') == "acme.example"


def test_a_domain_is_under_all_above_it_but_the_last_label() -> None:
    assert list(with_parents("a.b.acme.example")) == ["a.b.acme.example", "b.acme.example", "acme.example"]
    assert list(with_parents("example")) == []


# --- whose it is


def test_the_record_is_of_one_organization_and_one_domain_under_the_newest_key(settings: Settings) -> None:
    settings.INVITATION_KEYS = ["new", "old"]
    value = record_value(7, "acme.example")
    mac = hmac.new(b"new", b"roster domain|7|acme.example", "sha256").hexdigest()[:40]
    assert (record_name("acme.example"), value) == ("_roster.acme.example", f"roster-verify={mac}")
    assert len({value, record_value(8, "acme.example"), record_value(7, "acme.test")}) == 3
    settings.INVITATION_KEYS = ["old", "new"]
    assert record_value(7, "acme.example") != value


def test_dns_has_the_record_or_has_not_or_says_nothing(settings: Settings) -> None:
    settings.INVITATION_KEYS = ["old"]
    former, theirs = record_value(7, "acme.example"), record_value(8, "acme.example")
    settings.INVITATION_KEYS = ["new", "old"]

    def ask(seconds: float = 2) -> Answer:
        return look_up(7, "acme.example", seconds=seconds)

    with NameServer() as server:
        settings.DNS_SERVERS = [server.address]
        assert ask() is Answer.MISSING
        server.records["_roster.acme.example"] = ["v=spf1 -all", theirs]
        assert ask() is Answer.MISSING
        in_two_strings = f'{former[:20]}" "{former[20:]}'
        for value in (former, record_value(7, "acme.example"), in_two_strings):
            server.records["_roster.acme.example"] = ["v=spf1 -all", f" {value} "]
            assert ask() is Answer.FOUND
        server.hangs = True

        def wait() -> None:
            assert ask(0.2) is Answer.SILENT

        assert keeps_within(1, took(wait)), "no longer than it was told"
