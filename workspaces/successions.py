"""The words about open invitations of people who leave: how many there are, and what an heir's rights cover of them."""

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import ngettext

from workspaces.models import Organization
from workspaces.models.members import MemberQuerySet
from workspaces.registry import successions


def sent_by(organization: Organization, leaving: MemberQuerySet) -> int:
    return sum(each.sent(organization, leaving) for each in successions)


def covered_by(organization: Organization, leaving: MemberQuerySet, heir_id: int) -> int:
    """How many of these go to the heir. Raises Refusal 422 for an heir who is no active member that stays."""
    return sum(each.covered(organization, leaving, heir_id) for each in successions)


def succession_sentences(organization: Organization, leaving: MemberQuerySet, heir_id: int | None) -> list[str]:
    """ "12 open invitations that they sent are handed over." "2 are revoked." """
    total = sent_by(organization, leaving)
    if not total:
        return []
    goes = covered_by(organization, leaving, heir_id) if heir_id is not None else 0
    ends = total - goes
    sentences = []
    if goes:
        text = ngettext(
            "%(count)s open invitation that they sent is handed over.",
            "%(count)s open invitations that they sent are handed over.",
            goes,
        )
        sentences.append(text % {"count": intcomma(goes)})
    if ends and goes:
        text = ngettext(
            "%(count)s is revoked, since it gives more than the new inviter holds.",
            "%(count)s are revoked, since they give more than the new inviter holds.",
            ends,
        )
    elif ends:
        text = ngettext(
            "%(count)s open invitation that they sent is revoked.",
            "%(count)s open invitations that they sent are revoked.",
            ends,
        )
    return [*sentences, *([text % {"count": intcomma(ends)}] if ends else [])]
