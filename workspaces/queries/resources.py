"""Resources as host products registered them: what somebody may do with one, what stands in a workspace, what is whose.

Names of private resources are for their owner and collaborators only; counts are for whoever has to clear them away.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypedDict, cast

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Value, Window
from django.db.models.functions import Coalesce, RowNumber
from django_stubs_ext import WithAnnotations

from workspaces.catalogue import Code
from workspaces.models import Collaborator, Figure, Member, Organization, Resource
from workspaces.models.members import MemberQuerySet
from workspaces.policy import (
    ActorFacts,
    Decision,
    GrantFacts,
    ResourceFacts,
    RoleFacts,
    Verb,
    WorkspaceFacts,
    decide,
)
from workspaces.policy.resources import OnResource, Standing, Vocabulary, on_resource
from workspaces.queries.catalogue import vocabulary_of
from workspaces.queries.directory import by_name
from workspaces.queries.facts import workspace_facts

PAGE = 50
PRIVATE = Resource.Access.PRIVATE


class WithLevel(TypedDict):
    level: str


# --- what somebody may do with one


def with_level(
    resources: "QuerySet[Resource]", member_id: int | None
) -> "QuerySet[WithAnnotations[Resource, WithLevel]]":
    """Annotates the member's own collaboration: "view", "edit", or "" for none."""
    mine = Collaborator.objects.filter(resource=OuterRef("pk"), member=member_id or 0).values("level")
    annotated = resources.annotate(level=Coalesce(Subquery(mine), Value("")))
    return cast("QuerySet[WithAnnotations[Resource, WithLevel]]", annotated)


def rights_on(
    organization: Organization, member_id: int, resource_id: int, held: frozenset[str], *, is_guest: bool = False
) -> OnResource | None:
    """What an active member holds on a resource, and why; None where there is no such resource (its workspace may be
    deleted). held: what they hold in its workspace, or by their organization role where it is in none. Three queries.
    """
    found = with_level(alive(organization), member_id).filter(pk=resource_id).first()
    if found is None:
        return None
    return rights_of(vocabulary_of(organization), found, member_id, held, is_guest=is_guest)


def rights_of(
    vocabulary: Vocabulary,
    resource: "WithAnnotations[Resource, WithLevel]",
    member_id: int | None,
    held: frozenset[str],
    *,
    is_guest: bool,
) -> OnResource:
    """The same for a resource that is at hand."""
    workspace = resource.workspace
    who = Standing(
        held=held,
        is_owner=member_id is not None and resource.owner_id == member_id,
        level=resource.level,
        is_archived=workspace is not None and workspace.archived_at is not None,
        is_guest=is_guest,
    )
    return on_resource(
        vocabulary,
        product=resource.product.name,
        access=resource.access,
        in_workspace=workspace is not None,
        who=who,
    )


def alive(organization: Organization) -> "QuerySet[Resource]":
    """With all that rights are told from; none out of deleted workspaces."""
    resources = Resource.objects.filter(organization=organization, workspace__deleted_at__isnull=True)
    return resources.select_related("workspace", "product", "owner__directory")


@dataclass(frozen=True, slots=True)
class Approach:
    """A resource as somebody comes to it: what they hold around it and on it, and what they may do about it.

    held: in its workspace, or by their organization role where it is in none.
    """

    resource: Resource
    held: WorkspaceFacts
    on: OnResource
    vocabulary: Vocabulary
    facts: ResourceFacts

    def may_share(self, actor: ActorFacts, level: str) -> Decision:
        """Give somebody this level: nobody gives what they do not hold here themselves."""
        gives = RoleFacts(0, self.given(level))
        return decide(actor, Verb.SHARE_RESOURCE, role=gives, workspace=self._around(), resource=self.facts)

    def may_unshare(self, actor: ActorFacts, level: str) -> Decision:
        takes = GrantFacts(self.given(level))
        return decide(actor, Verb.SHARE_RESOURCE, grant=takes, workspace=self._around(), resource=self.facts)

    def may_set(self, actor: ActorFacts, access: str) -> Decision:
        if access == PRIVATE:
            return decide(actor, Verb.MAKE_PRIVATE, workspace=self.held, resource=self.facts)
        return decide(actor, Verb.SHARE_RESOURCE, workspace=self._around(), resource=self.facts)

    def may_transfer(self, actor: ActorFacts, heir_id: int | None = None) -> Decision:
        """heir_id: to whom, where that is known."""
        gives = self.given("edit")
        return decide(
            actor,
            Verb.TRANSFER_RESOURCE,
            role=RoleFacts(0, gives),
            grant=GrantFacts(gives, reaches_actor=heir_id is not None and heir_id == actor.member_id),
            workspace=self._around(),
            resource=self.facts,
        )

    def given(self, level: str) -> frozenset[str]:
        in_workspace = self.resource.workspace_id is not None
        return self.vocabulary.given(self.resource.product.name, level, in_workspace=in_workspace)

    def _around(self) -> WorkspaceFacts:
        return replace(self.held, permissions=self.held.permissions | self.on.permissions)


def approach(organization: Organization, actor: ActorFacts, resource_id: int) -> Approach | None:
    """None for what the actor may not see at all, as for what does not exist. Whoever manages people sees that
    something private exists.
    """
    found = with_level(alive(organization), actor.member_id).filter(pk=resource_id).first()
    if found is None or not actor.is_active:
        return None
    workspace_id = found.workspace_id
    if workspace_id is None:
        held = WorkspaceFacts(actor.permissions)
    else:
        held = workspace_facts(organization, actor, [workspace_id])[workspace_id]
    vocabulary = vocabulary_of(organization)
    on = rights_of(vocabulary, found, actor.member_id, held.permissions, is_guest=actor.is_guest)
    if not on.reaches and not Viewer(actor, held.permissions).manages:
        return None
    is_private = found.access == PRIVATE
    facts = ResourceFacts(found.owner_id == actor.member_id, is_private, is_orphan=found.owner_id is None)
    return Approach(found, held, on, vocabulary, facts)


# --- what stands in a workspace, or in the organization as a whole


@dataclass(frozen=True, slots=True)
class Seen:
    """A resource for one pair of eyes. name is "" where it is private to others."""

    resource: Resource
    name: str
    on: OnResource


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks, with what they hold where they look."""

    facts: ActorFacts
    held: frozenset[str]

    @property
    def manages(self) -> bool:
        return Code.MEMBERS_WORKSPACE_MANAGE in self.held or self.facts.holds(Code.MEMBERS_ORG_MANAGE)


def viewer_in(facts: ActorFacts, workspace: WorkspaceFacts | None) -> Viewer:
    return Viewer(facts, facts.permissions if workspace is None else workspace.permissions)


def visible(resources: "QuerySet[Resource]", viewer: Viewer) -> "QuerySet[Resource]":
    """Without what is private to others; whoever manages people sees that it exists, of which kind, and whose it is."""
    return resources if viewer.manages else resources.filter(~Q(access=PRIVATE) | _own(viewer.facts.member_id))


def _own(member_id: int | None) -> Q:
    mine = Collaborator.objects.filter(member=member_id or 0).values("resource")
    return Q(owner=member_id or 0) | Q(pk__in=mine)


def seen_by(
    organization: Organization, resources: "QuerySet[Resource]", viewer: Viewer, vocabulary: Vocabulary | None = None
) -> list[Seen]:
    """Each with the viewer's rights on it."""
    vocabulary = vocabulary or vocabulary_of(organization)
    member_id, is_guest = viewer.facts.member_id, viewer.facts.is_guest
    seen = []
    for resource in with_level(resources, member_id):
        on = rights_of(vocabulary, resource, member_id, viewer.held, is_guest=is_guest)
        seen.append(Seen(resource, resource.name if on.reaches else "", on))
    return seen


def may_open(vocabulary: Vocabulary, seen: Seen) -> bool:
    """Is the way to the product for them? They need a permission that the product enforces; where none is known,
    reaching the resource is enough.
    """
    if not seen.on.reaches:
        return False
    product, in_workspace = seen.resource.product.name, seen.resource.workspace_id is not None
    enforced = {permission.code for permission in vocabulary.enforced(product, in_workspace=in_workspace)}
    return not enforced or bool(enforced & seen.on.permissions)


def page_of(
    resources: "QuerySet[Resource]", *, kind: str = "", search: str = "", after: tuple[str, str, int] | None = None
) -> "QuerySet[Resource]":
    """By kind and name, one more than a page; after: kind, name and id of the last one of the page before."""
    if kind:
        resources = resources.filter(kind=kind)
    if search:
        resources = resources.filter(Q(name__icontains=search) | Q(external_id=search))
    if after is not None:
        last_kind, name, pk = after
        same = Q(kind=last_kind)
        later = Q(kind__gt=last_kind) | (same & Q(name__gt=name)) | (same & Q(name=name, pk__gt=pk))
        resources = resources.filter(later)
    return resources.order_by("kind", "name", "pk")[: PAGE + 1]


def shared_with(organization: Organization, member_id: int) -> "QuerySet[Resource]":
    """What somebody was asked in to; guests reach nothing else."""
    mine = Collaborator.objects.filter(member=member_id).values("resource")
    return alive(organization).filter(pk__in=mine).order_by("name", "pk")


def collaborators_of(resource: Resource) -> "QuerySet[Collaborator]":
    rows = Collaborator.objects.filter(resource=resource).select_related("member__directory", "member__role")
    return rows.order_by("member__directory__sort_name", "pk")


# --- how many of what


@dataclass(frozen=True, slots=True)
class KindCount:
    """How many of one kind: registered one by one, and beyond them only counted by a product."""

    kind: str
    registered: int
    reported: int
    url: str = ""

    @property
    def count(self) -> int:
        return self.registered + self.reported


def counts_of(resources: "QuerySet[Resource]", reported: Iterable[Figure] = ()) -> list[KindCount]:
    """By kind, largest first."""
    registered = dict(resources.order_by().values_list("kind").annotate(number=Count("pk")))
    further: Counter[str] = Counter()
    urls: dict[str, str] = {}
    for figure in reported:
        further[figure.code] += int(figure.value or 0)
        urls.setdefault(figure.code, figure.url)
    kinds = [kind for kind in {**registered, **further} if registered.get(kind, 0) + further[kind]]
    counts = [KindCount(kind, registered.get(kind, 0), further[kind], urls.get(kind, "")) for kind in kinds]
    return sorted(counts, key=lambda each: (-each.count, each.kind))


def reported_counts(workspace_id: int) -> "QuerySet[Figure]":
    return Figure.objects.filter(workspace=workspace_id, kind=Figure.Kind.COUNT).order_by("code")


def blocking_resources(workspace_id: int) -> list[KindCount]:
    """What stands against deleting a workspace; reported counts included, private resources too. Two queries."""
    return counts_of(Resource.objects.filter(workspace=workspace_id), reported_counts(workspace_id))


def say_counts(counts: Iterable[KindCount]) -> str:
    """ "project (3), data set (5)"."""
    return ", ".join(f"{each.kind} ({intcomma(each.count)})" for each in counts)


# --- what is whose


@dataclass(frozen=True, slots=True)
class Owned:
    """What somebody owns of one kind: how many, and the first names."""

    kind: str
    count: int
    names: Sequence[str]


SHOWN = 3


def owned_by(owners: int | MemberQuerySet, workspace_id: int | None = None) -> list[Owned]:
    """What removing a member (an id) or several leaves without an owner; in one workspace, or everywhere. By kind,
    largest first. Two queries, however many they are.
    """
    resources = Resource.objects.filter(owner=owners) if isinstance(owners, int) else of_owners(owners)
    if workspace_id is not None:
        resources = resources.filter(workspace=workspace_id)
    counts = dict(resources.order_by().values_list("kind").annotate(number=Count("pk")))
    order = Window(RowNumber(), partition_by=F("kind"), order_by=("name", "pk"))
    named = resources.exclude(access=PRIVATE).annotate(place=order).filter(place__lte=SHOWN)
    names: dict[str, list[str]] = {}
    for kind, name in named.order_by("kind", "place").values_list("kind", "name"):
        names.setdefault(kind, []).append(name)
    largest = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return [Owned(kind, number, names.get(kind, [])) for kind, number in largest]


def of_owners(owners: MemberQuerySet) -> "QuerySet[Resource]":
    return Resource.objects.filter(owner__in=owners.order_by().values("pk"))


def suggestions(organization: Organization, limit: int = 200) -> list[tuple[str, str]]:
    """Addresses and names of active members, for a list to choose from."""
    members = by_name(organization, Member.objects.filter(organization=organization).effective())
    return list(members.values_list("address", "directory__name")[:limit])


# --- drives and figures


def drives_in(organization: Organization, workspace_id: int | None) -> list[tuple[int, str]]:
    """Drives that can be the default: those of the workspace, then the organization's own."""
    own = Resource.objects.filter(organization=organization, kind="drive", workspace__isnull=True)
    there = Resource.objects.filter(organization=organization, kind="drive", workspace=workspace_id or 0)
    wanted = (there if workspace_id is not None else own.none()).exclude(access=PRIVATE)
    rows = [*wanted.order_by("name", "pk"), *own.exclude(access=PRIVATE).order_by("name", "pk")]
    return [(drive.pk, drive.name) for drive in rows]


def figures_of(organization: Organization, kind: str, workspace_id: int | None = None) -> list[Figure]:
    """Reported figures of one kind, of the organization as a whole or of one workspace."""
    figures = Figure.objects.filter(organization=organization, kind=kind, workspace=workspace_id)
    return list(figures.select_related("product").order_by("product__name", "label"))


def entitlements_of(organization: Organization) -> list[Figure]:
    """What membership brings along from host products: subscription features, shared units (I29). With source and
    time; the products enforce it.
    """
    return figures_of(organization, Figure.Kind.ENTITLEMENT)
