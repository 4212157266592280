"""Acts on members that concern their invitation: edit, resend, copy the link."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from config.http import Request, done
from config.refusals import Refusal
from invitations.actions import keeping
from invitations.actions.copying import copy_link
from invitations.actions.editing import edit_invitation
from invitations.forms.inviting import EditInvitationForm, EditMemberForm
from workspaces.access import member_of
from workspaces.actions.members import update_roles
from workspaces.models import Member
from workspaces.plans import Outcome, Proposal, make_plan
from workspaces.policy import Verb
from workspaces.queries.members import found_member
from workspaces.queries.waiting import waiting_with
from workspaces.selections import Chosen
from workspaces.tables import pill_of, reminder_words
from workspaces.views.base import OrganizationView
from workspaces.views.member import MemberAct, person


class EditMember(OrganizationView):
    """The organization role of a member; of somebody waiting all that their invitation says."""

    verb = Verb.VIEW_MEMBERS

    def get(self, request: Request, member_id: int) -> HttpResponse:
        member = member_of(self.place, member_id)
        return self.draw(request, member, self.form(member))

    def post(self, request: Request, member_id: int) -> HttpResponse:
        member = member_of(self.place, member_id)
        form = self.form(member, request.POST)
        if not form.is_valid():
            return self.draw(request, member, form, status=422)
        try:
            is_queued = self.perform(member, form)
        except Refusal as refusal:
            if not isinstance(form, EditInvitationForm) or refusal.status not in {409, 422, 429}:
                raise
            wrong = "address" if refusal.code in {"invalid_address", "address_known"} else None
            form.add_error(wrong, str(refusal.sentence))
            response = self.draw(request, member, form, status=refusal.status)
            if refusal.retry_after is not None:
                response["Retry-After"] = str(refusal.retry_after)
            return response
        said = _("%(name)s is saved, and a mail with a new link is queued.") if is_queued else _("%(name)s is saved.")
        return done(request, said % {"name": person(member)["name"]}, to=self.url("members"))

    def form(self, member: Member, *data: Any) -> EditMemberForm | EditInvitationForm:
        if member.joined_at is not None:
            return EditMemberForm(self.place, member, *data)
        chosen = Chosen.one(member.pk).members(self.place.organization)
        plan = make_plan(self.place.facts, self.place.organization, chosen, Proposal(Verb.EDIT_INVITATION))
        plan.outcome(plan.changing).insist()
        return EditInvitationForm(self.place, member, *data)

    def perform(self, member: Member, form: EditMemberForm | EditInvitationForm) -> bool:
        """Returns whether a mail was queued."""
        where: dict[str, Any] = {"actor": self.place.actor, "organization_id": self.place.organization.pk}
        if isinstance(form, EditInvitationForm):
            return edit_invitation(**where, member_id=member.pk, edit=form.edit())
        update_roles(**where, chosen=Chosen.one(member.pk), role_id=form.cleaned_data["role"]).insist()
        return False

    def draw(
        self, request: Request, member: Member, form: EditMemberForm | EditInvitationForm, *, status: int = 200
    ) -> HttpResponse:
        context: dict[str, Any] = {
            "person": person(member),
            "form": form,
            "action_url": request.path,
            "back_url": self.url("members"),
        }
        if isinstance(form, EditInvitationForm):
            context |= {"fixed": form.fixed, "workspace_fields": form.workspace_fields()}
        return self.region("members/edit.html", context, "members", partial="dialog", status=status)


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
        next_one = reminder_words(waiting_with(member, timezone.now()))
        return {
            "until": timezone.now() + timedelta(days=self.place.organization.invitation_days),
            "last": {"sentence": f"{last} {next_one}." if next_one else last},
        }

    def said(self, member: Member) -> str:
        return _("A new mail to %(address)s is queued.") % {"address": member.address}


class CopyLink(OrganizationView):
    """The link, to be passed on by hand: shown in the answer to a POST, which the history keeps, and nowhere else."""

    verb = Verb.RESEND

    def get(self, request: Request, member_id: int) -> HttpResponse:
        return self.draw(request, member_of(self.place, member_id))

    def post(self, request: Request, member_id: int) -> HttpResponse:
        member = member_of(self.place, member_id)
        try:
            link = copy_link(actor=self.place.actor, organization_id=self.place.organization.pk, member_id=member.pk)
        except Refusal as refusal:
            return self.draw(request, member, refusal=refusal)
        return self.draw(request, member, link=link)

    def draw(self, request: Request, member: Member, *, link: str = "", refusal: Refusal | None = None) -> HttpResponse:
        context: dict[str, Any] = {
            "person": person(member),
            "link": link,
            "refusal": str(refusal.sentence) if refusal else "",
            "action_url": request.path,
            "back_url": self.url("members"),
        }
        status = refusal.status if refusal else 200
        response = self.region("members/copy.html", context, "members", partial="dialog", status=status)
        response["Cache-Control"] = "no-store"
        return response
