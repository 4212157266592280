"""The state machine's moves on resources, what each step says and may do about them, and what is always so of them."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from accounts.actors import Actor
from accounts.models import User
from tests import cast
from tests.machine_moves import BY, BY_ON, NUMBERS, OFTEN, SELDOM, calls
from tests.naive import Model
from tests.naive_resources import given, level_of, manages, may_share, on
from tests.steps import Step, the
from workspaces.actions import members, resources
from workspaces.actions.asking import may
from workspaces.actions.hosts import PRODUCT_ITSELF, hand_in
from workspaces.actions.parting import leave_organization
from workspaces.hosts import RegisteredResource, VanishedResource
from workspaces.models import Member, Organization, Resource
from workspaces.queries.catalogue import vocabulary_of
from workspaces.queries.effective import check
from workspaces.queries.facts import actor_facts, workspace_facts
from workspaces.queries.resources import alive, approach, drives_in, seen_by, viewer_in, visible

type Pairs = list[tuple[int, int | None]]

ACCESS = st.sampled_from(["full", "view", "private"])
KEPT = (("Notebooks", "project"), ("Drives", "drive"), ("Notebooks", "data set"), ("Drives", "drive"))
ASKED = ("projects.view", "projects.edit", "drives.workspace.manage", "drives.workspace.set_default", "workspace.view")
KEEPING = calls(
    (
        "hand_in_resource",
        {**BY, "number": NUMBERS, "place": NUMBERS, "access": ACCESS,
         "gone": SELDOM},
    ),
    ("change_resource_access", {**BY, "number": NUMBERS, "near": OFTEN, "access": ACCESS}),
    (
        "share_resource",
        {**BY, "number": NUMBERS, "near": OFTEN, "member": NUMBERS, "level": st.sampled_from(["view", "edit"]),
         "address": SELDOM},
    ),
    ("unshare_resource", {**BY, "number": NUMBERS, "near": OFTEN, "member": NUMBERS}),
    ("transfer_resource", {**BY, "number": NUMBERS, "near": OFTEN, "member": NUMBERS}),
    ("choose_drive", {**BY, "number": NUMBERS, "place": NUMBERS}),
    ("remove_with_heir", {**BY_ON, "heir": NUMBERS}),
    ("leave_with_heir", {**BY, "heir": NUMBERS}),
)  # fmt: skip


class ResourceMoves:
    """What the machine itself brings: the present rows, one step, and whom and what the numbers mean."""

    now: Model
    world: Any
    touched: set[int]
    checks: int
    step: Any
    actor: Any
    organization: Any
    members_of: Any
    act_on: Any
    by: Any

    def resource(self, organization: int, number: int) -> int:
        """One of its resources; now and then another organization's, to be refused."""
        here = [pk for pk, one in self.now.resources.items() if one.organization_id == organization]
        return the(sorted(here if number % 9 else self.now.resources) or [0], number)

    def close_to(self, who: int, where: int, number: int, near: bool) -> tuple[Actor, int, int]:
        """Its owner, or somebody who was asked in to it, if near and if there is one."""
        actor, organization = self.by(who, where)
        resource = self.resource(organization, number)
        close = self.somebody_at(resource, who) if near and who < 12 else None
        return close or actor, organization, resource

    def somebody_at(self, resource: int, who: int) -> Actor | None:
        """Its owner, or somebody who was asked in to it."""
        row = self.now.resources.get(resource)
        owner = row.owner_id if row is not None else None
        close = [owner, *(member for pk, member in sorted(self.now.collaborators) if pk == resource)]
        mine = {self.now.members[pk].user_id for pk in close if pk}
        known = [user for user in self.world.users if user.pk in mine]
        return cast.web(the(known, who)) if known else None

    def hand_in_resource(self, who: int, where: int, number: int, place: int, access: str, gone: bool) -> None:
        organization = self.organization(where)
        product, kind = the(KEPT, number)
        known: dict[str, Any] = {
            "organization": self.now.organizations[organization].slug,
            "product": product,
            "external_id": f"r{number % 5}",
        }
        slugs = [one.slug for _, one in sorted(self.now.workspaces.items()) if one.organization_id == organization]
        record = VanishedResource(**known) if gone else RegisteredResource(
            **known,
            kind=kind,
            name=f"R{number % 5}",
            workspace=the(["", *slugs], place),
            owner=the(self.world.addresses, who),
            access=access,
        )  # fmt: skip
        self.step(PRODUCT_ITSELF, lambda: hand_in([record]), by="product")

    def change_resource_access(self, who: int, where: int, number: int, near: bool, access: str) -> None:
        self.on_resource(who, where, number, near, resources.change_access, access=access)

    def share_resource(
        self, who: int, where: int, number: int, near: bool, member: int, level: str, address: bool
    ) -> None:
        whom: dict[str, Any] = {"member_id": the(self.members_of(self.organization(where)), member)}
        if address:
            whom = {"address": the(self.world.addresses, member)}
        self.on_resource(who, where, number, near, resources.share, level=level, **whom)

    def unshare_resource(self, who: int, where: int, number: int, near: bool, member: int) -> None:
        """If near one of those who were asked in to something, by whoever is close to that."""
        organization, whom = self.organization(where), the(self.members_of(self.organization(where)), member)
        shared = [
            pair for pair in sorted(self.now.collaborators) if self.now.members[pair[1]].organization_id == organization
        ]
        if near and shared:
            resource, whom = the(shared, number)
            actor = self.somebody_at(resource, who) or self.by(who, where)[0]
            self.step(
                actor,
                lambda: resources.unshare(
                    actor=actor, organization_id=organization, resource_id=resource, member_id=whom
                ),
            )
            return
        self.on_resource(who, where, number, near, resources.unshare, member_id=whom)

    def transfer_resource(self, who: int, where: int, number: int, near: bool, member: int) -> None:
        heir = the(self.members_of(self.organization(where)), member)
        self.on_resource(who, where, number, near, resources.transfer, owner_id=heir)

    def on_resource(self, who: int, where: int, number: int, near: bool, act: Callable[..., Any], **what: Any) -> None:
        actor, organization, resource = self.close_to(who, where, number, near)
        self.step(actor, lambda: act(actor=actor, organization_id=organization, resource_id=resource, **what))

    def choose_drive(self, who: int, where: int, number: int, place: int) -> None:
        actor, organization = self.by(who, where)
        here = [pk for pk, one in self.now.workspaces.items() if one.organization_id == organization]
        workspace = the([None, *sorted(here)], place)
        drives = [pk for pk, _name in drives_in(self.now.organizations[organization], workspace)]
        self.step(
            actor,
            lambda: resources.choose_drive(
                actor=actor,
                organization_id=organization,
                resource_id=the([None, *drives, self.resource(organization, number)], number),
                workspace_id=workspace,
            ),
        )

    def remove_with_heir(self, who: int, where: int, numbers: set[int], heir: int) -> None:
        named = the(self.members_of(self.organization(where)), heir)
        self.act_on(who, where, numbers, members.remove_members, heir_id=named)

    def leave_with_heir(self, who: int, where: int, heir: int) -> None:
        actor, organization = self.by(who, where)
        named = the(self.members_of(organization), heir)
        self.step(
            actor,
            lambda: leave_organization(actor=actor, organization_id=organization, heir_id=named),
            by="leave",
        )

    # --- what is always so

    def check_resources(self) -> None:
        for organization in [self.now.organizations[pk] for pk in self.touched & self.now.organizations.keys()]:
            here = [one for one in self.now.resources.values() if one.organization_id == organization.pk]
            if not here:
                continue
            for user in self.world.users:
                self.check_screen(organization, user, here)
            self.check_answers(organization, the(here, self.checks))
            self.check_nothing_dangles(organization, here)

    def check_screen(self, organization: Organization, user: User, here: list[Resource]) -> None:
        """The lists of resources show each with what is held on it, and name it to whoever reaches it only."""
        member, facts = self.now.member_of(organization.pk, user.pk), actor_facts(cast.web(user), organization)
        if member is None or not facts.is_active:
            return
        vocabulary = vocabulary_of(organization)
        for place in {one.workspace_id for one in here}:
            around = workspace_facts(organization, facts, [place])[place] if place is not None else None
            viewer = viewer_in(facts, around)
            shown = seen_by(
                organization, visible(alive(organization).filter(workspace=place), viewer), viewer, vocabulary
            )
            truth = {one.pk: on(self.now, member, one) for one in here if one.workspace_id == place}
            for seen in shown:
                known = truth[seen.resource.pk]
                assert (seen.on.permissions, bool(seen.name)) == (known.permissions, known.reaches), (seen, user)
            reached = {pk for pk, known in truth.items() if known.reaches}
            assert reached <= {seen.resource.pk for seen in shown}
            for hidden in (seen.resource for seen in shown if seen.resource.access == "private" and not seen.name):
                assert manages(self.now, member, hidden)

    def check_answers(self, organization: Organization, resource: Resource) -> None:
        """The resolver, what a host product is told, and what the actions stand on; what is private to somebody is open
        to its owner and collaborators only.
        """
        code = the(ASKED, self.checks)
        for pk, member in self.now.members.items():
            truth = on(self.now, member, resource)
            allowed = code in truth.permissions
            assert bool(check(organization.pk, pk, code, resource_id=resource.pk)) == allowed, (member, resource.access)
            product = self.now.products[resource.product_id]
            asked = may(
                product=product, organization_id=organization.pk, member_id=pk, code=code, resource_id=resource.pk
            )
            assert bool(asked) == allowed
            if resource.access == "private":
                assert truth.reaches <= bool(level_of(self.now, pk, resource))
        for user in self.world.users:
            facts, mine = actor_facts(cast.web(user), organization), self.now.member_of(organization.pk, user.pk)
            found = approach(organization, facts, resource.pk)
            if mine is None:
                assert found is None
                continue
            truth = on(self.now, mine, resource)
            assert (found is not None) == (truth.reaches or manages(self.now, mine, resource))
            for level in ("view", "edit") if found is not None else ():
                assert found is not None
                assert bool(found.may_share(facts, level)) == may_share(self.now, mine, resource, level)

    def check_nothing_dangles(self, organization: Organization, here: list[Resource]) -> None:
        for one in here:
            owner = self.now.members.get(one.owner_id or 0)
            assert one.owner_id is None or (owner is not None and owner.organization_id == organization.pk)
            assert (one.pk, one.owner_id) not in self.now.collaborators
            place = self.now.workspaces.get(one.workspace_id or 0)
            assert place is None or (place.organization_id == organization.pk and place.deleted_at is None)
        drive = self.now.resources.get(organization.default_drive_id or 0)
        assert drive is None or (drive.kind, drive.workspace_id) == ("drive", None)
        for workspace in (one for one in self.now.workspaces.values() if one.organization_id == organization.pk):
            drive = self.now.resources.get(workspace.default_drive_id or 0)
            assert drive is None or (drive.kind == "drive" and drive.workspace_id in (None, workspace.pk))
        for pk, member in self.now.collaborators:
            assert self.now.members[member].organization_id == self.now.resources[pk].organization_id


class ResourceStep:
    """What one step did to resources, held against what it said and what its actor might do."""

    def __init__(self, step: Step) -> None:
        self.step, self.before, self.after = step, step.before, step.after
        self.both = [
            (old, self.after.resources[pk]) for pk, old in self.before.resources.items() if pk in self.after.resources
        ]
        self.new = self.after.resources.keys() - self.before.resources.keys()
        self.gone = self.before.resources.keys() - self.after.resources.keys()
        self.transferred = [
            (old, new)
            for old, new in self.both
            if new.owner_id is not None and old.owner_id != new.owner_id and step.accepted is None
        ]

    def check(self) -> None:
        if self.step.by == "delete":
            return
        self.check_said()
        self.check_collaborators_said()
        if self.step.by == "product" or self.step.accepted is not None:
            return
        for pk, member in self.after.collaborators:
            self.check_shared(pk, member)
        for old, new in self.both:
            if old.access != new.access:
                wanted = "private" if new.access == "private" else ""
                assert self.may(lambda actor, old=old, wanted=wanted: self.may_set(actor, old, wanted))
        for old, new in self.transferred:
            assert self.may(lambda actor, old=old, new=new: self.may_transfer(actor, old, new.owner_id or 0))

    def check_said(self) -> None:
        said = self.step.said
        assert {pk for pk, _ in said("resource.registered")} == self.new
        assert {pk for pk, _ in said("resource.vanished")} == self.gone
        changed: Pairs = [(old.pk, None) for old, new in self.both if old.access != new.access]
        assert said("resource.access_changed") == changed
        moved: Pairs = [(old.pk, None) for old, new in self.both if old.workspace_id != new.workspace_id]
        assert said("resource.moved") == moved
        heirs: Pairs = [(new.owner_id or 0, new.pk) for _old, new in self.transferred]
        assert said("resource.transferred") == sorted(heirs, key=str)
        drives = [
            (one.default_drive_id, getattr(self.after, rows)[pk].default_drive_id)
            for rows in ("organizations", "workspaces")
            for pk, one in getattr(self.before, rows).items()
            if pk in getattr(self.after, rows)
        ]
        if self.step.by != "product":  # what vanishes or moves away takes the choice along, and has its own entry
            chosen = [new or old for old, new in drives if old != new]
            assert [pk for pk, _ in said("drive.chosen", "drive.chosen_in_workspace", "drive.dropped")] == chosen

    def check_collaborators_said(self) -> None:
        """People who go take their places along, as owners do who were asked in before."""
        if self.step.accepted is not None or self.step.merged:
            return
        was, now = self.before.collaborators, self.after.collaborators
        shared: Pairs = [(member, pk) for (pk, member), level in now.items() if was.get((pk, member)) != level]
        assert self.step.said("resource.shared") == sorted(shared, key=str)
        taken: Pairs = [
            (member, pk)
            for pk, member in was.keys() - now.keys()
            if member in self.after.members
            and pk in self.after.resources
            and self.after.resources[pk].owner_id != member
        ]
        assert self.step.said("resource.unshared") == sorted(taken, key=str)
        actor = self.step.actor.user_id
        for member, pk in taken:
            if self.before.members[member].user_id != actor:
                old = self.before.resources[pk or 0]
                assert self.may(lambda mine, old=old, key=(pk, member): may_share(self.before, mine, old, was[key]))

    def check_shared(self, pk: int, member: int) -> None:
        """Nobody lets others do on it what they cannot do there themselves."""
        level, former = self.after.collaborators[pk, member], self.before.collaborators.get((pk, member), "")
        if level != former:
            resource = self.before.resources[pk]
            for each in (level, former):
                assert self.may(lambda mine, each=each: may_share(self.before, mine, resource, each))

    def may_set(self, member: Member, resource: Resource, access: str) -> bool:
        if access == "private":
            return resource.owner_id == member.pk
        return may_share(self.before, member, resource)

    def may_transfer(self, member: Member, resource: Resource, heir: int) -> bool:
        """What is private to somebody is never taken by another, except what is nobody's; whoever leaves gives away
        what is theirs.
        """
        if self.step.by == "leave":
            return resource.owner_id == member.pk
        if resource.access == "private" and heir == member.pk and resource.owner_id not in (None, member.pk):
            return False
        mine = on(self.before, member, resource).permissions | self.around(member, resource)
        keeps = resource.owner_id == member.pk or manages(self.before, member, resource)
        return keeps and given(self.before, resource, "edit") <= mine

    def around(self, member: Member, resource: Resource) -> frozenset[str]:
        if resource.workspace_id is None:
            return self.before.roles[member.role_id]
        return self.before.rights(member, resource.workspace_id)

    def may(self, rule: Callable[..., bool]) -> bool:
        """Did the actor's place in one of the organizations allow it before?"""
        user = self.step.actor.user_id
        mine = [one for one in self.before.members.values() if user is not None and one.user_id == user]
        return any(rule(member) for member in mine)
