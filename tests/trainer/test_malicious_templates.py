"""Chat templates that reach for the machine, or never end."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.trainer.recipe_fixtures import tiny
from tests.trainer.spoiled_models import canary, change, copy, refuses
from trainer.recipes import chat, models
from trainer.recipes.common import Trouble

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")


# ---- chat templates --------------------------------------------------------------------

WALKS = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ messages.__class__.__base__.__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.system('touch CANARY') }}",
    "{{ self.__init__.__globals__.__builtins__.open('CANARY', 'w') }}",
    "{{ raise_exception.__globals__['jinja2'].os.system('touch CANARY') }}",
    "{{ strftime_now.__globals__.__builtins__.open('CANARY', 'w') }}",
    "{{ ('{0.__class__.__init__.__globals__}' | string).format(cycler) }}",
    "{{ messages | map(attribute='__class__') | list }}"
    "{{ (messages | map(attribute='__class__') | first).__mro__ }}",
    "{% set f = ''.format_map %}{{ f({'a': 1}).__class__.__mro__ }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}{{ os.system('touch CANARY') }}",
    "{{ messages.append({'role': 'user', 'content': 'more'}) }}",
]
FLOODS = [
    "{% for a in range(99999) %}{% for b in range(99999) %}{{ a }}{% endfor %}{% endfor %}",
    "{{ 'x' * 10 ** 11 }}",
    "{{ 'x' * (3 * 10 ** 8) }}",
    "{{ '%0999999999d' % 1 }}",
    "{{ 'x' | center(10 ** 10) }}",
    "{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}",
    "{{ 'word ' * 1000000 }}",
]
TURNS = [{"role": "user", "content": "Hello."}]


@pytest.mark.parametrize("place", ["tokenizer_config.json", "chat_template.jinja"])
@pytest.mark.parametrize("template", WALKS)
def test_a_template_reaches_nothing_outside_itself(copy, canary, template, place):
    text = template.replace("CANARY", str(canary))
    with_template(copy, place, text)
    tokenizer, _ = models.load_base(str(copy))

    try:
        ids = chat.prompt_ids(tokenizer, TURNS)
    except Trouble as trouble:
        assert "chat template" in str(trouble)
    else:  # what has no such attribute is nothing
        assert "<class" not in tokenizer.decode(ids)


@pytest.mark.parametrize("template", FLOODS)
def test_a_template_that_runs_away_is_stopped(copy, template, monkeypatch):
    monkeypatch.setattr(chat, "TEMPLATE_SECONDS", 1.0)
    with_template(copy, "chat_template.jinja", template)
    tokenizer, _ = models.load_base(str(copy))

    began = time.monotonic()
    with pytest.raises(Trouble, match="takes too long or grows too large"):
        chat.prompt_ids(tokenizer, TURNS)
    assert time.monotonic() - began < 15


def with_template(folder: Path, place: str, text: str) -> None:
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    if place.endswith(".jinja"):
        (folder / place).write_text(text)
    else:
        change(folder / place, chat_template=text)


def test_a_template_longer_than_any_is_refused(copy):
    with_template(copy, "tokenizer_config.json", "x" * 300_000)
    refuses(copy, "chat template is longer")
    with_template(
        copy, "tokenizer_config.json", [{"name": "default", "template": "x" * 300_000}]
    )
    refuses(copy, "chat template is longer")


def test_ids_are_those_of_transformers_own_call(tiny):
    tokenizer, _ = models.load_base(str(tiny))
    turns = [*TURNS, {"role": "assistant", "content": "Good day."}, TURNS[0]]

    theirs = tokenizer.apply_chat_template(
        turns, tokenize=True, add_generation_prompt=True, return_dict=False
    )

    assert chat.prompt_ids(tokenizer, turns) == theirs
