"""Everybody who was ever asked in, and the whole story of one invitation.

Whoever may invite into the organization sees all of them; a workspace's admin whom the policy lets invite sees those
that they asked themselves.
"""

from collections.abc import Collection
from typing import Any

from django.http import Http404, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.outbox import gates
from config.http import Request, page
from invitations.filters import InvitationFilterForm, InvitationQuery, active_pairs, chips
from invitations.models import Invitation
from invitations.policy import State
from invitations.queries.invitations import Offer, abilities, offers, state_of
from invitations.queries.stories import Page, Story, page_of, reminders_of, story_of, waiting_members
from invitations.tables import InvitationPresenter, answered_at, asked_by, is_waiting, mail_lines, state_pill
from workspaces import bulk
from workspaces.actions.locking import insist
from workspaces.catalogue import invite_label
from workspaces.filters import Query, with_query
from workspaces.models.members import MemberQuerySet
from workspaces.policy import Verb, decide
from workspaces.queries.choices import may_invite
from workspaces.queries.roles import all_roles
from workspaces.queries.waiting import waiting_of
from workspaces.views.base import OrganizationView
from workspaces.views.bulk import BulkApply, BulkPreview, BulkView
from workspaces.views.history import history_lines
from workspaces.views.paging import capped, extent

BULK = ("resend", "revoke")


class InvitationsView(OrganizationView):
    """For whoever may invite anybody."""

    def insist_on_entry(self) -> None:
        if not may_invite(self.place.organization, self.place.facts):
            insist(decide(self.place.facts, Verb.INVITE))

    @property
    def only_own(self) -> bool:
        return not decide(self.place.facts, Verb.INVITE)

    def query(self, given: QueryDict) -> InvitationQuery:
        return InvitationQuery.read(given, user_id=self.place.actor.user_id, only_own=self.only_own)

    def presenter(self, waiting_ids: Collection[int] = ()) -> InvitationPresenter:
        organization = self.place.organization
        waiting = waiting_of(organization, waiting_ids, timezone.now())
        return InvitationPresenter(organization.slug, self.place.facts, all_roles(organization), waiting)


class Invitations(InvitationsView):
    def get(self, request: Request) -> HttpResponse:
        given, base_url = request.GET, self.url("invitations")
        query = self.query(given)
        found = page_of(self.place.organization, query.filters, query.cursor)
        waiting_ids = [row.member_id for row in found.rows if row.member_id]
        rows = self.presenter(waiting_ids).present(found.rows, found.mails, timezone.now())
        context = {
            "table": {
                "base_url": base_url,
                "url": with_query(base_url, given, page=given.get("page")),
                "query": given.urlencode(),
                "count": count_text(query, found),
                "total": "",
                "moving": any(row.moving for row in rows),
                "rows": rows,
            },
            "search": query.filters.search,
            "only_own": self.only_own,
            "filters": {
                "chips": chips(query, given, base_url),
                "url": with_query(self.url("invitation_filters"), given),
                "active": active_pairs(given),
            },
            "pager": {
                "text": extent(len(found.rows), found.count, first=None if query.cursor else 1),
                "first_url": with_query(base_url, given) if query.cursor else "",
                "next_url": with_query(base_url, given, page=found.next.encode()) if found.next else "",
            },
            "bulk_actions": self.acts_in_bulk(),
            "invite_label": invite_label(self.place.organization.scheme),
            "invite_url": reverse("invite", args=[self.place.organization.slug]),
            "links_url": self.url("links"),
        }
        return self.region("invitations/page.html", context, "invitations", partial="invitations")

    def acts_in_bulk(self) -> list[dict[str, Any]]:
        return [
            {
                "label": action.label,
                "icon": action.icon,
                "danger": action.danger,
                "url": self.url("invitations_bulk", action.name),
            }
            for action in bulk.offered(self.place)
            if action.name in BULK
        ]


class InvitationFilters(InvitationsView):
    """The filter panel: a dialog, and a page of its own without JavaScript."""

    def get(self, request: Request) -> HttpResponse:
        context = self.context(
            "invitations",
            form=InvitationFilterForm(request.GET),
            kept=[("q", value) for value in request.GET.getlist("q")],
            base_url=self.url("invitations"),
            back_url=with_query(self.url("invitations"), request.GET),
            clear_url=self.url("invitations"),
            region="invitations",
            title=_("Filter invitations"),
        )
        return page(request, "ui/filter.html", context, partial="dialog")


class InvitationStory(InvitationsView):
    """One invitation from the first asking to its answer, with every mail and what became of it."""

    def get(self, request: Request, invitation_id: int) -> HttpResponse:
        own = self.place.actor.user_id if self.only_own else None
        story = story_of(self.place.organization, invitation_id, own)
        if story is None:
            raise Http404
        context = {
            **self.story(story),
            "acts": self.presenter().all_acts(story.invitation),
            "mails": mail_lines(story.mails, story.invitation.now, gates.read()),
            "more_mails": story.more_mails,
            "acts_log": history_lines(story.acts),
            "invitations_url": self.url("invitations"),
        }
        return self.region("invitations/story.html", context, "invitations", partial="story")

    def fresh_url(self, invitation: Invitation) -> str:
        """Where one click sends the fresh link that its holder asked for; "" without the right to it."""
        return self.url("member_resend", invitation.member_id) if decide(self.place.facts, Verb.RESEND) else ""

    def story(self, story: Story) -> dict[str, Any]:
        invitation = story.invitation
        waits = is_waiting(invitation)
        offer = offers([invitation.pk]).get(invitation.pk, Offer()) if waits else None
        return {
            "invitation": invitation,
            "name": invitation.member.directory.name if invitation.member else "",
            "pill": state_pill(invitation),
            "is_pending": state_of(invitation) is State.PENDING,
            "asked_by": asked_by(invitation),
            "answered_at": answered_at(invitation),
            "offer": offer,
            "abilities": abilities(invitation) if waits else [],
            "fresh_asked_at": invitation.fresh_asked_at if waits else None,
            "fresh_url": self.fresh_url(invitation) if waits else "",
            **reminders_of(invitation, self.place.organization),
            "person_url": self.url("member", invitation.member_id) if invitation.member_id else "",
        }


class InvitationsBulk(InvitationsView, BulkView):
    """Resending and revoking from the list: everything that matches are those who wait of what the list shows."""

    def action(self, name: str) -> bulk.BulkAction:
        if name not in BULK:
            raise Http404
        return super().action(name)

    def addresses(self, action: bulk.BulkAction) -> dict[str, str]:
        return {
            "preview_url": self.url("invitations_bulk", action.name),
            "action_url": self.url("invitations_bulk_apply", action.name),
            "back_url": self.url("invitations"),
        }

    def matching(self, query: Query) -> MemberQuerySet:
        given = self.query(QueryDict(self.request.POST.get("query", "")))
        return waiting_members(self.place.organization, given.filters)


class InvitationsBulkPreview(InvitationsBulk, BulkPreview):
    pass


class InvitationsBulkApply(InvitationsBulk, BulkApply):
    pass


def count_text(query: InvitationQuery, found: Page) -> str:
    """ "1,284", "1,284 matching", "10,000+"."""
    number = capped(found.count)
    return _("%(count)s matching") % {"count": number} if query.is_narrowed else number
