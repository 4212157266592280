"""What must be so for any set of people: rights are unions, many are the fold of single ones, and copies are equal."""

from collections.abc import Callable

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.actions import update_profile
from accounts.models import User
from invitations.models import Invitation
from tests.cast import (
    Acme,
    ask_in,
    custom_role,
    end,
    expire,
    grant_everyone,
    grant_group,
    group_of,
    invite,
    join,
    person,
    place,
    web,
    workspace_in,
)
from tests.naive import read_model
from workspaces.actions import members
from workspaces.catalogue import BuiltIn, Scope
from workspaces.models import Directory, Grant, GrantPermission, Member
from workspaces.names import fold
from workspaces.queries.facts import actor_facts, workspace_permissions
from workspaces.queries.member_sql import Filters
from workspaces.queries.members import matching_members, member_page
from workspaces.selections import Chosen

pytestmark = pytest.mark.django_db

FEW = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


def rights(world: Acme, user: User, workspace: int) -> frozenset[str]:
    facts = actor_facts(web(user), world.organization)
    return workspace_permissions(world.organization, facts).get(workspace, frozenset())


# --- unions


@pytest.mark.claim("P12")
@pytest.mark.row("I43", "I44", "N8", "N13", "I4", "I8")
def test_rights_are_the_union_of_all_paths_and_count_at_once(world: Acme) -> None:
    lab = workspace_in(world.organization, "Lab")
    role = {
        name: custom_role(world.organization, name, Scope.WORKSPACE, code).pk
        for name, code in (
            ("direct", "projects.view"),
            ("again", "domains.manage"),
            ("group", "notebooks.run"),
            ("everyone", "comments.create"),
        )
    }
    ben = world.member(world.ben)
    assert rights(world, world.ben, lab.pk) == frozenset()
    place(world.olga, ben, lab, role["direct"])
    place(world.olga, ben, lab, role["again"])
    team = group_of(world.olga, world.organization, "Team", ben)
    grant_group(team, lab, role["group"])
    everyone = grant_everyone(lab, role["everyone"])
    GrantPermission.objects.create(grant=Grant.objects.get(group=team), permission="billing.view")
    assert rights(world, world.ben, lab.pk) == {
        "projects.view", "domains.manage", "notebooks.run", "comments.create", "billing.view",
    }  # fmt: skip
    assert rights(world, world.mia, lab.pk) == {"comments.create"}
    assert rights(world, world.tom, lab.pk) == frozenset()  # everyone leaves guests out
    assert rights(world, world.priya, lab.pk) > rights(world, world.ben, lab.pk)
    end(everyone)
    end(Grant.objects.get(role=role["again"]))
    team.memberships.all().delete()
    assert rights(world, world.ben, lab.pk) == {"projects.view"}


# --- one and many


SOME = st.sets(st.integers(0, 7), min_size=1)
ROLES = st.sampled_from([BuiltIn.GUEST, BuiltIn.MEMBER, BuiltIn.ADMIN])


@pytest.mark.claim("P11")
@pytest.mark.row("I35", "I40")
@pytest.mark.parametrize("verb", ["role", "suspend", "remove", "reactivate"])
def test_many_at_once_end_as_the_same_ones_in_turn(world: Acme, verb: str) -> None:
    """In the order of their ids, the actor last. Ada, Mia and Ben are admins of workspaces in pairs and by a group."""
    ada = person("ada@acme.example", "Ada")
    labs = [workspace_in(world.organization, f"Lab {number}") for number in range(3)]
    people = [
        world.member(world.mia),
        world.member(world.ben),
        join(world.olga, world.organization, ada, role=BuiltIn.ADMIN),
    ]
    for number, lab in enumerate(labs):
        for member in (people[number], people[(number + 1) % 3]):
            place(world.olga, member, lab, BuiltIn.STANDARD_ADMIN)
    grant_group(group_of(world.olga, world.organization, "Leads", people[0]), labs[1], BuiltIn.STANDARD_ADMIN)
    invite(world.olga, world.organization, "ivy@acme.example", role=BuiltIn.ADMIN)
    User.objects.filter(pk=world.olga.pk).update(is_active=False)
    if verb == "reactivate":
        members.suspend_members(
            actor=web(world.priya),
            organization_id=world.id,
            chosen=Chosen(ids=(people[1].pk, world.member(world.tom).pk)),
        )
    everybody = sorted(Member.objects.values_list("pk", flat=True))
    me = world.member(world.priya).pk

    def perform(ids: tuple[int, ...], role: int) -> None:
        what = {"actor": web(world.priya), "organization_id": world.id, "chosen": Chosen(ids=ids)}
        act: dict[str, Callable[..., object]] = {
            "suspend": members.suspend_members,
            "reactivate": members.reactivate_members,
            "remove": members.remove_members,
        }
        if verb == "role":
            members.update_roles(**what, role_id=role)  # type: ignore[arg-type]
        else:
            act[verb](**what)

    def afterwards(act: Callable[[], None]) -> dict[int, tuple[object, ...]]:
        with transaction.atomic():
            act()
            found = {member.pk: (member.role_id, member.suspended_at is not None) for member in Member.objects.all()}
            transaction.set_rollback(True)
        return found

    @FEW
    @given(SOME, ROLES)
    def check(numbers: set[int], role: int) -> None:
        ids = sorted({everybody[number % len(everybody)] for number in numbers}, key=lambda pk: (pk == me, pk))

        def in_turn() -> None:
            for pk in ids:
                perform((pk,), role)

        assert afterwards(lambda: perform(tuple(ids), role)) == afterwards(in_turn)

    check()


# --- copies


@pytest.mark.claim("P9", "P19")
def test_what_a_member_shows_of_their_invitation_is_the_invitations(world: Acme) -> None:
    for number in range(3):
        invite(world.olga, world.organization, f"p{number}@acme.example")
    ask_in(world.priya, world.organization, "p1@acme.example")
    expire(Invitation.objects.get(address="p2@acme.example"))
    model = read_model()
    for invitation in Invitation.objects.filter(accepted_at=None).select_related("member"):
        member = invitation.member
        assert member is not None
        assert (member.invited_until, member.declined_at, member.invited_by, member.mail_id) == (
            invitation.expires_at,
            invitation.declined_at,
            invitation.inviter,
            model.mails[invitation.pk],
        )


NAMES = st.text("aäbcÉß -'.日ΩKk", min_size=1, max_size=12).filter(lambda name: any(each.isalpha() for each in name))


@pytest.mark.row("A18", "A19")
def test_people_are_found_by_what_they_are_called_now(world: Acme) -> None:
    """The directory follows the name; search finds name beginnings, words inside, addresses and groups."""
    group_of(world.olga, world.organization, "Zebras", world.member(world.tom))

    @FEW
    @given(NAMES)
    def check(name: str) -> None:
        with transaction.atomic():
            update_profile(user_id=world.ben.pk, name=name, time_zone="UTC")
            world.ben.refresh_from_db()
            ben = world.member(world.ben)
            row = Directory.objects.get(member=ben)
            assert (row.name, row.address) == (world.ben.name, "ben@acme.example")
            folded = fold(world.ben.name)
            assert row.sort_name == (folded or "ben@acme.example")
            for term in (world.ben.name, folded[:3], "ben@acme", "BEN@ACME.example"):
                if fold(term):
                    assert ben.pk in found(world, term), term
            transaction.set_rollback(True)

    check()
    assert found(world, "zeb") == {world.member(world.tom).pk}
    assert found(world, "nobody at all") == set()


def found(world: Acme, term: str) -> set[int]:
    """By the page and by the selection of all that match, which have to agree."""
    filters = Filters(search=term)
    page = {row.id for row in member_page(world.id, filters).rows}
    assert page == set(matching_members(world.organization, filters).values_list("pk", flat=True))
    return page
