"""`manage.py hand_in [FILE]`: takes what a host product hands in as lines of JSON (workspaces/hosts.py says which)."""

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from workspaces.actions.hosts import hand_in_lines


class Command(BaseCommand):
    help = "Takes permissions, resources, counts, figures and accounts from a host product, one JSON object a line."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file",
            nargs="?",
            type=argparse.FileType(encoding="utf-8"),
            default=sys.stdin,
            help="lines of JSON; standard input without it",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        receipt = hand_in_lines(options["file"])
        for problem in receipt.problems:
            self.stderr.write(f"line {problem.number}: {problem.reason}")
        self.stdout.write(f"{receipt.applied:,} applied, {len(receipt.problems):,} refused.")
        if receipt.problems:
            sys.exit(1)
