"""The part of a dialog in which people who leave hand their open invitations over; counted before anything happens."""

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from config.refusals import Refusal
from workspaces.forms.members import SuccessorForm
from workspaces.models import Organization
from workspaces.models.members import MemberQuerySet
from workspaces.queries.resources import suggestions
from workspaces.successions import covered_by, sent_by, succession_sentences


@dataclass(slots=True)
class HandOver:
    """form is None where there is nothing to hand over. counted: how many go, as the dialog says it at present."""

    organization: Organization
    leaving: MemberQuerySet
    total: int
    form: SuccessorForm | None
    counted: str = ""

    @classmethod
    def of(cls, organization: Organization, leaving: MemberQuerySet, data: QueryDict | None = None) -> "HandOver":
        total = sent_by(organization, leaving)
        return cls(organization, leaving, total, SuccessorForm(organization, data) if total else None)

    @property
    def successor_id(self) -> int | None:
        if self.form is None or not self.form.is_bound or not self.form.is_valid():
            return None
        found: int | None = self.form.cleaned_data["successor"]
        return found

    def is_settled(self, seen: str) -> bool:
        """May it be done? Where some would be revoked all the same, only once the person has seen how many."""
        if self.form is None:
            return True
        if not self.form.is_valid():
            return False
        successor_id = self.successor_id
        if successor_id is None:
            return True
        try:
            goes = covered_by(self.organization, self.leaving, successor_id)
        except Refusal as refusal:
            self.form.add_error("successor", str(refusal.sentence))
            return False
        self.counted = f"{goes} of {self.total}"
        return goes == self.total or seen == self.counted

    def sentences(self, *, is_own: bool = False) -> list[str]:
        return succession_sentences(self.organization, self.leaving, self.successor_id, is_own=is_own)

    def context(self) -> dict[str, Any]:
        return {
            "hand_over": self.form,
            "counted": self.counted,
            "people": suggestions(self.organization) if self.form is not None else [],
        }
