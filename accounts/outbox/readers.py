"""For whom a mail is written: the language and the time zone that its recipient chose, read from their row when it is
sent. What a worker or a request happens to speak plays no part.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import OutgoingMail, User
from config.zones import zone


@dataclass(frozen=True, slots=True)
class Reader:
    """language: the one that they chose; "" where they chose none, or have no account."""

    language: str = ""
    time_zone: str = "UTC"

    @contextmanager
    def addressed(self, otherwise: str = "") -> Iterator[str]:
        """Texts and times as they read them. Yields the language, for the wording: theirs, else the one given, else the
        installation's.
        """
        language = self.language or otherwise or settings.LANGUAGE_CODE
        with override(language), timezone.override(zone(self.time_zone)):
            yield language


NOBODY = Reader()


def reader(person: User) -> Reader:
    return Reader(person.language, person.time_zone)


def readers_of(mails: Sequence[OutgoingMail]) -> Mapping[int, Reader]:
    """By the mails' ids, in one query."""
    rows = User.objects.filter(pk__in={mail.user_id for mail in mails if mail.user_id})
    known = {pk: Reader(language, name) for pk, language, name in rows.values_list("pk", "language", "time_zone")}
    return {mail.pk: known.get(mail.user_id or 0, NOBODY) for mail in mails}


def moment_words(moment: datetime) -> str:
    """A moment with its day of the week and its zone: "Monday 7 December 2026, 11:00 CET"."""
    here = timezone.localtime(moment)
    name = here.tzname() or ""
    return f"{date_format(here, _('l j F Y, H:i'))} {name if name.isalpha() else f'UTC{name}'}"
