"""A signed-in browser without a network: requests go straight into the WSGI application, all middleware included."""

import io
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.db import connection

from accounts.models import User
from bench.shape import Scale
from workspaces.models import Organization

HOST = "bench.example"


class Wrong(Exception):
    """An answer was not what a benchmark may measure."""


@dataclass(slots=True)
class Browser:
    application: WSGIHandler
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, query: dict[str, str] | None = None, *, htmx: bool = False) -> bytes:
        """Raises Wrong for anything but 200."""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": urlencode(query or {}), "SERVER_NAME": HOST,
            "SERVER_PORT": "443", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": HOST,
            "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "wsgi.url_scheme": "https", "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(),
            "wsgi.version": (1, 0), "wsgi.multithread": False, "wsgi.multiprocess": False, "wsgi.run_once": False,
        }  # fmt: skip
        if htmx:
            environ["HTTP_HX_REQUEST"] = "true"
        status = ""

        def start(line: str, *_: object) -> Any:
            nonlocal status
            status = line

        answer = self.application(environ, start)
        body = b"".join(answer)
        answer.close()
        if not status.startswith("200 "):
            raise Wrong(f"{path} answered {status}: {body[:300]!r}")
        return body


def signed_in(user: User, organization: Organization | None = None) -> dict[str, str]:
    """The cookies of somebody who has just signed in; the session is a real row."""
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store["authenticated_at"] = datetime.now(UTC).timestamp()
    if organization:
        store["organization"] = organization.slug
    store.save()
    return {settings.SESSION_COOKIE_NAME: store.session_key, settings.CSRF_COOKIE_NAME: "c" * 32}


@dataclass(slots=True)
class Place:
    """A measured organization with its owner's browser."""

    scale: Scale
    organization: Organization
    owner: User
    browser: Browser

    @classmethod
    def open(cls, scale: Scale) -> "Place":
        organization = Organization.objects.get(slug=scale.slug)
        owner = User.objects.get(memberships=organization.owner_id)
        return cls(scale, organization, owner, Browser(WSGIHandler(), signed_in(owner, organization)))

    @property
    def members_path(self) -> str:
        return f"/o/{self.organization.slug}/members/"


def collect_static() -> None:
    """Pages need the manifest of hashed names, as in production."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0)


def queries(act: Any) -> int:
    """How many statements a call makes."""
    count = 0

    def counting(execute: Any, *arguments: Any) -> Any:
        nonlocal count
        count += 1
        return execute(*arguments)

    with connection.execute_wrapper(counting):
        act()
    return count
