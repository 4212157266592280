"""The outbox: mails are queued as rows inside the caller's transaction, and workers turn them into messages.

Actions call `queue`, `queue_mail`, `hint`, `cancel` and `retry`, tasks `drain` and `sweep`; no other code sends mail.
"""

from accounts.outbox.drains import drain, sweep
from accounts.outbox.letters import Letter, MailKind, Stale, Wording, one_line, register, without_links
from accounts.outbox.queueing import cancel, cancel_mails, hint, queue, queue_mail, retry
from accounts.outbox.readers import Reader, moment_words, reader, readers_of
from accounts.outbox.reports import report

__all__ = [
    "Letter",
    "MailKind",
    "Reader",
    "Stale",
    "Wording",
    "cancel",
    "cancel_mails",
    "drain",
    "hint",
    "moment_words",
    "one_line",
    "queue",
    "queue_mail",
    "reader",
    "readers_of",
    "register",
    "report",
    "retry",
    "sweep",
    "without_links",
]
