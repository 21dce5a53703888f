"""A passkey is made, and opens the account without a password."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery"
MAKE = (
    "from curation.models import Contributor;"
    "Contributor.objects.create_user({email!r}, {password!r}, name='Pia Passkey')"
)
# A telephone's own, whose owner puts a finger on it whenever it asks.
TELEPHONE = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
    "hasUserVerification": True, "isUserVerified": True,
    "automaticPresenceSimulation": True,
}  # fmt: skip


def test_somebody_signs_in_with_a_passkey_alone(browser, winnow, attempt):
    email = f"passkey-{attempt}@example.org"
    made = MAKE.format(email=email, password=PASSWORD)
    winnow.run_beside("django", "shell", "--no-imports", "-c", made)
    # Browsers make no passkeys for a number.
    address = winnow.address.replace("127.0.0.1", "localhost")
    page = browser.new_context(base_url=address).new_page()
    wire = page.context.new_cdp_session(page)
    wire.send("WebAuthn.enable")
    wire.send("WebAuthn.addVirtualAuthenticator", {"options": TELEPHONE})
    page.goto("/accounts/login/")
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{address}/")

    page.goto("/accounts/2fa/webauthn/add/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Name").fill("Telephone")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Add the key").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Add a key")
    page.goto("/accounts/2fa/webauthn/")
    expect(page.get_by_role("row", name="Telephone")).to_contain_text("Passkey")

    page.context.clear_cookies()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator(".menu__name")).to_have_text("Pia Passkey")
    page.context.close()
