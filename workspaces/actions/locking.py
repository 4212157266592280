"""The one lock, and the record beside each write.

Every access write goes through `locked`: it locks the organization row, then re-reads the actor, and only then the
caller reads its targets, decides, counts and writes. Delivery and last-active writes never take it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models import Value
from django.db.models.fields import BigIntegerField, CharField
from django.db.models.functions import Cast, Now
from django.http import Http404

from accounts.actors import Actor
from workspaces.history import EventKind
from workspaces.models import Act, Entry, Organization
from workspaces.policy import ActorFacts, Decision
from workspaces.queries.facts import actor_facts
from workspaces.sql import insert_rows, insert_select

type Change = tuple[int, str, str]
"""The id of what changed, and what was there before and after."""


@dataclass(frozen=True, slots=True)
class Locked:
    """An organization that nobody else changes until the transaction ends, and what the actor holds in it now."""

    organization: Organization
    actor: Actor
    facts: ActorFacts

    def record(
        self,
        kind: EventKind,
        *,
        subject: int | None = None,
        scope: int | None = None,
        before: str = "",
        after: str = "",
        payload: Mapping[str, Any] | None = None,
    ) -> Act:
        """One act with its one entry (none without a subject)."""
        act = self._act(kind, payload)
        act.save(force_insert=True)
        if subject is not None:
            Entry.objects.create(act=act, subject_id=subject, scope_id=scope, before=before, after=after)
        return act

    def change(self, kind: EventKind, row: models.Model, values: Mapping[str, object]) -> list[str]:
        """Sets the fields that differ on the row, which the caller saves; one history entry each. Returns them."""
        changed = [field for field, after in values.items() if getattr(row, field) != after]
        for field in changed:
            before, after = _fitting(getattr(row, field)), _fitting(values[field])
            payload = {"field": field.removeprefix("is_")}
            self.record(kind, subject=row.pk, before=before, after=after, payload=payload)
            setattr(row, field, values[field])
        return changed

    def record_set(
        self,
        kind: EventKind,
        subjects: models.QuerySet[Any],
        *,
        subject: str = "pk",
        scope: int | models.expressions.Combinable | None = None,
        before: str | models.expressions.Combinable = "",
        after: str | models.expressions.Combinable = "",
        payload: Mapping[str, Any] | None = None,
    ) -> int:
        """One act with an entry per row, by one INSERT ... SELECT; no rows, no act. Call it before the write that it
        records.

        before, after and scope may be expressions over the row.
        """
        if not subjects.exists():
            return 0
        act = self._act(kind, payload)
        act.save(force_insert=True)
        return insert_select(
            Entry,
            ["act_id", "subject_id", "scope_id", "before", "after"],
            subjects.order_by().values_list(
                Value(act.pk, BigIntegerField()),
                models.F(subject),
                Cast(Value(scope), BigIntegerField()) if scope is None or isinstance(scope, int) else scope,
                Value(before, CharField()) if isinstance(before, str) else before,
                Value(after, CharField()) if isinstance(after, str) else after,
            ),
        )

    def record_acts(self, kind: EventKind, acts: Iterable[tuple[Mapping[str, Any], Sequence[Change]]]) -> None:
        """Acts of one kind, each with its payload and an entry for each change; two statements for all of them. No
        changes, no act. Call it before the write that it records.
        """
        filled = [(self._act(kind, payload), changes) for payload, changes in acts if changes]
        Act.objects.bulk_create([act for act, _ in filled])
        insert_rows(
            Entry,
            ["act_id", "subject_id", "before", "after"],
            ((act.pk, *change) for act, changes in filled for change in changes),
        )

    def now(self) -> datetime:
        """The moment that all rows of one act share, by the database's clock; asked for anew at each call."""
        here = Organization.objects.filter(pk=self.organization.pk).annotate(now=Now())
        moment: datetime = here.values_list("now", flat=True).get()
        return moment

    def _act(self, kind: EventKind, payload: Mapping[str, Any] | None) -> Act:
        return Act(
            organization_id=self.organization.pk,
            kind=kind.name,
            actor_id=self.actor.user_id,
            on_behalf_of_id=self.actor.on_behalf_of_id,
            source=self.actor.source,
            ip=self.actor.ip,
            request_id=self.actor.request_id,
            payload=dict(payload or {}),
        )


def _fitting(value: object) -> str:
    """As much of it as an entry of the history holds."""
    return str(value)[: Entry._meta.get_field("before").max_length]


@contextmanager
def locked(*, actor: Actor, organization_id: int) -> Iterator[Locked]:
    """A transaction that holds the organization's lock. Raises Http404 when the organization is gone.

    FOR NO KEY UPDATE, since FOR UPDATE would block inserts that refer to the organization. SQLite begins every
    transaction IMMEDIATE, which locks the whole database. Waiting longer than lock_timeout raises OperationalError
    (503).
    """
    with transaction.atomic():
        organization = Organization.objects.select_for_update(no_key=True).filter(pk=organization_id).first()
        if organization is None:
            raise Http404
        yield Locked(organization, actor, actor_facts(actor, organization))


def insist(decision: Decision) -> None:
    """Raises the Refusal that belongs to a decision, if it says no."""
    if decision.reason is not None:
        raise decision.reason.refusal()
