"""The person's pages, under /accounts/. Names are allauth's where its code asks for them; nothing unused is mounted."""

from django.urls import path, re_path

from accounts.views import addresses, confirmation, entrance, passwords, profile, security, sessions

urlpatterns = [
    path("login/", entrance.SignIn.as_view(), name="account_login"),
    path("login/passkey/", entrance.PasskeySignIn.as_view(), name="mfa_login_webauthn"),
    path("login/code/", entrance.SecondFactor.as_view(), name="mfa_authenticate"),
    path("logout/", entrance.SignOut.as_view(), name="account_logout"),
    path("inactive/", entrance.Inactive.as_view(), name="account_inactive"),
    path("signup/", entrance.SignUp.as_view(), name="account_signup"),
    path("signup/again/", entrance.SignUpAgain.as_view(), name="account_signup_again"),
    path("confirm-email/", entrance.AddressToConfirm.as_view(), name="account_email_verification_sent"),
    re_path(r"^confirm-email/(?P<key>[-:\w]+)/$", entrance.ConfirmAddress.as_view(), name="account_confirm_email"),
    path("password/reset/", passwords.ForgottenPassword.as_view(), name="account_reset_password"),
    path("password/reset/done/", passwords.ForgottenPasswordDone.as_view(), name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        passwords.ResetPassword.as_view(),
        name="account_reset_password_from_key",
    ),
    path("confirm/", confirmation.Confirm.as_view(), name="account_confirm"),
    path("confirm/password/", confirmation.ConfirmByPassword.as_view(), name="account_confirm_by_password"),
    path("confirm/code/", confirmation.ConfirmByCode.as_view(), name="account_confirm_by_code"),
    path("confirm/passkey/", confirmation.ConfirmByPasskey.as_view(), name="account_confirm_by_passkey"),
    path("profile/", profile.Profile.as_view(), name="account_profile"),
    path("profile/delete/", profile.DeleteAccount.as_view(), name="account_delete"),
    path("welcome/", profile.PasskeyOffer.as_view(), name="account_passkey_offer"),
    path("addresses/", addresses.Addresses.as_view(), name="account_email"),
    path("addresses/add/", addresses.AddAddress.as_view(), name="account_add_email"),
    path("addresses/<int:address_id>/send/", addresses.SendConfirmation.as_view(), name="account_send_confirmation"),
    path(
        "addresses/<int:address_id>/primary/", addresses.SetPrimaryAddress.as_view(), name="account_set_primary_email"
    ),
    path("addresses/<int:address_id>/remove/", addresses.RemoveAddress.as_view(), name="account_remove_email"),
    path("sessions/", sessions.Sessions.as_view(), name="usersessions_list"),
    path("sessions/end/", sessions.EndOtherSessions.as_view(), name="account_end_other_sessions"),
    path("sessions/<int:session_id>/end/", sessions.EndSession.as_view(), name="account_end_session"),
    path("security/", security.Security.as_view(), name="mfa_index"),
    path("security/password/", passwords.ChangePassword.as_view(), name="account_change_password"),
    path("security/app/", security.ActivateApp.as_view(), name="mfa_activate_totp"),
    path("security/app/remove/", security.DeactivateApp.as_view(), name="mfa_deactivate_totp"),
    path("security/codes/", security.RecoveryCodes.as_view(), name="mfa_view_recovery_codes"),
    path("security/codes/file/", security.RecoveryCodesFile.as_view(), name="mfa_download_recovery_codes"),
    path("security/codes/new/", security.GenerateRecoveryCodes.as_view(), name="mfa_generate_recovery_codes"),
    path("security/passkeys/add/", security.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path("security/passkeys/<int:pk>/rename/", security.RenamePasskey.as_view(), name="mfa_edit_webauthn"),
    path("security/passkeys/<int:pk>/remove/", security.RemovePasskey.as_view(), name="mfa_remove_webauthn"),
]
