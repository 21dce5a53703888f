from __future__ import annotations

import re

import pytest
from django.template import Context, Template

from curation.models import Message
from curation.rendering import markdown, plain

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    "<iframe src=https://evil.example></iframe>",
    "<style>body{display:none}</style>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](vbscript:msgbox)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "<javascript:alert(1)>",
    "[x]\n\n[x]: javascript:alert(1)",
    "![x](javascript:alert(1))",
    '![x](https://evil.example/pixel.png "onload=alert(1)")',
    "![x](//evil.example/pixel.png)",
    '[x](https://a.example "\\" onclick=\\"alert(1))',
    '```"><script>alert(1)</script>\ncode\n```',
    "```html\n<script>alert(1)</script><img src=x onerror=alert(1)>\n```",
    '```python\nx = "</span><script>alert(1)</script>"\n```',
    '```js" onclick="alert(1)\nalert(`<b>${1}</b>`)\n```',
    "`<script>alert(1)</script>`",
    "| <script> | b |\n|-|-|\n| <img src=x onerror=alert(1)> | 2 |",
    "<div style='background:url(https://evil.example)'>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<!-- --!><script>alert(1)</script>",
    "> " * 300 + "<script>alert(1)</script>",
]
TAG = re.compile(
    r"</?(blockquote|br|code|em|h[3-6]|hr|li|ol|p|pre|s|strong|table|tbody|td|th|thead|tr|ul)>"
)
CODE = re.compile(r'<span class="[a-z][a-z0-9]{0,3}">|</span>')
LINK = re.compile(
    r"<a( href=\"(https?:|mailto:|/)[^\"]*\")? rel=\"nofollow noopener noreferrer\">|</a>"
)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_gets_into_the_page(text):
    left = LINK.sub("", TAG.sub("", CODE.sub("", markdown(text))))

    assert "<" not in left


@pytest.mark.parametrize("text", HOSTILE)
def test_a_picture_is_never_loaded(text):
    assert "<img" not in markdown(text)


def test_a_picture_is_shown_as_its_source():
    assert "![cat](https://a.example/cat.png)" in markdown(
        "![cat](https://a.example/cat.png)"
    )


def test_html_stays_visible_as_text():
    assert markdown("<b>bold</b>") == "<p>&lt;b&gt;bold&lt;/b&gt;</p>\n"


def test_code_in_a_language_that_is_named_gets_its_classes():
    html = markdown("```python\ndef f():\n    return 1\n```")

    assert '<span class="k">def</span>' in html
    assert '<span class="nf">f</span>' in html
    assert "style" not in html


@pytest.mark.parametrize("fence", ["```", "```nosuchlanguage", "~~~", "```{.x}"])
def test_code_in_no_known_language_is_plain(fence):
    html = markdown(f"{fence}\ndef <f>\n{fence[:3]}")

    assert html == "<pre><code>def &lt;f&gt;\n</code></pre>\n"


@pytest.mark.parametrize("code", ["  a\n\n\n", "\tx = 1  \n", "a\r\nb"])
def test_colours_change_no_character_of_the_code(code):
    plain, coloured = markdown(f"```\n{code}\n```"), markdown(f"```python\n{code}\n```")

    assert CODE.sub("", coloured) == plain


def test_long_code_is_shown_without_colours_and_soon():
    html = markdown("```python\n" + "x = 1\n" * 3_000 + "```")

    assert "<span" not in html
    assert html.count("x = 1") == 3_000


def test_links_are_not_followed_by_search_engines():
    html = markdown("[x](https://a.example/?a=1&b=2)")

    assert 'href="https://a.example/?a=1&amp;b=2"' in html
    assert 'rel="nofollow noopener noreferrer"' in html


def test_headings_stand_below_those_of_the_page():
    assert markdown("# One\n\n###### Six") == "<h3>One</h3>\n<h6>Six</h6>\n"


@pytest.mark.parametrize(
    "text",
    [
        "[//]: # (a reviewer would not see this)",
        "[note]: https://a.example 'a reviewer would not see this'",
        "> " * 60 + "a reviewer would not see this",
        "- " * 60 + "a reviewer would not see this",
        "<!-- a reviewer would not see this -->",
    ],
)
def test_no_word_of_the_data_is_hidden_from_its_reader(text):
    assert "a reviewer would not see this" in markdown(text)


def test_the_filters_are_there_for_every_template():
    message = Message(text="**Hi** <b>", state=Message.State.SUBMITTED)
    template = Template("{% load winnow %}{{ m.text|markdown }}{{ m|state_badge }}")

    html = template.render(Context({"m": message}))

    assert "<strong>Hi</strong> &lt;b&gt;" in html
    assert '<span class="badge badge--submitted">Waiting for review</span>' in html


def test_a_plain_state_is_a_badge_too():
    template = Template("{% load winnow %}{{ state|state_badge }}")

    html = template.render(Context({"state": "running"}))

    assert html == '<span class="badge badge--running">Running</span>'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ""),
        ("Plain words.", "Plain words."),
        ("# A *title*\n\nand **bold** `code`", "A title and bold code"),
        ("- one\n- [two](https://a.example)\n> three", "one two three"),
        ("line\nby\n\nline", "line by line"),
        ("```python\nx = 1\n```\nafter", "x = 1 after"),
        ("![a cat](https://a.example/cat.png)", "a cat"),
        ("| a | b |\n|-|-|\n| 1 | 2 |", "a b 1 2"),
        ("2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"),
        ("a **mark that was cut", "a **mark that was cut"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("> " * 300 + "deep", ("> " * 300 + "deep").strip()),
    ],
)
def test_plain_words_are_all_there_without_their_marks(text, words):
    assert plain(text) == words
