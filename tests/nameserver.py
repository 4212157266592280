"""A name server on loopback that answers TXT questions: built with dnspython's own messages, spoken over real UDP."""

import socket
from collections.abc import Iterator
from threading import Thread

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from pytest_django import Settings


class NameServer:
    """records: name -> texts; a name without any does not exist. hangs: it takes questions and says nothing."""

    def __init__(self) -> None:
        self.records: dict[str, list[str]] = {}
        self.hangs = False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.thread = Thread(target=self._serve, daemon=True)

    @property
    def address(self) -> str:
        host, port = self.socket.getsockname()
        return f"{host}:{port}"

    def __enter__(self) -> "NameServer":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.hangs = True
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as farewell:
            farewell.sendto(b"", self.socket.getsockname())
        self.thread.join(timeout=10)
        self.socket.close()

    def _serve(self) -> None:
        while True:
            question, sender = self.socket.recvfrom(4096)
            if not question:
                return
            if not self.hangs:
                self.socket.sendto(self._answer(dns.message.from_wire(question)), sender)

    def _answer(self, query: dns.message.Message) -> bytes:
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        asked = query.question[0]
        texts = self.records.get(str(asked.name).rstrip(".").lower())
        if texts is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        else:
            quoted = [f'"{text}"' for text in texts]
            answer.answer.append(dns.rrset.from_text(asked.name, 60, "IN", "TXT", *quoted))
        return answer.to_wire()


@pytest.fixture
def name_server(settings: Settings) -> Iterator[NameServer]:
    with NameServer() as server:
        settings.DNS_SERVERS = [server.address]
        yield server
