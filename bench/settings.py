"""The production settings, for one benchmark on loopback: with what the references need, and without log lines."""

from pathlib import Path

from config.settings import *  # noqa: F403  the product as it is, that is the point
from config.settings import BASE_DIR, DATABASES, LOGGING, TEMPLATES

ROOT_URLCONF = "bench.urls"
TEMPLATES[0]["DIRS"] = [BASE_DIR / "templates", BASE_DIR / "bench" / "templates"]
# Lines are made and written, as in production; where to is nobody's matter here.
LOGGING["handlers"]["console"]["stream"] = Path("/dev/null").open("w")  # noqa: SIM115  as long as the process
# A parallel plan would spend its time in processes that nobody counts.
DATABASES["default"]["OPTIONS"]["options"] += " -c max_parallel_workers_per_gather=0"
# The meter reads the clock of one backend, for as long as a run takes.
DATABASES["default"]["CONN_MAX_AGE"] = None
