"""Brings the catalogues in locale/ up to date with the sources: `make messages`.

Reads every string that is marked for translation, adds what is new to each language's
`django.po`, drops what is gone, and compiles. Plain Python: no gettext programs needed.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract, extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

from config.places import ROOT

SOURCE_LANGUAGE = "en"
SOURCES = ("annotate", "config", "curation", "templates", "trainer")
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "BadLine": None,  # curation/errors.py: worded when somebody reads it
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
NOTES = ["Translators:"]  # comments that begin so go to the translator
DOMAIN = "django"


def catalogue_of(language: str) -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def languages() -> list[str]:
    """Those that need a catalogue: all that people may choose but the sources' own."""
    return [code for code, _ in settings.LANGUAGES if code != SOURCE_LANGUAGE]


def extracted() -> Catalog:
    """Every marked string, with the files that have it."""
    found = Catalog(project="Winnow", fuzzy=False)
    for path in _files():
        method = "python" if path.suffix == ".py" else extract_template
        with path.open("rb") as file:
            strings = list(extract(method, file, KEYWORDS, NOTES))
        for _, text, notes, context in strings:
            place = (str(path.relative_to(ROOT)), 0)
            found.add(text, None, [place], auto_comments=notes, context=context)
    return found


def extract_template(
    file: Any, keywords: Any, comment_tags: Any, options: Any
) -> Iterator[Any]:
    """A Django template, by way of the Python that Django makes of it."""
    source = templatize(file.read().decode())
    # What is not marked has become XXX. Its indentation would not be Python's.
    source = re.sub(r"^[ \t]+", "", source, flags=re.MULTILINE)
    yield from extract_python(
        io.BytesIO(source.encode()), keywords, comment_tags, {"encoding": "utf-8"}
    )


def updated(language: str, found: Catalog) -> Catalog:
    """The language's catalogue with exactly the strings that the sources have now."""
    path = catalogue_of(language)
    if path.exists():
        catalogue = read(language)
        catalogue.update(found, no_fuzzy_matching=True, update_creation_date=False)
        catalogue.obsolete.clear()
    else:
        catalogue = Catalog(locale=language, project="Winnow", fuzzy=False)
        catalogue.update(found)
    return catalogue


def read(language: str) -> Catalog:
    with catalogue_of(language).open("rb") as file:
        return read_po(file, locale=language, domain=DOMAIN)


def written(catalogue: Catalog) -> bytes:
    """As a .po file: sorted, and without line numbers, so that little changes in it."""
    buffer = io.BytesIO()
    write_po(
        buffer, catalogue, width=88, sort_output=True, include_lineno=False,
        ignore_obsolete=True,
    )  # fmt: skip
    return buffer.getvalue()


def compiled(catalogue: Catalog) -> bytes:
    """As a .mo file, which is what a running Winnow reads."""
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


def untranslated(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id and not _is_done(message)]


def _is_done(message: Message) -> bool:
    strings = message.string if isinstance(message.string, tuple) else (message.string,)
    return not message.fuzzy and all(strings)


def _files() -> Iterator[Path]:
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".html", ".txt") and "migrations" not in path.parts:
                yield path


def main(codes: Iterable[str]) -> None:
    found = extracted()
    for language in codes:
        catalogue = updated(language, found)
        path = catalogue_of(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(written(catalogue))
        path.with_suffix(".mo").write_bytes(compiled(catalogue))
        left = len(untranslated(catalogue))
        print(f"{path.relative_to(ROOT)}: {len(catalogue)} strings, {left} to translate")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    main(languages())
