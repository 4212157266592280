"""When things happen in one of the demo's organizations: founded, filled month by month, kept in order."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from invitations.management.demo.asked import GUESTS, REVOKED, WAITING, Asked
from invitations.management.demo.changes import CHANGES, DEPARTED, SUPPORT
from invitations.management.demo.large import ROLE_CHANGES, TABLES
from invitations.management.demo.life import Life
from invitations.management.demo.people import address_of
from invitations.management.demo.places import Company
from invitations.management.demo.stage import People, Stage

FIRST_DAYS = 12
"""In which the first third of the people came; the others followed one by one until LAST_DAY, in days ago."""
LAST_DAY = 3
RECENT_DAYS = 40
TOGETHER = 4
"""Whoever came before RECENT_DAYS accepted in such numbers."""


@dataclass
class Story:
    stage: Stage
    company: Company
    people: People
    support: str
    life: Life = field(init=False)

    def __post_init__(self) -> None:
        company = self.company
        addresses = {name: address for persons in company.departments.values() for name, address in persons}
        addresses |= {gone.name: address_of(gone.name, company.domain) for gone in DEPARTED}
        addresses.setdefault(company.owner, address_of(company.owner, company.domain))
        self.life = Life(self.stage, self.people, company, {**addresses, SUPPORT: self.support})

    def plan(self) -> None:
        owner = self.company.owner
        self.people.enter([(owner, self.life.addresses[owner])])
        founded = self.stage.ago(self.company.founded)
        self.stage.plan(founded, self.life.found)
        self._plan_departments(founded)
        self.stage.plan(self.stage.later(founded, hours=(80, 90)), self.life.appoint)
        for place in self.company.places:
            opened = max(self.stage.ago(place.since), self.stage.later(founded, hours=(90, 120)))
            self.stage.plan(opened, partial(self.life.open, place))
        for circle in self.company.circles:
            self.stage.plan(self.stage.later(founded, hours=(24 * 8, 24 * 12)), partial(self.life.gather, circle))
        for place in self.company.places:
            admitted = self.stage.ago(min(place.since, self.company.founded - FIRST_DAYS) - 1)
            self.stage.plan(admitted, partial(self.life.admit_groups, place))
        for role in self.company.roles:
            self.stage.plan(self.stage.ago(role.since), partial(self.life.invent, role))
        for wish in self.company.wishes:
            self.stage.plan(self.stage.ago(wish.since), partial(self.life.wish, wish))
            if wish.by:
                self.stage.plan(self.stage.ago(wish.decided), partial(self.life.answer, wish))
        for access in self.company.accesses:
            self.stage.plan(self.stage.ago(access.since), partial(self.life.give, access))
        self._plan_others()
        self._plan_large()

    def _plan_departments(self, founded: datetime) -> None:
        for number, (department, persons) in enumerate(self.company.departments.items()):
            coming = sorted(
                (person for person in persons if person[0] != self.company.owner),
                key=lambda person: person[0] not in self._early,
            )
            needed = sum(name in self._early for name, _ in coming)
            first = max(2, len(coming) // 3, needed)
            asked = self.stage.later(founded, hours=(3 + 4 * number, 5 + 4 * number))
            self._plan_arrival(coming[:first], department, asked, wait=(0.5, 36))
            self._plan_late(department, coming[first:])

    def _plan_late(self, department: str, coming: Sequence[tuple[str, str]]) -> None:
        span, index = self.company.founded - FIRST_DAYS - LAST_DAY, 0
        while index < len(coming):
            together = min(self.stage.chance.choice((1, 2, 3, 4)), len(coming) - index)
            progress = (index + together - self.stage.chance.random()) / len(coming)
            days = LAST_DAY + int(span * (1 - progress))
            self._plan_arrival(coming[index : index + together], department, self.stage.ago(days), wait=(0.3, 50))
            index += together

    @property
    def _early(self) -> set[str]:
        """Who is needed by what is planned from the first days on."""
        company = self.company
        return {
            *company.admins,
            *(name for names in company.managers.values() for name in names),
            *(name for names in company.circles.values() for name in names),
            *(name for place in company.places for name in place.admins),
            *(access.person for access in company.accesses),
            *(name for wish in company.wishes for name in (wish.person, wish.by) if name),
            *(change.person for change in CHANGES if change.company == company.name),
            *(name for change in ROLE_CHANGES if change.company == company.name for name in change.persons),
        }

    def _plan_arrival(
        self, persons: Sequence[tuple[str, str]], department: str, moment: datetime, *, wait: tuple[float, float]
    ) -> None:
        self.people.enter(persons)
        self.stage.plan(moment, partial(self.life.ask, persons, department))
        addresses = [address for _, address in persons]
        if moment < self.stage.ago(RECENT_DAYS):
            for start in range(0, len(addresses), TOGETHER):
                joined = self.stage.later(moment, hours=wait)
                self.stage.plan(joined, partial(self.life.join_together, addresses[start : start + TOGETHER]))
        else:
            for address in addresses:
                self.stage.plan(self.stage.later(moment, hours=wait), partial(self.life.join, address))

    def _plan_others(self) -> None:
        name = self.company.name
        for asked in (*GUESTS, *REVOKED, *WAITING):
            if asked.company == name:
                self._plan_asking(asked)
        for departed in DEPARTED:
            if departed.company == name:
                person = (departed.name, self.life.addresses[departed.name])
                self._plan_arrival([person], departed.department, self.stage.ago(departed.came), wait=(2, 30))
                self.stage.plan(self.stage.ago(departed.went), partial(self.life.depart, departed))
        for change in CHANGES:
            if change.company == name:
                self.stage.plan(self.stage.ago(change.days), partial(self.life.change, change))

    def _plan_large(self) -> None:
        name = self.company.name
        for many in ROLE_CHANGES:
            if many.company == name:
                self.stage.plan(self.stage.ago(many.days), partial(self.life.change_roles, many))
                if many.undone:
                    self.stage.plan(self.stage.ago(many.undone[1]), partial(self.life.undo, many))
        for table in TABLES:
            if table.company == name:
                self.stage.plan(self.stage.ago(table.days), partial(self.life.import_table, table))

    def _plan_asking(self, asked: Asked) -> None:
        moment = self.stage.ago(asked.since)
        self.stage.plan(moment, partial(self.life.ask_one, asked))
        if asked in GUESTS:
            self.people.enter([(asked.name, asked.address)])
            self.stage.plan(self.stage.later(moment, hours=(2, 30)), partial(self.life.join, asked.address))
        answers = {
            "declined": self.life.decline,
            "expired": self.life.expire,
            "revoked": self.life.revoke,
            "resent": self.life.resend,
        }
        if asked.answer:
            self.stage.plan(self.stage.ago(asked.answered), partial(answers[asked.answer], asked))
