"""Models that a vLLM server has loaded: an OpenAI-compatible address beside the GPU.

Started with `--served-model-name` and `--lora-modules`, it names models as their answers
are signed: `starter, run 7`. What it does not name is answered by transformers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
from django.conf import settings
from django.utils.translation import gettext_noop

from curation.handoff import Prompt
from trainer.errors import TrainingFailed

SECONDS = 300
AT_ONCE = 16
NO_ANSWER = gettext_noop(
    "The server at WINNOW_VLLM_URL did not answer as it should. Look at its log, or leave "
    "the setting empty: then the worker answers by itself."
)

transport: httpx.BaseTransport | None = None  # the tests' own


def serves(name: str) -> bool:
    """Whether such a server is set up and has this model."""
    if not settings.VLLM_URL:
        return False
    with _client() as client:
        listed = _json(lambda: client.get("/v1/models"))
    return name in [one.get("id") for one in listed.get("data", [])]


def answers(
    name: str,
    prompts: Sequence[Prompt],
    *,
    answers: int,
    temperature: float,
    max_new_tokens: int,
    seed: int,
    tell: Callable[[int], None] = lambda done: None,
) -> list[list[str]]:
    """Those of one prompt are made together; several prompts are under way at once.

    `tell` hears how many prompts are done, and may raise to stop.
    """

    def ask(prompt: Prompt) -> list[str]:
        wanted = {
            "model": name,
            "messages": prompt.messages,
            "n": answers,
            "temperature": temperature,
            "top_p": 0.95,
            "max_tokens": max_new_tokens,
            "seed": seed,
        }
        said = _json(lambda: client.post("/v1/chat/completions", json=wanted))
        texts = [one["message"]["content"] or "" for one in said["choices"]]
        return [text.strip() for text in texts]

    found: list[list[str]] = []
    client, pool = _client(), ThreadPoolExecutor(AT_ONCE)
    try:
        for texts in pool.map(ask, prompts):
            found.append(texts)
            tell(len(found))
    except (KeyError, TypeError, AttributeError) as problem:
        raise TrainingFailed(NO_ANSWER) from problem
    finally:
        # No `with`: it would wait for answers that nobody wants any more.
        pool.shutdown(wait=False, cancel_futures=True)
        client.close()
    return found


def _client() -> httpx.Client:
    return httpx.Client(
        base_url=settings.VLLM_URL,
        timeout=SECONDS,
        follow_redirects=False,
        trust_env=False,
        transport=transport,
    )


def _json(call: Any) -> dict[str, Any]:
    try:
        answer = call()
        answer.raise_for_status()
        found = answer.json()
    except (httpx.HTTPError, ValueError) as problem:
        raise TrainingFailed(NO_ANSWER) from problem
    if not isinstance(found, dict):
        raise TrainingFailed(NO_ANSWER)
    return found
