"""`make test`: everything from an installed environment to all tests run, on both databases.

Three suites run at the same time, each with a folder, a database and a broker of its own; what they say is shown one
after the other. Uses servers that it is told of (TEST_POSTGRES_URL or DATABASE_URL, REDIS_URL) or finds on loopback,
else starts private ones from installed binaries. What could not run is named at the end, and is an error where CI is
set.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import redis
import servers
from processes import CannotStart, Supervisor, say

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))

from tests import chromium

PROOF = ROOT / "var" / "proof"
FOUND_POSTGRESQL = f"postgresql://postgres@{servers.LOOPBACK}:5432"
FOUND_REDIS = f"redis://{servers.LOOPBACK}:6379"
NO_TESTS = 5  # pytest's exit status when it had none to run
ON_BOTH = "not browser and not once"  # what depends on the database
ONCE = "browser or once"


@dataclass
class Suite:
    """One pytest with what it says."""

    title: str
    log: Path
    process: subprocess.Popen[bytes]

    def show(self) -> int:
        """What it has said and goes on to say, until it ends; how it ended."""
        say(f"\n=== {self.title}")
        with self.log.open(errors="replace") as lines:
            is_running = True
            while is_running:
                is_running = self.process.poll() is None  # asked first, so that the last words are read too
                print(lines.read(), end="", flush=True)
                time.sleep(0.2 if is_running else 0)
        return self.process.returncode


@dataclass
class Run:
    """One `make test`: where its servers and files are, and what it had to leave out."""

    supervisor: Supervisor
    folder: Path
    arguments: list[str]
    missing: list[str] = field(default_factory=list)
    borrowed_redis: str = ""
    suites: list[Suite] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def begin(self, name: str, database_url: str, redis_url: str, selection: str) -> None:
        data, log = self.folder / name, self.folder / f"{name}.log"
        data.mkdir()
        environment = {
            **os.environ,
            "DEBUG": "1",
            "DATA_DIR": str(data),
            "DATABASE_URL": database_url or f"sqlite:///{data / 'roster.sqlite3'}",
            "REDIS_URL": redis_url,
            "PROOF": str(PROOF / f"{name}.json"),
            "PYTHONUNBUFFERED": "1",
        }
        colour = ["--color=yes"] if sys.stdout.isatty() else []
        command = [sys.executable, "-m", "pytest", "-m", selection, *colour, *self.arguments]
        with log.open("wb") as output:
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        title = (
            f"{name}: {servers.without_password(environment['DATABASE_URL'])}, {servers.without_password(redis_url)}"
        )
        self.suites.append(Suite(title, log, process))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """However it ends, no suite runs on."""
        for suite in self.suites:
            suite.process.send_signal(signal.SIGINT)  # pytest then ends what its tests have started
        for suite in self.suites:
            suite.process.wait()
        if self.borrowed_redis:
            with redis.Redis.from_url(self.borrowed_redis) as client:
                client.flushdb()  # it was empty when we took it


def main() -> int:
    shutil.rmtree(PROOF, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix="roster-tests-"))
    folder.chmod(0o755)  # PostgreSQL, as another user, has to reach its own folder inside
    try:
        supervisor = Supervisor(ROOT / "var" / "test.pid", note="the tests")
        with supervisor, Run(supervisor, folder, sys.argv[1:]) as run:
            _find_browser(run)
            _begin_on_sqlite(run)
            _begin_on_postgresql(run)
            run.statuses += [suite.show() for suite in run.suites]
        return _summary(run)
    except CannotStart as reason:
        sys.stderr.write(f"The tests did not start. {reason}\n")
        return 1
    except KeyboardInterrupt:
        say("Stopped.")
        return 130
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# --- the browser


def _find_browser(run: Run) -> None:
    if chromium.find():
        return
    say("There is no Chromium: installing one.")
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _try("apt-get", "update", "--quiet")
        _try("apt-get", "install", "--quiet", "--yes", "--no-install-recommends", "chromium")
    if not chromium.find():
        _try(sys.executable, "-m", "playwright", "install", "chromium")
    if not chromium.find():
        run.missing.append("browser tests: there is no Chromium, and none could be installed")


def _try(*command: str) -> None:
    subprocess.run(command, check=False, stdin=subprocess.DEVNULL)


# --- SQLite and the embedded broker


def _begin_on_sqlite(run: Run) -> None:
    binary = servers.bundled_redis_binary() or servers.installed_redis_binary()
    if binary is None:
        run.missing.append("all tests: there is no Redis-compatible server for this machine")
        return
    broker = _private_redis(run, binary, "embedded").removesuffix("/0")
    for number, (name, selection) in enumerate({"once": ONCE, "sqlite": ON_BOTH}.items()):
        run.begin(name, "", f"{broker}/{number}", selection)


def _private_redis(run: Run, binary: str, name: str) -> str:
    port = servers.free_port()
    command = servers.redis_command(binary, port, run.folder / name)
    process = run.supervisor.start(
        name, command, environment=os.environ, directory=ROOT, is_server=True, log=run.folder / f"{name}.log"
    )
    url = f"redis://{servers.LOOPBACK}:{port}/0"
    run.supervisor.wait_until(
        process, lambda: servers.redis_answers(url), seconds=60, what="The Redis-compatible server"
    )
    return url


# --- PostgreSQL and Redis


def _begin_on_postgresql(run: Run) -> None:
    database_url = _postgresql(run)
    redis_url = _redis(run)
    if database_url is None:
        run.missing.append("tests on PostgreSQL: none is running on loopback, and its binaries are not installed")
    elif redis_url is None:
        run.missing.append("tests on Redis: none is running on loopback, and its binary is not installed")
    else:
        run.begin("postgresql", database_url, redis_url, ON_BOTH)


def _postgresql(run: Run) -> str | None:
    told = os.environ.get("TEST_POSTGRES_URL") or os.environ.get("DATABASE_URL", "")
    if told.startswith("postgres"):
        return told
    own_name = f"roster_{os.getpid()}"  # Django puts test_ before it
    if servers.postgresql_problem(f"{FOUND_POSTGRESQL}/postgres") is None:
        return f"{FOUND_POSTGRESQL}/{own_name}"
    binaries = servers.postgresql_binaries()
    if binaries is None:
        return None
    user, cluster, port = servers.unprivileged_user(), run.folder / "postgresql", servers.free_port()
    servers.create_postgresql_cluster(binaries, cluster, user)
    command = servers.postgresql_command(binaries, cluster, port)
    process = run.supervisor.start(
        "postgresql",
        command,
        environment=os.environ,
        directory=cluster,
        is_server=True,
        log=run.folder / "postgresql.log",
        user=user,
    )
    url = f"postgresql://postgres@{servers.LOOPBACK}:{port}"
    run.supervisor.wait_until(
        process, lambda: servers.postgresql_problem(f"{url}/postgres") is None, seconds=60, what="PostgreSQL"
    )
    return f"{url}/{own_name}"


def _redis(run: Run) -> str | None:
    if told := os.environ.get("REDIS_URL"):
        return told
    if servers.redis_answers(FOUND_REDIS):
        empty = next((url for number in range(15, 0, -1) if _is_empty(url := f"{FOUND_REDIS}/{number}")), None)
        if empty:
            run.borrowed_redis = empty
            return empty
    binary = servers.installed_redis_binary() or servers.bundled_redis_binary()
    return _private_redis(run, binary, "redis") if binary else None


def _is_empty(url: str) -> bool:
    """Only an empty database of a server that someone else runs is ours to use."""
    with redis.Redis.from_url(url, socket_timeout=2) as client:
        try:
            return int(client.dbsize()) == 0
        except redis.RedisError:
            return False


# --- the end


def _summary(run: Run) -> int:
    results = [result for path in PROOF.glob("*.json") for result in json.loads(path.read_text())]
    counts = Counter(result["outcome"] for result in results)
    skipped = Counter(result["reason"] for result in results if result["outcome"] == "skipped")
    left_out = [*run.missing, *(f"{count} tests: {reason}" for reason, count in skipped.items())]
    failed = any(status not in (0, NO_TESTS) for status in run.statuses) or not results
    print()
    if left_out:
        print("Could not run:")
        for reason in left_out:
            print(f"  {reason}")
        if os.environ.get("CI"):
            print("That is an error, since CI is set.")
            failed = True
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
