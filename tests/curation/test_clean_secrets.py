from __future__ import annotations

import pytest

from curation.clean import secrets

# Put together here, so that no scanner takes this file for a leak.
AWS = "AKIA" + "J4X7QMZ2LPN5RTVB"
GITHUB = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
STRIPE = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"
SLACK = "xoxb-" + "263594206564-2343594206574-FGqddMF8t08v8N7Oq4i57vs1"
JWT = ".".join(
    [
        "eyJhbGciOiJIUzI1NiJ9",
        "eyJzdWIiOiIxMjM0NTY3ODkwIn0",
        "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9",
    ]
)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"aws_key = {AWS}", "token"),
        (f"git clone https://{GITHUB}@github.com/a/b", "token"),
        (f"Use {STRIPE} here", "token"),
        (SLACK, "token"),
        (f"Authorization: Bearer {JWT}", "token"),
        ("-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE", "private_key"),
        ("password: hunter2Xq9", "password"),
        ('api_key = "9f8b7c6d5e4f3a2b1c0d"', "password"),
        ("My password is Tr0ub4dor&3.", "password"),
        ("postgres://ada:s3cr3tWord@db.internal/app", "password"),
    ],
)
def test_what_opens_something_is_seen(text, kind):
    assert [s.check for s in secrets.seen(text)] == [f"secret.{kind}"]


@pytest.mark.parametrize(
    "text",
    [
        "A password is a secret word; password: required.",
        "password = input('Password: ')",
        'password = os.environ["DB_PASSWORD1"]',
        "password = getpass.getpass()",
        "Enter your password: your_password1",
        "The API key is kept in settings.API_KEY_2",
        "secret: strawberry",
        "Passwords need at least 12345678 characters",
        "postgres://user:<password>@host/db",
        "sk-learn and sk_live are names",
        "An AKIA key has twenty characters.",
        "The secret is patience",
        "-----BEGIN CERTIFICATE-----",
    ],
)
def test_words_about_secrets_pass(text):
    assert list(secrets.seen(text)) == []
