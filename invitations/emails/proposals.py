"""What Roster writes about proposals: to whoever decides, and to the proposer; written when it is sent."""

from collections.abc import Mapping, Sequence

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from accounts.models import OutgoingMail
from accounts.outbox import Letter, Reader, Stale, one_line, readers_of, register, without_links
from invitations.models import ProposedPerson
from invitations.queries.proposals import (
    DECIDED_MAIL,
    MADE_MAIL,
    Decision,
    decided_together,
    decision_of,
    open_by_proposer,
    with_names,
)
from workspaces.emails import Notice

NAMED = 3


class PeopleProposed:
    """To whoever may decide it, while any of that member's proposals is open."""

    name = MADE_MAIL

    def letters(self, mails: Sequence[OutgoingMail]) -> Mapping[int, Letter | Stale]:
        people = _in_batch(mails)
        counts, readers = open_by_proposer(people.values()), readers_of(mails)
        return {mail.pk: self._letter(people.get(mail.subject_id or 0), counts, readers[mail.pk]) for mail in mails}

    def _letter(self, person: ProposedPerson | None, counts: Mapping[int, int], reader: Reader) -> Letter | Stale:
        count = counts.get(person.proposed_by_id, 0) if person is not None else 0
        if person is None or not count:
            return Stale(gettext_noop("The proposal was decided or withdrawn."))
        member = person.proposed_by
        words = {"name": one_line(member.directory.name or member.address), "count": count}
        with reader.addressed(person.organization.language) as language:
            text = ngettext(
                "%(name)s proposes a person to invite.", "%(name)s proposes %(count)s people to invite.", count
            )
            notice = Notice(
                one_line(person.organization.name),
                _("%(name)s proposes people to invite") % words,
                text % words,
                _("Look at the proposals"),
                without_links(person.message).strip(),
                language=language,
            )
        return Letter(notice, {"link": settings.PUBLIC_URL + reverse("proposals", args=[person.organization.slug])})


class PeopleDecided:
    """To the proposer: alike whether the people were here already or not."""

    name = DECIDED_MAIL

    def letters(self, mails: Sequence[OutgoingMail]) -> Mapping[int, Letter | Stale]:
        people = _in_batch(mails)
        together, readers = decided_together(people.values()), readers_of(mails)
        return {mail.pk: self._letter(people.get(mail.subject_id or 0), together, readers[mail.pk]) for mail in mails}

    def _letter(
        self, person: ProposedPerson | None, together: Mapping[Decision, list[str]], reader: Reader
    ) -> Letter | Stale:
        addresses = together.get(decision_of(person), []) if person is not None else []
        if person is None or not addresses:
            return Stale(gettext_noop("The proposal is gone."))
        approved = person.approved_at is not None
        with reader.addressed(person.organization.language) as language:
            named = ", ".join(one_line(address) for address in addresses[:NAMED])
            if len(addresses) > NAMED:
                named = _("%(named)s and %(count)s more") % {"named": named, "count": len(addresses) - NAMED}
            notice = Notice(
                one_line(person.organization.name),
                _("Your proposal was approved") if approved else _("Your proposal was declined"),
                _("You proposed %(named)s.") % {"named": named},
                _("Look at your proposals"),
                without_links(person.reply).strip(),
                language=language,
            )
        return Letter(notice, {"link": settings.PUBLIC_URL + reverse("my_access")})


def _in_batch(mails: Sequence[OutgoingMail]) -> dict[int, ProposedPerson]:
    ids = {mail.subject_id for mail in mails if mail.subject_id}
    rows = with_names(ProposedPerson.objects.filter(pk__in=ids)).select_related("organization")
    return {person.pk: person for person in rows}


register(PeopleProposed())
register(PeopleDecided())
