"""`make mutants`: break the pure modules on purpose, one small change at a time; count the changes that no test sees.

mutmut makes the mutants (see [tool.mutmut] in pyproject.toml) in mutants/ and runs the tests of these modules on each.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from mutmut.stats import status_by_exit_code

ROOT = Path(__file__).resolve().parent.parent
MUTANTS = ROOT / "mutants"
ENOUGH = 90  # per cent of the mutants (ACCEPTANCE P27)
DEAD = {"killed", "timeout"}


def main() -> int:
    shutil.rmtree(MUTANTS, ignore_errors=True)
    environment = {
        **os.environ,
        "DEBUG": "1",
        "DATABASE_URL": f"sqlite:///{MUTANTS / 'unused.sqlite3'}",
        "DATA_DIR": str(MUTANTS / "var"),
    }
    command = [sys.executable, "-m", "mutmut", "run"]
    finished = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    if finished.returncode:
        sys.stderr.write("mutmut did not finish: see above.\n")
        return finished.returncode
    return report()


def report() -> int:
    """Prints each module's score and the mutants that live, then the sum."""
    dead = total = 0
    for path in sorted(MUTANTS.rglob("*.meta")):
        statuses: dict[str, int | None] = json.loads(path.read_text())["exit_code_by_key"]
        if not statuses:
            continue
        alive = {name: word for name, status in statuses.items() if (word := status_by_exit_code[status]) not in DEAD}
        dead += len(statuses) - len(alive)
        total += len(statuses)
        module = path.relative_to(MUTANTS).with_suffix("")
        print(f"{module}: {len(statuses) - len(alive)} of {len(statuses)} killed")
        for name, word in alive.items():
            print(f"  {word}: {name}")
    if not total:
        sys.stderr.write("There were no mutants.\n")
        return 1
    share = 100 * dead / total
    print(f"{dead} of {total} mutants killed: {share:.1f} %, {ENOUGH} % are needed.")
    return 0 if share >= ENOUGH else 1


if __name__ == "__main__":
    sys.exit(main())
