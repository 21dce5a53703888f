"""What leaves for Sentry when something goes wrong: where, of what kind, and no words."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from config.places import ROOT

WORDS = "my-private-words"
# In a process of its own: Sentry hooks into Django and logging for good.
CODE = """
import json, logging, sys
from importlib import import_module
from sentry_sdk.transport import Transport

sent = []
class Recorder(Transport):
    def capture_envelope(self, envelope):
        sent.extend(item.payload.json for item in envelope.items if item.payload.json)

from config import observing, sentry
begin = sentry.begin
sentry.begin = lambda address: begin(address, transport=Recorder)
import django
django.setup()
import sentry_sdk
from django.test import Client
from django.urls import path
from django.conf import settings
from config import urls
# None of those that ask the database: there is none here.
settings.MIDDLEWARE = [
    name for name in settings.MIDDLEWARE if "health" in name or "common" in name
]

class Refused(Exception):
    pass

def fails(request, words):
    text = {"words": words}
    logging.getLogger("x").warning("seen %s", words)
    raise Refused(f"duplicate key: {words}")

urls.urlpatterns.insert(0, path("fails/<str:words>/", fails, name="fails"))
client = Client(raise_request_exception=False, headers={"host": "localhost"})
client.cookies["sessionid"] = WORDS
answer = client.post(
    f"/fails/{WORDS}/?q={WORDS}", {"text": WORDS}, HTTP_X_WORDS=WORDS,
    HTTP_X_REQUEST_ID="request-0123", HTTP_REFERER=f"http://localhost/{WORDS}",
)
assert answer.status_code == 500, answer.status_code

from celery import shared_task
from config.celery import app
@shared_task
def task_that_fails(words):
    raise Refused(words)
task_that_fails.apply(kwargs={"words": WORDS})
logging.getLogger("y").error("it failed: %s", WORDS)
logging.getLogger("y").error(f"it failed: {WORDS}")
sentry_sdk.set_user({"email": WORDS}); sentry_sdk.set_extra("text", WORDS)
sentry_sdk.capture_message(WORDS)
sentry_sdk.flush(2)
json.dump(sent, sys.stdout)
"""


def run(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )


def test_no_word_of_a_person_leaves():
    code = f"WORDS = {WORDS!r}\n{CODE}"
    ran = run(code, WINNOW_SENTRY_DSN="https://key@sentry.invalid/1")

    assert ran.returncode == 0, ran.stderr
    assert WORDS not in ran.stdout
    events = json.loads(ran.stdout)
    found = [e for e in events if "exception" in e]
    page, task = found[0], found[1]
    error = page["exception"]["values"][-1]
    assert (error["type"], "value" in error) == ("Refused", False)
    assert error["stacktrace"]["frames"][-1]["function"] == "fails"
    assert page["tags"] == {"request_id": "request-0123"}
    assert page["transaction"] == "/fails/{words}/"
    assert task["exception"]["values"][-1]["stacktrace"]["frames"][-1]["function"] == (
        "task_that_fails"
    )
    assert {"message": "it failed: %s"} in [e.get("logentry") for e in events]
    assert len(events) == 5


def test_unset_neither_is_imported():
    look = (
        "import django; django.setup(); import sys, config.urls\n"
        "print([n for n in ('sentry_sdk', 'opentelemetry') if n in sys.modules])"
    )
    ran = run(look, WINNOW_SENTRY_DSN="", OTEL_EXPORTER_OTLP_ENDPOINT="")

    assert ran.stdout.strip() == "[]", ran.stderr
