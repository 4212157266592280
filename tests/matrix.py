"""The permission matrix as data (ACCEPTANCE P2): what each kind of visitor gets from each address, by method.

An address that has no row here fails the suite. Arguments and entries are right ones (tests/test_matrix.py), so that
a status speaks of rights. 405: not offered. Signed-in visitors have just proven who they are; `invited` has opened the
link of the invitation. The member in the addresses is Ben, a plain Member; in edit and resend it is Nora, who waits.
"""

COLUMNS = (
    "anonymous", "stranger", "invited", "suspended", "guest", "member", "viewer", "editor", "group manager",
    "workspace admin", "admin", "owner", "other admin", "staff",
)  # fmt: skip
METHODS = ("GET", "POST")

# Addresses of the person: all who are signed in get the same. method, name, anonymous, signed in.
_PERSONAL = """
GET  healthz                          200 200
POST healthz                          405 405
GET  readyz                           200 200
POST readyz                           405 405
GET  home                             302 302
POST home                             405 405
GET  my_access                        302 200
POST my_access                        302 405
GET  switcher                         302 200
POST switcher                         302 405
GET  account_login                    200 302
POST account_login                    422 302
GET  mfa_login_webauthn               302 302
POST mfa_login_webauthn               303 302
GET  mfa_authenticate                 302 302
POST mfa_authenticate                 302 302
GET  account_logout                   302 200
POST account_logout                   302 302
GET  account_inactive                 200 200
POST account_inactive                 405 405
GET  account_signup                   403 302
POST account_signup                   403 302
GET  account_signup_again             405 405
POST account_signup_again             303 303
GET  account_email_verification_sent  200 200
POST account_email_verification_sent  405 405
GET  account_confirm_email            404 404
POST account_confirm_email            404 404
GET  account_reset_password           200 200
POST account_reset_password           422 422
GET  account_reset_password_done      200 200
POST account_reset_password_done      405 405
GET  account_reset_password_from_key  404 404
POST account_reset_password_from_key  404 404
GET  account_confirm                  302 302
POST account_confirm                  302 405
GET  account_confirm_by_password      302 405
POST account_confirm_by_password      302 422
GET  account_confirm_by_code          302 405
POST account_confirm_by_code          302 422
GET  account_confirm_by_passkey       302 405
POST account_confirm_by_passkey       302 422
GET  account_profile                  302 200
POST account_profile                  302 422
GET  account_delete                   302 200
GET  account_passkey_offer            302 200
POST account_passkey_offer            302 405
GET  account_email                    302 200
POST account_email                    302 405
GET  account_add_email                302 200
POST account_add_email                302 422
GET  account_send_confirmation        302 405
POST account_send_confirmation        302 404
GET  account_set_primary_email        302 405
POST account_set_primary_email        302 404
GET  account_remove_email             302 404
POST account_remove_email             302 404
GET  usersessions_list                302 200
POST usersessions_list                302 405
GET  account_end_other_sessions       302 405
POST account_end_other_sessions       302 303
GET  account_end_session              302 405
POST account_end_session              302 404
GET  mfa_index                        302 200
POST mfa_index                        302 405
GET  account_change_password          302 200
POST account_change_password          302 422
GET  mfa_activate_totp                302 200
POST mfa_activate_totp                302 422
GET  mfa_deactivate_totp              302 404
POST mfa_deactivate_totp              302 404
GET  mfa_view_recovery_codes          302 404
POST mfa_view_recovery_codes          302 405
GET  mfa_download_recovery_codes      302 404
POST mfa_download_recovery_codes      302 405
GET  mfa_generate_recovery_codes      302 200
POST mfa_generate_recovery_codes      302 422
GET  mfa_add_webauthn                 302 200
POST mfa_add_webauthn                 302 422
GET  mfa_edit_webauthn                302 404
POST mfa_edit_webauthn                302 404
GET  mfa_remove_webauthn              302 404
POST mfa_remove_webauthn              302 404
GET  invitation_link                  302 302
POST invitation_link                  405 405
GET  invite_link                      302 302
POST invite_link                      405 405
GET  landing                          404 404
POST landing                          405 405
GET  landing_join                     405 405
POST landing_join                     404 404
GET  landing_switch                   405 405
POST landing_switch                   303 303
GET  join                             302 404
POST join                             302 404
POST invitation                       405 405
GET  invitation_accept                405 405
GET  invitation_switch                405 405
POST invitation_switch                303 303
POST invitation_open                  302 405
GET  invitation_explain               405 405
GET  invitation_fresh                 405 405
POST invitation_fresh                 200 200
GET  invitation_code                  302 302
POST invitation_code                  303 303
GET  invitation_code_again            405 405
POST invitation_code_again            303 303
GET  reminders_stop                   404 404
POST reminders_stop                   404 404
"""

# Addresses where it matters who one is in Acme.
# method, name: anonymous, stranger, invited, suspended, guest, member, viewer, editor, group manager, workspace admin,
# admin, owner, other admin, staff. Viewer and editor have their role in Research, the workspace in the addresses.
_PLACED = """
GET  organization          302 404 404 403 302 302 302 302 302 302 302 302 404 404
POST organization          302 404 404 403 405 405 405 405 405 405 405 405 404 404
GET  members               302 404 404 403 403 200 200 200 200 200 200 200 404 404
POST members               302 404 404 403 403 405 405 405 405 405 405 405 404 404
GET  member_filters        302 404 404 403 403 200 200 200 200 200 200 200 404 404
POST member_filters        302 404 404 403 403 405 405 405 405 405 405 405 404 404
GET  bulk_preview          302 404 404 403 403 405 405 405 405 405 405 405 404 404
POST bulk_preview          302 404 404 403 403 200 200 200 200 200 200 200 404 404
GET  bulk_apply            302 404 404 403 403 405 405 405 405 405 405 405 404 404
POST bulk_apply            302 404 404 403 403 403 403 403 403 403 303 303 404 404
GET  member                302 404 404 403 403 200 200 200 200 200 200 200 404 404
POST member                302 404 404 403 405 405 405 405 405 405 405 405 404 404
GET  member_role           302 404 404 403 403 200 200 200 200 200 200 200 404 404
POST member_role           302 404 404 403 403 403 403 403 403 403 303 303 404 404
GET  member_edit           302 404 404 403 403 403 403 403 403 403 200 200 404 404
POST member_edit           302 404 404 403 403 403 403 403 403 403 303 303 404 404
GET  member_resend         302 404 404 403 403 200 200 200 200 200 200 200 404 404
POST member_resend         302 404 404 403 403 403 403 403 403 403 303 303 404 404
GET  member_copy_link      302 404 404 403 403 403 403 403 403 403 200 200 404 404
POST member_copy_link      302 404 404 403 403 403 403 403 403 403 200 200 404 404
GET  member_reminders      302 404 404 403 403 403 403 403 403 403 200 200 404 404
POST member_reminders      302 404 404 403 403 403 403 403 403 403 303 303 404 404
GET  member_suspend        302 404 404 403 403 200 200 200 200 200 200 200 404 404
POST member_suspend        302 404 404 403 403 403 403 403 403 403 303 303 404 404
GET  member_reactivate     302 404 404 403 403 200 200 200 200 200 200 200 404 404
POST member_reactivate     302 404 404 403 403 403 403 403 403 403 303 303 404 404
GET  member_merge          302 404 404 403 403 403 403 403 403 403 200 200 404 404
POST member_merge          302 404 404 403 403 403 403 403 403 403 303 303 404 404
GET  duplicates            302 404 404 403 403 403 403 403 403 403 200 200 404 404
POST duplicates            302 404 404 403 403 403 403 403 403 403 405 405 404 404
GET  member_remove         302 404 404 403 403 200 200 200 200 200 200 200 404 404
POST member_remove         302 404 404 403 403 403 403 403 403 403 303 303 404 404
GET  invite                302 404 404 403 403 403 403 403 403 200 200 200 404 404
POST invite                302 404 404 403 403 403 403 403 403 303 303 303 404 404
GET  invite_check          302 404 404 403 403 403 403 403 403 405 405 405 404 404
POST invite_check          302 404 404 403 403 403 403 403 403 200 200 200 404 404
GET  import                302 404 404 403 403 403 403 403 403 200 200 200 404 404
POST import                302 404 404 403 403 403 403 403 403 303 303 303 404 404
GET  import_template       302 404 404 403 403 403 403 403 403 200 200 200 404 404
POST import_template       302 404 404 403 403 403 403 403 403 405 405 405 404 404
GET  import_plan           302 404 404 403 403 403 403 403 403 404 200 404 404 404
POST import_plan           302 404 404 403 403 403 403 403 403 405 405 405 404 404
GET  import_columns        302 404 404 403 403 403 403 403 403 404 200 404 404 404
POST import_columns        302 404 404 403 403 403 403 403 403 404 303 404 404 404
GET  import_rejected       302 404 404 403 403 403 403 403 403 404 200 404 404 404
POST import_rejected       302 404 404 403 403 403 403 403 403 405 405 405 404 404
GET  import_row            302 404 404 403 403 403 403 403 403 404 200 404 404 404
POST import_row            302 404 404 403 403 403 403 403 403 404 303 404 404 404
GET  import_row_remove     302 404 404 403 403 403 403 403 403 405 405 405 404 404
POST import_row_remove     302 404 404 403 403 403 403 403 403 404 303 404 404 404
GET  import_confirm        302 404 404 403 403 403 403 403 403 405 405 405 404 404
POST import_confirm        302 404 404 403 403 403 403 403 403 404 303 404 404 404
GET  import_discard        302 404 404 403 403 403 403 403 403 405 405 405 404 404
POST import_discard        302 404 404 403 403 403 403 403 403 404 303 404 404 404
GET  invitations           302 404 404 403 403 403 403 403 403 200 200 200 404 404
POST invitations           302 404 404 403 403 403 403 403 403 405 405 405 404 404
GET  invitation_filters    302 404 404 403 403 403 403 403 403 200 200 200 404 404
POST invitation_filters    302 404 404 403 403 403 403 403 403 405 405 405 404 404
GET  invitation_story      302 404 404 403 403 403 403 403 403 404 200 200 404 404
POST invitation_story      302 404 404 403 403 403 403 403 403 405 405 405 404 404
GET  invitations_bulk      302 404 404 403 403 403 403 403 403 405 405 405 404 404
POST invitations_bulk      302 404 404 403 403 403 403 403 403 200 200 200 404 404
GET  invitations_bulk_apply 302 404 404 403 403 403 403 403 403 405 405 405 404 404
POST invitations_bulk_apply 302 404 404 403 403 403 403 403 403 403 303 303 404 404
GET  jobs                  302 404 404 403 200 200 200 200 200 200 200 200 404 404
POST jobs                  302 404 404 403 405 405 405 405 405 405 405 405 404 404
GET  job                   302 404 404 403 404 404 404 404 200 404 200 200 404 404
POST job                   302 404 404 403 405 405 405 405 405 405 405 405 404 404
GET  job_unchanged         302 404 404 403 404 404 404 404 200 404 200 200 404 404
POST job_unchanged         302 404 404 403 405 405 405 405 405 405 405 405 404 404
GET  job_cancel            302 404 404 403 405 405 405 405 405 405 405 405 404 404
POST job_cancel            302 404 404 403 404 404 404 404 303 404 303 303 404 404
GET  job_undo              302 404 404 403 404 404 404 404 200 404 200 200 404 404
POST job_undo              302 404 404 403 404 404 404 404 303 404 303 303 404 404
GET  domains               302 404 404 403 403 403 403 403 403 403 200 200 404 404
POST domains               302 404 404 403 403 403 403 403 403 403 303 303 404 404
GET  domain_owner          302 404 404 403 403 403 403 403 403 403 200 200 404 404
POST domain_owner          302 404 404 403 403 403 403 403 403 403 303 303 404 404
GET  domain                302 404 404 403 403 403 403 403 403 403 200 200 404 404
POST domain                302 404 404 403 403 403 403 403 403 403 405 405 404 404
GET  domain_on             302 404 404 403 403 403 403 403 403 403 200 200 404 404
POST domain_on             302 404 404 403 403 403 403 403 403 403 409 409 404 404
GET  domain_check          302 404 404 403 403 403 403 403 403 403 405 405 404 404
POST domain_check          302 404 404 403 403 403 403 403 403 403 303 303 404 404
GET  domain_pause          302 404 404 403 403 403 403 403 403 403 405 405 404 404
POST domain_pause          302 404 404 403 403 403 403 403 403 403 409 409 404 404
GET  domain_resume         302 404 404 403 403 403 403 403 403 403 405 405 404 404
POST domain_resume         302 404 404 403 403 403 403 403 403 403 409 409 404 404
GET  domain_off            302 404 404 403 403 403 403 403 403 403 405 405 404 404
POST domain_off            302 404 404 403 403 403 403 403 403 403 409 409 404 404
GET  domain_remove         302 404 404 403 403 403 403 403 403 403 405 405 404 404
POST domain_remove         302 404 404 403 403 403 403 403 403 403 303 303 404 404
GET  links                 302 404 404 403 403 403 403 403 403 200 200 200 404 404
POST links                 302 404 404 403 403 403 403 403 403 405 405 405 404 404
GET  link_new              302 404 404 403 403 403 403 403 403 200 200 200 404 404
POST link_new              302 404 404 403 403 403 403 403 403 303 303 303 404 404
GET  link                  302 404 404 403 403 403 403 403 403 404 200 200 404 404
POST link                  302 404 404 403 403 403 403 403 403 405 405 405 404 404
GET  link_show             302 404 404 403 403 403 403 403 403 405 405 405 404 404
POST link_show             302 404 404 403 403 403 403 403 403 404 200 200 404 404
GET  link_rotate           302 404 404 403 403 403 403 403 403 405 405 405 404 404
POST link_rotate           302 404 404 403 403 403 403 403 403 404 200 200 404 404
GET  link_revoke           302 404 404 403 403 403 403 403 403 404 200 200 404 404
POST link_revoke           302 404 404 403 403 403 403 403 403 404 303 303 404 404
GET  history               302 404 404 403 403 403 403 403 403 403 200 200 404 404
POST history               302 404 404 403 403 403 403 403 403 403 405 405 404 404
GET  leave                 302 404 404 403 200 200 200 200 200 200 200 200 404 404
POST leave                 302 404 404 403 303 303 303 303 303 409 303 409 404 404
GET  settings              302 404 404 403 403 403 403 403 403 403 200 200 404 404
POST settings              302 404 404 403 403 403 403 403 403 403 303 303 404 404
GET  ownership             302 404 404 403 403 403 403 403 403 403 200 200 404 404
POST ownership             302 404 404 403 405 405 405 405 405 405 405 405 404 404
GET  transfer              302 404 404 403 403 403 403 403 403 403 403 200 404 404
POST transfer              302 404 404 403 403 403 403 403 403 403 403 303 404 404
GET  transfer_withdraw     302 404 404 403 405 405 405 405 405 405 405 405 404 404
POST transfer_withdraw     302 404 404 403 404 404 404 404 404 404 404 404 404 404
GET  transfer_accept       302 404 404 403 405 405 405 405 405 405 405 405 404 404
POST transfer_accept       302 404 404 403 409 409 409 409 409 409 409 409 404 404
GET  danger                302 404 404 403 403 403 403 403 403 403 200 200 404 404
POST danger                302 404 404 403 403 403 403 403 403 403 405 405 404 404
GET  organization_delete   302 404 404 403 403 403 403 403 403 403 403 200 404 404
POST organization_delete   302 404 404 403 403 403 403 403 403 403 403 303 404 404
GET  proposals             302 404 404 403 403 403 403 403 403 403 200 200 404 404
POST proposals             302 404 404 403 403 403 403 403 403 403 405 405 404 404
GET  propose               302 404 404 403 403 403 403 403 403 403 403 403 404 404
POST propose               302 404 404 403 403 403 403 403 403 403 403 403 404 404
GET  proposals_approve     302 404 404 403 403 403 403 403 403 403 303 303 404 404
POST proposals_approve     302 404 404 403 403 403 403 403 403 403 404 404 404 404
GET  proposals_decline     302 404 404 403 403 403 403 403 403 403 303 303 404 404
POST proposals_decline     302 404 404 403 403 403 403 403 403 403 404 404 404 404
GET  proposal_withdraw     302 404 404 403 405 405 405 405 405 405 405 405 404 404
POST proposal_withdraw     302 404 404 403 404 404 404 404 404 404 404 404 404 404
GET  requests              302 404 404 403 200 200 200 200 200 200 200 200 404 404
POST requests              302 404 404 403 405 405 405 405 405 405 405 405 404 404
GET  request_new           302 404 404 403 200 200 200 200 200 200 200 200 404 404
POST request_new           302 404 404 403 303 303 303 409 303 409 409 409 404 404
GET  request_role          302 404 404 403 200 200 200 200 200 200 200 200 404 404
POST request_role          302 404 404 403 303 303 303 303 303 303 422 422 404 404
GET  request_keep          302 404 404 403 404 404 404 404 404 404 404 404 404 404
POST request_keep          302 404 404 403 404 404 404 404 404 404 404 404 404 404
GET  request_approve       302 404 404 403 404 404 404 404 404 200 200 200 404 404
POST request_approve       302 404 404 403 404 404 404 404 404 303 303 303 404 404
GET  request_decline       302 404 404 403 404 404 404 404 404 200 200 200 404 404
POST request_decline       302 404 404 403 404 404 404 404 404 303 303 303 404 404
GET  request_withdraw      302 404 404 403 405 405 405 405 405 405 405 405 404 404
POST request_withdraw      302 404 404 403 404 404 404 404 404 404 404 404 404 404
GET  access                302 404 404 403 403 403 403 403 403 200 200 200 404 404
POST access                302 404 404 403 403 403 403 403 403 405 405 405 404 404
GET  member_remove_access  302 404 404 403 403 403 403 403 403 403 200 200 404 404
POST member_remove_access  302 404 404 403 403 403 403 403 403 403 303 303 404 404
GET  workspace_why         302 404 404 403 404 404 200 200 404 200 200 200 404 404
POST workspace_why         302 404 404 403 404 404 405 405 404 405 405 405 404 404
GET  overview              302 404 404 403 403 403 403 403 403 403 200 200 404 404
POST overview              302 404 404 403 403 403 403 403 403 403 405 405 404 404
GET  member_instead        302 404 404 403 403 403 403 403 403 403 200 200 404 404
POST member_instead        302 404 404 403 403 403 403 403 403 403 303 303 404 404
GET  organization_resources 302 404 404 403 200 200 200 200 200 200 200 200 404 404
POST organization_resources 302 404 404 403 405 405 405 405 405 405 405 405 404 404
GET  organization_drive    302 404 404 403 403 403 403 403 403 403 200 200 404 404
POST organization_drive    302 404 404 403 403 403 403 403 403 403 303 303 404 404
GET  workspace_resources   302 404 404 403 404 404 200 200 404 200 200 200 404 404
POST workspace_resources   302 404 404 403 404 404 405 405 404 405 405 405 404 404
GET  workspace_drive       302 404 404 403 404 404 403 403 404 200 200 200 404 404
POST workspace_drive       302 404 404 403 404 404 403 403 404 303 303 303 404 404
GET  resource              302 404 404 403 404 404 200 200 404 200 200 200 404 404
POST resource              302 404 404 403 404 404 405 405 404 405 405 405 404 404
GET  resource_access       302 404 404 403 404 404 403 403 404 200 200 200 404 404
POST resource_access       302 404 404 403 404 404 403 403 404 303 303 303 404 404
GET  resource_share        302 404 404 403 404 404 403 403 404 200 200 200 404 404
POST resource_share        302 404 404 403 404 404 403 403 404 303 303 303 404 404
GET  resource_unshare      302 404 404 403 404 404 403 403 404 200 200 200 404 404
POST resource_unshare      302 404 404 403 404 404 403 403 404 303 303 303 404 404
GET  resource_transfer     302 404 404 403 404 404 403 403 404 200 200 200 404 404
POST resource_transfer     302 404 404 403 404 404 403 403 404 303 303 303 404 404
GET  palette               302 404 404 403 200 200 200 200 200 200 200 200 404 404
POST palette               302 404 404 403 405 405 405 405 405 405 405 405 404 404
GET  groups                302 404 404 403 403 200 200 200 200 200 200 200 404 404
POST groups                302 404 404 403 405 405 405 405 405 405 405 405 404 404
GET  roles                 302 404 404 403 403 200 200 200 200 200 200 200 404 404
POST roles                 302 404 404 403 403 405 405 405 405 405 405 405 404 404
GET  role                  302 404 404 403 403 200 200 200 200 200 200 200 404 404
POST role                  302 404 404 403 403 405 405 405 405 405 405 405 404 404
GET  role_compare          302 404 404 403 403 200 200 200 200 200 200 200 404 404
POST role_compare          302 404 404 403 403 405 405 405 405 405 405 405 404 404
GET  role_new              302 404 404 403 403 403 403 403 403 403 200 200 404 404
POST role_new              302 404 404 403 403 403 403 403 403 403 303 303 404 404
GET  role_edit             302 404 404 403 403 403 403 403 403 403 200 200 404 404
POST role_edit             302 404 404 403 403 403 403 403 403 403 303 303 404 404
GET  role_edit_preview     302 404 404 403 403 403 403 403 403 403 200 200 404 404
POST role_edit_preview     302 404 404 403 403 403 403 403 403 403 200 200 404 404
GET  role_delete           302 404 404 403 403 403 403 403 403 403 200 200 404 404
POST role_delete           302 404 404 403 403 403 403 403 403 403 303 303 404 404
GET  scheme                302 404 404 403 403 403 403 403 403 403 200 200 404 404
POST scheme                302 404 404 403 403 403 403 403 403 403 303 303 404 404
GET  scheme_preview        302 404 404 403 403 403 403 403 403 403 200 200 404 404
POST scheme_preview        302 404 404 403 403 403 403 403 403 403 200 200 404 404
GET  group_create          302 404 404 403 403 403 403 403 403 403 200 200 404 404
POST group_create          302 404 404 403 403 403 403 403 403 403 303 303 404 404
GET  group                 302 404 404 403 403 200 200 200 200 200 200 200 404 404
POST group                 302 404 404 403 403 405 405 405 405 405 405 405 404 404
GET  group_edit            302 404 404 403 403 403 403 403 403 403 200 200 404 404
POST group_edit            302 404 404 403 403 403 403 403 403 403 303 303 404 404
GET  group_delete          302 404 404 403 403 403 403 403 403 403 200 200 404 404
POST group_delete          302 404 404 403 403 403 403 403 403 403 303 303 404 404
GET  group_manager         302 404 404 403 403 403 403 403 403 403 200 200 404 404
POST group_manager         302 404 404 403 403 403 403 403 403 403 303 303 404 404
GET  group_manager_dismiss 302 404 404 403 403 403 403 403 403 403 200 200 404 404
POST group_manager_dismiss 302 404 404 403 403 403 403 403 403 403 303 303 404 404
GET  group_add             302 404 404 403 403 403 403 403 200 403 200 200 404 404
POST group_add             302 404 404 403 403 403 403 403 303 403 303 303 404 404
GET  group_remove          302 404 404 403 403 403 403 403 200 403 200 200 404 404
POST group_remove          302 404 404 403 403 403 403 403 303 403 303 303 404 404
GET  group_removal         302 404 404 403 403 403 403 403 405 403 405 405 404 404
POST group_removal         302 404 404 403 403 403 403 403 200 403 200 200 404 404
GET  group_removal_apply   302 404 404 403 403 403 403 403 405 403 405 405 404 404
POST group_removal_apply   302 404 404 403 403 403 403 403 303 403 303 303 404 404
GET  workspaces            302 404 404 403 200 200 200 200 200 200 200 200 404 404
POST workspaces            302 404 404 403 405 405 405 405 405 405 405 405 404 404
GET  workspace_create      302 404 404 403 403 403 403 403 403 403 200 200 404 404
POST workspace_create      302 404 404 403 403 403 403 403 403 403 303 303 404 404
GET  workspace_restore     302 404 404 403 403 403 403 403 403 403 404 404 404 404
POST workspace_restore     302 404 404 403 403 403 403 403 403 403 404 404 404 404
GET  workspace             302 404 404 403 404 404 302 302 404 302 302 302 404 404
POST workspace             302 404 404 403 404 404 405 405 404 405 405 405 404 404
GET  workspace_join        302 404 404 403 405 405 405 405 405 405 405 405 404 404
POST workspace_join        302 404 404 403 404 404 404 404 404 404 404 404 404 404
GET  workspace_leave       302 404 404 403 404 404 200 200 404 200 200 200 404 404
POST workspace_leave       302 404 404 403 404 404 303 303 404 303 409 409 404 404
GET  workspace_default     302 404 404 403 404 404 405 405 404 405 405 405 404 404
POST workspace_default     302 404 404 403 404 404 303 303 404 303 303 303 404 404
GET  workspace_members            302 404 404 403 404 404 200 200 404 200 200 200 404 404
POST workspace_members            302 404 404 403 404 404 405 405 404 405 405 405 404 404
GET  workspace_member_filters     302 404 404 403 404 404 200 200 404 200 200 200 404 404
POST workspace_member_filters     302 404 404 403 404 404 405 405 404 405 405 405 404 404
GET  workspace_add                302 404 404 403 404 404 403 403 404 200 200 200 404 404
POST workspace_add                302 404 404 403 404 404 403 403 404 303 303 303 404 404
GET  workspace_everyone           302 404 404 403 404 404 403 403 404 200 200 200 404 404
POST workspace_everyone           302 404 404 403 404 404 403 403 404 303 303 303 404 404
GET  workspace_bulk               302 404 404 403 404 404 403 403 404 405 405 405 404 404
POST workspace_bulk               302 404 404 403 404 404 403 403 404 200 200 200 404 404
GET  workspace_bulk_apply         302 404 404 403 404 404 403 403 404 405 405 405 404 404
POST workspace_bulk_apply         302 404 404 403 404 404 403 403 404 409 409 409 404 404
GET  workspace_member             302 404 404 403 404 404 404 404 404 200 200 200 404 404
POST workspace_member             302 404 404 403 404 404 404 404 404 405 405 405 404 404
GET  workspace_member_role        302 404 404 403 404 404 403 403 404 200 200 200 404 404
POST workspace_member_role        302 404 404 403 404 404 403 403 404 303 303 303 404 404
GET  workspace_member_permissions 302 404 404 403 404 404 403 403 404 302 302 302 404 404
POST workspace_member_permissions 302 404 404 403 404 404 403 403 404 405 405 405 404 404
GET  workspace_member_revoke      302 404 404 403 404 404 403 403 404 200 200 200 404 404
POST workspace_member_revoke      302 404 404 403 404 404 403 403 404 409 409 409 404 404
GET  workspace_member_remove      302 404 404 403 404 404 403 403 404 200 200 200 404 404
POST workspace_member_remove      302 404 404 403 404 404 403 403 404 303 303 303 404 404
GET  workspace_member_resend      302 404 404 403 404 404 403 403 404 200 200 200 404 404
POST workspace_member_resend      302 404 404 403 404 404 403 403 404 303 303 303 404 404
GET  workspace_member_history     302 404 404 403 404 404 403 403 404 200 200 200 404 404
POST workspace_member_history     302 404 404 403 404 404 403 403 404 405 405 405 404 404
GET  workspace_grants             302 404 404 403 404 404 200 200 404 200 200 200 404 404
POST workspace_grants             302 404 404 403 404 404 405 405 404 405 405 405 404 404
GET  grant_bulk                   302 404 404 403 404 404 403 403 404 405 405 405 404 404
POST grant_bulk                   302 404 404 403 404 404 403 403 404 200 200 200 404 404
GET  grant_bulk_apply             302 404 404 403 404 404 403 403 404 405 405 405 404 404
POST grant_bulk_apply             302 404 404 403 404 404 403 403 404 409 409 409 404 404
GET  grant_role                   302 404 404 403 404 404 403 403 404 200 200 200 404 404
POST grant_role                   302 404 404 403 404 404 403 403 404 303 303 303 404 404
GET  grant_edit                   302 404 404 403 404 404 403 403 404 200 200 200 404 404
POST grant_edit                   302 404 404 403 404 404 403 403 404 303 303 303 404 404
GET  grant_remove                 302 404 404 403 404 404 403 403 404 200 200 200 404 404
POST grant_remove                 302 404 404 403 404 404 403 403 404 409 409 409 404 404
GET  workspace_history     302 404 404 403 404 404 403 403 404 200 200 200 404 404
POST workspace_history     302 404 404 403 404 404 403 403 404 405 405 405 404 404
GET  workspace_settings    302 404 404 403 404 404 403 403 404 200 200 200 404 404
POST workspace_settings    302 404 404 403 404 404 403 403 404 303 303 303 404 404
GET  workspace_archive     302 404 404 403 404 404 403 403 404 200 200 200 404 404
POST workspace_archive     302 404 404 403 404 404 403 403 404 303 303 303 404 404
GET  workspace_reopen      302 404 404 403 404 404 403 403 404 405 405 405 404 404
POST workspace_reopen      302 404 404 403 404 404 403 403 404 409 409 409 404 404
GET  workspace_delete      302 404 404 403 404 404 403 403 404 200 200 200 404 404
POST workspace_delete      302 404 404 403 404 404 403 403 404 409 409 409 404 404
GET  organization_create   302 403 403 403 403 403 403 403 403 403 403 403 403 200
POST organization_create   302 403 403 403 403 403 403 403 403 403 403 403 403 303
POST account_delete        302 303 303 303 303 303 303 303 303 409 303 409 409 303
GET  invitation            404 404 200 404 404 404 404 404 404 404 404 404 404 404
POST invitation_accept     404 404 303 404 404 404 404 404 404 404 404 404 404 404
GET  invitation_decline    404 404 200 404 404 404 404 404 404 404 404 404 404 404
POST invitation_decline    404 404 303 404 404 404 404 404 404 404 404 404 404 404
POST invitation_explain    404 404 422 404 404 404 404 404 404 404 404 404 404 404
GET  invitation_open       302 404 302 404 404 404 404 404 404 404 404 404 404 404
"""

# Django admin: support staff only. name, anonymous, signed in, staff by GET, staff by POST.
_ADMIN = """
index                              302 302 200 200
login                              302 404 302 302
logout                             302 302 302 302
jsi18n                             302 302 200 405
app_list                           302 302 200 200
accounts_user_changelist           302 302 200 200
accounts_user_change               302 302 200 403
accounts_outgoingmail_changelist   302 302 200 200
accounts_outgoingmail_change       302 302 200 403
accounts_outgoingmail_operations   302 302 200 405
accounts_outgoingmail_pause        302 302 405 403
accounts_outgoingmail_resume       302 302 405 403
accounts_outgoingmail_test         302 302 405 403
workspaces_organization_changelist 302 302 200 200
workspaces_organization_change     302 302 200 403
workspaces_member_changelist       302 302 200 200
workspaces_member_change           302 302 200 403
invitations_invitation_changelist  302 302 200 200
invitations_invitation_change      302 302 200 403
invitations_domainrule_changelist  302 302 200 200
invitations_domainrule_add         302 302 403 403
invitations_domainrule_change      302 302 200 403
invitations_domainrule_delete      302 302 403 403
"""


def _table() -> dict[tuple[str, str], tuple[int, ...]]:
    rows = {}
    for line in _PERSONAL.split("\n")[1:-1]:
        method, name, anonymous, signed_in = line.split()
        rows[method, name] = (int(anonymous), *[int(signed_in)] * (len(COLUMNS) - 1))
    for line in _PLACED.split("\n")[1:-1]:
        method, name, *statuses = line.split()
        assert (method, name) not in rows, f"{method} {name} has two rows"
        rows[method, name] = tuple(map(int, statuses))
    for line in _ADMIN.split("\n")[1:-1]:
        name, anonymous, signed_in, *staff = line.split()
        for method, status in zip(METHODS, staff, strict=True):
            rows[method, f"admin:{name}"] = (int(anonymous), *[int(signed_in)] * (len(COLUMNS) - 2), int(status))
    return rows


MATRIX = _table()
