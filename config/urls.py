"""All addresses of the product."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from accounts.views.reports import delivery_reports
from config.health import healthz, readyz

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("accounts/", include("accounts.urls")),
    path("", include("workspaces.urls")),
    path("", include("invitations.urls")),
]
if settings.ANYMAIL_PROVIDER:
    urlpatterns.append(path("mail/reports/", delivery_reports, name="delivery_reports"))
if settings.MAILBOX_DIR:
    urlpatterns.append(path("mailbox/", include("config.mailbox.urls")))

handler400 = "config.views.bad_request"
handler403 = "config.views.permission_denied"
handler404 = "config.views.page_not_found"
handler500 = "config.views.server_error"
handler429 = "accounts.views.limits.too_many_requests"
