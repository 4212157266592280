"""Django admin as the place of support staff: one site, our models only, no way to sign in of its own."""

from importlib import import_module
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import SimpleAdminConfig
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, reverse
from django.utils.translation import gettext_lazy as _

from config.http import safe_url

APPS = ("accounts", "workspaces", "invitations")


class SupportConfig(SimpleAdminConfig):
    """Registers what our apps show; what packages bring (groups, addresses, factors, sessions) stays out."""

    default_site = "config.admin.SupportSite"

    def ready(self) -> None:
        super().ready()
        for app in APPS:
            import_module(f"{app}.admin")


class SupportSite(AdminSite):
    site_header = site_title = _("Roster support")
    index_title = _("Find and help")
    enable_nav_sidebar = False  # five lists need no second menu, and their columns need the room

    UNUSED = frozenset({"password_change", "password_change_done", "view_on_site", "autocomplete"})

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [url for url in super().get_urls() if getattr(url, "name", None) not in self.UNUSED]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """By Roster's own page, which knows passkeys and codes. Who is signed in and no staff finds nothing here."""
        onward = safe_url(request, request.GET.get("next"), default=reverse("admin:index"))
        if self.has_permission(request):
            return HttpResponseRedirect(onward)
        if request.user.is_authenticated:
            raise Http404
        return HttpResponseRedirect(f"{reverse('account_login')}?{urlencode({'next': onward})}")

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        return HttpResponseRedirect(reverse("account_logout"))
