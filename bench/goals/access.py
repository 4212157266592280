"""Goals 6 and 7: one check, a page of people, all workspaces of a person; a grant to a group however large it is."""

import random
from collections.abc import Collection, Iterator
from itertools import cycle

from django.db import connection
from django.db.models import Count

from bench.goals.crowds import Crowd, cost_of_change
from bench.measuring import Act, Cost, Meter, comparison
from bench.results import Result, at_most, times_less
from bench.web import Place, Wrong
from workspaces.actions.grants import give_role
from workspaces.catalogue import BuiltIn
from workspaces.models import Grant, Group, Member, Workspace
from workspaces.queries.effective import Path, blast_radius, check, held_by, paths_in, paths_of
from workspaces.queries.roles import all_roles
from workspaces.selections import Chosen

CODE = "deployments.create"
PAGE = 50
ROUNDS = 6


def measure(place: Place, meter: Meter, goals: Collection[int]) -> Iterator[Result]:
    if 6 in goals:
        yield from _checks(place, meter)
    if 7 in goals:
        yield from _grants(place, meter)


def _checks(place: Place, meter: Meter) -> Iterator[Result]:
    """Goal 6. Whom and where is drawn anew for every call, so that no plan and no page stays warm for one of them."""
    asking, at = _Asking(place), place.scale.name
    asking.insist_on_agreement()
    one = meter.compare(asking.check, _nothing, rounds=7, repeat=300)
    yield at_most(6, "one check", at, one.subject, f"SELECT 1 {one.reference}", measured=one.ratio, bar=4)
    page = meter.compare(asking.page, asking.page_one_by_one, rounds=11, repeat=20)
    reference = f"one by one {page.reference}"
    yield times_less(6, f"{PAGE} people", at, page.subject, reference, measured=1 / page.ratio, bar=8)
    places = meter.compare(asking.everywhere, asking.everywhere_one_by_one, rounds=7, repeat=5)
    what, reference = "all workspaces of a person", f"{len(asking.workspaces)} checks {places.reference}"
    yield times_less(6, what, at, places.subject, reference, measured=1 / places.ratio, bar=40)


def _grants(place: Place, meter: Meter) -> Iterator[Result]:
    """Goal 7, and what a grant to everyone would do."""
    at, large = place.scale.name, _largest_group(place)
    pairs = [(_grant_to_group(place, meter, large), _grant_to_member(place, meter)) for _ in range(ROUNDS)][1:]
    compared = comparison(pairs)
    what = f"grant to a group of {place.scale.large_group_members:,}"
    yield at_most(7, what, at, compared.subject, f"to a member {compared.reference}", measured=compared.ratio, bar=3)
    workspace = Workspace.objects.get(organization=place.organization, slug="w5")
    codes = all_roles(place.organization).workspace[BuiltIn.STANDARD_EDITOR].permissions

    def radius() -> None:
        if not blast_radius(place.organization, workspace.pk, codes, everyone=True).gaining:
            raise Wrong("A grant to everyone would give nobody anything.")

    def count() -> None:
        Member.objects.filter(organization=place.organization).effective().count()

    blast = meter.compare(radius, count, rounds=4, repeat=1)
    reference = f"counting active members {blast.reference}"
    yield at_most(7, "blast radius of everyone", at, blast.subject, reference, measured=blast.ratio, bar=3)


class _Asking:
    """Draws people and places; the draw is the same in every run."""

    def __init__(self, place: Place) -> None:
        self.organization = place.organization
        self.roles = all_roles(self.organization)
        self.members = Crowd(place).plain
        self.workspaces = list(self.organization.workspaces.order_by("pk").values_list("pk", flat=True))
        self.chance = random.Random("access")
        # Drawn beforehand: to draw fifty out of a million is no part of the question.
        self.pages = cycle([self.chance.sample(self.members, PAGE) for _ in range(500)])

    def check(self) -> object:
        return check(self.organization.pk, self._member(), CODE, self._workspace())

    def page(self) -> object:
        return self._page(self._workspace(), next(self.pages))

    def page_one_by_one(self) -> object:
        """N+1: the same answer, asked for each person by itself."""
        workspace = self._workspace()
        return [self._page(workspace, [member]) for member in next(self.pages)]

    def _page(self, workspace_id: int, people: list[int]) -> list[frozenset[str]]:
        found = paths_in(self.organization, workspace_id, people)
        return [held_by(self.roles, paths) for paths in found.values()]

    def everywhere(self) -> object:
        return self._everywhere(self._member())

    def _everywhere(self, member_id: int) -> dict[int, frozenset[str]]:
        by_workspace: dict[int, list[Path]] = {}
        for path in paths_of(self.organization, Member(pk=member_id)):
            by_workspace.setdefault(path.workspace_id, []).append(path)
        return {workspace: held_by(self.roles, paths) for workspace, paths in by_workspace.items()}

    def everywhere_one_by_one(self) -> object:
        member = self._member()
        return [check(self.organization.pk, member, CODE, workspace) for workspace in self.workspaces]

    def insist_on_agreement(self) -> None:
        """What is measured must be right: the three ways agree about some people."""
        for member in self.chance.sample(self.members, 20):
            held = self._everywhere(member)
            for workspace in self.workspaces[:20]:
                alone = bool(check(self.organization.pk, member, CODE, workspace))
                there = held_by(self.roles, paths_in(self.organization, workspace, [member])[member])
                if not alone == (CODE in held.get(workspace, ())) == (CODE in there):
                    raise Wrong(f"The answers about member {member} in workspace {workspace} differ.")

    def _member(self) -> int:
        return self.chance.choice(self.members)

    def _workspace(self) -> int:
        return self.chance.choice(self.workspaces)


def _nothing() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()


def _largest_group(place: Place) -> int:
    groups = Group.objects.filter(organization=place.organization).annotate(size=Count("memberships"))
    return groups.order_by("-size").values_list("pk", flat=True)[0]


def _grant_to_group(place: Place, meter: Meter, group_id: int) -> Cost:
    return _cost_of_grant(place, meter, group_ids=[group_id])


def _grant_to_member(place: Place, meter: Meter) -> Cost:
    return _cost_of_grant(place, meter, chosen=Chosen.one(Crowd(place).draw(1)[0]))


def _cost_of_grant(place: Place, meter: Meter, **to: object) -> Cost:
    crowd = Crowd(place)
    workspace = place.organization.workspaces.create(name="Fresh", slug="fresh")

    def prepare() -> Act:
        return lambda: give_role(
            actor=crowd.actor(),
            organization_id=place.organization.pk,
            workspace_id=workspace.pk,
            role_id=BuiltIn.STANDARD_EDITOR,
            **to,
        ).insist()

    def look() -> None:
        if Grant.objects.filter(workspace=workspace).count() != 1:
            raise Wrong("The grant is not there.")

    try:
        return cost_of_change(meter, prepare, look)
    finally:
        workspace.delete()
