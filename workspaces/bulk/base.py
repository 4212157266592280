"""Bulk actions as objects: bar, preview, job and undo are drawn from the registry. They work on stored members."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils.functional import Promise

from config.sentences import Sentence
from workspaces import jobs
from workspaces.actions.undoing import Before
from workspaces.forms.fields import set_choices
from workspaces.jobs import GONE, JobKind, RowResult
from workspaces.models import JobRow, Member
from workspaces.models.members import MemberQuerySet
from workspaces.place import Place
from workspaces.plans import Outcome, Proposal, Sorted, make_plan
from workspaces.policy import Verb, decide
from workspaces.queries.resources import Owned
from workspaces.queries.roles import make_admins
from workspaces.selections import Chosen

if TYPE_CHECKING:
    from django.db.models import QuerySet


class BulkForm(forms.Form):
    """What an action asks for beside the people. Choices are limited to what the person may give.

    is_optional: nothing has to be chosen, so that the preview stands at once.
    """

    is_optional: ClassVar[bool] = False

    def __init__(self, place: Place, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, **self.choices(place))

    def choices(self, place: Place) -> Mapping[str, Sequence[tuple[int | str, str]]]:
        return {}

    def fit(self, chosen: MemberQuerySet) -> None:
        """Told whom it is about, before anything is read of it: asks only what there is to ask about them."""


class BulkAction(ABC):
    """One action: what it is called, whether it is offered, what it proposes, and which write performs it."""

    name: ClassVar[str]
    order: ClassVar[int]
    verb: ClassVar[Verb]
    label: ClassVar[Sentence]
    icon: ClassVar[str]
    button: ClassVar[Promise]
    done: ClassVar[Promise]
    foot: ClassVar[Promise | str] = ""
    title: ClassVar[str] = "%(label)s"  # a text that may name the label and what `after` says
    danger: ClassVar[bool] = False
    asks_first: ClassVar[bool] = False  # done only once its preview was seen, whoever posts
    way_back: ClassVar[Promise | str] = ""  # what undoing does; nothing for what cannot be undone
    form: ClassVar[type[BulkForm]] = BulkForm

    def guard(self, place: Place, members: MemberQuerySet, data: Mapping[str, Any]) -> str:
        """The last line of the preview: what else will happen. members: those who will change."""
        return str(self.foot)

    def owned(self, members: MemberQuerySet) -> Sequence[Owned]:
        """What would be left without an owner. members: those who will change."""
        return ()

    def counted(self, place: Place, members: MemberQuerySet, data: Mapping[str, Any]) -> str:
        """Of what asks first: what its preview says at present, as the form carries it back. members: those who will
        change.
        """
        return ""

    def is_offered(self, place: Place) -> bool:
        """Is the button worth drawing? Whether it may be done to each person is the plan's to say."""
        return bool(decide(place.facts, self.verb))

    @abstractmethod
    def propose(self, place: Place, data: Mapping[str, Any]) -> Proposal: ...

    @abstractmethod
    def perform(self, place: Place, chosen: Chosen, data: Mapping[str, Any]) -> Outcome: ...

    def heading(self, place: Place, data: Mapping[str, Any]) -> Sentence:
        """What it does, in a line: "Update role to Editor". Kept as the title of its job."""
        if "%(after)s" not in self.title:
            return self.label
        return Sentence(self.title, label=self.label, after=self.after(place, data))

    def before(self, member: Member) -> str:
        """A person's present value, as the preview shows it; member comes with role selected."""
        return ""

    def after(self, place: Place, data: Mapping[str, Any]) -> Sentence | str:
        """The new value of all of them, for the preview."""
        return ""

    def begin(self, place: Place, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """What has to be done once for all chunks; returns the data from then on."""
        return data

    def sort(self, place: Place, members: MemberQuerySet, data: Mapping[str, Any]) -> Sorted:
        """Who will change and who will not, person by person."""
        return make_plan(place.facts, place.organization, members, self.propose(place, data)).sorted()

    def remember(self, place: Place, data: Mapping[str, Any], ids: Collection[int]) -> Before:
        """Read before the write: what undoing puts back, for each member."""
        return {}

    def mark(self, place: Place, data: Mapping[str, Any], ids: Collection[int]) -> Before:
        """Read after the write: what undoing compares with, for each member; goes into the same record."""
        return {}

    def undo(self, place: Place, data: Mapping[str, Any], rows: Sequence[JobRow]) -> Mapping[int, str]:
        """Member -> JobRow.CHANGED or why not. Overridden by those that can be undone."""
        raise NotImplementedError(f"{self.name} cannot be undone.")


class BulkJob(JobKind):
    """An action as a kind of job: what it does to stored members, with what undoing needs."""

    chunk = 2_500

    def __init__(self, action: BulkAction, name: str = "") -> None:
        self.action = action
        self._name = name or f"members.{action.name}"

    @property
    def name(self) -> str:
        return self._name

    @property
    def can_be_undone(self) -> bool:
        return bool(self.action.way_back)

    def begin(self, place: Place, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        return self.action.begin(place, parameters)

    def apply(self, place: Place, parameters: Mapping[str, Any], rows: "QuerySet[JobRow]") -> Sequence[RowResult]:
        numbers = {number: pk or 0 for number, pk in rows.values_list("number", "member_id")}
        chosen = Chosen(ids=tuple(numbers.values()))
        sorted_ = self.action.sort(place, chosen.members(place.organization), parameters)
        before: dict[int, dict[str, Any]] = {}
        if sorted_.accepted:
            before = {pk: dict(each) for pk, each in self.action.remember(place, parameters, sorted_.accepted).items()}
            outcome = self.action.perform(place, Chosen(ids=tuple(sorted_.accepted)), parameters)
            assert outcome.changed == len(sorted_.accepted), "What is written differs from what was decided."
            for pk, each in self.action.mark(place, parameters, sorted_.accepted).items():
                before.setdefault(pk, {}).update(each)
        results = {**dict.fromkeys(sorted_.accepted, JobRow.CHANGED), **sorted_.refused}
        return [RowResult(number, results.get(pk, GONE), before=before.get(pk, {})) for number, pk in numbers.items()]

    def undo(self, place: Place, parameters: Mapping[str, Any], rows: "QuerySet[JobRow]") -> Sequence[RowResult]:
        found = list(rows.only("number", "member_id", "before"))
        results = self.action.undo(place, parameters, found)
        return [RowResult(row.number, results.get(row.member_id or 0, GONE)) for row in found]

    def undo_needs_fresh(self, rows: "QuerySet[JobRow]") -> bool:
        return make_admins(rows.order_by().values_list("before__role", flat=True).distinct())

    def undo_sentence(self) -> str:
        return str(self.action.way_back)


REGISTRY: dict[str, BulkAction] = {}


def register(action: BulkAction) -> None:
    """On the member table, and as a kind of job."""
    REGISTRY[action.name] = action
    jobs.register(BulkJob(action))


def offered(place: Place) -> list[BulkAction]:
    """Those worth drawing, in the order of the bar."""
    actions = sorted(REGISTRY.values(), key=lambda action: action.order)
    return [action for action in actions if action.is_offered(place)]
