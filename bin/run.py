"""`make run`: everything from an installed environment to the running product. Ctrl-C ends all that it started.

Honours PORT, DATABASE_URL, REDIS_URL, SMTP_URL, DEMO and DATA_DIR. What it is not told of it starts by itself, on
loopback.
"""

import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import servers
from processes import CannotStart, Process, Supervisor, say

ROOT = Path(__file__).resolve().parent.parent
MAIL_SIZE_LIMIT = 32 * 1024 * 1024


def main() -> int:
    # `make run REDIS_URL=` and an unset variable mean the same.
    told = {name: value for name, value in os.environ.items() if value}
    data = Path(told.get("DATA_DIR", ROOT / "var")).resolve()
    try:
        port = _port(told)
        url = f"http://localhost:{port}"
        with Supervisor(data / "run.pid", note=url) as supervisor:
            if not servers.port_is_free(port):
                way_out = f"Stop that program, or choose another port: make run PORT={port + 1}"
                raise CannotStart(f"Port {port} is in use by another program. {way_out}")
            environment = {
                "PUBLIC_URL": url,
                **told,
                "DEBUG": "1",
                "DATA_DIR": str(data),
                "PORT": str(port),
                "WEB_HOST": servers.LOOPBACK,
                "PYTHONUNBUFFERED": "1",
            }
            environment["REDIS_URL"] = _broker(supervisor, told, data)
            if "SMTP_URL" not in told:
                environment |= _mailbox(supervisor, environment, data)
            sign_ins = _prepare(environment)
            web = _roster(supervisor, environment, data)
            supervisor.wait_until(web, lambda: _is_alive(port), seconds=120, what="The web server")
            say(_banner(url, sign_ins, "MAILBOX_DIR" in environment))
            return supervisor.watch()
    except CannotStart as reason:
        sys.stderr.write(f"Roster did not start. {reason}\n")
        return 1
    except KeyboardInterrupt:
        say("Stopped before it was up.")
        return 0


def _port(told: dict[str, str]) -> int:
    text = told.get("PORT", "8000")
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise CannotStart(f"PORT={text} is no port. Choose a number up to 65535, such as: make run PORT=8001")
    return int(text)


def _broker(supervisor: Supervisor, told: dict[str, str], data: Path) -> str:
    if url := told.get("REDIS_URL"):
        if not servers.redis_answers(url):
            raise CannotStart(
                f"REDIS_URL names {servers.without_password(url)}, and nothing answers there. "
                "Start that server, or leave REDIS_URL out: then Roster starts one of its own."
            )
        return url
    binary = servers.installed_redis_binary() or servers.bundled_redis_binary()
    if binary is None:
        raise CannotStart(
            "No Redis-compatible server fits this machine. Install Valkey or Redis, or set REDIS_URL to one that runs."
        )
    port = servers.free_port()
    command = servers.redis_command(binary, port, data / "broker")
    broker = supervisor.start(
        "broker", command, environment=os.environ, directory=ROOT, is_server=True, log=data / "broker.log"
    )
    url = f"redis://{servers.LOOPBACK}:{port}/0"
    supervisor.wait_until(broker, lambda: servers.redis_answers(url), seconds=60, what="The Redis-compatible server")
    return url


def _mailbox(supervisor: Supervisor, environment: dict[str, str], data: Path) -> dict[str, str]:
    """A real SMTP server that keeps what it receives; the page /mailbox/ shows it."""
    folder, port = data / "mailbox", servers.free_port()
    smtp = [sys.executable, "-m", "aiosmtpd", "--nosetuid", "--smtputf8", "--size", str(MAIL_SIZE_LIMIT)]
    command = [*smtp, "--listen", f"{servers.LOOPBACK}:{port}", "--class", "aiosmtpd.handlers.Mailbox", str(folder)]
    mailbox = supervisor.start(
        "mailbox", command, environment=environment, directory=ROOT, is_server=True, log=data / "mailbox.log"
    )
    supervisor.wait_until(mailbox, lambda: servers.answers(port), seconds=60, what="The local mail server")
    return {"SMTP_URL": f"smtp://{servers.LOOPBACK}:{port}", "MAILBOX_DIR": str(folder)}


def _prepare(environment: dict[str, str]) -> str:
    prepared = subprocess.run(
        [sys.executable, ROOT / "bin" / "prepare.py"],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if prepared.returncode:
        raise CannotStart("The database could not be prepared; the lines above say why.")
    return prepared.stdout.strip()


def _roster(supervisor: Supervisor, environment: dict[str, str], data: Path) -> Process:
    # As root, which a container's developer often is, Celery would print a page about it.
    environment = {**environment, "PYTHONWARNINGS": "ignore:You're running the worker with superuser"}
    celery = [sys.executable, "-m", "celery", "--quiet", "--app", "config"]
    alone = ["--without-gossip", "--without-mingle"]  # one worker has nobody to talk to, and starts sooner
    commands = {
        "worker": [*celery, "worker", "--concurrency", "2", "--loglevel", "INFO", *alone],
        "beat": [*celery, "beat", "--loglevel", "INFO", "--schedule", str(data / "beat-schedule"), "--pidfile="],
        "web": [sys.executable, "-m", "gunicorn", "--config", str(ROOT / "config" / "gunicorn.py")],
    }
    started = {
        name: supervisor.start(name, command, environment=environment, directory=ROOT)
        for name, command in commands.items()
    }
    return started["web"]


def _is_alive(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{servers.LOOPBACK}:{port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _banner(url: str, sign_ins: str, has_mailbox: bool) -> str:
    lines = ["", f"Roster runs at {url}/  (Ctrl-C ends it)"]
    if has_mailbox:
        lines.append(f"Its mails are at {url}/mailbox/")
    return "\n".join([*lines, "", sign_ins, ""])


if __name__ == "__main__":
    sys.exit(main())
