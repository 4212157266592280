"""Where an administrator begins: how many, what waits, what deserves a look. Every figure leads to its list."""

from collections.abc import Iterator
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.http import Request, done, page
from config.ui.people import hue, initials
from workspaces.access import member_of
from workspaces.actions import hygiene
from workspaces.catalogue import BuiltIn, invite_label, top_role
from workspaces.forms.overview import Instead
from workspaces.models import Member
from workspaces.policy import Verb, decide
from workspaces.queries import overview
from workspaces.queries.choices import giveable_places, may_invite
from workspaces.queries.seats import seats_of
from workspaces.views.base import OrganizationView
from workspaces.views.member import person

WIDTH = 640
"""Of the bar of states, in its own units."""
SHOWN = 5
"""Workspaces that hints of one kind name."""


class Overview(OrganizationView):
    verb = Verb.VIEW_OVERVIEW

    def get(self, request: Request) -> HttpResponse:
        organization = self.place.organization
        states = overview.states_of(organization)
        admins = overview.admins_of(organization)
        context = self.context(
            "overview",
            organization={"name": organization.name},
            total=intcomma(states.total),
            states=self.states(states),
            figures=self.figures(states, admins),
            admins=[
                {
                    "name": name,
                    "initials": initials(name),
                    "hue": hue(pk),
                    "url": self.url("member", pk),
                    "instead_url": self.url("member_instead", pk)
                    if admins.count > overview.FEW and pk != organization.owner_id
                    else "",
                }
                for pk, name in admins.named
            ],
            admins_more=max(0, admins.count - len(admins.named)),
            admins_url=f"{self.url('members')}?role={BuiltIn.ADMIN}",
            hints=self.hints(admins),
            duplicates_url=self.url("duplicates") if decide(self.place.facts, Verb.MERGE) else "",
            invite_url=reverse("invite", args=[organization.slug])
            if may_invite(organization, self.place.facts)
            else "",
            invite_label=invite_label(organization.scheme),
        )
        return page(request, "overview/page.html", context)

    def states(self, states: overview.States) -> list[dict[str, Any]]:
        """The parts of the bar, from left to right; each is at least visible."""
        words = {
            "joined": (_("Joined"), "ok"),
            "invited": (_("Invited"), "invited"),
            "expired": (_("Expired"), "warn"),
            "declined": (_("Declined"), "bad"),
            "suspended": (_("Suspended"), "plain"),
        }
        parts, left = [], 0
        for state, (label, tone) in words.items():
            count = getattr(states, state)
            width = max(4, round(WIDTH * count / states.total)) if count else 0
            url = f"{self.url('members')}?state={state}"
            number = intcomma(count)
            parts.append({"label": label, "tone": tone, "count": number, "x": left, "width": width, "url": url})
            left += width
        return parts

    def figures(self, states: overview.States, admins: overview.Admins) -> list[dict[str, Any]]:
        members, organization = self.url("members"), self.place.organization
        stale = overview.stale_members(organization)
        failing = overview.failing_mails(organization)
        seats = seats_of(organization)
        free = []
        if seats is not None:
            label = _("Free seats of %(limit)s") % {"limit": intcomma(seats.limit)}
            free = [_figure(label, seats.free, members, "id-badge-2", "" if seats.free else "bad")]
        return [
            *free,
            _figure(_("Pending invitations"), states.invited, f"{members}?state=invited", "mail"),
            _figure(_("Mails that failed"), failing, f"{members}?state=invited", "mail-x", "bad" if failing else ""),
            _figure(_("Admins"), admins.count, f"{members}?role={BuiltIn.ADMIN}", "shield"),
            _figure(_("Away for 90 days"), stale, f"{members}?active=-90&state=joined", "clock"),
            _figure(_("Open requests"), overview.open_requests(organization), self.url("requests"), "hand-stop"),
        ]

    def hints(self, admins: overview.Admins) -> list[dict[str, str]]:
        """What deserves a look, the gravest first; empty when all is well."""
        return [*self._about_admins(admins), *self._about_workspaces(), *self._about_time()]

    def _about_admins(self, admins: overview.Admins) -> Iterator[dict[str, str]]:
        url = f"{self.url('members')}?role={BuiltIn.ADMIN}"
        if admins.unprotected:
            text = ngettext(
                "%(count)s Admin signs in without a second factor.",
                "%(count)s Admins sign in without a second factor.",
                admins.unprotected,
            )
            sentence = text % {"count": intcomma(admins.unprotected)}
            yield _hint("shield-x", sentence, f"{url}&two_factor=off", _("See who"))
        if admins.count > overview.FEW:
            text = _("%(count)s Admins are many. Make some of them admin of their workspace instead.")
            yield _hint("users", text % {"count": intcomma(admins.count)}, url, _("Look at them"))

    def _about_workspaces(self) -> Iterator[dict[str, str]]:
        organization = self.place.organization
        for slug, name in overview.single_admin_workspaces(organization)[:SHOWN]:
            sentence = _("%(name)s has only one admin.") % {"name": name}
            yield _hint("stack-2", sentence, self.url("workspace", slug), _("Look at it"))
        for slug, name, role in overview.wide_grants(organization)[:SHOWN]:
            sentence = _("Everyone is %(role)s in %(name)s.") % {"role": role, "name": name}
            yield _hint("world", sentence, self.url("workspace", slug), _("Look at it"))

    def _about_time(self) -> Iterator[dict[str, str]]:
        organization = self.place.organization
        if old := overview.old_invitations(organization):
            text = ngettext(
                "%(count)s invitation is older than two weeks. Resend or revoke it.",
                "%(count)s invitations are older than two weeks. Resend or revoke them.",
                old,
            )
            url = f"{self.url('members')}?state=invited&state=expired&sort=added"
            yield _hint("hourglass-empty", text % {"count": intcomma(old)}, url, _("Look at them"))
        if ending := overview.ending_grants(organization):
            text = ngettext("%(count)s access ends within a week.", "%(count)s accesses end within a week.", ending)
            sentence = text % {"count": intcomma(ending)}
            yield _hint("calendar-time", sentence, self.url("workspaces"), _("Look at workspaces"))


def _figure(label: str, count: int, url: str, icon: str, tone: str = "") -> dict[str, Any]:
    return {"label": label, "count": intcomma(count), "url": url, "icon": icon, "tone": tone}


def _hint(icon: str, sentence: str, url: str, label: str) -> dict[str, str]:
    return {"icon": icon, "sentence": sentence, "url": url, "label": label}


class MakeWorkspaceAdmin(OrganizationView):
    """Instead of an Admin of everything, an admin of one workspace: offered where Admins are many."""

    verb = Verb.UPDATE_ROLE

    def get(self, request: Request, member_id: int) -> HttpResponse:
        return self.draw(request, member_of(self.place, member_id), Instead(self.choices()))

    def post(self, request: Request, member_id: int) -> HttpResponse:
        member = member_of(self.place, member_id)
        form = Instead(self.choices(), request.POST)
        if not form.is_valid():
            return self.draw(request, member, form, status=422)
        hygiene.make_workspace_admin(
            actor=self.place.actor,
            organization_id=self.place.organization.pk,
            member_id=member.pk,
            workspace_id=form.cleaned_data["workspace"],
        )
        words = {"name": person(member)["name"], "workspace": dict(self.choices())[form.cleaned_data["workspace"]]}
        text = _("%(name)s is a Member now, and admin of %(workspace)s.") % words
        return done(request, text, to=self.url("members"))

    def choices(self) -> list[tuple[int, str]]:
        workspaces, _roles = giveable_places(self.place.organization, self.place.facts)
        return workspaces

    def draw(self, request: Request, member: Member, form: Instead, *, status: int = 200) -> HttpResponse:
        context = {
            "person": person(member),
            "form": form,
            "role": top_role(self.place.organization.scheme).label,
            "action_url": request.path,
            "back_url": self.url("members"),
        }
        return self.region("overview/instead.html", context, "members", partial="dialog", status=status)
