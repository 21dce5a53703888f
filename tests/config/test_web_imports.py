from __future__ import annotations

import subprocess
import sys

from config.places import ROOT

HEAVY = (
    "torch",
    "transformers",
    "trl",
    "peft",
    "accelerate",
    "datasets",
    "pandas",
    "onnxruntime",
    "boto3",  # here files are on the disk
    "storages",
)

# Starts the web process as gunicorn does, and loads all that its pages load.
START = f"""
import sys
from django.urls import get_resolver
import config.wsgi

def load(patterns):
    for pattern in patterns:
        load(pattern.url_patterns) if hasattr(pattern, "url_patterns") else pattern.callback

load(get_resolver().url_patterns)
print([name for name in {HEAVY} if name in sys.modules])
"""


def test_a_web_process_holds_no_training_library():
    ran = subprocess.run(
        [sys.executable, "-c", START], cwd=ROOT, capture_output=True, text=True
    )

    assert ran.stdout.strip() == "[]", ran.stderr


def test_a_worker_holds_none_either():
    start = (
        "import sys; from config.celery import app; app.loader.import_default_modules();"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", start], cwd=ROOT, capture_output=True, text=True
    )

    assert ran.stdout.strip() == "[]", ran.stderr
