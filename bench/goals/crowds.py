"""What the goals of writing have in common: thousands of rows, chosen by chance, and a change that is taken back."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from accounts.actors import Actor, Source
from bench.measuring import Cost, Meter, settle, undone
from bench.web import Place
from workspaces.catalogue import BuiltIn
from workspaces.models import Entry, Member
from workspaces.selections import Chosen, store

CROWD = 10_000
FEW = 200
"""Rows that a reference changes one by one; its cost is then told for as many as ours."""


@dataclass(slots=True)
class Crowd:
    """Draws members of one organization, others in each round; the draw is the same in every run."""

    place: Place
    chance: random.Random = field(default_factory=lambda: random.Random("crowd"))
    plain: Sequence[int] = field(init=False)
    admins: Sequence[int] = field(init=False)

    def __post_init__(self) -> None:
        here = Member.objects.filter(organization=self.place.organization).effective().order_by("pk")
        self.plain = list(here.filter(role=BuiltIn.MEMBER).values_list("pk", flat=True))
        self.admins = list(here.filter(role=BuiltIn.ADMIN).exclude(user=self.place.owner).values_list("pk", flat=True))

    def draw(self, count: int) -> list[int]:
        return self.chance.sample(self.plain, count)

    def draw_with_admins(self) -> list[int]:
        """Every Admin but the owner is among them."""
        return [*self.draw(CROWD - len(self.admins)), *self.admins]

    def store(self, members: Sequence[int]) -> Chosen:
        """Inside what is undone: a stored selection, as a bulk action has it at hand."""
        organization = self.place.organization
        return Chosen(selection_id=store(organization, organization.members.filter(pk__in=members)).pk)

    def actor(self, member_id: int | None = None) -> Actor:
        """The member; without one, the owner."""
        pk = member_id or self.place.organization.owner_id
        assert pk is not None
        return Actor(Member.objects.values_list("user_id", flat=True).get(pk=pk), Source.WEB)


def entries_since(newest: int) -> int:
    return Entry.objects.filter(pk__gt=newest).count()


def newest_entry() -> int:
    return Entry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def cost_of_change(
    meter: Meter, prepare: Callable[[], Callable[[], object]], check: Callable[[], None] | None = None
) -> Cost:
    """What a change costs, with the constraints that a commit would check; then it is taken back."""
    with undone():
        change = prepare()

        def settled() -> None:
            change()
            settle()

        cost = meter.cost(settled)
        if check:
            check()
    return cost


def as_many(cost: Cost, done: int, wanted: int) -> Cost:
    """The cost of `done` rows told for `wanted`."""
    return Cost(cost.web / done * wanted, cost.database / done * wanted)


def per_second(cost: Cost) -> str:
    """The cost of a whole crowd, and how many of it fit into a second of CPU."""
    return f"{cost} ({CROWD / cost.total * 1000:,.0f}/s)"
