"""A person's account: asked for, confirmed or withdrawn, renamed, given another password."""

from allauth.account.models import EmailAddress
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import names, queries, registry
from accounts.actions.sessions import end_other_sessions
from accounts.models import User
from accounts.registry import Door
from config.refusals import Refusal


def sign_up(*, door: Door, address: str, name: str, password: str, language: str = "") -> User:
    """Makes the account that the door allows: where the door fixes the address, no other counts. language: what the
    person reads while they sign up; mails to them are in it until they choose another one.

    A sign-up for the same address that nobody ever confirmed gives way. Refused with 409 when the address has an
    account, or when an empty installation has got its first person meanwhile.
    """
    address = door.address or address
    if objection := door.refusal_of(address):
        raise Refusal(objection, 403, "address")
    with transaction.atomic():
        if door.only_first:
            _lock_first_person()
        if queries.is_taken(address):
            raise _taken()
        queries.unconfirmed_signups(address).delete()
        try:
            with transaction.atomic():
                user = User.objects.create_user(address, password, name=names.clean_name(name), language=language)
                EmailAddress.objects.create(user=user, email=address, primary=True, verified=door.is_proven)
        except IntegrityError:
            raise _taken() from None
        registry.tell_person_changed(user.pk)
    return user


def _lock_first_person() -> None:
    # An empty table has no row to lock; this one is there once the migrations ran. On SQLite writers are serial.
    ContentType.objects.select_for_update().get(app_label="accounts", model="user")
    if not queries.is_empty_installation():
        raise Refusal(_("This installation has its first account by now. Ask for an invitation."), 409, "not_first")


def _taken() -> Refusal:
    return Refusal(_("There is an account with this address already. Sign in to it instead."), 409, "taken")


def withdraw_sign_up(*, user_id: int) -> bool:
    """Takes back a sign-up that was never confirmed, for a person who mistyped their address; was there one?"""
    with transaction.atomic():
        user = User.objects.select_for_update().filter(pk=user_id).first()
        if user is None or not queries.unconfirmed_signups(user.email).filter(pk=user_id).exists():
            return False
        user.delete()
    return True


def update_profile(*, user_id: int, name: str, time_zone: str, language: str = "") -> None:
    """The person's own name (`clean_name`), time zone (an IANA name) and language (of settings.LANGUAGES; empty: what
    their browser says).
    """
    name = names.clean_name(name)
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user_id)
        renamed = user.name != name
        user.name, user.time_zone, user.language = name, time_zone, language
        user.save(update_fields=["name", "time_zone", "language"])
        if renamed:
            registry.tell_person_changed(user.pk)


def change_password(*, user_id: int, password: str, keep: str | None) -> None:
    """Sets a password that was validated and ends all sessions but the one with the key `keep`.

    The flows that lead here mail the notice.
    """
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user_id)
        user.set_password(password)
        user.save(update_fields=["password"])
        end_other_sessions(user_id=user_id, keep=keep)
