"""Every word of the interface can be read in every language that people may choose."""

from __future__ import annotations

import ast
import gettext
import io
import re
from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.template.base import Lexer, TokenType

from config import translations
from config.places import ROOT

LANGUAGES = translations.languages()
# What must be the same in a translation: values put in, and HTML.
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[.\d]*[a-z%]|\{\w+\}|<[^>]*>|\"")
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
# A page for those who build pages, full of examples.
FOR_BUILDERS = {"design", "design.html"}


@pytest.fixture(scope="module")
def found():
    return translations.extracted()


def forms_of(message):
    return message.string if isinstance(message.string, tuple) else (message.string,)


def key(message):
    return message.context, message.id


# ---- the catalogues --------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_marked_string_is_translated(language, found):
    """Where this fails, run `make messages` and fill in what is empty."""
    known = {key(m) for m in translations.read(language) if m.id}
    wanted = {key(m) for m in found if m.id}

    assert wanted - known == set()
    assert [m.id for m in translations.untranslated(translations.read(language))] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_kept_that_nobody_shows_any_more(language, found):
    catalogue = translations.read(language)

    assert {key(m) for m in catalogue if m.id} - {key(m) for m in found if m.id} == set()
    assert list(catalogue.obsolete) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_placeholders_of_its_source(language):
    wrong = []
    for message in translations.read(language):
        sources = message.id if isinstance(message.id, tuple) else (message.id,)
        allowed = [sorted(PLACEHOLDER.findall(text)) for text in sources]
        for text in filter(None, forms_of(message)) if message.id else ():
            if sorted(PLACEHOLDER.findall(text)) not in allowed:
                wrong.append(text)

    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_runs_is_what_the_translators_wrote(language):
    """Where this fails, run `make messages`, which compiles."""
    path = translations.catalogue_of(language).with_suffix(".mo")
    meant = translations.compiled(translations.read(language))

    running, wanted = (
        gettext.GNUTranslations(io.BytesIO(content))
        for content in (path.read_bytes(), meant)
    )

    assert without_header(running) == without_header(wanted)


def without_header(catalogue):
    """The header names the version of the program that wrote it."""
    return {text: shown for text, shown in catalogue._catalog.items() if text}


def test_a_template_gives_its_strings_to_the_extraction(tmp_path):
    source = b"""{% load i18n %}
      {% translate "Bread" %} {{ x|default:_("Butter") }} {# Translators: of an account #}
    {% translate "Open" context "account" %}
        {% blocktranslate trimmed count n=x %}
          {{ n }} day
        {% plural %}
          {{ n }} days
        {% endblocktranslate %}"""

    strings = {
        text: context
        for _, text, _, context in translations.extract(
            translations.extract_template, io.BytesIO(source), translations.KEYWORDS
        )
    }

    assert strings == {
        "Bread": None,
        "Butter": None,
        "Open": "account",
        ("%(n)s day", "%(n)s days"): None,
    }


def test_every_language_that_can_be_chosen_has_a_catalogue():
    assert set(LANGUAGES) == {code for code, _ in settings.LANGUAGES} - {"en"}
    assert all(translations.catalogue_of(code).exists() for code in LANGUAGES)


# ---- nothing is forgotten --------------------------------------------------------------


class Visible(HTMLParser):
    """Collects what a person reads or hears: text, and the attributes that are spoken."""

    SPOKEN = ("alt", "aria-label", "data-confirm", "data-label", "placeholder", "title")
    NAMES = ("code", "kbd", "script", "style")

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.words, self.inside = [], []

    def handle_starttag(self, tag, attrs):
        self.inside.append(tag)
        for name, value in attrs:
            if name in self.SPOKEN:
                self._take(value or "")

    def handle_endtag(self, tag):
        if tag in self.inside:
            while self.inside.pop() != tag:
                pass

    def handle_data(self, data):
        if not set(self.inside) & set(self.NAMES):
            self._take(data)

    def _take(self, text):
        text = " ".join(text.replace("Winnow", "").split())
        if re.search(r"[A-Za-z]", text):
            self.words.append(text)


LITERAL = re.compile(
    r"""\|(default|default_if_none|yesno):["'][^"']*[A-Za-z] | \|pluralize"""
    r"""| \|date:["'](?!c["']|[A-Z_]+FORMAT["'])""",
    re.VERBOSE,
)
LITERAL_ARGUMENT = re.compile(r"""\b(caption|label|title|hint|text)=["'][^"']*[A-Za-z]""")


def is_silent(tag):
    """Whether what this block tag encloses is translated, or is no text for people."""
    name, *rest = tag.split()
    if name == "block":
        return rest[0].endswith("class") or rest[0] == "root"
    return name in ("blocktranslate", "comment")


def unmarked(source):
    """What a template shows that is not inside a translate tag."""
    html, words, block = [], [], ""
    for token in Lexer(source).tokenize():
        name = token.contents.split()[0] if token.contents.split() else ""
        if token.token_type == TokenType.BLOCK and block:
            block = "" if name == f"end{block}" else block
        elif token.token_type == TokenType.BLOCK and is_silent(token.contents):
            block = name
        elif token.token_type == TokenType.TEXT and not block:
            html.append(token.contents)
        elif token.token_type in (TokenType.BLOCK, TokenType.VAR):
            machine = name in ("if", "elif") or "value=" in html[-1][-9:] if html else False
            if not machine and LITERAL.search(token.contents):
                words.append(token.contents)
            if name == "include" and LITERAL_ARGUMENT.search(token.contents):
                words.append(token.contents)
    page = Visible()
    page.feed("".join(html))
    page.close()
    return page.words + words


@pytest.mark.parametrize(
    "path",
    [p for p in TEMPLATES if not {*p.parts} & FOR_BUILDERS],
    ids=lambda p: str(p.relative_to(ROOT / "templates")),
)
def test_no_template_shows_words_that_cannot_be_translated(path):
    assert unmarked(path.read_text()) == []


def test_words_outside_a_tag_are_noticed():
    source = """<p title="Help">{% blocktranslate %}Kept{% endblocktranslate %} {{ name }}
      is <kbd>Esc</kbd> here</p>{{ n|pluralize }} {{ day|date:"j M" }} {{ day|date:"c" }}"""

    assert unmarked(source) == ["Help", "is", "here", "n|pluralize", 'day|date:"j M"']


def plain_words(path):
    """Where Python gives a person an English text: a notice, a refusal, a label."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        named = {k.arg: k.value for k in node.keywords}
        given = [named.get("label"), named.get("help_text")] if is_form(node) else []
        if is_refusal(node):
            given += node.args[:1]
        if is_notice(node):
            given += node.args[1:2]
        for text in given:
            if any(has_letters(part) for part in parts_of(text)):
                yield f"{path.relative_to(ROOT)}:{text.lineno}"


def parts_of(text):
    """Sentences may be put together, each of them translated."""
    return text.values if isinstance(text, ast.JoinedStr) else [text]


def has_letters(part):
    return isinstance(part, ast.Constant) and re.search(r"[A-Za-z]", str(part.value))


def called(node):
    return getattr(node.func, "attr", None) or getattr(node.func, "id", "")


def is_form(node):
    return (
        isinstance(node.func, ast.Attribute)
        and called(node).endswith("Field")
        and (getattr(node.func.value, "id", "") == "forms")
    )


def is_refusal(node):
    return called(node) in (
        "CurationError",
        "NotAllowed",
        "TrainerError",
        "ValidationError",
    )


def is_notice(node):
    return getattr(getattr(node.func, "value", None), "id", "") in (
        "messages",
        "notices",
    ) and called(node) in ("info", "success", "warning", "error")


def test_no_view_speaks_words_that_cannot_be_translated():
    # The others are for who runs commands, calls the API or builds pages.
    skipped = {"migrations", "management", "formats", "seeding", "design.py"} | {
        "handoff.py",
        "imports.py",
    }
    paths = [
        path
        for app in ("annotate", "curation", "trainer")
        for path in (ROOT / app).rglob("*.py")
        if not skipped & set(path.parts)
    ]

    assert [place for path in paths for place in plain_words(path)] == []
