"""The job: a chunk of rows is decided anew, and written by the same actions that single people go through."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from config.sentences import Sentence, together
from invitations.actions.deciding import hold_quota
from invitations.actions.importing.checking import Check, Checked, Placed, key_of, placed
from invitations.actions.importing.undoing import STAYS, Undoing
from invitations.actions.inviting import Invitees, ask_in
from invitations.asking import SENTENCES, Ask, Result
from workspaces.actions.grants import add_to_workspace
from workspaces.actions.groups import add_to_group
from workspaces.actions.locking import Locked
from workspaces.jobs import JobKind, RowResult, result_sentence
from workspaces.models import JobRow, Member
from workspaces.selections import Chosen
from workspaces.sql import among

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from workspaces.place import Place


def defaults_of(parameters: Mapping[str, Any]) -> Ask:
    """What goes with every row that says nothing else, out of a job's parameters."""
    stored = parameters["defaults"]
    return Ask(
        role_id=stored["role"],
        group_ids=tuple(stored["groups"]),
        placements=dict(stored["placements"]),
        message=stored["message"],
        days=stored["days"],
        language=stored["language"],
    )


class Importing(JobKind):
    """Every row for itself: what stands against one does not keep the others."""

    name = "import"
    plan_page = "import_plan"

    def apply(self, place: "Place", parameters: Mapping[str, Any], rows: "QuerySet[JobRow]") -> Sequence[RowResult]:
        held = Locked(place.organization, place.actor, place.facts)
        hold_quota(held)
        check = Check(held, defaults_of(parameters), _earlier(rows))
        return _Chunk(held, check, check.rows(rows)).write()

    def undo(self, place: "Place", parameters: Mapping[str, Any], rows: "QuerySet[JobRow]") -> Sequence[RowResult]:
        return Undoing(Locked(place.organization, place.actor, place.facts), list(rows)).results()

    def undo_sentence(self) -> str:
        return _(
            "Invitations that nobody has accepted yet are revoked, and their links stop working; mails that are on "
            "their way cannot be called back. Whoever was invited before, or has joined meanwhile, stays, with their "
            "organization role, and loses the workspaces and groups that the import gave."
        )

    def sentence(self, result: str) -> str:
        if result == STAYS:
            return _("Was invited before the import, and nothing more was given: the invitation stays.")
        return str(SENTENCES[Result(result)]) if result in Result else result_sentence(result)


def _earlier(rows: "QuerySet[JobRow]") -> set[str]:
    """Which of the addresses stand in rows of the job before these."""
    texts, first = among([row.text for row in rows]), rows[0]
    before = JobRow.objects.filter(job=first.job_id, number__lt=first.number, text__in=texts)
    return set(before.values_list("text", flat=True))


class _Chunk:
    """The rows of one transaction, with what has been decided about them."""

    def __init__(self, held: Locked, check: Check, checked: Sequence[Checked]) -> None:
        self.held, self.check, self.checked = held, check, checked
        self.roles: dict[int, int] = {}  # of those who are renewed, as they were
        self.done: set[int] = set()

    def write(self) -> list[RowResult]:
        there = {each.known.member_id for each in self.checked if each.known is not None}
        before = placed(there)
        self.roles = dict(Member.objects.filter(pk__in=there).values_list("pk", "role_id"))
        self._ask_in()
        self._give()
        ids = self._ids()
        after, now = placed(set(ids.values())), self.held.now()
        return [self._result(each, ids, before, after, now) for each in self.checked]

    def _ask_in(self) -> None:
        """Rows with the same ask together, whatever their order."""
        asks: dict[object, Invitees] = {}
        for each in self.checked:
            if each.ask is not None and each.result in (Result.INVITED, Result.RENEWED):
                invitees = asks.setdefault(key_of(each.ask), Invitees(each.ask))
                if each.known is None:
                    invitees.new.append(each.who)
                else:
                    invitees.known.append((each.who, each.known))
        ask_in(self.held, list(asks.values()), self.check.roles)

    def _give(self) -> None:
        """To those who are members already, group by group and workspace by workspace."""
        groups: dict[int, set[int]] = {}
        places: dict[tuple[int, int], set[int]] = {}
        for each in self.checked:
            if each.known is not None and each.result is Result.GAINS:
                group_ids, gifts = each.lacks
                for group_id in group_ids:
                    groups.setdefault(group_id, set()).add(each.known.member_id)
                for gift in gifts:
                    places.setdefault(gift, set()).add(each.known.member_id)
        where: dict[str, Any] = {"actor": self.held.actor, "organization_id": self.held.organization.pk}
        for group_id, ids in groups.items():
            add_to_group(**where, chosen=Chosen(ids=tuple(ids)), group_id=group_id)
        for (workspace_id, role_id), ids in places.items():
            add_to_workspace(**where, chosen=Chosen(ids=tuple(ids)), workspace_id=workspace_id, role_id=role_id)

    def _ids(self) -> dict[str, int]:
        """Whom the addresses of the rows that were applied lead to."""
        new = [each.who.address for each in self.checked if each.result is Result.INVITED]
        members = self.held.organization.members.filter(address__in=among(new))
        known = {each.who.address: each.known.member_id for each in self.checked if each.known is not None}
        return known | dict(members.values_list("address", "pk"))

    def _result(self, each: Checked, ids: Mapping[str, int], before: Placed, after: Placed, now: datetime) -> RowResult:
        number, member_id = each.row.number, ids.get(each.who.address)
        if each.result not in (Result.INVITED, Result.RENEWED, Result.GAINS) or member_id is None:
            return RowResult(number, each.result, each.note, member_id)
        if member_id in self.done:
            return RowResult(number, Result.DUPLICATE, Sentence("The same person by another address."), member_id)
        self.done.add(member_id)
        groups = sorted(after.groups.get(member_id, set()) - before.groups.get(member_id, set()))
        had, has = before.grants.get(member_id, {}), after.grants.get(member_id, {})
        grants = {gift: grant_id for gift, grant_id in has.items() if gift not in had}
        if each.result is Result.GAINS and not groups and not grants:
            return RowResult(number, Result.ABOVE_RIGHTS, Sentence("You cannot give them this."), member_id)
        assert self.check.names is not None
        gained = self.check.names.words(groups, grants)
        undo = {
            "was": each.result.value,
            "groups": groups,
            "grants": [[workspace_id, grant_id] for (workspace_id, _role), grant_id in grants.items()],
            "role": self.roles.get(member_id) if each.result is Result.RENEWED else None,
            "at": now.isoformat(),
        }
        return RowResult(number, JobRow.CHANGED, _done(each.result, gained), member_id, undo)


def _done(result: Result, gained: Sentence | str) -> Sentence | str:
    return together([_DONE[result], gained], ": ") if gained else _DONE[result]


_DONE = {Result.INVITED: Sentence("Invited"), Result.RENEWED: Sentence("Renewed"), Result.GAINS: Sentence("Gained")}
