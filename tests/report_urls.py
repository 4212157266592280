"""All addresses, as an installation has them that names its mail service."""

from django.urls import path

from accounts.views.reports import delivery_reports
from config.urls import handler400, handler403, handler404, handler429, handler500
from config.urls import urlpatterns as ordinary

__all__ = ["handler400", "handler403", "handler404", "handler429", "handler500"]

urlpatterns = [*ordinary, path("mail/reports/", delivery_reports, name="delivery_reports")]
