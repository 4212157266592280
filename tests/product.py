"""The running product as `make run` starts it, a process for each part: for tests that drive it from outside."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STARTED = "Roster runs at"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@dataclass
class Product:
    """One `bin/run.py` and what it said so far."""

    process: subprocess.Popen[str]
    data: Path
    port: int
    lines: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def mailbox(self) -> Path:
        return self.data / "mailbox"

    @property
    def said(self) -> str:
        return "".join(self.lines)

    def wait_until_it_says(self, words: str, *, seconds: float = 180) -> None:
        deadline = time.monotonic() + seconds
        while words not in self.said:
            ended = self.process.poll() is not None
            assert not ended, f"It ended with {self.process.returncode}:\n{self.said}"
            assert time.monotonic() < deadline, f"It never said {words!r}:\n{self.said}"
            time.sleep(0.05)

    def stop(self, number: int = signal.SIGINT) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(90)


def start(data: Path, **environment: str) -> Product:
    """Begins a start; the caller waits for what it says and stops it."""
    port = int(environment.get("PORT") or free_port())
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "bin/run.py"],
        cwd=ROOT,
        env={**inherited, "DATA_DIR": str(data), "DEMO": "0", **environment, "PORT": str(port)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    product = Product(process, data, port)
    threading.Thread(target=_listen, args=(product,), daemon=True).start()
    return product


def _listen(product: Product) -> None:
    assert product.process.stdout is not None
    for line in product.process.stdout:
        product.lines.append(line)


@contextmanager
def running_product(data: Path, **environment: str) -> Iterator[Product]:
    """The product, up and answering; DEMO=1 gives it the demo data."""
    product = start(data, **environment)
    try:
        product.wait_until_it_says(STARTED, seconds=180)
        yield product
    finally:
        product.stop()
