"""The person's addresses: one class per verb. Every change needs a recent proof of identity."""

from http import HTTPStatus
from typing import Any

from allauth.core import ratelimit
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from accounts import access, actions, forms, queries
from accounts.views.frames import FormPage, PersonPage, RecentlyConfirmed, WrongInputIs422
from config.refusals import Refusal


class Addresses(PersonPage, TemplateView):
    tab = "account_email"
    template_name = "account/email.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "addresses": queries.addresses_of(access.person(self.request).pk)}


class AddAddress(RecentlyConfirmed, PersonPage, WrongInputIs422, FormPage):
    tab = "account_email"
    template_name = "account/email_add.html"
    form_class = forms.AddAddressForm

    def form_valid(self, form: forms.AddAddressForm) -> HttpResponse:
        limited: HttpResponse | None = ratelimit.consume_or_429(self.request, action="manage_email")
        if limited:
            return limited
        try:
            added = actions.add_address(user_id=access.person(self.request).pk, address=form.cleaned_data["address"])
        except Refusal as refusal:
            form.add_error("address", str(refusal))
            return self.form_invalid(form)
        messages.success(
            self.request,
            _("A link is on its way to %(address)s. Follow it while you are signed in here.")
            % {"address": added.email},
        )
        return _back()


class SendConfirmation(PersonPage):
    def post(self, request: HttpRequest, address_id: int) -> HttpResponse:
        address = access.own_address(request, address_id)
        if not ratelimit.consume(request, action="confirm_email", key=address.email):
            messages.error(request, _("A link was mailed a moment ago. Wait three minutes for the next one."))
        elif actions.send_confirmation(address_id=address.pk):
            messages.success(request, _("A new link is on its way to %(address)s.") % {"address": address.email})
        return _back()


class SetPrimaryAddress(RecentlyConfirmed, PersonPage):
    def post(self, request: HttpRequest, address_id: int) -> HttpResponse:
        address = access.own_address(request, address_id)
        actions.set_primary_address(
            user_id=access.person(request).pk, address_id=address.pk, keep=request.session.session_key
        )
        messages.success(request, _("Mail for you goes to %(address)s from now on.") % {"address": address.email})
        return _back()


class RemoveAddress(RecentlyConfirmed, PersonPage, TemplateView):
    tab = "account_email"
    template_name = "account/email_remove.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "address": access.own_address(self.request, self.kwargs["address_id"]),
        }

    def post(self, request: HttpRequest, address_id: int) -> HttpResponse:
        address = access.own_address(request, address_id)
        removed = actions.remove_address(
            user_id=access.person(request).pk, address_id=address.pk, keep=request.session.session_key
        )
        messages.success(request, _("%(address)s is no longer yours here.") % {"address": removed})
        return _back()


def _back() -> HttpResponse:
    return HttpResponseRedirect(reverse("account_email"), status=HTTPStatus.SEE_OTHER)
