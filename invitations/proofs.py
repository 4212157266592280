"""That an organization controls a domain: a TXT record that only whoever writes its DNS can have put there.

The challenge is computed, never stored: an HMAC-SHA256 (RFC 2104) over organization and domain, cut to 160 bits, under
settings.INVITATION_KEYS, of which the first is shown and all count.
"""

import hmac
from enum import StrEnum

import dns.exception
import dns.resolver
from django.conf import settings
from dns.rdatatype import TXT

LABEL = "_roster"
PREFIX = "roster-verify="
IN_REQUEST = 1.5
"""Seconds that a page may wait for DNS; a worker waits for IN_WORKER."""
IN_WORKER = 5.0


class Answer(StrEnum):
    """silent: no name server said anything, so that nothing is known."""

    FOUND = "found"
    MISSING = "missing"
    SILENT = "silent"


def record_name(domain: str) -> str:
    return f"{LABEL}.{domain}"


def record_value(organization_id: int, domain: str) -> str:
    """What the TXT record has to say."""
    return _value(settings.INVITATION_KEYS[0], organization_id, domain)


def look_up(organization_id: int, domain: str, *, seconds: float) -> Answer:
    """Asks DNS for the record, for so many seconds at the most. Never called under the organization's lock."""
    expected = [_value(key, organization_id, domain).encode() for key in settings.INVITATION_KEYS]
    try:
        found = _resolver().resolve(f"{record_name(domain)}.", TXT, lifetime=seconds, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return Answer.MISSING
    except (dns.exception.DNSException, OSError):
        return Answer.SILENT
    said = [b"".join(row.strings).strip() for row in found]
    return Answer.FOUND if any(value in said for value in expected) else Answer.MISSING


def _resolver() -> dns.resolver.Resolver:
    """The machine's own name servers, unless DNS_SERVERS names others as host or host:port."""
    resolver = dns.resolver.Resolver(configure=not settings.DNS_SERVERS)
    if settings.DNS_SERVERS:
        named = [server.partition(":") for server in settings.DNS_SERVERS]
        resolver.nameservers = [host for host, _colon, _port in named]
        resolver.nameserver_ports = {host: int(port) for host, _colon, port in named if port}
    return resolver


def _value(key: str, organization_id: int, domain: str) -> str:
    text = f"roster domain|{organization_id}|{domain}"
    return PREFIX + hmac.digest(key.encode(), text.encode(), "sha256")[:20].hex()
