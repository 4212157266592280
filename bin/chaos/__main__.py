"""`make chaos`: N invitations through real workers, a private broker and a real SMTP server (ACCEPTANCE P19 to P20).

Each round has a ground of its own, with two beats:

none    nothing is disturbed: exactly one copy each
kills   every two seconds a worker or a child of one is killed, and the broker, which keeps nothing, is restarted twice:
        none lost, none delivered more than twice, copies alike
broker  the broker is stopped, hangs and is emptied, while every request to invite is answered within two seconds:
        exactly one copy each
smtp    the mail server is gone, hangs, and treats one recipient in nine badly (`moods`): each row ends as it should,
        nobody waits for the poisoned one, and the gate before the outbox closes and opens

The last line of a round sums it up; the exit status is 1 on a breach. `N=200` makes it shorter, `FAULTS=0` is the round
without faults, `FAULTS=1` all others, and `FAULTS=broker,smtp` those two.

Uses a database of its own: an SQLite file, or one beside the database of DATABASE_URL on its PostgreSQL.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

sys.path.append(str(Path(__file__).resolve().parent.parent))

import psycopg
from psycopg import sql
from rounds import NAMES, run

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.append(str(ROOT))


def main() -> int:
    statuses = []
    for name in _chosen():
        with tempfile.TemporaryDirectory(prefix="roster-chaos-") as folder, _database(Path(folder)) as url:
            # In a process of its own, since Django is set up once for one database.
            command = [sys.executable, __file__, "--run", name, folder, os.environ.get("N", "2000")]
            status = subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, cwd=ROOT, check=False).returncode
        statuses.append(status)
    return max(statuses)


def _chosen() -> list[str]:
    told = os.environ.get("FAULTS", "")
    names = {"": NAMES, "0": ["none"], "1": [name for name in NAMES if name != "none"]}.get(told, told.split(","))
    if unknown := set(names) - set(NAMES):
        raise SystemExit(f"There is no round {', '.join(sorted(unknown))}: FAULTS may be 0, 1 or {', '.join(NAMES)}.")
    return names


@contextlib.contextmanager
def _database(folder: Path) -> Iterator[str]:
    given = os.environ.get("DATABASE_URL", "")
    if not given.startswith("postgres"):
        yield f"sqlite:///{folder / 'chaos.sqlite3'}"
        return
    name = f"roster_chaos_{os.getpid()}"
    # From the server's own database: the given one need not exist, as under pytest.
    with psycopg.connect(urlsplit(given)._replace(path="/postgres").geturl(), autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlsplit(given)._replace(path=f"/{name}").geturl()
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        raise SystemExit(run(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])))
    raise SystemExit(main())
