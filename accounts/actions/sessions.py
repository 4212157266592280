"""Ending sessions (ACCEPTANCE P14): a session is over once its row is gone, in every process, on its next request."""

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction


def end_other_sessions(*, user_id: int, keep: str | None) -> int:
    """Ends all sessions of the person but the one with the key `keep` (None: all); returns how many were listed.

    Every change of password, verified address or second factor calls this inside its own transaction.
    """
    with transaction.atomic():
        others = UserSession.objects.filter(user_id=user_id).exclude(session_key=keep or "")
        Session.objects.filter(session_key__in=list(others.values_list("session_key", flat=True))).delete()
        ended: int = others.delete()[0]
    return ended


def end_session(*, user_id: int, session_id: int) -> None:
    """Ends one session of the person, wherever it is open."""
    with transaction.atomic():
        one = UserSession.objects.filter(user_id=user_id, pk=session_id)
        Session.objects.filter(session_key__in=list(one.values_list("session_key", flat=True))).delete()
        one.delete()
