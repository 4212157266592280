"""Who belongs to support staff: the one thing that superusers may do beyond them."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.models import User
from config.refusals import Refusal


def appoint_staff(*, actor: Actor, user_id: int, is_staff: bool) -> None:
    """Makes somebody support staff, or no longer.

    Refused with 403 unless the actor is an active superuser now, with 409 for oneself.
    """
    with transaction.atomic():
        if not User.objects.filter(pk=actor.user_id or 0, is_active=True, is_superuser=True).exists():
            raise Refusal(_("Only superusers say who is support staff."), 403, "no_right")
        if actor.user_id == user_id:
            raise Refusal(_("Nobody changes this for themselves."), 409, "yourself")
        user = User.objects.select_for_update().get(pk=user_id)
        user.is_staff = is_staff
        user.save(update_fields=["is_staff"])
