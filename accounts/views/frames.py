"""What the person's pages share: the tabs around them, the proof of identity before them, answers to wrong forms."""

from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.generic.base import ContextMixin, View
from django.views.generic.edit import FormMixin, FormView

from accounts import access, registry
from accounts.actors import FRESH
from config.http import safe_url

# Django's form views are generic for the type checker only.
if TYPE_CHECKING:
    FormPage = FormView[Any]
    FormSteps = FormMixin[Any]
else:
    FormPage = FormView
    FormSteps = FormMixin

TABS = (
    ("account_profile", _("Profile"), "user"),
    ("mfa_index", _("Security"), "shield-lock"),
    ("usersessions_list", _("Sessions"), "devices"),
    ("account_email", _("Addresses"), "mail"),
)


A_WHILE = timedelta(minutes=30)


class PersonPage(LoginRequiredMixin, ContextMixin, View):
    """A page of the signed-in person, inside the frame of the product. `tab` is the URL name of its tab."""

    tab = "account_profile"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        for frame in registry.frames:
            context.update(frame(self.request))
        tabs = [
            {"label": label, "icon": icon, "url": reverse(name), "current": name == self.tab}
            for name, label, icon in TABS
        ]
        return {**context, "tabs": tabs}


class RecentlyConfirmed(LoginRequiredMixin, View):
    """Only for whoever has proven who they are within the last minutes; others are led to the confirmation page.

    `post_within` is longer where filling in the form takes time (installing an app); the GET before it is strict.
    """

    post_within = FRESH

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        access.require_recent(request, self.post_within if request.method == "POST" else FRESH)
        return super().dispatch(request, *args, **kwargs)


class WrongInputIs422(FormSteps):
    """The page again, with what was typed and what is wrong with it."""

    def form_invalid(self, form: Any) -> HttpResponse:
        response = super().form_invalid(form)
        if response.status_code == HTTPStatus.OK:
            response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        return response


class LinkPage(View):
    """A page whose address carries a secret: it reaches no cache and no other site (P6)."""

    @method_decorator(never_cache)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(request, *args, **kwargs)
        response["Referrer-Policy"] = "no-referrer"
        return response


def onward(request: HttpRequest, default: str) -> str:
    """Where to go next: `next` if it stays on this host."""
    return safe_url(request, request.POST.get("next") or request.GET.get("next"), default=default)
