"""An SMTP server like bin/sink.py, which treats some recipients as their address says (`moods`).

`moody_sink.py PORT FILE DELAY`. It writes down faults beside copies, so that it knows after a restart whom it has
treated how often.
"""

import asyncio
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))

from aiosmtpd.smtp import SMTP, Envelope, Session
from moods import mood_of
from sink import Sink

LONG = 3600  # seconds
DRIP = 1.0  # seconds for each byte


class MoodySink(Sink):
    def __init__(self, path: Path, delay: float) -> None:
        lines = path.read_text().splitlines() if path.exists() else []
        self.treated = Counter(told["to"] for told in map(json.loads, lines) if "fault" in told)
        super().__init__(path, delay)

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refused = await self.treat(server, address, "rcpt")
        if refused:
            return refused
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        mood = mood_of(envelope.rcpt_tos[0])
        if mood and mood.at == "data" and mood.fault[0].isdigit():  # a refusal: nothing is taken
            refused = await self.treat(server, envelope.rcpt_tos[0], "data")
            if refused:
                return refused
        taken = await super().handle_DATA(server, session, envelope)
        await self.treat(server, envelope.rcpt_tos[0], "data")
        return taken

    async def treat(self, server: SMTP, recipient: str, at: str) -> str:
        """The refusal to be given, if there is one; a fault may also never return."""
        mood = mood_of(recipient)
        if mood is None or mood.at != at or self.treated[recipient] >= mood.times:
            return ""
        assert isinstance(server, MoodyServer)
        self.treated[recipient] += 1
        self.file.write(json.dumps({"to": recipient, "fault": mood.name}) + "\n")
        self.file.flush()
        if mood.fault == "drip":
            server.drips = True
        elif mood.fault == "hang":
            await asyncio.sleep(LONG)
        elif mood.fault == "drop":
            await server.hang_up()
        else:
            return mood.fault
        return ""


class MoodyServer(SMTP):
    drips = False

    async def push(self, status: Any) -> None:
        if self.drips:
            for byte in f"{status}\r\n".encode():
                self._writer.write(bytes([byte]))
                await self._writer.drain()
                await asyncio.sleep(DRIP)
            self.drips = False
            return
        await super().push(status)
        if str(status).startswith("354"):
            assert self.envelope is not None
            await self.event_handler.treat(self, self.envelope.rcpt_tos[0], "within")

    async def hang_up(self) -> None:
        assert isinstance(self.transport, asyncio.Transport)
        self.transport.abort()
        await asyncio.sleep(LONG)  # until the lost connection cancels this


async def serve(sink: MoodySink, port: int) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: MoodyServer(sink), "127.0.0.1", port)
    await server.serve_forever()


def main() -> None:
    port, path, delay = sys.argv[1:]
    asyncio.run(serve(MoodySink(Path(path), float(delay)), int(port)))


if __name__ == "__main__":
    main()
