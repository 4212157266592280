"""The product's addresses, and those of the references beside them."""

from django.urls import path

from bench.references import bare_view, changelist, hand_written
from config import urls

urlpatterns = [
    *urls.urlpatterns,
    path("bench/bare/<slug:slug>/", bare_view.members),
    path("bench/hand-written/<slug:slug>/", hand_written.members),
    path("bench/admin/", changelist.site.urls),
]
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500
