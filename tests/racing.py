"""Races: everybody waits at a barrier, then all do it at once, with real commits. And what they do, said shortly."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from django.http import Http404

from accounts import actions as people
from accounts.actors import Actor
from accounts.models import User
from config.refusals import Refusal
from invitations.actions import keeping
from invitations.actions.joining import Joined
from invitations.asking import Report
from invitations.models import Invitation
from tests import cast
from workspaces.actions import members, organizations
from workspaces.catalogue import BuiltIn
from workspaces.models import Member, Organization
from workspaces.plans import Outcome

ROUNDS = 25
FEW = 6


def at_once(*acts: Callable[[], Any]) -> list[str]:
    """All acts in threads of their own, begun together; what became of each: "done", or the code of its refusal."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> str:
        connection.ensure_connection()
        barrier.wait(timeout=60)
        try:
            return outcome_of(act())
        except Refusal as refusal:
            return str(refusal.code)
        except Http404:
            return "gone"
        except OperationalError:
            return "busy"  # it waited longer than lock_timeout: 503, try again
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def outcome_of(result: Any) -> str:
    if isinstance(result, Outcome):
        return "done" if result.changed else str(next(iter(result.refused), "nothing"))
    if isinstance(result, Report):
        return str(result.lines[0].result)
    return "wrong" if result is False else "done"


def give_role(by: User, organization: Organization, user: User, role: int = BuiltIn.MEMBER) -> Callable[[], Outcome]:
    member = cast.member_of(organization, user)
    return lambda: members.update_roles(
        actor=cast.web(by), organization_id=organization.pk, chosen=cast.chosen(member), role_id=role
    )


def suspend(by: User, organization: Organization, user: User) -> Callable[[], Outcome]:
    member = cast.member_of(organization, user)
    return lambda: members.suspend_members(
        actor=cast.web(by), organization_id=organization.pk, chosen=cast.chosen(member)
    )


def remove(by: User, organization: Organization, *targets: Member) -> Callable[[], Outcome]:
    return lambda: members.remove_members(
        actor=cast.web(by), organization_id=organization.pk, chosen=cast.chosen(*targets)
    )


def resend(by: User, waiting: Member) -> Callable[[], Outcome]:
    return lambda: keeping.resend(
        actor=cast.web(by), organization_id=waiting.organization_id, chosen=cast.chosen(waiting)
    )


def correct(by: User, waiting: Member, address: str) -> Callable[[], None]:
    return lambda: keeping.correct_address(
        actor=cast.web(by), organization_id=waiting.organization_id, member_id=waiting.pk, address=address
    )


def revoke(by: User, waiting: Member) -> Callable[[], Outcome]:
    return lambda: members.revoke_invitations(
        actor=cast.web(by), organization_id=waiting.organization_id, chosen=cast.chosen(waiting)
    )


def take_over(user: User, organization: Organization) -> Callable[[], None]:
    return lambda: organizations.accept_transfer(actor=cast.web(user), organization_id=organization.pk)


def found(by: User, name: str) -> Callable[[], Organization]:
    return lambda: cast.found(by, name)


def delete(by: User, organization: Organization) -> Callable[[], None]:
    return lambda: organizations.delete_organization(
        actor=cast.web(by), organization_id=organization.pk, confirmed_name=organization.name
    )


def block(by: Actor, user: User) -> Callable[[], int]:
    return lambda: people.block_account(actor=by, user_id=user.pk)


def delete_account(user: User) -> Callable[[], None]:
    return lambda: people.delete_account(actor=cast.web(user))


def rename_often(user: User) -> Callable[[], object]:
    """For as long as another act takes, since it is its end that matters."""
    names = [f"{user.name} {letter}" for letter in "abcdefghijklmnopqrst"]
    return lambda: [people.update_profile(user_id=user.pk, name=name, time_zone="UTC") for name in names]


def ask_in(by: User, organization: Organization, address: str) -> Callable[[], Report]:
    return lambda: cast.ask_in(by, organization, address)


def leave(user: User, organization: Organization) -> Callable[[], None]:
    return lambda: members.leave(actor=cast.web(user), organization_id=organization.pk)


def accept(user: User, invitation: Invitation) -> Callable[[], Joined]:
    return lambda: cast.accept(user, invitation)


def newcomer(number: int, name: str = "ivy") -> User:
    return cast.person(f"{name}{number}@acme.example", f"{name.title()} {number}")


@pytest.fixture
def acme() -> tuple[Organization, User, User, User]:
    """Acme with Olga, its owner, and two Admins: Priya and Ada."""
    olga = cast.person("olga@acme.example", "Olga")
    organization = cast.found(olga, "Acme")
    admins = cast.person("priya@acme.example", "Priya"), cast.person("ada@acme.example", "Ada")
    for user in admins:
        cast.join(olga, organization, user, role=BuiltIn.ADMIN)
    return organization, olga, *admins


type Acme = tuple[Organization, User, User, User]
