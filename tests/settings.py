"""Development's settings without its mailbox; passwords cost nothing to check, and rows need not reach the disk."""

import os

os.environ.setdefault("DEBUG", "1")
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:6379/15")
os.environ.pop("MAILBOX_DIR", None)

from config.settings import *  # noqa: F403

_options = DATABASES["default"]["OPTIONS"]  # noqa: F405
if "init_command" in _options:
    _options["init_command"] = _options["init_command"].replace("synchronous=NORMAL", "synchronous=OFF")
else:
    _options["options"] += " -c synchronous_commit=off"

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# No test asks a real name server: one on loopback answers, or none.
DNS_SERVERS = ["127.0.0.1:9"]
