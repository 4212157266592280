"""What support staff see of invitations and of all outgoing mails: states, times and servers' replies, never a link."""

from typing import ClassVar

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.access import support_actor
from accounts.admin import BOTH, NewestFilter, SupportAdmin, attempt, few, unconfirmed
from accounts.models import OutgoingMail
from accounts.models.mails import MailState
from invitations.actions import delivering, keeping
from invitations.models import Invitation
from invitations.policy import state
from invitations.queries import invitations_matching, mails_matching
from workspaces.actions.members import revoke_invitations
from workspaces.admin import MemberAdmin, perform_on
from workspaces.models import Member


@admin.action(description=gettext_lazy("Resend the invitation"), location=BOTH)
def resend_to(owner: SupportAdmin, request: HttpRequest, queryset: QuerySet[Member]) -> None:
    """To waiting members: a new link each, and the full time to accept."""
    chosen = [(member.organization_id, member.pk) for member in few(request, queryset)]
    perform_on(request, chosen, keeping.resend, _("Mails queued"))


MemberAdmin.actions = (*MemberAdmin.actions, resend_to)


class InvitationStateFilter(NewestFilter):
    title = gettext_lazy("answer")
    parameter_name = "answer"
    conditions: ClassVar = {
        "none": (gettext_lazy("None yet"), Q(accepted_at=None, declined_at=None, revoked_at=None)),
        "accepted": (gettext_lazy("Accepted"), Q(accepted_at__isnull=False)),
        "declined": (gettext_lazy("Declined"), Q(declined_at__isnull=False)),
        "revoked": (gettext_lazy("Revoked"), Q(revoked_at__isnull=False)),
    }


@admin.register(Invitation)
class InvitationAdmin(SupportAdmin):
    list_display = ("address", "organization", "inviter_name", "answer", "mail", "sent_at", "expires_at")
    list_select_related = ("organization", "member__mail")
    list_filter = (InvitationStateFilter,)
    lookups = frozenset({"organization__id__exact"})
    search_help_text = gettext_lazy("A part of the invitee's name or address; for revoked ones, the whole address")
    fields = ("address", "organization", "inviter_name", "answer", "generation", "mail", "reply", "created_at",
              "sent_at", "expires_at", "accepted_at", "declined_at", "revoked_at")  # fmt: skip
    readonly_fields = ("answer", "mail", "reply")
    actions = ("resend", "revoke")

    def find(self, rows: QuerySet[Invitation], text: str) -> QuerySet[Invitation]:
        return rows.filter(pk__in=invitations_matching(text).values("pk"))

    @admin.display(description=gettext_lazy("state"))
    def answer(self, invitation: Invitation) -> str:
        return state(invitation, timezone.now()).capitalize()

    @admin.display(description=gettext_lazy("last mail"))
    def mail(self, invitation: Invitation) -> str:
        mail = invitation.member.mail if invitation.member else None
        return mail.get_state_display() if mail else ""

    @admin.display(description=gettext_lazy("the server's reply"))
    def reply(self, invitation: Invitation) -> str:
        mail = invitation.member.mail if invitation.member else None
        return mail.reply if mail else ""

    @admin.action(description=gettext_lazy("Resend the invitation"), location=BOTH)
    def resend(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        chosen = self._with_member(request, few(request, queryset))
        perform_on(request, _places(chosen), keeping.resend, _("Mails queued"))

    @admin.action(description=gettext_lazy("Revoke the invitation"), location=BOTH)
    def revoke(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> HttpResponse | None:
        chosen = few(request, queryset.select_related("organization"))
        page = unconfirmed(
            self,
            request,
            [f"{invitation.address}, {invitation.organization}" for invitation in chosen],
            title=_("Revoke invitations"),
            sentence=_("Their links end, and they can come back only by a new invitation:"),
            button=_("Revoke"),
        )
        if chosen and page is not None:
            return page
        perform_on(request, _places(self._with_member(request, chosen)), revoke_invitations, _("Revoked"))
        return None

    def _with_member(self, request: HttpRequest, chosen: list[Invitation]) -> list[Invitation]:
        """Revoked ones and those of people who are gone have nobody who waits."""
        for invitation in chosen:
            if invitation.member_id is None:
                messages.warning(request, _("%(address)s is not waiting any more.") % {"address": invitation.address})
        return [invitation for invitation in chosen if invitation.member_id is not None]


def _places(chosen: list[Invitation]) -> list[tuple[int, int]]:
    return [(invitation.organization_id, invitation.member_id or 0) for invitation in chosen]


class MailStateFilter(NewestFilter):
    title = gettext_lazy("state")
    parameter_name = "state"
    conditions: ClassVar = {value: (MailState(value).label, Q(state=value)) for value in MailState.values}


@admin.register(OutgoingMail)
class OutgoingMailAdmin(SupportAdmin):
    """Here and not in `accounts`, since trying one again stands in an organization's history."""

    list_display = ("recipient", "kind", "state", "reply", "attempts", "queued_at", "finished_at")
    list_filter = (MailStateFilter,)
    search_help_text = gettext_lazy("A part of the invitee's name or address, or the address of an account")
    fields = ("recipient", "kind", "state", "reply", "attempts", "hand_overs", "lapses", "queued_at", "next_attempt_at",
              "finished_at", "message_uuid")  # fmt: skip
    readonly_fields = ("message_uuid",)
    actions = ("retry",)

    def find(self, rows: QuerySet[OutgoingMail], text: str) -> QuerySet[OutgoingMail]:
        return rows.filter(pk__in=mails_matching(text).values("pk"))

    @admin.action(description=gettext_lazy("Try again"), location=BOTH)
    def retry(self, request: HttpRequest, queryset: QuerySet[OutgoingMail]) -> None:
        ids = [mail.pk for mail in few(request, queryset)]
        count = attempt(request, lambda: delivering.retry_mails(actor=support_actor(request), mail_ids=ids))
        if count:
            text = ngettext("%(count)s mail is queued again.", "%(count)s mails are queued again.", count)
            messages.success(request, text % {"count": count})
        elif count == 0 and ids:
            messages.warning(request, _("Only mails that were given up can be tried again."))
