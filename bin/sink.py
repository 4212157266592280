"""An SMTP server in a process of its own, which takes every message after a while and writes down what it took.

`sink.py PORT FILE DELAY`: one JSON line for each copy, flushed before the answer; DELAY is the longest pause, in
seconds, before and again after writing, so that whoever kills a client meets it at every point of a hand-over.
"""

import asyncio
import json
import random
import re
import sys
from email import message_from_bytes, policy
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

LINK = re.compile(r"https?://\S+/i/\S+")


class Sink:
    def __init__(self, path: Path, delay: float) -> None:
        self.file = path.open("a", encoding="utf-8")
        self.delay = delay

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]  # as the servers do that people send through

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.original_content, bytes)
        message = message_from_bytes(envelope.original_content, policy=policy.SMTP)
        text = message.get_body(("plain",))
        assert text is not None
        copy = {
            "to": envelope.rcpt_tos[0],
            "message_id": message["Message-ID"],
            "links": sorted(set(LINK.findall(text.get_content()))),
        }
        await self.pause()
        self.file.write(json.dumps(copy) + "\n")
        self.file.flush()
        await self.pause()
        return "250 2.0.0 taken"

    async def pause(self) -> None:
        await asyncio.sleep(random.uniform(0, self.delay))  # noqa: S311 - no secret


async def serve(sink: Sink, port: int) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(sink), "127.0.0.1", port)
    await server.serve_forever()


def main() -> None:
    port, path, delay = sys.argv[1:]
    asyncio.run(serve(Sink(Path(path), float(delay)), int(port)))


if __name__ == "__main__":
    main()
