"""Possible duplicates, and the merge of two members: what moves and what ends is said before it is done."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from config.http import Request, done, go
from workspaces.access import member_of
from workspaces.actions import merging
from workspaces.actions.locking import Locked
from workspaces.forms.members import IntoForm
from workspaces.models import Member
from workspaces.policy import Verb
from workspaces.queries.duplicates import Alike, duplicates_in
from workspaces.queries.people import placements_of
from workspaces.queries.resources import owned_by, suggestions
from workspaces.views.base import OrganizationView
from workspaces.views.member import person
from workspaces.views.resources import say_owned

WHAT = {
    "person": lazy("%(shared)s is a verified address of a member who is here already"),
    "name": lazy("The same name"),
    "mailbox": lazy("The same name before the @: %(shared)s"),
}


class Duplicates(OrganizationView):
    """Members who are probably the same person; each leads to the dialog that merges two."""

    verb = Verb.MERGE

    def get(self, request: Request) -> HttpResponse:
        groups = [self.group(alike) for alike in duplicates_in(self.place.organization)]
        context: dict[str, Any] = {"groups": groups, "members_url": self.url("members")}
        return self.region("members/duplicates.html", context, "members", partial="duplicates")

    def group(self, alike: Alike) -> dict[str, Any]:
        """The first is who stays: who joined, and first of those."""
        kept, *others = alike.members
        return {
            "what": WHAT[alike.what] % {"shared": alike.shared},
            "kept": self.row(kept),
            "others": [{**self.row(other), "merge_url": self.merge_url(other, kept)} for other in others],
        }

    def row(self, member: Member) -> dict[str, Any]:
        return {**person(member), "url": self.url("member", member.pk), "role": member.role.name}

    def merge_url(self, former: Member, kept: Member) -> str:
        """Nobody who joined goes into somebody who waits."""
        if former.joined_at is not None and kept.joined_at is None:
            former, kept = kept, former
        return f"{self.url('member_merge', former.pk)}?into={kept.address}"


class MergeMember(OrganizationView):
    """First into whom, then what it means; a member without the right learns why not."""

    verb = Verb.MERGE

    def get(self, request: Request, member_id: int) -> HttpResponse:
        member = member_of(self.place, member_id)
        if "into" not in request.GET:
            return self.draw(request, member, IntoForm(self.place.organization, member))
        form = IntoForm(self.place.organization, member, request.GET)
        return self.draw(request, member, form, status=200 if form.is_valid() else 422)

    def post(self, request: Request, member_id: int) -> HttpResponse:
        member = member_of(self.place, member_id)
        form = IntoForm(self.place.organization, member, request.POST)
        if not form.is_valid():
            return self.draw(request, member, form, status=422)
        kept = member_of(self.place, form.cleaned_data["into"])
        merging.merge_members(
            actor=self.place.actor,
            organization_id=self.place.organization.pk,
            member_id=member.pk,
            into_id=kept.pk,
        )
        words = {"former": person(member)["address"], "kept": person(kept)["name"]}
        text = _("%(former)s is merged into %(kept)s.") % words
        if request.htmx.current_url_abs_path == self.url("member", member.pk):  # the page of who is gone
            return go(request, self.url("member", kept.pk), text)
        return done(request, text, to=self.url("member", kept.pk), refresh="duplicates:refresh")

    def draw(self, request: Request, member: Member, form: IntoForm, *, status: int = 200) -> HttpResponse:
        kept = member_of(self.place, form.cleaned_data["into"]) if form.is_bound and form.is_valid() else None
        refusal = self.refusal(member, kept) if kept is not None else ""
        context = {
            "person": person(member),
            "kept": person(kept) if kept is not None else None,
            "refusal": refusal,
            "points": self.points(member, kept) if kept is not None and not refusal else [],
            "form": form,
            "people": suggestions(self.place.organization),
            "action_url": request.path,
            "back_url": self.url("duplicates"),
        }
        return self.region("members/merge.html", context, "members", partial="dialog", status=status)

    def refusal(self, member: Member, kept: Member) -> str:
        unlocked = Locked(self.place.organization, self.place.actor, self.place.facts)
        reason = merging.refusal_of(unlocked, merging.Pair(member, kept)).reason
        return "" if reason is None else str(reason.sentence)

    def points(self, member: Member, kept: Member) -> list[str]:
        """What moves, what ends, and what stays."""
        name, placed = person(kept)["name"], placements_of(self.place.organization, member)
        points = []
        if placed.direct:
            count = len(placed.direct)
            text = ngettext(
                "%(name)s gets the role in %(count)s workspace: %(places)s.",
                "%(name)s gets the roles in %(count)s workspaces: %(places)s.",
                count,
            )
            places = ", ".join(f"{path.workspace} ({path.role})" for path in placed.direct)
            points.append(text % {"name": name, "count": count, "places": places})
        if placed.groups:
            text = _("%(name)s joins the groups: %(groups)s.")
            points.append(text % {"name": name, "groups": ", ".join(placed.groups)})
        if member.joined_at is None:
            points.append(_("The link mailed to %(address)s stops working.") % {"address": member.address})
        else:
            points += [*say_owned(owned_by(member.pk)), _("Their open invitations and requests go along.")]
            text = _("The account with %(address)s loses its place here; the account itself stays.")
            points.append(text % {"address": member.address})
        if merging.is_raised(self.place.organization, merging.Pair(member, kept)):
            points.append(_("%(name)s becomes %(role)s.") % {"name": name, "role": member.role.name})
        return [*points, _("The history of both stands on one page. This cannot be undone.")]
