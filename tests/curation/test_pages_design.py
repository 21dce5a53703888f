from __future__ import annotations

import re

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from config.places import ROOT
from tests.curation.pages import signed_in, url
from tests.factories import DatasetFactory

pytestmark = pytest.mark.django_db
STYLES = ROOT / "curation/static/curation"


def test_the_page_of_parts_is_the_admins(client):
    signed_in(client, DatasetFactory(), "curator")

    assert client.get(url("design")).status_code == 404


def test_nobody_signed_out_sees_the_page_of_parts(client):
    assert client.get(url("design")).status_code == 302


def test_an_admin_sees_every_part_and_every_error(client):
    signed_in(client, is_staff=True)

    page = client.get(url("design")).content.decode()

    for part in (
        "toast",
        "tip__text",
        "scale--strength",
        "compare--columns",
        "days",
        "panel",
    ):
        assert f'{part}"' in page or f"{part} " in page, part
    assert page.count("This field is required.") == 4


def test_each_part_that_the_page_shows_has_a_rule():
    """A class with a name of its own in a sample, and nothing that draws it."""
    styles = "".join(sheet.read_text() for sheet in STYLES.glob("*.css"))
    samples = (ROOT / "templates/curation/design").glob("*.html")
    used = {
        name
        for sample in samples
        for names in re.findall(r'class="([^"{]*)"', sample.read_text())
        for name in names.split()
    }
    of_pygments = {name for name in used if len(name) < 4}
    undrawn = {
        name for name in used - of_pygments if not re.search(rf"\.{name}(?![\w-])", styles)
    }

    assert undrawn <= PLAIN


@pytest.mark.parametrize("sheet", ["queue", "browse", "conversation"])
def test_the_parts_of_the_record_stand_on_the_page(client, sheet):
    rules = re.sub(r"/\*.*?\*/", "", (STYLES / f"{sheet}.css").read_text(), flags=re.S)
    parts = set(re.findall(r"\.([a-z][\w-]*)", rules))
    signed_in(client, is_staff=True)

    page = client.get(url("design")).text

    shown = {
        name for names in re.findall(r'class="([^"]*)"', page) for name in names.split()
    }
    assert parts <= shown, parts - shown


# Names for scripts, or the plain member of a family.
PLAIN = {"notice--info", "turn__role"}


def test_high_contrast_is_the_same_by_choice_and_by_system():
    sheet = (STYLES / "tokens.css").read_text()
    by_system = re.search(r"prefers-contrast: more\) \{\s*:root[^{]*\{([^}]*)\}", sheet)
    by_choice = re.search(r':root\[data-theme="contrast"\] \{([^}]*)\}', sheet)

    assert by_system is not None and by_choice is not None
    assert by_system[1].split() == by_choice[1].split()


LEFT_OR_RIGHT = re.compile(
    r"(?:margin|padding|border)-(?:left|right)"
    r"|(?<![\w-])(?:left|right):"
    r"|(?:text-align|float): (?:left|right)"
    r"|(?:margin|padding|inset): [^;]+ [^;]+ [^;]+ [^;]+;"
)
SHEETS = sorted(ROOT.glob("*/static/*/*.css"))


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.stem)
def test_styles_name_no_left_and_no_right(sheet):
    assert LEFT_OR_RIGHT.findall(sheet.read_text()) == []


def test_a_page_says_its_language_and_its_direction(client):
    with translation.override("ar"):
        page = render_to_string("500.html")
    assert '<html lang="ar" dir="rtl">' in page

    page = client.get("/accounts/login/").content.decode()
    assert '<html lang="en" dir="ltr">' in page


def test_a_message_in_an_answer_comes_up_as_a_toast():
    said = [type("Said", (), {"level_tag": "success", "__str__": lambda _: "Saved."})()]

    answer = render_to_string("_messages.html", {"messages": said, "oob": True})

    assert 'hx-swap-oob="beforeend:#toasts"' in answer
    assert "toast--success" in answer and "Saved." in answer
