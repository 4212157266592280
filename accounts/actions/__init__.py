"""Every write about a person. Ids and an actor in, a small result out; a `Refusal` says why not."""

from accounts.actions.addresses import (
    add_address,
    confirm_address,
    remove_address,
    send_confirmation,
    set_primary_address,
)
from accounts.actions.endings import DepartureRefused, block_account, delete_account, unblock_account
from accounts.actions.mail import insist_on_operator, pause_mail, resume_mail, send_test_mail
from accounts.actions.people import change_password, sign_up, update_profile, withdraw_sign_up
from accounts.actions.sessions import end_other_sessions, end_session
from accounts.actions.staff import appoint_staff

__all__ = [
    "DepartureRefused",
    "add_address",
    "appoint_staff",
    "block_account",
    "change_password",
    "confirm_address",
    "delete_account",
    "end_other_sessions",
    "end_session",
    "insist_on_operator",
    "pause_mail",
    "remove_address",
    "resume_mail",
    "send_confirmation",
    "send_test_mail",
    "set_primary_address",
    "sign_up",
    "unblock_account",
    "update_profile",
    "withdraw_sign_up",
]
