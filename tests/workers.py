"""Workers as processes of their own, on the database of the tests."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

_WORK = """
import sys, django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
django.setup()
from workspaces.actions import jobs
jobs.work_off(float(sys.argv[2]))
"""


@contextmanager
def worker(*, seconds: float) -> Iterator["subprocess.Popen[bytes]"]:
    """Works off what is due for so long; with 0 seconds, one chunk."""
    name = str(connection.settings_dict["NAME"])
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    process = subprocess.Popen([sys.executable, "-c", _WORK, name, str(seconds)], env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def one_chunk() -> None:
    """A worker comes, does one chunk, and goes."""
    with worker(seconds=0) as process:
        assert process.wait(timeout=60) == 0
