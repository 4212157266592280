"""A person's addresses: added, confirmed, made the primary one, removed. Only a confirmed one counts for anything."""

from allauth.account import app_settings
from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import emails, queries, registry
from accounts.actions.sessions import end_other_sessions
from accounts.models import User
from config.refusals import Refusal


def add_address(*, user_id: int, address: str) -> EmailAddress:
    """Adds a canonical address and mails a link that confirms it.

    Whether it belongs to somebody else is not said here: the link would show it to whoever owns the mailbox.
    """
    with transaction.atomic():
        user = _lock(user_id)
        present = queries.addresses_of(user_id)
        if present.filter(email=address).exists():
            raise Refusal(_("This address is yours already."), 409, "duplicate_address")
        limit = app_settings.MAX_EMAIL_ADDRESSES
        if limit and present.count() >= limit:
            raise Refusal(
                _("You have %(limit)s addresses, the most possible. Remove one first.") % {"limit": limit},
                409,
                "too_many",
            )
        added = EmailAddress.objects.create(user=user, email=address)
        _mail_link(user, added, is_signup=False)
    return added


def send_confirmation(*, address_id: int) -> bool:
    """Mails the confirming link again, if there is something to confirm. How often is the caller's to limit."""
    with transaction.atomic():
        address = EmailAddress.objects.select_related("user").filter(pk=address_id, verified=False).first()
        if address is None:
            return False
        _mail_link(
            address.user, address, is_signup=not queries.addresses_of(address.user_id).filter(verified=True).exists()
        )
    return True


def confirm_address(*, address_id: int, keep: str | None) -> EmailAddress:
    """The mailed link was followed by the account's own person: from now on the address is theirs alone.

    Ends their sessions except the one with the key `keep`. Refused with 409 where another account confirmed it before.
    """
    with transaction.atomic():
        address = EmailAddress.objects.select_related("user").get(pk=address_id)
        user = _lock(address.user_id)
        if address.verified:
            return address
        has_others = queries.addresses_of(user.pk).filter(verified=True).exists()
        try:
            with transaction.atomic():
                address.verified = True
                address.save(update_fields=["verified"])
        except IntegrityError:
            raise Refusal(_("This address belongs to another account by now."), 409, "taken") from None
        queries.unconfirmed_signups(address.email).exclude(pk=user.pk).delete()
        if has_others:
            emails.queue_allauth("account/email/email_confirm", user.email, {"user": user, "to_email": address.email})
        end_other_sessions(user_id=user.pk, keep=keep)
        registry.tell_person_changed(user.pk)
    return address


def set_primary_address(*, user_id: int, address_id: int, keep: str | None) -> EmailAddress:
    """Mail goes to this one from now on; the former primary one is told. Refused with 409 unless it is confirmed."""
    with transaction.atomic():
        user = _lock(user_id)
        address = EmailAddress.objects.get(user_id=user_id, pk=address_id)
        if not address.verified:
            raise Refusal(
                _("Confirm this address first: follow the link that was mailed to it."), 409, "unconfirmed_address"
            )
        if address.primary:
            return address
        former = user.email
        EmailAddress.objects.filter(user_id=user_id, primary=True).update(primary=False)
        EmailAddress.objects.filter(pk=address_id).update(primary=True)
        address.primary = True
        queries.unconfirmed_signups(address.email).delete()
        user.email = address.email
        user.save(update_fields=["email"])
        emails.queue_allauth(
            "account/email/email_changed", former, {"user": user, "from_email": former, "to_email": user.email}
        )
        end_other_sessions(user_id=user_id, keep=keep)
        registry.tell_person_changed(user_id)
    return address


def remove_address(*, user_id: int, address_id: int, keep: str | None) -> str:
    """Takes an address off the account and returns it. The primary one stays: refused with 409."""
    with transaction.atomic():
        user = _lock(user_id)
        address = EmailAddress.objects.get(user_id=user_id, pk=address_id)
        if address.primary:
            raise Refusal(
                _("Make another address your primary one first; then this one can go."), 409, "primary_address"
            )
        address.delete()
        if address.verified:
            emails.queue_allauth(
                "account/email/email_deleted", user.email, {"user": user, "deleted_email": address.email}
            )
            end_other_sessions(user_id=user_id, keep=keep)
            registry.tell_person_changed(user_id)
    removed: str = address.email
    return removed


def _lock(user_id: int) -> User:
    return User.objects.select_for_update().get(pk=user_id)


def _mail_link(user: User, address: EmailAddress, *, is_signup: bool) -> None:
    kind = "account/email/email_confirmation_signup" if is_signup else "account/email/email_confirmation"
    emails.queue_allauth(kind, address.email, {"user": user, "email_address": address})
