"""The person's profile, the end of their account, and the passkey that is offered after sign-up."""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from accounts import access, actions, forms
from accounts.views.frames import FormPage, PersonPage, RecentlyConfirmed, WrongInputIs422, onward


class Profile(PersonPage, WrongInputIs422, FormPage):
    template_name = "profile/profile.html"
    form_class = forms.ProfileForm

    def get_initial(self) -> dict[str, Any]:
        user = access.person(self.request)
        return {"name": user.name, "time_zone": user.time_zone, "language": user.language}

    def form_valid(self, form: forms.ProfileForm) -> HttpResponse:
        actions.update_profile(user_id=access.person(self.request).pk, **form.cleaned_data)
        messages.success(self.request, _("Your profile is saved."))
        return HttpResponseRedirect(reverse("account_profile"), status=HTTPStatus.SEE_OTHER)


class DeleteAccount(RecentlyConfirmed, PersonPage, TemplateView):
    template_name = "profile/delete.html"

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            actions.delete_account(actor=access.actor_of(request))
        except actions.DepartureRefused as refusal:
            return self.render_to_response(self.get_context_data(objections=refusal.objections), status=refusal.status)
        logout(request)
        messages.success(request, _("Your account is deleted."))
        return HttpResponseRedirect(reverse("account_login"), status=HTTPStatus.SEE_OTHER)


class PasskeyOffer(LoginRequiredMixin, TemplateView):
    """After sign-up, on the way to where the person was going."""

    template_name = "profile/passkey_offer.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "next": onward(self.request, reverse("home"))}
