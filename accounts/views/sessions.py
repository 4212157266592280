"""Where the person is signed in, and how to end it there."""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import TemplateView

from accounts import access, actions, queries
from accounts.agents import describe
from accounts.views.frames import PersonPage


class Sessions(PersonPage, TemplateView):
    tab = "usersessions_list"
    template_name = "usersessions/usersession_list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        key = self.request.session.session_key
        sessions = [
            {
                "id": one.pk,
                "browser": describe(one.user_agent),
                "ip": one.ip,
                "since": one.created_at,
                "is_current": one.session_key == key,
            }
            for one in queries.open_sessions(access.person(self.request).pk)
        ]
        # This one first, then the newest: the order of the query is kept.
        sessions.sort(key=lambda one: not one["is_current"])
        return {**super().get_context_data(**kwargs), "sessions": sessions}


class EndSession(PersonPage):
    def post(self, request: HttpRequest, session_id: int) -> HttpResponse:
        session = access.own_session(request, session_id)
        actions.end_session(user_id=access.person(request).pk, session_id=session.pk)
        messages.success(request, _("That session is over."))
        return HttpResponseRedirect(reverse("usersessions_list"), status=HTTPStatus.SEE_OTHER)


class EndOtherSessions(PersonPage):
    def post(self, request: HttpRequest) -> HttpResponse:
        ended = actions.end_other_sessions(user_id=access.person(request).pk, keep=request.session.session_key)
        messages.success(
            request,
            ngettext("%(count)s other session is over.", "%(count)s other sessions are over.", ended)
            % {"count": ended},
        )
        return HttpResponseRedirect(reverse("usersessions_list"), status=HTTPStatus.SEE_OTHER)
