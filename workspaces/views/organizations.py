"""Making an organization and its settings: general, ownership, danger."""

from typing import Any

from django.conf import settings
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views import View

from accounts.access import actor_of, require_recent
from config.http import Request, go, page
from config.refusals import Refusal
from config.ui.people import hue, initials
from workspaces import registry
from workspaces.actions import organizations
from workspaces.forms import CreateOrganization, DeleteOrganization, Settings, Successor
from workspaces.policy import Verb, decide
from workspaces.queries.organizations import may_create, open_offer, owner_of, possible_successors, size_of
from workspaces.queries.seats import Seats, seats_of
from workspaces.queries.shell import my_memberships
from workspaces.reasons import Reason
from workspaces.views.base import OrganizationView


class Create(LoginRequiredMixin, View):
    """A new organization, whose owner is the person who makes it."""

    def get(self, request: Request) -> HttpResponse:
        self.insist(request)
        return self.draw(request, CreateOrganization())

    def post(self, request: Request) -> HttpResponse:
        self.insist(request)
        form = CreateOrganization(request.POST)
        if not form.is_valid():
            return self.draw(request, form, status=422)
        organization = organizations.create_organization(
            actor=actor_of(request),
            name=form.cleaned_data["name"],
            scheme=form.cleaned_data["scheme"],
            with_default_workspace=form.cleaned_data["with_default"],
            with_system_workspace=form.cleaned_data["with_system"],
        )
        return go(
            request,
            reverse("organization", args=[organization.slug]),
            _("%(name)s is ready. Invite the first people.") % {"name": organization.name},
        )

    def insist(self, request: Request) -> None:
        if not may_create(request.user, open_to_all=settings.OPEN_SIGNUP):
            raise Refusal(
                _("Only the operator of this installation makes organizations. Ask them for one."), 403, Reason.NO_RIGHT
            )

    def draw(self, request: Request, form: CreateOrganization, *, status: int = 200) -> HttpResponse:
        belongs = my_memberships(request.user.pk).exists()
        context = {"form": form, "action_url": request.path, "back_url": reverse("my_access") if belongs else ""}
        return page(request, "organization/create.html", context, status=status)


def settings_tabs(view: OrganizationView, current: str) -> list[dict[str, Any]]:
    named = {"settings": _("General"), "scheme": _("Role scheme"), "ownership": _("Ownership"), "danger": _("Danger")}
    if not decide(view.place.facts, Verb.CHANGE_SCHEME):
        del named["scheme"]
    ours = {tab.name: str(tab.label) for tab in registry.settings_tabs if decide(view.place.facts, tab.verb)}
    named = {"settings": named.pop("settings"), **ours, **named}
    return [{"label": label, "url": view.url(name), "current": name == current} for name, label in named.items()]


def seat_sentence(seats: Seats) -> str:
    words = {"free": intcomma(seats.free), "limit": intcomma(seats.limit)}
    text = ngettext(
        "%(free)s of %(limit)s seats is free; pending invitations count.",
        "%(free)s of %(limit)s seats are free; pending invitations count.",
        seats.free,
    )
    return text % words


class General(OrganizationView):
    verb = Verb.CHANGE_SETTINGS

    def get(self, request: Request) -> HttpResponse:
        return self.draw(request, Settings(initial=self.present()))

    def post(self, request: Request) -> HttpResponse:
        form = Settings(request.POST, initial=self.present())
        if not form.is_valid():
            return self.draw(request, form, status=422)
        organizations.change_organization(
            actor=self.place.actor, organization_id=self.place.organization.pk, **form.cleaned_data
        )
        return go(request, self.url("settings"), _("The settings are saved."))

    def present(self) -> dict[str, Any]:
        return {name: getattr(self.place.organization, name) for name in organizations.CHANGEABLE}

    def draw(self, request: Request, form: Settings, *, status: int = 200) -> HttpResponse:
        organization = self.place.organization
        facts = [
            (_("Workspace roles"), organization.get_scheme_display()),
            (_("Address"), f"/o/{organization.slug}/"),
            (_("Made"), date_format(organization.created_at, _("j F Y"))),
        ]
        if (seats := seats_of(organization)) is not None:
            facts.append((_("Seats"), seat_sentence(seats)))
        account = organization.external_account_id
        context = self.context(
            "settings",
            form=form,
            action_url=request.path,
            facts=facts,
            external_account=f"{account}, {organization.get_external_account_state_display()}" if account else "",
            tabs=settings_tabs(self, "settings"),
        )
        return page(request, "organization/general.html", context, status=status)


class Ownership(OrganizationView):
    """Who owns it, and the open offer. Open to whoever may change settings, and to the successor."""

    def get(self, request: Request) -> HttpResponse:
        organization = self.place.organization
        offer = open_offer(organization)
        is_successor = offer is not None and offer.successor_id == self.place.member.pk
        if not is_successor:
            self.insist_on(Verb.CHANGE_SETTINGS)
        owner = owner_of(organization)
        name = owner.directory.name or owner.address
        may_offer = self.place.facts.is_owner
        transfer = None
        if offer is not None:
            transfer = {
                "successor": offer.successor.directory.name or offer.successor.address,
                "until": offer.expires_at,
                "withdraw_url": self.url("transfer_withdraw") if may_offer else "",
                "accept_url": self.url("transfer_accept") if is_successor else "",
                "decline_url": self.url("transfer_withdraw") if is_successor else "",
            }
        tabs = settings_tabs(self, "ownership") if decide(self.place.facts, Verb.CHANGE_SETTINGS) else []
        context = self.context(
            "settings",
            owner={
                "name": name,
                "address": owner.address,
                "initials": initials(name),
                "hue": hue(owner.pk),
                "you": owner.pk == self.place.member.pk,
            },
            transfer=transfer,
            transfer_url=self.url("transfer") if may_offer else "",
            transfer_reason="" if may_offer else str(Reason.OWNER_ONLY.sentence),
            tabs=tabs,
        )
        return page(request, "organization/ownership.html", context)


class Transfer(OrganizationView):
    """The owner's offer to a successor."""

    def get(self, request: Request) -> HttpResponse:
        self.insist_on(Verb.OFFER_TRANSFER)
        return self.draw(request, Successor(possible_successors(self.place.organization)))

    def post(self, request: Request) -> HttpResponse:
        self.insist_on(Verb.OFFER_TRANSFER)
        form = Successor(possible_successors(self.place.organization), request.POST)
        if not form.is_valid():
            return self.draw(request, form, status=422)
        organizations.offer_transfer(
            actor=self.place.actor,
            organization_id=self.place.organization.pk,
            successor_id=form.cleaned_data["successor"],
        )
        return go(request, self.url("ownership"), _("The offer stands for seven days."))

    def draw(self, request: Request, form: Successor, *, status: int = 200) -> HttpResponse:
        has_choice = bool(form.fields["successor"].choices)  # type: ignore[attr-defined]
        context = {
            "form": form,
            "organization": {"name": self.place.organization.name},
            "refusal": "" if has_choice else _("There is no other active member yet. Invite your successor first."),
            "action_url": request.path,
            "back_url": self.url("ownership"),
        }
        return self.region("organization/transfer.html", context, "settings", partial="dialog", status=status)


class WithdrawTransfer(OrganizationView):
    def post(self, request: Request) -> HttpResponse:
        organizations.withdraw_transfer(actor=self.place.actor, organization_id=self.place.organization.pk)
        return go(request, self.url("organization"), _("The offer of ownership is withdrawn."))


class AcceptTransfer(OrganizationView):
    def post(self, request: Request) -> HttpResponse:
        organizations.accept_transfer(actor=self.place.actor, organization_id=self.place.organization.pk)
        name = self.place.organization.name
        return go(request, self.url("ownership"), _("You are the owner of %(name)s now.") % {"name": name})


class Danger(OrganizationView):
    verb = Verb.CHANGE_SETTINGS

    def get(self, request: Request) -> HttpResponse:
        is_owner = self.place.facts.is_owner
        context = self.context(
            "settings",
            delete_url=self.url("organization_delete"),
            delete_reason="" if is_owner else str(Reason.OWNER_ONLY.sentence),
            leave_url="" if is_owner else self.url("leave"),
            tabs=settings_tabs(self, "danger"),
        )
        return page(request, "organization/danger.html", context)


class Delete(OrganizationView):
    """Needs a fresh proof of identity before it even asks (P15)."""

    def get(self, request: Request) -> HttpResponse:
        self.insist_on(Verb.DELETE_ORGANIZATION)
        return self.draw(request, DeleteOrganization())

    def post(self, request: Request) -> HttpResponse:
        require_recent(request)
        form = DeleteOrganization(request.POST)
        name = self.place.organization.name
        if form.is_valid() and form.cleaned_data["name"].strip() != name:
            form.add_error("name", _("That is not its name. Type it exactly as it is written above."))
        if not form.is_valid():
            return self.draw(request, form, status=422)
        organizations.delete_organization(
            actor=self.place.actor, organization_id=self.place.organization.pk, confirmed_name=name
        )
        return go(request, reverse("home"), _("%(name)s is deleted.") % {"name": name})

    def draw(self, request: Request, form: DeleteOrganization, *, status: int = 200) -> HttpResponse:
        size = size_of(self.place.organization)
        points = [
            ngettext("%(count)s member", "%(count)s members", size.members) % {"count": intcomma(size.members)},
            ngettext("%(count)s group", "%(count)s groups", size.groups) % {"count": intcomma(size.groups)},
            ngettext("%(count)s workspace", "%(count)s workspaces", size.workspaces)
            % {"count": intcomma(size.workspaces)},
            _("All open invitations. Their links stop working."),
        ]
        context = {
            "form": form,
            "points": points,
            "organization": {"name": self.place.organization.name},
            "action_url": request.path,
            "back_url": self.url("danger"),
        }
        return self.region("organization/delete.html", context, "settings", partial="dialog", status=status)
