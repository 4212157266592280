"""What operators do to all outgoing mail. It belongs to no organization's history, so the log keeps it."""

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.models import TestMail, User
from accounts.outbox import gates, hint, trials
from config.refusals import Refusal

log = structlog.get_logger(__name__)


def pause_mail(*, actor: Actor) -> bool:
    """No worker takes another mail until `resume_mail`; False if it was so already. 403 but for operators."""
    with transaction.atomic():
        operator = insist_on_operator(actor)
        is_new = gates.pause(operator.pk)
    log.info("mail.paused", operator=operator.pk, was_paused=not is_new)
    return is_new


def resume_mail(*, actor: Actor) -> bool:
    """Workers go on at once; False if mail was not paused. 403 but for operators."""
    with transaction.atomic():
        operator = insist_on_operator(actor)
        is_new = gates.resume()
        hint()
    log.info("mail.resumed", operator=operator.pk, was_paused=is_new)
    return is_new


def send_test_mail(*, actor: Actor) -> TestMail:
    """Has a worker send one mail to the operator's own address. 403 but for operators."""
    with transaction.atomic():
        operator = insist_on_operator(actor)
        row = trials.ask(operator)
    log.info("mail.test_asked", operator=operator.pk)
    return row


def insist_on_operator(actor: Actor) -> User:
    """The actor's account, read anew. Operators are the active superusers."""
    operator = User.objects.filter(pk=actor.user_id or 0, is_active=True, is_superuser=True).first()
    if operator is None:
        raise Refusal(_("Only operators (superusers) do this to outgoing mail."), 403, "no_right")
    return operator
