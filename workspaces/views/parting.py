"""Remove all access of a member everywhere; they stay in the organization."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.http import Request, done
from workspaces.access import member_of
from workspaces.actions.parting import remove_access_everywhere
from workspaces.catalogue import Code
from workspaces.forms.access import HandOver
from workspaces.models import Member
from workspaces.plans import Outcome
from workspaces.policy import Verb
from workspaces.queries.effective import Kind, paths_of
from workspaces.queries.explaining import explain
from workspaces.queries.parting import sole_admin_of
from workspaces.queries.people import groups_of_member
from workspaces.queries.roles import Roles, all_roles
from workspaces.queries.workspaces import suggested_admins
from workspaces.views.base import OrganizationView
from workspaces.views.member import person


class RemoveAccess(OrganizationView):
    """All direct grants and group memberships, with what stays, and who takes over where they are the last admin."""

    verb = Verb.REMOVE

    def get(self, request: Request, member_id: int) -> HttpResponse:
        member = member_of(self.place, member_id)
        return self.draw(request, member, self.form(member))

    def post(self, request: Request, member_id: int) -> HttpResponse:
        member = member_of(self.place, member_id)
        form = self.form(member, request.POST)
        if not form.is_valid():
            return self.draw(request, member, form, status=422)
        outcome = remove_access_everywhere(
            actor=self.place.actor,
            organization_id=self.place.organization.pk,
            member_id=member.pk,
            heirs=form.heirs,
        )
        if not outcome.changed:
            outcome.insist()
        return done(request, said(member, outcome), to=self.url("member", member.pk))

    def form(self, member: Member, data: Any = None) -> HandOver:
        orphaned = sole_admin_of(self.place.organization, member)
        return HandOver(self.place.organization, orphaned, member, data)

    def draw(self, request: Request, member: Member, form: HandOver, *, status: int = 200) -> HttpResponse:
        roles = all_roles(self.place.organization)
        context = {
            "person": person(member),
            "points": [*ending(self.place.organization, member, roles)],
            "kept": staying(member, roles),
            "form": form if form.workspaces else None,
            "people": suggested_admins(self.place.organization) if form.workspaces else [],
            "action_url": request.path,
            "back_url": self.url("member", member.pk),
        }
        return self.region("access/remove.html", context, "members", partial="dialog", status=status)


SHOWN = 12


def ending(organization: Any, member: Member, roles: Roles) -> list[str]:
    """What ends, workspace by workspace, and the groups that they leave."""
    paths = [path for path in paths_of(organization, member) if path.kind in (Kind.DIRECT, Kind.GROUP)]
    places = explain(organization, roles, paths, {})
    lines = [
        _("%(role)s in %(workspace)s") % {"role": place.role, "workspace": place.workspace.name} for place in places
    ]
    if len(lines) > SHOWN:
        lines[SHOWN:] = [_("and %(count)s more workspaces") % {"count": len(lines) - SHOWN}]
    groups = groups_of_member(member.pk)
    count = len(groups)
    if groups:
        text = ngettext(
            "They leave %(count)s group: %(names)s.", "They leave %(count)s groups: %(names)s.", len(groups)
        )
        lines.append(text % {"count": count, "names": ", ".join(name for _pk, name in groups)})
    return lines


def staying(member: Member, roles: Roles) -> str:
    """What nobody takes from them this way."""
    if Code.WORKSPACES_ACCESS_ALL in roles.organization[member.role_id].permissions:
        words = {"role": roles.names[member.role_id]}
        return _("As %(role)s of the organization they still open every workspace.") % words
    return _("They stay a member, with what everyone has.")


def said(member: Member, outcome: Outcome) -> str:
    text = _("%(name)s has no access of their own any more.") % {"name": person(member)["name"]}
    kept = sum(outcome.refused.values())
    if not kept:
        return text
    reason = next(iter(outcome.refused)).sentence
    more = ngettext("%(count)s thing stays: %(reason)s", "%(count)s things stay: %(reason)s", kept)
    return _("Removed what was possible.") + " " + more % {"count": kept, "reason": reason}
