"""The history as pages read it: newest first, keyset by act id, with the names of what it speaks of."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from workspaces.history import KINDS, WORD_LABEL
from workspaces.models import (
    Act,
    Directory,
    Entry,
    Group,
    Label,
    Member,
    MergedMember,
    Organization,
    Resource,
    Role,
    Workspace,
)
from workspaces.names import fold

PAGE = 50
SHOWN = 50
"""Entries listed under an act; larger acts are counted only."""
MATCHES = 1_000
"""Members, groups and workspaces that a search of the history follows."""


@dataclass(frozen=True, slots=True)
class Line:
    """One act with its first entries and the number of all."""

    act: Act
    entries: list[Entry]
    count: int


@dataclass(frozen=True, slots=True)
class Names:
    """What to call users and things: living ones by their present name, gone ones by their label."""

    users: dict[int, str]
    things: dict[tuple[str, int], str]

    def word(self, act: Act) -> str:
        """What a person wrote beside an act."""
        return self.things.get((WORD_LABEL, act.pk), "")

    def thing(self, kind: str, pk: int | None) -> str:
        return self.things.get((kind, pk), "") if pk is not None else ""


def acts_of(organization_id: int, *, before: int | None = None, kinds: Iterable[str] = ()) -> "QuerySet[Act]":
    """Newest first; before: the id of the last act of the page before."""
    acts = Act.objects.filter(organization_id=organization_id).order_by("-pk")
    if before is not None:
        acts = acts.filter(pk__lt=before)
    return acts.filter(kind__in=list(kinds)) if kinds else acts


def kinds_about(thing: str) -> list[str]:
    """Kinds of acts whose entries are about a thing of this kind."""
    return [name for name, kind in KINDS.items() if kind.subject == thing]


def kinds_within(thing: str) -> list[str]:
    """Kinds of acts whose entries happened in a thing of this kind."""
    return [name for name, kind in KINDS.items() if kind.scope == thing]


def newest_acts(
    organization_id: int, about: Iterable[tuple[Iterable[str], Q]], limit: int, *, before: int | None = None
) -> "QuerySet[Act]":
    """The newest acts that have, for one of the pairs, a kind out of it and an entry that it matches. before: as in
    `acts_of`. One query for each pair.

    The entries are read backwards along an index, so it costs what one page of acts holds, however long the history is.
    """
    ids: set[int] = set()
    for kinds, mine in about:
        entries = Entry.objects.filter(mine, act__organization_id=organization_id, act__kind__in=list(kinds))
        if before is not None:
            entries = entries.filter(act_id__lt=before)
        ids.update(entries.order_by("-act_id").values_list("act_id", flat=True).distinct()[:limit])
    return Act.objects.filter(pk__in=sorted(ids, reverse=True)[:limit]).order_by("-pk")


def acts_on_member(organization_id: int, member_id: int, limit: int = 20) -> "QuerySet[Act]":
    """What was done to one member, and to whoever was merged into them."""
    kinds = kinds_about("member")
    former = MergedMember.objects.filter(member_id=member_id).values_list("former_id", flat=True)
    return newest_acts(organization_id, [(kinds, Q(subject_id=pk)) for pk in (member_id, *former)], limit)


def entries_in_workspace(workspace_id: int) -> Q:
    """Entries that are about the workspace, or about somebody or something in it."""
    about = Q(act__kind__in=kinds_about("workspace"), subject_id=workspace_id)
    return about | Q(act__kind__in=kinds_within("workspace"), scope_id=workspace_id)


def acts_in_workspace(
    organization_id: int, workspace_id: int, limit: int, *, before: int | None = None
) -> "QuerySet[Act]":
    about, within = Q(subject_id=workspace_id), Q(scope_id=workspace_id)
    pairs = [(kinds_about("workspace"), about), (kinds_within("workspace"), within)]
    return newest_acts(organization_id, pairs, limit, before=before)


def acts_on_group(organization_id: int, group_id: int, limit: int = 10) -> "QuerySet[Act]":
    """What was done to a group, to who is in it and to what it holds."""
    about, within = Q(subject_id=group_id), Q(scope_id=group_id)
    return newest_acts(organization_id, [(kinds_about("group"), about), (kinds_within("group"), within)], limit)


def acts_on_role(organization_id: int, role_id: int, limit: int = 10) -> "QuerySet[Act]":
    """How a role came about and was edited."""
    return newest_acts(organization_id, [(kinds_about("role"), Q(subject_id=role_id))], limit)


def matching_acts(organization_id: int, text: str) -> Q:
    """Acts that changed something whose name holds the text: living things by name or address, gone ones by label."""
    organization = Organization.objects.get(pk=organization_id)
    pattern = fold(text)
    members = Directory.objects.filter(organization=organization, search_text__contains=pattern)[:MATCHES]
    named: dict[str, list[int]] = {
        "member": list(members.values_list("member_id", flat=True)),
        "group": list(
            Group.objects.filter(organization=organization, sort_name__contains=pattern).values_list("pk", flat=True)
        ),
        "workspace": list(
            Workspace.objects.filter(organization=organization, sort_name__contains=pattern).values_list(
                "pk", flat=True
            )
        ),
    }
    for kind, pk in Label.objects.filter(text__icontains=text, kind__in=named)[:MATCHES].values_list(
        "kind", "object_id"
    ):
        named[kind].append(pk)
    wanted = Q(pk__in=[])
    for thing, ids in named.items():
        subjects, scopes = kinds_about(thing), kinds_within(thing)
        mine = Entry.objects.filter(act=OuterRef("pk"))
        wanted |= Q(Exists(mine.filter(subject_id__in=ids)), kind__in=subjects)
        wanted |= Q(Exists(mine.filter(scope_id__in=ids)), kind__in=scopes)
    return wanted


def lines_of(acts: "QuerySet[Act]", only: Q | None = None) -> list[Line]:
    """The acts with their entries (only: those that match): three queries, whatever they hold."""
    found = list(acts)
    ids = [act.pk for act in found]
    shown = Entry.objects.filter(only or Q())
    counts = dict(shown.filter(act__in=ids).values_list("act").annotate(number=Count("pk")))
    entries: dict[int, list[Entry]] = {}
    small = [pk for pk in ids if counts.get(pk, 0) <= SHOWN]
    for entry in shown.filter(act__in=small).order_by("pk"):
        entries.setdefault(entry.act_id, []).append(entry)
    return [Line(act, entries.get(act.pk, []), counts.get(act.pk, 0)) for act in found]


def names_for(lines: Iterable[Line]) -> Names:
    """Looks all names of the lines up at once."""
    lines = list(lines)
    users = {pk for line in lines for pk in (line.act.actor_id, line.act.on_behalf_of_id) if pk is not None}
    wanted: dict[str, set[int]] = {}
    for line in lines:
        kind = KINDS[line.act.kind]
        for entry in line.entries:
            wanted.setdefault(kind.subject, set()).add(entry.subject_id)
            if kind.scope and entry.scope_id is not None:
                wanted.setdefault(kind.scope, set()).add(entry.scope_id)
    wanted[WORD_LABEL] = {line.act.pk for line in lines}
    things: dict[tuple[str, int], str] = {}
    for label in Label.objects.filter(
        kind__in=wanted, object_id__in=set().union(*wanted.values()) if wanted else set()
    ):
        things[(label.kind, label.object_id)] = label.text
    for pk, name, address in Member.objects.filter(pk__in=wanted.get("member", ())).values_list(
        "pk", "directory__name", "address"
    ):
        things[("member", pk)] = name or address
    plainly = (("group", Group), ("workspace", Workspace), ("role", Role), ("organization", Organization))
    for kind_name, model in plainly:
        rows = model._default_manager.filter(pk__in=wanted.get(kind_name, ())).values_list("pk", "name")
        things |= {(kind_name, pk): name for pk, name in rows}
    for pk, name, kind_name, access in Resource.objects.filter(pk__in=wanted.get("resource", ())).values_list(
        "pk", "name", "kind", "access"
    ):
        things[("resource", pk)] = (
            name if access != Resource.Access.PRIVATE else _("Private %(kind)s") % {"kind": kind_name}
        )
    named = {user.pk: user.display_name for user in User.objects.filter(pk__in=users)}
    gone = Label.objects.filter(kind="user", object_id__in=users - set(named)).values_list("object_id", "text")
    return Names({**dict(gone), **named}, things)
