"""The timeline on which the demo is played, and the people who act on it. Knows no organization's story."""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.utils import timezone

from accounts.actors import Actor, Source
from accounts.models import User
from invitations.management.demo.past import Past

WITH_SECOND_FACTOR = 0.45

type Happening = Callable[[datetime], object]

ZONES = ("Europe/Berlin", "UTC", "Europe/Lisbon", "Asia/Kolkata", "America/New_York", "Asia/Tokyo")


@dataclass(slots=True)
class Stage:
    """Events are planned in any order and played in that of time; chance is the same on every machine."""

    now: datetime = field(default_factory=timezone.now)
    chance: Random = field(default_factory=lambda: Random(2026))  # noqa: S311 - no secret
    _events: list[tuple[datetime, Happening]] = field(default_factory=list)

    def ago(self, days: float) -> datetime:
        """So many days ago; whole numbers of days get a time of a working day."""
        moment = self.now - timedelta(days=days)
        if days >= 1 and days == int(days):
            minutes = self.chance.randrange(10 * 60)
            moment = moment.replace(hour=7, minute=0, second=self.chance.randrange(60)) + timedelta(minutes=minutes)
        return moment

    def plan(self, moment: datetime, happening: Happening) -> None:
        """At that moment; what would lie ahead of now happens a little before it."""
        self._events.append((min(moment, self.now - timedelta(minutes=1)), happening))

    def play(self, past: Past) -> None:
        """Nothing is planned while it is played; equal moments keep the order of planning."""
        for moment, happening in sorted(self._events, key=lambda event: event[0]):
            with past.at(moment):
                happening(moment)

    def later(self, moment: datetime, *, hours: tuple[float, float]) -> datetime:
        return moment + timedelta(hours=self.chance.uniform(*hours))


@dataclass(slots=True)
class People:
    """The accounts by address. All but the cast have no password: nobody can sign in as them."""

    stage: Stage
    users: dict[str, User] = field(default_factory=dict)

    def enter(self, persons: Iterable[tuple[str, str]]) -> None:
        """Accounts with a name and a confirmed address, as people make them on their way through an invitation."""
        new = {address: self._account(name, address) for name, address in persons if address not in self.users}
        User.objects.bulk_create(new.values())
        EmailAddress.objects.bulk_create(
            EmailAddress(user=user, email=user.email, primary=True, verified=True) for user in new.values()
        )
        for user in new.values():
            if self.stage.chance.random() < WITH_SECOND_FACTOR:
                TOTP.activate(user, generate_totp_secret())
        self.users |= new

    def _account(self, name: str, address: str) -> User:
        zone = ZONES[int(self.stage.chance.triangular(0, len(ZONES), 0))]
        user = User(email=address, name=name, time_zone=zone)
        user.set_unusable_password()
        return user

    def actor(self, address: str, source: Source = Source.WEB) -> Actor:
        """The person at their desk, who has just signed in."""
        user = self.users[address]
        return Actor(
            user_id=user.pk,
            source=source,
            ip=f"203.0.113.{user.pk % 250 + 1}",  # for documentation (RFC 5737)
            request_id=self._request_id(),
            authenticated_at=timezone.now(),
            is_support=source is Source.ADMIN,
        )

    def visitor(self) -> Actor:
        """Somebody who follows the link in their mail and has no account."""
        return Actor(user_id=None, source=Source.WEB, ip="198.51.100.24", request_id=self._request_id())

    def _request_id(self) -> str:
        return uuid.UUID(int=self.stage.chance.getrandbits(128), version=4).hex
