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


def succession_sentences(
    organization: Organization, leaving: MemberQuerySet, heir_id: int | None, *, is_own: bool = False
) -> list[str]:
    """ "12 open invitations that they sent are handed over." "2 are revoked." is_own: said to whoever leaves."""
    total = sent_by(organization, leaving)
    if not total:
        return []
    goes = covered_by(organization, leaving, heir_id) if heir_id is not None else 0
    ends = total - goes
    sentences = []
    if goes:
        sentences.append(_handed_over(goes, is_own=is_own) % {"count": intcomma(goes)})
    if ends and goes:
        text = ngettext(
            "%(count)s is revoked, since it gives more than the new inviter holds.",
            "%(count)s are revoked, since they give more than the new inviter holds.",
            ends,
        )
    else:
        text = _revoked(ends, is_own=is_own)
    return [*sentences, *([text % {"count": intcomma(ends)}] if ends else [])]


def _handed_over(count: int, *, is_own: bool) -> str:
    if is_own:
        return ngettext(
            "%(count)s open invitation that you sent is handed over.",
            "%(count)s open invitations that you sent are handed over.",
            count,
        )
    return ngettext(
        "%(count)s open invitation that they sent is handed over.",
        "%(count)s open invitations that they sent are handed over.",
        count,
    )


def _revoked(count: int, *, is_own: bool) -> str:
    if is_own:
        return ngettext(
            "%(count)s open invitation that you sent is revoked.",
            "%(count)s open invitations that you sent are revoked.",
            count,
        )
    return ngettext(
        "%(count)s open invitation that they sent is revoked.",
        "%(count)s open invitations that they sent are revoked.",
        count,
    )
