"""The kinds of jobs, registered by name: what becomes of the rows of a large change, and how it is undone.

A kind decides nothing about queueing, chunks or progress; `workspaces.actions.jobs` does, the same for all of them.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from config.sentences import Sentence
from config.sentences import Sentence as _
from workspaces.models import Job, JobRow
from workspaces.place import Place
from workspaces.reasons import Reason

if TYPE_CHECKING:
    from django.db.models import QuerySet

CHANGED_SINCE = "changed_since"
GONE = "gone"
ENDED = "ended"
MEMBER = "member"

_SENTENCES: Mapping[str, Sentence] = {
    CHANGED_SINCE: _("Has changed since."),
    GONE: _("Is not there any more."),
    ENDED: _("Would have ended by now."),
    MEMBER: _("Is a member already."),
}


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of a row. result: JobRow.CHANGED or why not. before: what undoing puts back."""

    number: int
    result: str
    note: Sentence | str = ""
    member_id: int | None = None
    before: Mapping[str, Any] = field(default_factory=dict)


class JobKind(ABC):
    """Called under the organization's lock, inside the transaction that also writes the results. place: the person who
    confirmed the job, with the rights that they hold now. rows: those of one chunk in their order, read by whoever
    needs more than to name them.
    """

    chunk: ClassVar[int] = 1_000
    """Rows of one transaction, which holds the organization's lock: for about a second."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Stands in the rows of jobs, so it never changes its meaning."""

    @property
    def plan_page(self) -> str:
        """Name of the address where its plan is looked at and confirmed, which takes the job's id; "" where a plan is
        confirmed as soon as it is made.
        """
        return ""

    @property
    def can_be_undone(self) -> bool:
        return True

    def begin(self, place: Place, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """Before the first row, once: what must not be done for each chunk. Returns the parameters from then on."""
        return parameters

    @abstractmethod
    def apply(self, place: Place, parameters: Mapping[str, Any], rows: "QuerySet[JobRow]") -> Sequence[RowResult]:
        """One result for every row. May raise Refusal, which ends the job with its sentence."""

    def undo(self, place: Place, parameters: Mapping[str, Any], rows: "QuerySet[JobRow]") -> Sequence[RowResult]:
        """Takes rows back that were changed, the last one first: a fresh act, decided anew. What has changed since is
        left alone, with a reason.
        """
        raise NotImplementedError(f"{self.name} cannot be undone.")

    def undo_needs_fresh(self, rows: "QuerySet[JobRow]") -> bool:
        """Would undoing these rows give something that asks for a fresh proof of identity (P15)?"""
        return False

    def undo_sentence(self) -> str:
        """What undoing will do, and what does not come back by it; for the dialog."""
        return ""

    def sentence(self, result: str) -> str:
        """What a result that is not CHANGED means, for people."""
        return result_sentence(result)


def result_sentence(result: str) -> str:
    """Of the codes that all kinds share: those of `workspaces.reasons` and of this module."""
    if result in _SENTENCES:
        return str(_SENTENCES[result])
    return str(Reason(result).sentence) if result in Reason else result


REGISTRY: dict[str, JobKind] = {}


def register(kind: JobKind) -> None:
    """Called while apps are loaded; the name stands in rows, so it never changes its meaning."""
    if kind.name in REGISTRY:
        raise ValueError(f"There is a kind of job named {kind.name} already.")
    REGISTRY[kind.name] = kind


def kind_of(job: Job) -> JobKind | None:
    """None for a kind that no longer exists: its job can be looked at, and neither goes on nor is undone."""
    return REGISTRY.get(job.kind)
