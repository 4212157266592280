"""Brings the database of `make run` up to date and prints the sign-ins. Changes nothing that is there already."""

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import OperationalError, connection


def main() -> None:
    django.setup()
    try:
        connection.ensure_connection()
    except OperationalError as problem:
        name = connection.settings_dict["NAME"]
        host = urlsplit(os.environ.get("DATABASE_URL", "")).hostname
        sys.exit(
            f"The database {name}{f' on {host}' if host else ''} does not let Roster in: {str(problem).strip()}\n"
            "Start its server or create it (createdb), or leave DATABASE_URL out: then Roster keeps an SQLite file."
        )
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    if os.environ.get("DEMO") != "0":
        call_command("demo")
    elif not get_user_model()._default_manager.exists():
        print("There is no account yet: the first person who opens the address creates theirs, and the organization.")


main()
