"""How it goes with an invitation while it waits, for the lists of people; registered with `workspaces`."""

import json
from datetime import datetime

from django.db import connection
from django.urls import reverse

from invitations.policy import next_reminder
from invitations.queries.invitations import NEVER_ARRIVED, REMINDER_MAIL
from workspaces.models import Organization
from workspaces.registry import Waiting
from workspaces.sql import moment


def waiting_sql() -> str:
    """A JSON array as `read_waiting` takes it. Silent: whoever wants no reminders, and whom a mail did not reach, as
    `reminding` has it.
    """
    array, text = ("json_build_array", "::text") if connection.vendor == "postgresql" else ("json_array", "")
    failed = ", ".join(f"'{state.value}'" for state in NEVER_ARRIVED)
    return f"""
        SELECT {array}(i.id, i.sent_at, i.expires_at, i.declined_at, i.fresh_asked_at, i.reminders,
            i.reminders_stopped_at,
            EXISTS (SELECT 1 FROM invitations_unsubscribed u
                    WHERE u.organization_id = i.organization_id AND u.address = i.address)
            OR EXISTS (SELECT 1 FROM workspaces_member w JOIN accounts_outgoingmail x ON x.id = w.mail_id
                       WHERE w.id = i.member_id AND x.state IN ({failed}))
            OR EXISTS (SELECT 1 FROM accounts_outgoingmail x
                       WHERE x.kind = '{REMINDER_MAIL}' AND x.subject_id = i.id AND x.generation = i.generation
                       AND x.state IN ({failed}))){text}
        FROM invitations_invitation i
        WHERE i.member_id = people.member_id AND i.accepted_at IS NULL AND i.revoked_at IS NULL"""  # noqa: S608  names only


def read_waiting(organization: Organization, text: str, now: datetime) -> Waiting:
    pk, *texts, is_silent = json.loads(text)
    reminders = texts.pop(4)
    sent_at, expires_at, declined_at, fresh_asked_at, stopped_at = map(moment, texts)
    assert sent_at is not None
    assert expires_at is not None
    goes = organization.sends_reminders and not is_silent and stopped_at is None
    due = next_reminder(sent_at, expires_at, reminders) if goes and declined_at is None and expires_at > now else None
    return Waiting(
        reverse("invitation_story", args=[organization.slug, pk]),
        fresh_asked_at,
        reminders,
        stopped_at,
        None if due is None else max(due, now),  # what is due goes at the next tick
    )
