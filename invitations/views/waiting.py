"""Acts on members that concern their invitation: edit (role, and the address of somebody waiting), resend."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from config.http import Request, done, page
from config.refusals import Refusal
from invitations.actions import keeping
from invitations.forms import EditMemberForm
from workspaces.access import member_of
from workspaces.models import Member
from workspaces.plans import Outcome, Proposal
from workspaces.policy import Verb
from workspaces.queries.choices import giveable_roles
from workspaces.queries.members import found_member
from workspaces.selections import Chosen
from workspaces.tables import pill_of
from workspaces.views.base import OrganizationView
from workspaces.views.member import MemberAct, person


class EditMember(OrganizationView):
    """The organization role of a member; of a waiting one also the address."""

    verb = Verb.VIEW_MEMBERS

    def get(self, request: Request, member_id: int) -> HttpResponse:
        member = member_of(self.place, member_id)
        initial = {"role": member.role_id, "address": member.address}
        return self.draw(request, member, self.form(member, initial=initial))

    def post(self, request: Request, member_id: int) -> HttpResponse:
        member = member_of(self.place, member_id)
        form = self.form(member, request.POST)
        if not form.is_valid():
            return self.draw(request, member, form, status=422)
        try:
            keeping.edit(
                actor=self.place.actor,
                organization_id=self.place.organization.pk,
                member_id=member.pk,
                role_id=form.cleaned_data["role"],
                address=form.cleaned_data.get("address"),
            )
        except Refusal as refusal:
            if "address" not in form.fields or refusal.code not in {"invalid_address", "address_known", "over_limit"}:
                raise
            form.add_error("address", str(refusal.sentence))
            return self.draw(request, member, form, status=refusal.status)
        return done(request, _("%(name)s is saved.") % {"name": person(member)["name"]}, to=self.url("members"))

    def form(self, member: Member, *args: Any, **kwargs: Any) -> EditMemberForm:
        return EditMemberForm(
            giveable_roles(self.place.organization, self.place.facts), *args, waiting=member.joined_at is None, **kwargs
        )

    def draw(self, request: Request, member: Member, form: EditMemberForm, *, status: int = 200) -> HttpResponse:
        context = {
            "person": person(member),
            "form": form,
            "action_url": request.path,
            "back_url": self.url("members"),
        }
        if not request.htmx:
            context |= self.context("members")
        return page(request, "members/edit.html", context, partial="dialog", status=status)


class Resend(MemberAct):
    """The bell: a new link to somebody waiting."""

    template = "members/resend.html"

    def proposal(self, member: Member) -> Proposal:
        return keeping.RESENDING

    def perform(self, member: Member, chosen: Chosen) -> Outcome:
        organization_id = self.place.organization.pk
        return keeping.resend(actor=self.place.actor, organization_id=organization_id, chosen=chosen)

    def more(self, member: Member) -> dict[str, Any]:
        pill = pill_of(found_member(member), timezone.now())
        last = f"{pill.word}, {pill.detail}." if pill.detail else f"{pill.word}."
        return {
            "until": timezone.now() + timedelta(days=self.place.organization.invitation_days),
            "last": {"sentence": last},
        }

    def said(self, member: Member) -> str:
        return _("A new mail to %(address)s is queued.") % {"address": member.address}
