"""Markdown that people and models wrote, as HTML that cannot do anything.

Raw HTML in it stays visible as text. Pictures are shown as their source: loading one would
tell another server who reads this. Code gets classes, never styles.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from html import escape
from typing import Any

import nh3
from django.utils.html import format_html
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES
from pygments.util import ClassNotFound

TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h3", "h4", "h5", "h6", "hr", "li", "ol",
    "p", "pre", "s", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href"}, "ol": {"start"}}
# Pygments' short names, "k" for a keyword; components.css gives them their colours.
CLASSES = {"span": {name for name in STANDARD_TYPES.values() if name}}
LINK_REL = "nofollow noopener noreferrer"
NESTING_AT_MOST = 20
LANGUAGE = re.compile(r"[\w+#.-]{1,30}")
COLOURED_AT_MOST = 6_000  # characters of code; a lexer takes its time


def markdown(text: str) -> SafeString:
    tokens = PARSER.parse(text)
    if any(token.level >= NESTING_AT_MOST - 1 for token in tokens):
        # The parser drops what is nested deeper, and a reviewer must see every word.
        return format_html("<pre><code>{}</code></pre>", text)
    html = nh3.clean(
        PARSER.renderer.render(tokens, PARSER.options, {}),
        tags=TAGS,
        attributes=ATTRIBUTES,
        allowed_classes=CLASSES,
        link_rel=LINK_REL,
        url_schemes={"http", "https", "mailto"},
    )
    return SafeString(html)


def plain(text: str) -> str:
    """The words alone, without marks, in one line: for quoting how a text begins."""
    tokens = PARSER.parse(text)
    # What is nested deeper the parser drops; then the marks stay rather than the words go.
    if any(token.level >= NESTING_AT_MOST - 1 for token in tokens):
        return " ".join(text.split())
    words = " ".join(_words(token) for token in tokens)
    return " ".join(words.split())


def _words(token: Token) -> str:
    if token.children is not None:
        return "".join(_words(child) for child in token.children)
    return " " if token.type in ("softbreak", "hardbreak") else token.content


def _picture(
    renderer: RendererHTML, tokens: Sequence[Token], idx: int, options: Any, env: Any
) -> str:
    picture = tokens[idx]
    return (
        f"<code>![{escape(picture.content)}]({escape(str(picture.attrGet('src')))})</code>"
    )


def _code(
    renderer: RendererHTML, tokens: Sequence[Token], idx: int, options: Any, env: Any
) -> str:
    """A fenced block, coloured where the fence names a language that is known."""
    fence = tokens[idx]
    name = LANGUAGE.match(fence.info.strip())
    return f"<pre><code>{_coloured(fence.content, name[0] if name else '')}</code></pre>\n"


@lru_cache(maxsize=256)
def _coloured(code: str, language: str) -> str:
    if language and len(code) <= COLOURED_AT_MOST:
        try:
            lexer = get_lexer_by_name(language.lower(), stripnl=False, ensurenl=False)
        except ClassNotFound:
            return escape(code)
        coloured: str = highlight(code, lexer, HtmlFormatter(nowrap=True))
        return coloured
    return escape(code)


def _heading(
    renderer: RendererHTML, tokens: Sequence[Token], idx: int, options: Any, env: Any
) -> str:
    """Two levels down: the page has its own first and second headings."""
    token = tokens[idx]
    level = min(int(token.tag[1]) + 2, 6)
    return f"<h{level}>" if token.nesting == 1 else f"</h{level}>\n"


def _parser() -> MarkdownIt:
    # breaks: people end lines where they mean to, in lists of words and in verse.
    options = {"html": False, "breaks": True, "maxNesting": NESTING_AT_MOST}
    parser = MarkdownIt("commonmark", options)
    parser.enable(["table", "strikethrough"])
    # A definition, "[note]: …", would be in the data and not on the page.
    parser.disable("reference")
    parser.add_render_rule("image", _picture)
    parser.add_render_rule("fence", _code)
    parser.add_render_rule("heading_open", _heading)
    parser.add_render_rule("heading_close", _heading)
    return parser


PARSER = _parser()
