"""The person, and the mails that leave for people. Nothing here knows organizations."""

from accounts.models.heartbeats import Heartbeat
from accounts.models.mails import MailAttempt, MailGate, OutgoingMail, TestMail
from accounts.models.users import User

__all__ = ["Heartbeat", "MailAttempt", "MailGate", "OutgoingMail", "TestMail", "User"]
