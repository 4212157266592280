"""Logs: one JSON object a line with the request's id in production, readable lines in development.

Whatever reaches a log passes `without_secrets`: no line holds the address of a link that its reader could use.
"""

import re
from typing import Any

import structlog
from structlog.typing import Processor, WrappedLogger

# Paths whose next part is a key: invitations, invite links, and allauth's for a new password and for an address.
_SECRET_PATH = re.compile(r"(/(?:i|l|accounts/password/reset/key|accounts/confirm-email)/)[^/\s\"'?#<>]+")


def without_secrets(text: str) -> str:
    return _SECRET_PATH.sub(r"\1…", text)


def _redact(_logger: WrappedLogger, _method: str, line: str) -> str:
    """Runs last, on the finished line, so that nothing nested and no traceback escapes it."""
    return without_secrets(line)


def logging_config(*, debug: bool, level: str) -> dict[str, Any]:
    """The dictionary for Django's LOGGING, which structlog's loggers join: both end in the same handler."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if debug else "iso", utc=not debug),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: Processor
    if debug:
        renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    else:
        renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    render: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        renderer,
        _redact,
    ]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": render,
                "foreign_pre_chain": shared,
                "use_get_message": True,
            },
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # Replace the handlers that Django and gunicorn bring, so that each line is written once, in our form.
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
            # 4xx are told by config.middleware with their id; Django would say them a second time.
            "django.request": {"level": "ERROR"},
            "gunicorn.error": {"handlers": [], "level": level, "propagate": True},
            # Its lines hold whole URLs; config.middleware writes the access line instead.
            "gunicorn.access": {"handlers": [], "level": "CRITICAL", "propagate": False},
            # Two lines for each tick of beat say nothing; failures come as errors.
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
        },
    }
