"""Adds the reference to the docs site while mkdocs builds it: `make docs`."""

from __future__ import annotations

import os

import django
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

os.environ.setdefault("WINNOW_LOCAL", "1")
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()

from config.places import ROOT  # noqa: E402
from config.reference import commands, endpoints, methods, record  # noqa: E402

PAGES = {
    "reference/commands.md": commands.page,
    "reference/api.md": endpoints.page,
    "reference/openapi.json": endpoints.schema_as_json,
    "reference/record.md": record.page,
    "reference/training.md": methods.page,
}
PICTURES = ROOT / "curation" / "static" / "curation"


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Called by mkdocs once it has found what lies in docs/."""
    for path, page in PAGES.items():
        files.append(File.generated(config, path, content=page()))
    for name in ("logo.svg", "favicon.svg"):
        source = str(PICTURES / name)
        files.append(File.generated(config, f"images/{name}", abs_src_path=source))
    return files
