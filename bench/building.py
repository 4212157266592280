"""One measured organization and the twenty beside it, by COPY, in one transaction: it is there whole or not at all."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import batched

from django.db import connection, transaction
from django.db.models.functions import Now

from bench.copying import copy_lines, line, moments, move_sequences, next_id
from bench.people import Cast, Person
from bench.shape import ADMINS, OTHERS, Scale
from workspaces.catalogue import BuiltIn
from workspaces.models import Directory, Grant, Group, Member, Organization, Workspace
from workspaces.names import NEVER, fold, folded

BATCH = 20_000  # people
SEARCH_INDEX = "CREATE INDEX directory_search ON workspaces_directory USING gin (search_text gin_trgm_ops)"
NUMBERED = (
    "accounts_user", "account_emailaddress", "accounts_outgoingmail", "workspaces_member", "workspaces_groupmember",
    "workspaces_grant", "invitations_invitation",
)  # fmt: skip
TOPICS = ("Data", "Design", "Growth", "Platform", "Research", "Sales", "Security", "Support", "Finance", "Legal")
PLACES = ("Berlin", "Lagos", "Lima", "Oslo", "Pune", "Seoul", "Tokyo", "Toronto", "Vienna", "Warsaw", "Zürich", "Accra")


def build(scale: Scale) -> None:
    """Everything of a scale. The search index is made anew where that is quicker than keeping it."""
    large = scale.members > 50_000
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")  # rows refer to each other by construction
            cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
            if large:
                cursor.execute("DROP INDEX directory_search")
        _Builder.of(scale).build()
        small = Scale(
            scale.name, scale.members_of_another, 4, 10, 0, 0,
            scale.members_of_another * 19 // 10, scale.members_of_another, scale.members_of_another // 5,
        )  # fmt: skip
        for number in range(1, OTHERS + 1):
            _Builder.of(small, f"-{number}").build()
        move_sequences(NUMBERED)
        with connection.cursor() as cursor:
            if large:
                cursor.execute(SEARCH_INDEX)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    _check(scale)


@dataclass(slots=True)
class _Builder:
    scale: Scale
    organization: Organization
    now: datetime
    chance: random.Random
    first_member: int
    workspaces: list[int] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, scale: Scale, suffix: str = "") -> "_Builder":
        slug = scale.slug + suffix
        organization = Organization.objects.create(name=f"Acme {scale.name}{suffix}", slug=slug)
        now: datetime = Organization.objects.annotate(now=Now()).values_list("now", flat=True).get(pk=organization.pk)
        return cls(scale, organization, now, random.Random(slug), next_id("workspaces_member"))

    def build(self) -> None:
        waiting = self.scale.invitations / self.scale.members
        cast = Cast(self.organization.slug.removeprefix("bench-"))
        for batch in batched(cast.people(self.scale.members, waiting=waiting), BATCH):
            _Batch(self).copy(batch)
        self.organization.owner_id = self.first_member
        self.organization.save(update_fields=["owner"])
        self._make_places()
        copy_lines("workspaces_groupmember", "group_id, member_id, added_at", self._memberships())
        columns = "workspace_id, member_id, group_id, role_id, origin, granted_at, granted_by_id, reason"
        copy_lines("workspaces_grant", columns, self._grants())

    def _make_places(self) -> None:
        here = self.organization
        names = ["default", "system", *_names(self.scale.workspaces - 2)]
        kinds = [Workspace.Kind.SHARED, Workspace.Kind.SYSTEM, *[Workspace.Kind.SHARED] * (self.scale.workspaces - 2)]
        made = Workspace.objects.bulk_create(
            Workspace(organization=here, name=name, sort_name=fold(name), slug=f"w{number}", kind=kind)
            for number, (name, kind) in enumerate(zip(names, kinds, strict=True))
        )
        self.workspaces = [workspace.pk for workspace in made]
        groups = Group.objects.bulk_create(
            Group(organization=here, name=name, sort_name=fold(name)) for name in _names(self.scale.groups, " team")
        )
        self.groups = [group.pk for group in groups]
        Grant.objects.bulk_create(
            [
                Grant(workspace_id=self.workspaces[0], role_id=BuiltIn.STANDARD_EDITOR, origin="default"),
                Grant(workspace_id=self.workspaces[1], role_id=BuiltIn.STANDARD_VIEWER, origin="default"),
            ]
        )

    def _memberships(self) -> Iterator[str]:
        large = min(self.scale.large_groups, len(self.groups))
        rest = self.scale.memberships - large * self.scale.large_group_members
        usual = rest // (len(self.groups) - large)
        everybody = range(self.first_member, self.first_member + self.scale.members)
        for place, group in enumerate(self.groups):
            size = self.scale.large_group_members if place < large else usual
            for member in self.chance.sample(everybody, size):
                yield line(group, member, self.now)

    def _grants(self) -> Iterator[str]:
        """One or two for each group, the owner everywhere, and about one for each member; some of those are admins."""
        roles = (BuiltIn.STANDARD_VIEWER, BuiltIn.STANDARD_EDITOR, BuiltIn.STANDARD_EDITOR, BuiltIn.STANDARD_EDITOR)
        for place, group in enumerate(self.groups):
            for workspace in self.chance.sample(self.workspaces[2:], 1 + place % 2):
                yield self._grant(workspace, None, group, self.chance.choice(roles))
        for workspace in self.workspaces:
            yield self._grant(workspace, self.first_member, None, BuiltIn.STANDARD_ADMIN)
        for member in range(self.first_member + 1, self.first_member + self.scale.members):
            for workspace in self.chance.sample(self.workspaces, self.chance.choice((0, 1, 1, 2))):
                role = BuiltIn.STANDARD_ADMIN if self.chance.random() < 0.003 else self.chance.choice(roles)
                yield self._grant(workspace, member, None, role)

    def _grant(self, workspace: int, member: int | None, group: int | None, role: BuiltIn) -> str:
        return line(workspace, member, group, int(role), "manual", self.now, None, "")


COLUMNS = {
    "accounts_user": "id, password, is_superuser, email, name, time_zone, language, is_staff, is_active, date_joined",
    "account_emailaddress": 'user_id, email, verified, "primary"',
    "accounts_outgoingmail": (
        "id, message_uuid, kind, recipient, subject_id, generation, organization_id, asked_by_id, state, attempts,"
        " hand_overs, lapses, queued_at, finished_at, next_attempt_at, reply"
    ),
    "workspaces_member": (
        "id, organization_id, user_id, address, name, role_id, created_at, joined_at, suspended_at, invited_until,"
        " invited_by_id, mail_id"
    ),
    "workspaces_directory": "member_id, organization_id, name, sort_name, address, search_text, since",
    "workspaces_activity": "member_id, organization_id, last_active_at",
    "invitations_invitation": (
        "id, uuid, organization_id, member_id, address, inviter_id, inviter_name, message, generation, created_at,"
        " sent_at, expires_at"
    ),
}
"""Tables in which a person has a row of their own, in the order in which rows refer to each other."""


class _Batch:
    """Some thousand people in all of those tables."""

    def __init__(self, builder: _Builder) -> None:
        self._chance, self._here = builder.chance, builder.organization.pk
        self._lines: dict[str, list[str]] = {table: [] for table in COLUMNS}
        self._first = {table: next_id(table) for table in NUMBERED}
        self._times, self._seen = moments(builder.now - timedelta(days=1)), moments(builder.now)
        self._until = [builder.now + timedelta(hours=hours) for hours in range(-48, 600)]
        owner = Member.objects.filter(pk=builder.first_member).values_list("user_id", flat=True).first()
        self._inviter = owner or self._first["accounts_user"]

    def copy(self, people: Iterable[Person]) -> None:
        for person in people:
            since = next(self._times)
            member = self._next("workspaces_member")
            if person.waits:
                self._invite(person, member, since)
            else:
                self._join(person, member, since)
            self._add(
                "workspaces_directory",
                member, self._here, person.name, person.sort_name, person.address, person.search_text, since,
            )  # fmt: skip
            self._add("workspaces_activity", member, self._here, NEVER if person.waits else next(self._seen))
        for table, lines in self._lines.items():
            copy_lines(table, COLUMNS[table], lines)

    def _join(self, person: Person, member: int, since: str) -> None:
        user = self._next("accounts_user")
        is_blocked, is_suspended = person.number % 997 == 996, person.number % 101 == 100
        self._add(
            "accounts_user",
            user, "!", "f", person.address, person.name, "UTC", "", "f", "f" if is_blocked else "t", since,
        )  # fmt: skip
        self._add("account_emailaddress", user, person.address, "t", "t")
        self._add(
            "workspaces_member",
            member, self._here, user, person.address, "", int(_role(person)), since, since,
            since if is_suspended else None, None, None, None,
        )  # fmt: skip

    def _invite(self, person: Person, member: int, since: str) -> None:
        mail, invitation = self._next("accounts_outgoingmail"), self._next("invitations_invitation")
        state, reply = self._chance.choices(FATES, weights=(96, 3, 1))[0]
        expires = self._chance.choice(self._until)
        self._add(
            "accounts_outgoingmail",
            mail, self._uuid(), "invitation", person.address, invitation, 1, self._here, self._inviter, state, 1, 1, 0,
            since, since, None, reply,
        )  # fmt: skip
        self._add(
            "workspaces_member",
            member, self._here, None, person.address, person.name, int(BuiltIn.MEMBER), since, None, None, expires,
            self._inviter, mail,
        )  # fmt: skip
        self._add(
            "invitations_invitation",
            invitation, self._uuid(), self._here, member, person.address, self._inviter, "", "", 1,
            since, since, expires,
        )  # fmt: skip

    def _add(self, table: str, *values: object) -> None:
        self._lines[table].append(line(*values))

    def _next(self, table: str) -> int:
        """The id of the next row of the table; asked for once per row, before it is added."""
        return self._first[table] + len(self._lines[table])

    def _uuid(self) -> str:
        return f"{self._chance.getrandbits(128):032x}"


FATES = (("sent", "250 2.0.0 taken"), ("failed", "550 5.1.1 no such mailbox"), ("unconfirmed", ""))


def _role(person: Person) -> BuiltIn:
    if person.number <= ADMINS:
        return BuiltIn.ADMIN
    return BuiltIn.GUEST if person.number % 37 == 36 else BuiltIn.MEMBER


def _names(count: int, suffix: str = "") -> list[str]:
    """Names of teams and places, each once."""
    names = [f"{topic} {place}" for place in PLACES for topic in TOPICS]
    numbered = ((names[number % len(names)], number // len(names)) for number in range(count))
    return [f"{name}{suffix} {again + 1}" if again else f"{name}{suffix}" for name, again in numbered]


def _check(scale: Scale) -> None:
    """What was made by hand must look as the product would have made it."""
    rows = Directory.objects.filter(organization__slug=scale.slug)
    assert rows.count() == scale.members
    for row in rows.order_by("pk")[:2000]:
        assert (row.sort_name, row.search_text) == folded(row.name, row.address), row.search_text
