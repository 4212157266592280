"""Celery: tasks take no rule and are safe to run twice; beats may be any number, since every tick is an idempotent
claim.
"""

import os
from typing import Any

from celery import Celery
from celery.signals import celeryd_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.conf import settings

# Seconds. What a killed worker had not acknowledged returns after visibility_timeout; mail does not wait for that.
DELIVERY = {"visibility_timeout": 900, "unacked_restore_interval": 10, "unacked_restore_throttle": 1}

app = Celery("roster")
app.add_defaults(lambda: {"broker_url": settings.REDIS_URL})  # later: the settings may be what is importing us
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    task_soft_time_limit=240,  # seconds; both far below the visibility time-out
    task_time_limit=300,
    task_ignore_result=True,
    worker_soft_shutdown_timeout=20,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    broker_connection_timeout=0.5,
    # A publish never keeps a request waiting (ACCEPTANCE P20), also when Redis accepts and hangs: two short tries,
    # then the sweep finds the row. Workers wait longer: see `worker_options`.
    broker_transport_options={**DELIVERY, "socket_timeout": 0.5, "socket_connect_timeout": 0.5},
    task_publish_retry_policy={"max_retries": 1, "interval_start": 0, "interval_step": 0},
    beat_schedule={
        name: {"task": task, "schedule": seconds, "options": {"expires": int(seconds)}}
        for name, task, seconds in (
            ("sweep-outbox", "accounts.tasks.sweep_outbox", 5.0),
            ("beat-heart", "accounts.tasks.beat_heart", 10.0),
            ("remind-of-invitations", "invitations.tasks.remind_of_invitations", 300.0),
            ("expire-invitations", "invitations.tasks.expire_invitations", 60.0),
            ("look-after-domains", "invitations.tasks.look_after_domains", 600.0),
            ("tell-of-ends", "workspaces.tasks.tell_of_ends", 300.0),
            ("purge-workspaces", "workspaces.tasks.purge_workspaces", 3600.0),
            ("work-off-jobs", "workspaces.tasks.work_off_jobs", 5.0),
            ("discard-jobs", "workspaces.tasks.discard_jobs", 3600.0),
            ("discard-selections", "workspaces.tasks.discard_selections", 3600.0),
            ("clear-sessions", "accounts.tasks.clear_sessions", 6 * 3600.0),
        )
    },
)
app.autodiscover_tasks()


@celeryd_init.connect
def worker_options(conf: Any, **_: Any) -> None:
    """A worker consumes by blocking reads, which a short time-out would break off."""
    conf.broker_connection_timeout = 4.0
    conf.broker_transport_options = DELIVERY
