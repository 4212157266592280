"""The cast: Olga owns Acme, Priya is an Admin there, Mia and Ben are Members, Tom is a Guest; Zoe owns Northlab.

Everything that the product has an action for is made by that action. Rows are made only of what has no action yet:
further workspaces, what groups are granted, managers of groups, custom roles.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.text import slugify
from pytest_django.plugin import DjangoDbBlocker

from accounts.actors import Actor, Source
from accounts.addresses import Pasted
from accounts.models import User
from config.refusals import Refusal
from invitations.actions import answering, inviting
from invitations.actions.joining import Joined
from invitations.asking import Ask, Report
from invitations.models import Invitation
from tests.people import person
from tests.scenes import Scene
from workspaces.actions import grants, groups, organizations
from workspaces.catalogue import FIRST_CUSTOM_ROLE_ID, BuiltIn, Scheme, Scope
from workspaces.models import (
    Act,
    Entry,
    Grant,
    Group,
    GroupManager,
    Member,
    Organization,
    Role,
    RolePermission,
    Workspace,
)
from workspaces.names import folded_place
from workspaces.selections import Chosen

# --- who acts


def web(user: User, *, is_fresh: bool = True) -> Actor:
    """The person at a browser; is_fresh: they have just proven who they are."""
    now = timezone.now()
    return Actor(user.pk, Source.WEB, ip="192.0.2.1", request_id="r1", authenticated_at=now if is_fresh else None)


def support(user: User) -> Actor:
    """Somebody of the support staff in Django admin."""
    return Actor(user.pk, Source.ADMIN, authenticated_at=timezone.now(), is_support=True)


def staff_person(address: str = "sam@support.example", name: str = "Sam Staff") -> User:
    sam = person(address, name)
    User.objects.filter(pk=sam.pk).update(is_staff=True)
    sam.refresh_from_db()
    return sam


# --- what they do


def found(owner: User, name: str, scheme: str = Scheme.STANDARD) -> Organization:
    return organizations.create_organization(actor=web(owner), name=name, scheme=scheme)


def ask_in(
    by: User,
    organization: Organization,
    *addresses: str,
    role: int = BuiltIn.MEMBER,
    groups: Sequence[int] = (),
    places: Mapping[int, int] | None = None,
    days: int | None = None,
    message: str = "",
) -> Report:
    """Invites the addresses with one ask. places: workspace id -> role id."""
    return inviting.invite(
        actor=web(by),
        organization_id=organization.pk,
        entries=[Pasted(address) for address in addresses],
        ask=Ask(role, groups, places or {}, message, days),
    )


def invite(by: User, organization: Organization, address: str, **what: object) -> Invitation:
    """The open invitation of one address."""
    report = ask_in(by, organization, address, **what)  # type: ignore[arg-type]
    assert report.lines[0].result.is_good, report.lines
    return open_invitation(organization, address)


def open_invitation(organization: Organization, address: str) -> Invitation:
    return Invitation.objects.get(
        organization=organization, address=address, accepted_at__isnull=True, revoked_at__isnull=True
    )


def accept(user: User, invitation: Invitation) -> Joined:
    return answering.accept(actor=web(user), invitation_id=invitation.pk, generation=invitation.generation)


def join(by: User, organization: Organization, user: User, **what: object) -> Member:
    """Asked in by somebody, and accepted."""
    joined = accept(user, invite(by, organization, user.email, **what))
    assert not joined.dropped
    return Member.objects.get(pk=joined.member_id)


def chosen(*members: Member) -> Chosen:
    return Chosen(ids=tuple(member.pk for member in members))


def group_of(by: User, organization: Organization, name: str, *members: Member) -> Group:
    group = groups.create_group(actor=web(by), organization_id=organization.pk, name=name)
    if members:
        groups.add_to_group(actor=web(by), organization_id=organization.pk, chosen=chosen(*members), group_id=group.pk)
    return group


def place(by: User, member: Member, workspace: Workspace, role: int) -> None:
    """A direct grant by hand."""
    grants.add_to_workspace(
        actor=web(by),
        organization_id=workspace.organization_id,
        chosen=chosen(member),
        workspace_id=workspace.pk,
        role_id=role,
    )


# --- what has no action yet


def workspace_in(
    organization: Organization, name: str, kind: Workspace.Kind = Workspace.Kind.SHARED, **fields: str
) -> Workspace:
    sort_name, search_text = folded_place(name, fields.get("description", ""))
    return Workspace.objects.create(
        organization=organization,
        name=name,
        sort_name=sort_name,
        search_text=search_text,
        slug=slugify(name),
        kind=kind,
        **fields,
    )


def grant_group(group: Group, workspace: Workspace, role: int) -> Grant:
    return Grant.objects.create(group=group, workspace=workspace, role_id=role)


def grant_everyone(workspace: Workspace, role: int) -> Grant:
    return Grant.objects.create(workspace=workspace, role_id=role)


def end(grant: Grant) -> None:
    """Its end lies a moment in the past, by the database's clock."""
    Grant.objects.filter(pk=grant.pk).update(ends_at=Now() - timedelta(seconds=1))


def manage(group: Group, member: Member) -> None:
    GroupManager.objects.create(group=group, member=member)


def custom_role(organization: Organization, name: str, scope: Scope, *codes: str) -> Role:
    role = Role.objects.create(organization=organization, scope=scope, name=name)
    assert role.pk >= FIRST_CUSTOM_ROLE_ID
    RolePermission.objects.bulk_create(RolePermission(role=role, permission=code) for code in codes)
    return role


def expire(invitation: Invitation) -> None:
    """Moves the row, with what the member shows of it, since the clock is the database's. It ended before it began."""
    Invitation.objects.filter(pk=invitation.pk).update(expires_at=F("sent_at") - timedelta(seconds=1))
    until = Invitation.objects.values_list("expires_at", flat=True).get(pk=invitation.pk)
    Member.objects.filter(pk=invitation.member_id).update(invited_until=until)


# --- what they see of it


def member_of(organization: Organization, user: User) -> Member:
    return Member.objects.get(organization=organization, user=user)


@contextmanager
def refused(status: int, code: str = "") -> Iterator[None]:
    """What happens inside is refused so, and leaves no trace in the history."""
    before = Act.objects.count(), Entry.objects.count()
    with pytest.raises(Refusal) as refusal:
        yield
    assert (refusal.value.status, refusal.value.code) == (status, code or refusal.value.code), refusal.value.sentence
    assert (Act.objects.count(), Entry.objects.count()) == before


@dataclass(frozen=True, slots=True)
class Said:
    """One entry of the history, as far as tests look at it."""

    kind: str
    subject: int
    scope: int | None = None
    before: str = ""
    after: str = ""


def history(organization: Organization, *kinds: str) -> list[Said]:
    """What the history says, oldest first; kinds: only these."""
    rows = Entry.objects.filter(
        act__in=Act.objects.filter(organization_id=organization.pk, **({"kind__in": kinds} if kinds else {}))
    )
    return [
        Said(*row) for row in rows.order_by("pk").values_list("act__kind", "subject_id", "scope_id", "before", "after")
    ]


# --- the world


@dataclass(frozen=True, slots=True)
class Acme:
    """Acme with its people, its `default` workspace, and Research, where Mia is Admin and nobody else by name."""

    organization: Organization
    default: Workspace
    research: Workspace
    olga: User
    priya: User
    mia: User
    ben: User
    tom: User

    @property
    def id(self) -> int:
        return self.organization.pk

    def member(self, user: User) -> Member:
        return member_of(self.organization, user)


def acme() -> Acme:
    olga = person("olga@acme.example", "Olga Owner")
    organization = found(olga, "Acme")
    people = {
        "priya": (person("priya@acme.example", "Priya Admin"), BuiltIn.ADMIN),
        "mia": (person("mia@acme.example", "Mia Chen"), BuiltIn.MEMBER),
        "ben": (person("ben@acme.example", "Ben Weber"), BuiltIn.MEMBER),
        "tom": (person("tom@guest.example", "Tom Guest"), BuiltIn.GUEST),
    }
    for user, role in people.values():
        join(olga, organization, user, role=role)
    research = workspace_in(organization, "Research")
    place(olga, member_of(organization, people["mia"][0]), research, BuiltIn.STANDARD_ADMIN)
    organization.refresh_from_db()
    return Acme(
        organization,
        organization.workspaces.get(slug="default"),
        research,
        olga,
        **{name: user for name, (user, _role) in people.items()},
    )


@dataclass(frozen=True, slots=True)
class Northlab:
    """Zoe's organization: a stranger to everybody in Acme."""

    organization: Organization
    zoe: User

    @property
    def id(self) -> int:
        return self.organization.pk


def northlab() -> Northlab:
    zoe = person("zoe@northlab.example", "Zoe Stranger")
    return Northlab(found(zoe, "Northlab"), zoe)


# --- Acme once more for each test


ACME = Scene("acme", acme)


@pytest.fixture(scope="session")
def _acme(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    with django_db_blocker.unblock():
        ACME.prepare()


@pytest.fixture
def world(_acme: None, db: None) -> Acme:
    """Acme alone."""
    return ACME.set_up()
