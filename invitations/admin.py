"""What support staff see of invitations and of all outgoing mails: states, times and servers' replies, never a link."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import actions
from accounts.access import support_actor
from accounts.addresses import AddressError
from accounts.admin import BOTH, NewestFilter, SupportAdmin, attempt, few, unconfirmed
from accounts.models import MailAttempt, OutgoingMail, TestMail
from accounts.models.mails import MailState
from accounts.outbox import gates, trials
from accounts.outbox.figures import NEWEST, figures
from accounts.outbox.gates import Gate, Passage
from invitations.actions import delivering, domains, keeping
from invitations.domains import canonical_domain
from invitations.models import DomainRule, Invitation
from invitations.policy import state
from invitations.queries.invitations import invitations_matching, mails_matching
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
        return _(mail.reply) if mail else ""

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


class MailAttemptInline(admin.TabularInline):  # type: ignore[type-arg]  # not subscriptable when it runs
    """What went wrong before: when, and in the server's words."""

    model = MailAttempt
    verbose_name_plural = gettext_lazy("Attempts that did not end in “sent”")
    fields = readonly_fields = ("at", "state", "reply")
    ordering = ("pk",)
    extra = max_num = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.admin_site.has_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(OutgoingMail)
class OutgoingMailAdmin(SupportAdmin):
    """Here and not in `accounts`, since trying one again stands in an organization's history."""

    list_display = ("recipient", "kind", "state", "reply", "attempts", "queued_at", "finished_at")
    list_filter = (MailStateFilter,)
    search_help_text = gettext_lazy("A part of the invitee's name or address, or the address of an account")
    fields = ("recipient", "kind", "state", "reply", "attempts", "hand_overs", "lapses", "queued_at", "next_attempt_at",
              "finished_at", "message_uuid")  # fmt: skip
    readonly_fields = ("message_uuid",)
    actions = ("retry", "cancel")
    inlines = (MailAttemptInline,)
    change_list_template = "admin/mail/change_list.html"

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

    @admin.action(description=gettext_lazy("Take back (operators)"), location=BOTH)
    def cancel(self, request: HttpRequest, queryset: QuerySet[OutgoingMail]) -> None:
        ids = [mail.pk for mail in few(request, queryset)]
        count = attempt(request, lambda: delivering.cancel_mails(actor=support_actor(request), mail_ids=ids))
        if count:
            text = ngettext("%(count)s mail is taken back.", "%(count)s mails are taken back.", count)
            messages.success(request, text % {"count": count})
        elif count == 0 and ids:
            messages.warning(request, _("Only mails that still wait to be sent can be taken back."))

    # --- all mail together

    def get_urls(self) -> list[URLPattern]:
        views = {"operations": self.operations, "pause": self.pause, "resume": self.resume, "test": self.test}
        view = self.admin_site.admin_view
        own = [path(f"all/{name}/", view(each), name=f"{NAME}_{name}") for name, each in views.items()]
        return [*own, *super().get_urls()]

    def operations(self, request: HttpRequest) -> HttpResponse:
        """The gate, counts, age and throughput; for operators also their test mail."""
        if request.method not in ("GET", "HEAD", "OPTIONS"):
            return HttpResponseNotAllowed(["GET"])
        gate, found = gates.read(), figures()
        is_operator = bool(request.user.is_superuser)
        test = trials.latest(request.user.pk or 0) if is_operator else None
        counts = {**found.waiting, **found.finished}
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("State of the mail"),
            "gate": gate,
            "gate_sentence": gate_sentence(gate),
            "figures": found,
            "rows": [
                (state.label, counts[state], f"{_list()}?state={state}") for state in MailState if state in counts
            ],
            "newest": NEWEST,
            "is_operator": is_operator,
            "test": test,
            "test_sentence": test_sentence(test) if test else "",
        }
        # Without JavaScript the page itself asks again, while a worker is on it.
        again = {"Refresh": "2"} if test is not None and is_under_way(test) else None
        return TemplateResponse(request, "admin/mail/operations.html", context, headers=again)

    def pause(self, request: HttpRequest) -> HttpResponse:
        return self._operate(request, actions.pause_mail, _("Mail is paused: workers take no more of it."))

    def resume(self, request: HttpRequest) -> HttpResponse:
        return self._operate(request, actions.resume_mail, _("Workers go on with the mail."))

    def test(self, request: HttpRequest) -> HttpResponse:
        return self._operate(request, actions.send_test_mail, _("The test mail is with a worker."))

    def _operate(self, request: HttpRequest, act: Callable[..., object], done: str) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        act(actor=support_actor(request))
        messages.success(request, done)
        return HttpResponseRedirect(reverse(f"admin:{NAME}_operations"))


NAME = "accounts_outgoingmail"
PATIENCE = timedelta(minutes=2)  # for a test mail: six calls of the server and the way to a worker


def _list() -> str:
    return reverse(f"admin:{NAME}_changelist")


def gate_sentence(gate: Gate) -> str:
    if gate.passage is Passage.OPEN:
        return _("Open: workers send what is due.")
    if gate.passage is Passage.PAUSED:
        return _("Paused by an operator since %(when)s: nothing is sent.") % {
            "when": f"{date_format(gate.paused_at, _('j F, H:i'))} UTC" if gate.paused_at else ""
        }
    text = _("Closed: the mail server was not reached, %(count)s times in a row. One mail is tried at %(when)s (UTC).")
    return text % {"count": gate.failures, "when": f"{gate.closed_until:%H:%M:%S}"}


def is_under_way(test: TestMail) -> bool:
    return test.ended_at is None and timezone.now() - test.asked_at < PATIENCE


def test_sentence(test: TestMail) -> str:
    if is_under_way(test):
        return _("A worker is on it; this page looks again every two seconds.")
    if test.ended_at is None:
        return _("No worker has finished it. Look whether workers run.")
    if test.is_taken:
        return _("The mail server took the mail to %(address)s. The conversation:") % {"address": test.user.email}
    return _("The mail server did not take the mail to %(address)s. The conversation:") % {"address": test.user.email}


class DomainRuleForm(forms.ModelForm):  # type: ignore[type-arg]  # takes no arguments when it runs
    class Meta:
        model = DomainRule
        fields = ("domain", "kind")

    def clean_domain(self) -> str:
        try:
            return canonical_domain(self.cleaned_data["domain"])
        except AddressError as error:
            raise ValidationError(str(error)) from None


@admin.register(DomainRule)
class DomainRuleAdmin(SupportAdmin):
    """The operator's supplement to the lists of public, disposable and educational domains. It counts at once."""

    form = DomainRuleForm
    fields = ("domain", "kind")
    list_display = ("domain", "kind")
    search_help_text = gettext_lazy("The beginning of a domain")

    def find(self, rows: QuerySet[DomainRule], text: str) -> QuerySet[DomainRule]:
        return rows.filter(domain__startswith=text.lower())

    def get_urls(self) -> list[URLPattern]:
        return [url for url in admin.ModelAdmin.get_urls(self) if not (url.name or "").endswith("_history")]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.admin_site.has_permission(request) and bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_add_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_add_permission(request)

    def save_model(self, request: HttpRequest, obj: DomainRule, form: Any, change: bool) -> None:
        domains.keep_rule(obj)

    def delete_model(self, request: HttpRequest, obj: DomainRule) -> None:
        domains.drop_rules([obj.pk])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[DomainRule]) -> None:
        domains.drop_rules([rule.pk for rule in few(request, queryset)])
