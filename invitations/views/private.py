"""What all pages of invitees share."""

from typing import Any

from django.http.response import HttpResponseBase
from django.utils.translation import get_language, override
from django.views import View

from invitations.access.invitations import held_language


class PrivateView(View):
    """Nothing of these pages is stored, and no address leaks by a Referer (P6). They speak the language of the person,
    else of the invitation.
    """

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        own = request.user.language if request.user.is_authenticated else ""
        with override(own or held_language(request) or get_language()):
            response = super().dispatch(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
        return response
