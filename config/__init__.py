"""What all apps stand on: settings, URLs, Celery, HTTP edges."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
