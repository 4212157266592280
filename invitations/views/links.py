"""Invite links for whoever may invite: the list, a new one, and the page of each with who joined by it."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.http import Request, confirm_in_new_tab, go, page
from config.refusals import Refusal
from invitations.actions import links
from invitations.forms.joining import LinkForm
from invitations.queries.links import Clocked, State, gift_of, links_of, state_of, uses_of
from invitations.views.inviting import InvitingView
from invitations.views.newcomers import who_came
from workspaces.policy import Verb, decide
from workspaces.reasons import Reason

SHOWN = links.MOST_LINKS + 50
"""All that may still open, and the last ones that were ended."""
ICONS = {State.LIVING: "circle-check", State.REVOKED: "ban", State.EXPIRED: "clock-x", State.USED_UP: "circle-x"}


class LinksView(InvitingView):
    """Whoever invites into the organization sees all links; a workspace's admin the own ones."""

    def mine(self) -> int | None:
        return None if decide(self.place.facts, Verb.INVITE) else self.place.actor.user_id

    def found(self, link_id: int) -> Clocked:
        link = links_of(self.place.organization, made_by=self.mine()).filter(pk=link_id).first()
        if link is None:
            raise Http404
        return link

    def what(self, link_id: int) -> dict[str, Any]:
        """For actions; Http404 for links that are not shown to them."""
        link = self.found(link_id)
        return {"actor": self.place.actor, "organization_id": self.place.organization.pk, "link_id": link.pk}


class Links(LinksView):
    def get(self, request: Request) -> HttpResponse:
        found = links_of(self.place.organization, made_by=self.mine())[:SHOWN]
        rows = sorted((self.row(each) for each in found), key=lambda row: row["rank"])
        context = self.context(
            "invitations",
            rows=rows,
            new_url=self.url("link_new"),
            back_url=self.url("invitations"),
        )
        return page(request, "links/page.html", context)

    def row(self, link: Clocked) -> dict[str, Any]:
        state = state_of(link)
        return {
            "name": link.name,
            "url": self.url("link", link.pk),
            "state": pill(state),
            "rank": state is not State.LIVING,
            "role": link.role.label,
            "by": link.created_by.display_name if link.created_by else "",
            "uses": said_uses(link),
            "expires_at": link.expires_at,
            "domain": link.allowed_domain,
        }


def pill(state: State) -> dict[str, str]:
    words = {
        State.LIVING: _("Can be used"),
        State.REVOKED: _("Ended"),
        State.EXPIRED: _("Expired"),
        State.USED_UP: _("Used up"),
    }
    return {"word": words[state], "icon": ICONS[state], "tone": "ok" if state is State.LIVING else "quiet"}


def said_uses(link: Clocked) -> str:
    used = ngettext("%(count)s joined", "%(count)s joined", link.uses) % {"count": intcomma(link.uses)}
    if link.most_uses is None:
        return used
    left = max(0, link.most_uses - link.uses)
    return f"{used}, {ngettext('%(count)s use left', '%(count)s uses left', left) % {'count': intcomma(left)}}"


class NewLink(LinksView):
    def get(self, request: Request) -> HttpResponse:
        return self.draw(request, LinkForm(self.place))

    def post(self, request: Request) -> HttpResponse:
        form = LinkForm(self.place, request.POST)
        if not form.is_valid():
            return self.draw(request, form, status=422)
        days = form.cleaned_data["expires"]
        try:
            link = links.create_link(
                actor=self.place.actor,
                organization_id=self.place.organization.pk,
                name=form.cleaned_data["name"],
                ask=form.ask(),
                expires_at=timezone.now() + timedelta(days=days) if days else None,
                most_uses=form.cleaned_data["most_uses"],
                allowed_domain=form.cleaned_data["allowed_domain"],
            )
        except ValidationError as error:
            form.add_error("name", error)
            return self.draw(request, form, status=422)
        except Refusal as refusal:
            return self.refused(request, form, refusal)
        return go(request, self.url("link", link.pk), _("The link is made. Show its address to copy it."))

    def refused(self, request: Request, form: LinkForm, refusal: Refusal) -> HttpResponse:
        field = {"no_domain": "allowed_domain", "uses": "most_uses"}.get(refusal.code)
        if refusal.code == Reason.CONFIRM:
            text = _("Giving this role needs a fresh proof that it is you. {}, then make the link.")
            form.add_error("role", confirm_in_new_tab(text, after=self.url("links")))
            return self.draw(request, form, status=403)
        form.add_error(field, str(refusal.sentence))
        return self.draw(request, form, status=refusal.status)

    def draw(self, request: Request, form: LinkForm, *, status: int = 200) -> HttpResponse:
        context = self.context(
            "invitations",
            form=form,
            workspace_fields=form.workspace_fields(),
            action_url=request.path,
            back_url=self.url("links"),
        )
        return page(request, "links/new.html", context, status=status)


class Link(LinksView):
    """Its settings and who joined by it; never its address, which has to be asked for."""

    def get(self, request: Request, link_id: int) -> HttpResponse:
        return self.draw(request, self.found(link_id))

    def draw(self, request: Request, link: Clocked, *, token: str = "") -> HttpResponse:
        state, gift = state_of(link), gift_of(link)
        by = link.created_by.display_name if link.created_by else _("somebody who left")
        context = self.context(
            "invitations",
            link={
                "name": link.name,
                "state": pill(state),
                "role": gift.role,
                "places": [f"{role}, {workspace}" for role, workspace in gift.workspaces],
                "groups": gift.groups,
                "uses": said_uses(link),
                "expires_at": link.expires_at,
                "domain": link.allowed_domain,
                "by": by,
                "created_at": link.created_at,
            },
            address=settings.PUBLIC_URL + reverse("invite_link", args=[token]) if token else "",
            show_url=self.url("link_show", link.pk) if state is State.LIVING and not token else "",
            rotate_url=self.url("link_rotate", link.pk) if state is not State.REVOKED else "",
            revoke_url=self.url("link_revoke", link.pk) if state is not State.REVOKED else "",
            **who_came(self, uses_of(link), self.url("link", link.pk)),
            back_url=self.url("links"),
        )
        return page(request, "links/link.html", context)


class ShowLink(Link):
    """By POST: that somebody looked at the address stands in the history. It stands in this one answer only."""

    http_method_names = ("post", "options")

    def post(self, request: Request, link_id: int) -> HttpResponse:
        token = links.show_link(**self.what(link_id))
        return self.draw(request, self.found(link_id), token=token)


class RotateLink(Link):
    http_method_names = ("post", "options")

    def post(self, request: Request, link_id: int) -> HttpResponse:
        token = links.rotate_link(**self.what(link_id))
        link = self.found(link_id)
        return self.draw(request, link, token=token if state_of(link) is State.LIVING else "")


class RevokeLink(LinksView):
    """Asks first: nothing brings an ended link back."""

    def get(self, request: Request, link_id: int) -> HttpResponse:
        link = self.found(link_id)
        context = {
            "name": link.name,
            "came": uses_of(link).count(),
            "ended": state_of(link) is State.REVOKED,
            "action_url": self.url("link_revoke", link_id),
            "back_url": self.url("link", link_id),
        }
        return self.region("links/end.html", context, "invitations", partial="dialog")

    def post(self, request: Request, link_id: int) -> HttpResponse:
        links.revoke_link(**self.what(link_id))
        said = _("The link is ended: its address opens nothing any more. Whoever joined stays.")
        return go(request, self.url("link", link_id), said)
