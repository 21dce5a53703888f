"""An admin sets up a company's own sign-in, and somebody comes by it: OIDC and SAML."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.identity import SECRET, identity_provider

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("kind", ["oidc", "saml"])
def test_somebody_comes_by_their_companys_sign_in(kind, sign_in, browser, winnow):
    with identity_provider() as there:
        there.person |= {"sub": kind, "email": f"{kind}@example.org", "name": f"Ada {kind}"}
        admin = sign_in("admin")
        admin.goto(f"/settings/sign-in/new/{kind}/")
        admin.get_by_label("Name", exact=True).fill(f"Work {kind}")
        admin.get_by_label("Short name").fill(f"work-{kind}")
        if kind == "oidc":
            admin.get_by_label("Address of the server").fill(there.address)
            admin.get_by_label("Client ID").fill("winnow")
            admin.get_by_label("Secret").fill(SECRET)
        else:
            admin.get_by_label("Its metadata").fill(f"{there.address}/metadata")
        admin.get_by_role("button", name="Save").click()
        admin.get_by_role("button", name="Ask it who it is").click()
        expect(admin.get_by_text("It calls itself").first).to_contain_text(there.address)
        admin.get_by_role("button", name="Switch it on").click()
        expect(admin.get_by_role("button", name="Switch it off")).to_be_visible()

        page = browser.new_context(base_url=winnow.address).new_page()
        page.goto("/accounts/login/")
        page.get_by_role("button", name=f"Sign in with Work {kind}").click()
        if kind == "saml":
            page.get_by_role("button", name="I am Ada").click()

        expect(page.locator(".menu__name")).to_have_text(f"Ada {kind}")
        page.context.close()
        if kind == "oidc":
            there.person |= {"sub": "the admin over there", "email": "boss@example.org"}
            _connect(admin, "Work oidc", winnow.account("admin")["password"])
        admin.get_by_role("button", name="Switch it off").click()
        expect(admin.get_by_role("button", name="Switch it on")).to_be_visible()


def _connect(page, name, password):
    """From the button there and back, past the policy that lets forms lead nowhere else."""
    here = page.url
    page.goto("/accounts/3rdparty/")
    page.get_by_role("button", name=name).click()
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("radio", name=name)).to_be_visible()
    page.goto(here)
