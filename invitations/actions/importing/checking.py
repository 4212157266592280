"""What would become of rows, decided the same for the plan that is shown and for the write. Writes nothing."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.http import Http404

from accounts.addresses import AddressError, canonical
from accounts.names import UnfitName, clean_name
from config.sentences import Sentence
from invitations.actions.deciding import Giving, Reach, giving_of, reach_of
from invitations.asking import Addressee, Ask, Result
from invitations.queries.invitations import Known
from invitations.sheets.columns import Entered
from invitations.sheets.placing import Names, Unknown, names_of
from workspaces.actions.locking import Locked
from workspaces.models import Grant, GroupMember, JobRow, Member
from workspaces.policy import RoleFacts
from workspaces.reasons import Reason, Refused

type AskKey = tuple[int, tuple[int, ...], tuple[tuple[int, int], ...]]


@dataclass(slots=True)
class Checked:
    """A row with what was found out about it. known: the member that its address leads to. lacks: what a member would
    gain, groups, and workspaces with roles; what they have stays as it is, with its end.
    """

    row: JobRow
    who: Addressee
    ask: Ask | None = None
    known: Known | None = None
    lacks: tuple[Sequence[int], Sequence[tuple[int, int]]] = ((), ())
    result: Result = Result.INVALID
    note: Sentence | str = ""

    def settle(self, result: Result, note: Sentence | str = "") -> None:
        self.result, self.note = result, note

    @property
    def is_open(self) -> bool:
        """Nothing speaks against it so far."""
        return self.ask is not None


@dataclass(slots=True)
class Placed:
    """Where members are: groups, and live grants by workspace and role with their ids. suspended: who gains nothing."""

    groups: dict[int, set[int]] = field(default_factory=dict)
    grants: dict[int, dict[tuple[int, int], int]] = field(default_factory=dict)
    suspended: set[int] = field(default_factory=set)

    def lacks(self, member_id: int, ask: Ask) -> tuple[list[int], list[tuple[int, int]]]:
        """Groups, and workspaces with roles, that the ask names and the member does not have."""
        inside, held = self.groups.get(member_id, set()), self.grants.get(member_id, {})
        return (
            [pk for pk in ask.group_ids if pk not in inside],
            [place for place in ask.placements.items() if place not in held],
        )


def placed(member_ids: Collection[int]) -> Placed:
    found = Placed()
    for member_id, group_id in GroupMember.objects.filter(member__in=member_ids).values_list("member", "group"):
        found.groups.setdefault(member_id, set()).add(group_id)
    grants = Grant.objects.live().filter(member__in=member_ids)
    for pk, member_id, workspace_id, role_id in grants.values_list("pk", "member_id", "workspace_id", "role_id"):
        if member_id is not None:
            found.grants.setdefault(member_id, {})[(workspace_id, role_id)] = pk
    suspended = Member.objects.filter(pk__in=member_ids, suspended_at__isnull=False)
    found.suspended = set(suspended.values_list("pk", flat=True))
    return found


@dataclass(slots=True)
class Check:
    """Rows in their order, decided with what is held. before: addresses that stand in earlier rows.

    will_confirm: the person will have proven who they are by the time it counts.
    """

    held: Locked
    defaults: Ask
    before: Collection[str] = ()
    will_confirm: bool = False
    names: Names | None = None
    roles: Mapping[int, RoleFacts] = field(default_factory=dict)

    def rows(self, rows: Iterable[JobRow]) -> list[Checked]:
        self.names = self.names or names_of(self.held.organization, self.held.facts)
        seen = set(self.before)
        checked = [self._read(row, seen) for row in rows]
        asks = {key_of(each.ask): each.ask for each in checked if each.ask is not None}
        facts = replace(self.held.facts, is_fresh=self.held.facts.is_fresh or self.will_confirm)
        giving = giving_of(self.held, list(asks.values()), facts=facts)
        self.roles = giving.roles
        refusals = {key: _refusal(giving, ask) for key, ask in asks.items()}
        for each in checked:
            if each.ask is not None and (refusal := refusals[key_of(each.ask)]) is not None:
                each.settle(*refusal)
                each.ask = None
        self._sort([each for each in checked if each.is_open])
        return checked

    def _read(self, row: JobRow, seen: set[str]) -> Checked:
        entered = Entered.of(row.data)
        checked = Checked(row, Addressee(entered.email[:254]))
        try:
            checked.who = Addressee(canonical(entered.email))
            if checked.who.address in seen:
                checked.settle(Result.DUPLICATE)
                return checked
            seen.add(checked.who.address)
            checked.who = replace(checked.who, name=clean_name(entered.name) if entered.name else "")
            assert self.names is not None
            checked.ask = self.names.ask(entered, self.defaults)
        except (AddressError, UnfitName) as error:
            checked.settle(Result.INVALID, error.sentence)
        except Unknown as error:
            checked.settle(Result.UNKNOWN, error.sentence)
        return checked

    def _sort(self, checked: Sequence[Checked]) -> None:
        """Among whom the day's limits and the seats are shared out in the order of the rows."""
        reach = reach_of(self.held, [each.who.address for each in checked], self.roles)
        there = placed({known.member_id for known in reach.known.values() if not known.waits})
        for each in checked:
            each.known = reach.known.get(each.who.address)
            self._sort_one(reach, there, each)

    def _sort_one(self, reach: Reach, there: Placed, each: Checked) -> None:
        new, waiting, unasked = reach.sort([each.who])
        assert each.ask is not None
        assert self.names is not None
        if new:
            each.settle(Result.INVITED)
        elif waiting:
            each.settle(Result.RENEWED)
        elif unasked[0].result is not Result.MEMBER or each.known is None:
            each.settle(unasked[0].result, unasked[0].note)
        elif each.known.member_id in there.suspended:
            each.settle(Result.MEMBER, Reason.SUSPENDED.sentence)
        else:
            each.lacks = there.lacks(each.known.member_id, each.ask)
            gains = self.names.words(*each.lacks)
            each.settle(*((Result.GAINS, gains) if gains else (Result.MEMBER, "")))


def address_of(entered: Entered) -> str:
    """The canonical address of a row, empty if it has none."""
    try:
        return canonical(entered.email)
    except AddressError:
        return ""


def key_of(ask: Ask) -> AskKey:
    """Asks that differ in nothing that a row can say are one."""
    return (ask.role_id, tuple(ask.group_ids), tuple(sorted(ask.placements.items())))


def _refusal(giving: Giving, ask: Ask) -> tuple[Result, Sentence | str] | None:
    try:
        reason = giving.refusal(ask)
    except Http404:  # a default that has gone since it was chosen
        return Result.UNKNOWN, ""
    if reason is None:
        return None
    by_state = reason.refused is Refused.BY_STATE
    return Result.INVALID if by_state else Result.ABOVE_RIGHTS, reason.sentence
