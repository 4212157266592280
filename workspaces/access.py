"""Fetch or 404 for this actor: what does not exist for them is answered alike, whether it exists or not (ACCEPTANCE
P3).
"""

from django.http import Http404
from django.utils import timezone

from accounts.access import actor_of
from accounts.actors import is_fresh
from config.http import Request
from workspaces.catalogue import Code
from workspaces.models import Member, Organization, Workspace
from workspaces.place import Inside, Place
from workspaces.policy import Verb, decide
from workspaces.queries.facts import facts_of_actor, facts_of_workspaces, with_rights


class SuspendedHere(Exception):
    """The person is a member, but suspended: they get a page of their own."""

    def __init__(self, organization: Organization) -> None:
        super().__init__(organization.name)
        self.organization = organization


def enter(request: Request, slug: str) -> Place:
    """The organization for a joined member, in one query. Raises Http404 for everybody else, SuspendedHere for a
    suspended member.
    """
    member = (
        with_rights(Member.objects.filter(organization__slug=slug, user_id=request.user.pk, joined_at__isnull=False))
        .select_related("organization", "role", "activity")
        .first()
    )
    if member is None:
        raise Http404
    if member.suspended_at is not None:
        raise SuspendedHere(member.organization)
    member.user = request.user  # the same row: no need to read it again
    actor = actor_of(request)
    fresh = is_fresh(actor.authenticated_at, timezone.now())
    facts = facts_of_actor(member, member.organization, fresh=fresh)
    return Place(member.organization, member, actor, facts)


def enter_workspace(place: Place, slug: str, *, managing: bool = False) -> Inside:
    """The workspace for whoever may see it. Raises Http404 for everybody else, as for unknown and deleted ones.

    managing: also for whoever manages all workspaces without opening them.
    """
    workspace = Workspace.objects.alive().filter(organization=place.organization, slug=slug).first()
    if workspace is None:
        raise Http404
    facts = facts_of_workspaces(place.organization, place.facts, [workspace])[workspace.pk]
    manages = managing and place.facts.holds(Code.WORKSPACES_MANAGE)
    if not manages and not decide(place.facts, Verb.VIEW_WORKSPACE, workspace=facts):
        raise Http404
    return Inside(workspace, facts)


WITH_MEMBER = ("user", "role", "directory", "activity", "mail", "invited_by")


def member_of(place: Place, member_id: int) -> Member:
    """Raises Http404 for ids of other organizations as for unknown ones."""
    member = place.organization.members.filter(pk=member_id).select_related(*WITH_MEMBER).first()
    if member is None:
        raise Http404
    return member
