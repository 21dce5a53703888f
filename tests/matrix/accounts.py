"""Signing in and out, and the admin's tables."""

from __future__ import annotations

from tests.matrix.rule import (
    EVERYBODY,
    NOT_SIGNED_IN,
    OUTSIDE,
    SIGNED_IN,
    Row,
)

HOST = (("Host", "testserver"),)  # every browser sends it; SAML looks at it

ROWS = [
    Row("account_login", get=NOT_SIGNED_IN, post=NOT_SIGNED_IN),
    Row("account_logout", get=SIGNED_IN.other(*OUTSIDE, gets=302), post=EVERYBODY.to(302)),
    Row("account_inactive", get=EVERYBODY),
    Row("account_signup", get=NOT_SIGNED_IN, post=NOT_SIGNED_IN),
    Row("account_reauthenticate", get=SIGNED_IN, post=SIGNED_IN),
    Row("account_email", get=SIGNED_IN, post=SIGNED_IN.to(302)),
    Row("account_email_verification_sent", get=EVERYBODY),
    Row("account_confirm_email", "=none", get=EVERYBODY, post=EVERYBODY.to(404)),
    Row("account_change_password", get=SIGNED_IN, post=SIGNED_IN),
    Row("account_set_password", get=SIGNED_IN.to(302), post=SIGNED_IN.to(302)),
    Row("account_reset_password", get=EVERYBODY, post=EVERYBODY),
    Row("account_reset_password_done", get=EVERYBODY),
    Row("account_reset_password_from_key", "=1 =none", get=EVERYBODY, post=EVERYBODY),
    Row("account_reset_password_from_key_done", get=EVERYBODY),
    Row("account_confirm_login_code", get=SIGNED_IN.to(302), post=SIGNED_IN.to(302)),
    # Second steps. Who has none is sent to confirm the password, then to set one up.
    Row("mfa_index", get=SIGNED_IN),
    Row("mfa_authenticate", get=SIGNED_IN.to(302), post=SIGNED_IN.to(302)),
    Row("mfa_reauthenticate", get=SIGNED_IN.to(302), post=SIGNED_IN.to(302)),
    Row("mfa_activate_totp", get=SIGNED_IN.to(302), post=SIGNED_IN.to(302)),
    Row("mfa_deactivate_totp", get=SIGNED_IN.to(404), post=SIGNED_IN.to(404)),
    Row("mfa_view_recovery_codes", get=SIGNED_IN.to(404)),
    Row("mfa_generate_recovery_codes", get=SIGNED_IN.to(302), post=SIGNED_IN.to(302)),
    Row("mfa_download_recovery_codes", get=SIGNED_IN.to(404)),
    Row("mfa_list_webauthn", get=SIGNED_IN),
    Row("mfa_add_webauthn", get=SIGNED_IN.to(302), post=SIGNED_IN.to(302)),
    Row("mfa_reauthenticate_webauthn", get=SIGNED_IN.to(302), post=SIGNED_IN.to(302)),
    Row("mfa_remove_webauthn", "=1", get=SIGNED_IN.to(302), post=SIGNED_IN.to(302)),
    Row("mfa_edit_webauthn", "=1", get=SIGNED_IN.to(302), post=SIGNED_IN.to(302)),
    Row("mfa_login_webauthn", get=SIGNED_IN.to(302), post=SIGNED_IN.to(302)),
    # Who else vouches for people: of the two that are set up, nobody answers.
    Row("socialaccount_connections", get=SIGNED_IN, post=SIGNED_IN),
    Row("socialaccount_signup", get=EVERYBODY.to(404), post=EVERYBODY.to(404)),
    Row("curation:sign-in-no-form", get=EVERYBODY.to(404), post=EVERYBODY.to(404)),
    Row("curation:connect", "oidc", post=SIGNED_IN.to(502)),
    Row("socialaccount_login_cancelled", get=EVERYBODY),
    Row("socialaccount_login_error", get=EVERYBODY.to(401)),
    Row("openid_connect_login", "oidc", get=EVERYBODY, post=EVERYBODY.to(502)),
    Row("curation:oidc-begin", "oidc", get=EVERYBODY, post=EVERYBODY.to(502)),
    Row("openid_connect_callback", "oidc", get=EVERYBODY.to(401)),
    Row("saml_login", "saml", get=EVERYBODY, post=EVERYBODY, headers=HOST),
    Row("curation:saml-begin", "saml", get=EVERYBODY, post=EVERYBODY, headers=HOST),
    Row("saml_acs", "saml", post=EVERYBODY.to(302), headers=HOST),
    Row("saml_finish_acs", "saml", get=EVERYBODY.to(401), headers=HOST),
    Row("curation:saml-finish", "saml", get=EVERYBODY.to(401), headers=HOST),
    Row("saml_sls", "saml", get=EVERYBODY.to(400), headers=HOST),
    Row("saml_metadata", "saml", get=EVERYBODY, headers=HOST),
    Row("set_language", post=EVERYBODY.to(302), send={"language": "de"}),
]
