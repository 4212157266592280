"""`manage.py demo`: three made-up organizations with 180 people, for a look around. Development only."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from invitations.management.demo import production


class Command(BaseCommand):
    help = "Fills an empty database with believable people, once, and prints how to sign in as some of them."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("The demo's passwords are known to everyone: it is for development only (DEBUG=1).")
        if not production.is_there():
            if not production.is_possible():
                self.stdout.write("There are people already, so no demo data was added.")
                return
            production.play()
        width = max(len(sign.address) for sign in production.CAST)
        self.stdout.write(f"Sign in with the password {production.PASSWORD!r} as")
        for sign in production.CAST:
            self.stdout.write(f"  {sign.address:<{width}}  {sign.name}, {sign.part}")
