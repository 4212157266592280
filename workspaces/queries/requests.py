"""Requests as their approvers and their askers see them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from accounts.models import User
from workspaces.catalogue import Code
from workspaces.models import AccessRequest, Grant, Member, Organization, RequestedPlacement, Resource, Workspace
from workspaces.policy import ActorFacts, Verb, decide
from workspaces.queries.admins import organization_admins, workspace_admins
from workspaces.queries.choices import MOST
from workspaces.queries.facts import group_facts, workspace_facts, workspace_permissions
from workspaces.queries.resources import approach
from workspaces.queries.roles import all_roles

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE = 50
MOST_APPROVERS = 20
"""People who get a mail about one request."""
MADE_MAIL, DECIDED_MAIL = "request.made", "request.decided"

_PRIVATE = Q(resource__access=Resource.Access.PRIVATE)
OPEN = Q(approved_at__isnull=True, declined_at__isnull=True, withdrawn_at__isnull=True)


@dataclass(frozen=True, slots=True)
class RequestPage:
    requests: list[AccessRequest]
    next_before: int | None


def with_places(requests: "QuerySet[AccessRequest]") -> "QuerySet[AccessRequest]":
    """Selects all that a row names: a constant number of queries."""
    about = RequestedPlacement.objects.select_related("workspace", "group", "role", "resource__owner")
    placements = about.order_by("pk")
    return requests.select_related("member__directory", "decided_by").prefetch_related(
        Prefetch("placements", queryset=placements)
    )


def requests_for(
    organization: Organization, facts: ActorFacts, *, is_open: bool, before: int | None = None
) -> RequestPage:
    """Those that the person may decide (or might have), newest first; keyset by id."""
    rows = AccessRequest.objects.filter(_visible(organization, facts), organization=organization)
    rows = rows.filter(OPEN) if is_open else rows.exclude(OPEN)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(with_places(rows.exclude(member=facts.member_id or 0).order_by("-pk"))[: PAGE + 1])
    return RequestPage(found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else None)


def _visible(organization: Organization, facts: ActorFacts) -> Q:
    if facts.holds(Code.MEMBERS_ORG_MANAGE):
        return Q()
    spaces = managed(organization, facts)
    shares = Q(resource__owner=facts.member_id or 0) | (~_PRIVATE & Q(resource__workspace__in=spaces))
    theirs = RequestedPlacement.objects.filter(Q(workspace__in=spaces) | shares, request=OuterRef("pk"))
    return Q(Exists(theirs))


def managed(organization: Organization, facts: ActorFacts) -> list[int]:
    """Workspaces whose members the person manages."""
    held = workspace_permissions(organization, facts)
    return [pk for pk, codes in held.items() if Code.MEMBERS_WORKSPACE_MANAGE in codes]


def may_decide(organization: Organization, facts: ActorFacts, request: AccessRequest) -> bool:
    """Somebody who could give at least one of the things asked for; never the asker."""
    if request.member_id == facts.member_id:
        return False
    if decide(facts, Verb.UPDATE_ROLE):
        return True
    placements = list(request.placements.all())
    spaces = [each.workspace_id for each in placements if each.workspace_id is not None]
    bands = [each.group_id for each in placements if each.group_id is not None]
    here: Mapping[int, object] = {
        pk: workspace
        for pk, workspace in workspace_facts(organization, facts, spaces).items()
        if decide(facts, Verb.ADD_TO_WORKSPACE, workspace=workspace)
    }
    there = {
        pk: group
        for pk, group in group_facts(organization, facts, bands).items()
        if decide(facts, Verb.ADD_TO_GROUP, group=group)
    }
    return bool(here or there) or any(
        (found := approach(organization, facts, each.resource_id)) is not None
        and bool(found.may_share(facts, each.level))
        for each in placements
        if each.resource_id is not None
    )


def open_request(organization: Organization, request_id: int) -> AccessRequest | None:
    return with_places(AccessRequest.objects.filter(OPEN, organization=organization, pk=request_id)).first()


def workspaces_to_ask_for(organization: Organization) -> list[tuple[int, str]]:
    """Shared workspaces by name: what there is to ask for is no secret inside an organization."""
    shared = organization.workspaces.alive().filter(kind=Workspace.Kind.SHARED, archived_at__isnull=True)
    return list(shared.order_by("name").values_list("pk", "name")[:MOST])


def ending_grant(member: Member, grant_id: int) -> Grant | None:
    """The member's own grant that has an end."""
    mine = Grant.objects.filter(member=member, ends_at__isnull=False, workspace__in=Workspace.objects.alive())
    return mine.filter(pk=grant_id).select_related("role", "workspace").first()


def giveable_instead(organization: Organization, facts: ActorFacts, request: AccessRequest) -> list[tuple[int, str]]:
    """Roles from which the approver may choose, where one role is asked for; none for renewals and for several
    things.
    """
    placements = list(request.placements.all())
    if len(placements) != 1 or placements[0].role_id is None or request.kind == AccessRequest.Kind.RENEWAL:
        return []
    [placement] = placements
    roles = all_roles(organization)
    if placement.workspace_id is None:
        held, offered = facts.permissions, roles.organization
    else:
        here = workspace_facts(organization, facts, [placement.workspace_id])[placement.workspace_id]
        held, offered = here.permissions, roles.workspace
    return [(pk, roles.names[pk]) for pk, role in offered.items() if role.permissions <= held]


def my_requests(member: Member, limit: int = 20) -> list[AccessRequest]:
    """The member's own, newest first."""
    return list(with_places(AccessRequest.objects.filter(member=member).order_by("-pk"))[:limit])


def approvers_of(request: AccessRequest) -> list[User]:
    """Who is told of a request: the owners of the resources and the admins of the workspaces that it is about, else
    those of the organization. What is private is its owner's alone to share.
    """
    organization = request.organization
    everybody = Member.objects.filter(organization=organization)
    about = request.placements.all()
    spaces = [
        *about.exclude(workspace=None).values_list("workspace", flat=True),
        *about.exclude(_PRIVATE | Q(resource__workspace=None)).values_list("resource__workspace", flat=True),
    ]
    ids = set(everybody.effective().filter(resources__in=about.values("resource")).values_list("pk", flat=True))
    if spaces:
        direct, through = workspace_admins(organization, everybody, spaces)
        ids |= {*direct.values_list("member", flat=True), *through.values_list("member", flat=True)}
    ids.discard(request.member_id)
    if not ids:
        ids = set(organization_admins(organization).values_list("pk", flat=True)) - {request.member_id}
    users = User.objects.filter(memberships__in=sorted(ids)[:MOST_APPROVERS]).order_by("pk")
    return list(users)


def in_batch(ids: Iterable[int]) -> dict[int, AccessRequest]:
    """By id, with all that a mail about them names."""
    rows = AccessRequest.objects.filter(pk__in=list(ids)).select_related("organization", "member__user")
    return {request.pk: request for request in with_places(rows)}
