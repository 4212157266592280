"""An account ends: deleted by its person, or blocked by support staff. Nobody leaves a place without its last admin."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import registry
from accounts.actions.sessions import end_other_sessions
from accounts.actors import Actor, is_fresh
from accounts.models import User
from accounts.registry import Departure, Ending, Objection
from config.refusals import Refusal


class DepartureRefused(Refusal):
    """409: somewhere the person is indispensable. `objections` name the ways out."""

    def __init__(self, objections: Sequence[Objection]) -> None:
        super().__init__(" ".join(objection.sentence for objection in objections), 409, "indispensable")
        self.objections = tuple(objections)


def delete_account(*, actor: Actor) -> None:
    """Deletes the actor's own account with everything that is only theirs; memberships end through the departures.

    Locks first the organizations (by the objections), then the person. Raises DepartureRefused, and 401 unless the
    actor has proven who they are within the last minutes (P15).
    """
    if actor.user_id is None:
        raise Refusal(_("Only a person can delete their account."), 403, "no_person")
    if not is_fresh(actor.authenticated_at, timezone.now()):
        raise Refusal(_("Confirm that it is you, then do it again."), 401, "confirm")
    with transaction.atomic():
        departure = Departure(actor.user_id, Ending.DELETED, actor)
        user = _lock_unless_indispensable(departure)
        _carry_out(departure)
        end_other_sessions(user_id=user.pk, keep=None)
        user.delete()


def block_account(*, actor: Actor, user_id: int) -> int:
    """Support staff end somebody's access everywhere, at once; returns how many sessions that ended.

    Raises DepartureRefused where the person is the last admin or the owner, and 403 or 409 unless staff may.
    """
    with transaction.atomic():
        _require_staff(actor, user_id)
        departure = Departure(user_id, Ending.BLOCKED, actor)
        user = _lock_unless_indispensable(departure)
        ended = end_other_sessions(user_id=user_id, keep=None)
        if user.is_active:
            user.is_active = False
            user.save(update_fields=["is_active"])
            _carry_out(departure)
            registry.tell_person_changed(user_id)
    return ended


def unblock_account(*, actor: Actor, user_id: int) -> None:
    """The person may sign in again. What they held before the block, they hold again."""
    with transaction.atomic():
        _require_staff(actor, user_id)
        if User.objects.filter(pk=user_id, is_active=True).exists():
            return
        # Organizations are locked before the person, as everywhere; so the person is asked again afterwards.
        _carry_out(Departure(user_id, Ending.UNBLOCKED, actor))
        if not User.objects.filter(pk=user_id, is_active=False).update(is_active=True):
            raise Refusal(_("The account was unblocked a moment ago."), 409, "unblocked")
        registry.tell_person_changed(user_id)


def _lock_unless_indispensable(departure: Departure) -> User:
    objections = [objection for objector in registry.objections for objection in objector(departure)]
    if objections:
        raise DepartureRefused(objections)
    return User.objects.select_for_update().get(pk=departure.user_id)


def _carry_out(departure: Departure) -> None:
    for depart in registry.departures:
        depart(departure)


def _require_staff(actor: Actor, user_id: int) -> None:
    """Roster itself (a command) may; a person must be active staff now, and not block their own way back."""
    if actor.user_id is None:
        return
    if actor.user_id == user_id:
        raise Refusal(_("Nobody blocks their own account."), 409, "yourself")
    staff = User.objects.filter(pk=actor.user_id, is_active=True, is_staff=True).first()
    target_is_superuser = User.objects.filter(pk=user_id, is_superuser=True).exists()
    if staff is None or (target_is_superuser and not staff.is_superuser):
        raise Refusal(_("Only support staff block accounts, and only superusers those of superusers."), 403, "no_right")
