"""gunicorn's settings, by environment: WEB_HOST, PORT, WEB_CONCURRENCY, WEB_THREADS.

Its log lines join ours (config.logs); the access line is written by config.middleware.
"""

import os
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.conf import settings

wsgi_app = "config.wsgi"
host = os.environ.get("WEB_HOST", "0.0.0.0")  # noqa: S104 - in production the proxy is elsewhere
bind = f"{host}:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
timeout = 60  # seconds; the longest request is an export, which streams
graceful_timeout = 20
keepalive = 5
max_requests = 20_000
max_requests_jitter = 2_000
# Heartbeat files on a disk that is busy make healthy workers look dead.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn makes its own file there
control_socket_disable = True
logconfig_dict = settings.LOGGING
