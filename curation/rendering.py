"""Markdown that people and models wrote, as HTML that cannot do anything.

Raw HTML in it stays visible as text. Pictures are shown as their source: loading one would
tell another server who reads this.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import nh3
from django.utils.html import format_html
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h3", "h4", "h5", "h6", "hr", "li", "ol",
    "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href"}, "ol": {"start"}}
LINK_REL = "nofollow noopener noreferrer"
NESTING_AT_MOST = 20


def markdown(text: str) -> SafeString:
    tokens = PARSER.parse(text)
    if any(token.level >= NESTING_AT_MOST - 1 for token in tokens):
        # The parser drops what is nested deeper, and a reviewer must see every word.
        return format_html("<pre><code>{}</code></pre>", text)
    html = nh3.clean(
        PARSER.renderer.render(tokens, PARSER.options, {}),
        tags=TAGS,
        attributes=ATTRIBUTES,
        link_rel=LINK_REL,
        url_schemes={"http", "https", "mailto"},
    )
    return SafeString(html)


def _picture(
    renderer: RendererHTML, tokens: Sequence[Token], idx: int, options: Any, env: Any
) -> str:
    picture = tokens[idx]
    return (
        f"<code>![{escape(picture.content)}]({escape(str(picture.attrGet('src')))})</code>"
    )


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
    parser.add_render_rule("heading_open", _heading)
    parser.add_render_rule("heading_close", _heading)
    return parser


PARSER = _parser()
