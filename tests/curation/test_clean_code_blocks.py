from __future__ import annotations

import pytest

from curation.clean.code_blocks import blocks, seen, wrong_line


def sightings(text):
    return [(s.check, [text[start:end] for start, end in s.spans]) for s in seen(text)]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("So:\n```\ncode", "```"),
        ("```js\nlet a = 1;\n``", "```js"),
        ("~~~\ncode\n```", "~~~"),
        ("````\n```\ncode\n```", "````"),
        ("- one\n  ```\n  code\n", "  ```"),
        ("> ```\n> code\n\nand on", "> ```"),
        ("```\nfirst\n```\n\n```\nsecond", "```"),
        ("```", "```"),
    ],
)
def test_a_block_that_is_never_closed_is_seen(text, where):
    assert sightings(text) == [("code.unclosed", [where])]


@pytest.mark.parametrize(
    "text",
    [
        "```\ncode\n```",
        "   ```\ncode\n   ```   ",
        "~~~~\n```\n~~~~~",
        "- one\n  ```\n  code\n  ```\n- two",
        "> ```\n> code\n> ```",
        "1. > ```py\n   > x = 1\n   > ```",
        "Say ```code``` in one line.",
        "```\r\ncode\r\n```",
        "    ```\n    indented",
        "```\n```",
    ],
)
def test_a_block_that_is_closed_is_not(text):
    assert sightings(text) == []


def test_python_that_does_not_parse_is_seen_at_its_line():
    text = "Try:\n\n```python\nx = 1\ndef f(:\n    return x\n```\n"

    assert sightings(text) == [("code.python", ["def f(:"])]


@pytest.mark.parametrize(
    "code",
    [
        "x = 1\n",
        "    return 1\n",
        "await f()\n",
        "def f(x):\n    ...\n",
        ">>> 1 +\n",
        "!pip install x\n",
        "%matplotlib inline\n",
        "x = [1, 2, …]\n",
        "match x:\n    case 1: pass\n",
        '"\\d"\n',
        "x is 1\n",
        "(" * 9_000,
        "-" * 7_999,
        "a." * 3_999 + "a",
        "",
    ],
)
def test_what_parses_or_is_no_program_passes(code):
    assert wrong_line(code) == 0


def test_other_languages_are_not_parsed():
    assert sightings("```js\nlet x = {;\n```\n\n```\n)(\n```") == []


def test_a_broken_block_is_not_said_to_be_broken_twice():
    assert [check for check, _ in sightings("```python\nprint(")] == ["code.unclosed"]


def test_blocks_come_with_their_language():
    (block,) = blocks("```Python title=x\na\n```")

    assert (block.info, block.code, block.is_closed) == ("python", "a\n", True)
