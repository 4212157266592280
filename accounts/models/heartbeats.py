"""Signs of life of processes that no request reaches. Written by `accounts.tasks`, read by /readyz."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class HeartbeatName(models.TextChoices):
    BEAT = "beat", _("Beat")
    WORKER = "worker", _("Worker")


class Heartbeat(models.Model):
    Name = HeartbeatName

    name = models.CharField(max_length=20, unique=True, choices=HeartbeatName)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(name__in=HeartbeatName.values), name="heartbeat_name_known"),
        ]

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%H:%M:%S}"

    @staticmethod
    def record(name: HeartbeatName) -> None:
        """Sets the sign to now, by the database's clock."""
        Heartbeat.objects.bulk_create(
            [Heartbeat(name=name, at=Now())], update_conflicts=True, unique_fields=["name"], update_fields=["at"]
        )
