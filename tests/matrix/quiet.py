"""What is posted and leaves no line of history, and why."""

from __future__ import annotations

_SHOWN_AGAIN = "a form that was not filled in comes back"
_LEASES = "who holds which task stands in the tasks themselves; what comes of it is a line"
_OWN = "a convenience of one's own, which nobody else meets"
_TALK = "a talk is its owner's alone"
_REFUSED = "refused in this state: the page says so"
_NOTHING = "nothing is there to do it to"

_BY_REASON: dict[str, tuple[str, ...]] = {
    _SHOWN_AGAIN: (
        "account_change_password", "account_confirm_login_code", "account_email",
        "account_login", "account_reauthenticate", "account_reset_password",
        "account_reset_password_from_key", "account_set_password", "account_signup",
        "mfa_activate_totp", "mfa_add_webauthn", "mfa_authenticate", "mfa_edit_webauthn",
        "mfa_generate_recovery_codes", "mfa_login_webauthn", "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn", "mfa_remove_webauthn", "socialaccount_connections",
    ),
    _LEASES: (
        "annotate:ahead", "annotate:beat", "annotate:claim", "annotate:draft-save",
        "annotate:kept-continue", "annotate:kept-discard", "annotate:skip",
        "tasks-api:task-claim", "tasks-api:task-draft", "tasks-api:task-heartbeat",
        "tasks-api:task-skip",
    ),
    _OWN: (
        "annotate:coach", "annotate:keys", "annotate:preview",
        "api:dataset-views-detail", "api:dataset-views-list", "api:my-notification-read",
        "curation:notifications-read", "curation:view-delete", "curation:view-save",
        "set_language",
    ),
    _TALK: ("trainer:talk_again", "trainer:talk_delete", "trainer:talk_rate"),
    _REFUSED: (
        "annotate:submit", "annotate:undo", "curation:archive-cancel", "trainer:job_retry",
        "trainer:removal_place", "trainer:rollback", "trainer:run_retry",
        "trainer:run_wins",
        "trainer:run_without", "trainer:weights_delete",
    ),
    _NOTHING: (
        "account_logout",  # of nobody
        "annotate:undo-skip", "api:dataset-queue-let-go", "curation:consent",
        "curation:person-again", "curation:second-step-off", "curation:sessions",
        "models-api:schedule-resume", "trainer:removals",
    ),
    "nothing goes out: its first rows are looked at": ("api:dataset-extracts-preview",),
    "it only compares texts with what is frozen": ("curation:version",),
    "a file of which nothing is taken yet": ("api:dataset-imports-list",),
    "a second click": ("curation:import",),
    "the answer goes on to a page, which signs in or refuses": ("saml_acs",),
    "it leads to a provider; who comes back from there leaves the line": (
        "curation:saml-begin", "saml_login",
    ),
    "a version that is there already": ("api:version-list",),
    "a worker is woken, and writes the line": (
        "models-api:base-starter", "trainer:starter_build",
    ),
}  # fmt: skip
QUIET: dict[str, str] = {
    route: reason for reason, routes in _BY_REASON.items() for route in routes
}
