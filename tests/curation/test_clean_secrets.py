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


LETTERS, HEX = "aB3dE5gH7jK9mN1pQ2sT4vW6yZ8", "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
SERVICES = {
    "anthropic": "sk-ant-" + "api03-" + LETTERS * 2,
    "artifactory": "AKC" + "p" + LETTERS * 3,
    "azure": "AccountKey=" + LETTERS * 3 + LETTERS[:5] + "==",
    "databricks": "dapi" + HEX,
    "digitalocean": "dop_v1_" + HEX * 2,
    "discord": "M" + LETTERS[:23] + "." + LETTERS[:6] + "." + LETTERS,
    "gitlab": "glpat-" + LETTERS,
    "gitlab runner": "GR1348941" + LETTERS,
    "google": "AIza" + LETTERS + LETTERS[:8],
    "google sign-in": "GOCSPX-" + LETTERS + "x",
    "groq": "gsk_" + LETTERS * 2,
    "linear": "lin_api_" + LETTERS + LETTERS[:13],
    "mailchimp": HEX + "-us12",
    "openrouter": "sk-or-v1-" + HEX * 2,
    "shopify": "shpat_" + HEX,
    "slack hook": "https://hooks.slack.com/services/"
    + "T0A1B2C3D/B4E5F6G7H/"
    + LETTERS[:24],
    "square": "sq0csp-" + LETTERS + LETTERS[:16],
    "stripe hook": "whsec_" + LETTERS + LETTERS,
    "telegram": "110201543:" + "AA" + LETTERS + LETTERS[:6],
    "twilio": "SK" + HEX,
    "vault": "hvs." + LETTERS,
    "amazon secret": "aws_secret_access_key = '" + LETTERS + LETTERS[:13] + "'",
}


@pytest.mark.parametrize("service", SERVICES)
def test_the_tokens_of_many_services_are_known(service):
    seen = secrets.seen(f"Use this: {SERVICES[service]} please")

    assert "secret.token" in [sighting.check for sighting in seen]


@pytest.mark.parametrize(
    "key",
    [
        "-----BEGIN " + "OPENSSH PRIVATE KEY-----",
        "-----BEGIN PGP " + "PRIVATE KEY BLOCK-----",
        "PuTTY-User-Key-File-3: ssh-ed25519",
        "AGE-SECRET-KEY-1" + "QPZRY9X8GF2TVDW0S3JN54KHCE6MU" * 2,
    ],
)
def test_private_keys_of_all_sorts_are_known(key):
    assert [s.check for s in secrets.seen(f"{key}\n")] == ["secret.private_key"]


def test_the_span_of_a_token_is_the_token_alone():
    text = f"export AWS_SECRET_ACCESS_KEY='{'a1B2' * 10}'"
    (token, *_) = secrets.seen(text)

    assert [text[a:b] for a, b in token.spans] == ["a1B2" * 10]


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
        "postgres://user:${DB_PASSWORD}@host/db and ftp://username:password@your_server",
        "amqp://guest:******@broker",
        "d41d8cd98f00b204e9800998ecf8427e is an MD5 sum, and so is a commit's "
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "b4f7e6c1-8ac3-4a5d-9b39-2ce99eeebfe0",
        "MACHINE_LEARNING.and_its.applications_in_medicine_and_beyond",
        "https://example.org/a-very-long-path/with-many-words/and-some-more-of-them",
        "sk-learn and sk_live are names",
        "An AKIA key has twenty characters.",
        "The secret is patience",
        "-----BEGIN CERTIFICATE-----",
    ],
)
def test_words_about_secrets_pass(text):
    assert list(secrets.seen(text)) == []
