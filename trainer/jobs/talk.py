"""Somebody talks to models: these stay loaded while questions come, and then make room."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

from django.db import InterfaceError, OperationalError, connection
from django.utils.translation import gettext_lazy

from curation import handoff
from curation.handoff import Person
from trainer import served
from trainer.actions import order, runs, talks
from trainer.actions.talks import Asked
from trainer.folders import TALK_ASKED, TALK_SAID, forget_talk, model
from trainer.jobs.kind import Kind
from trainer.models import Job, Run, TalkTurn, TalkVoice, ancestry
from trainer.recipes.common import read_object, write_json
from trainer.work import Event, Work

IDLE_SECONDS = 300.0  # so long it waits for the next question
GRACE_SECONDS = 3.0  # and so long where somebody else waits for the worker
LOOKS_EVERY, WRITES_EVERY, ASKS_EVERY = 0.25, 0.5, 2.0


class _Over(Exception):
    """Nobody asks any more, or somebody else needs the worker."""


def others(run: Run | None, config: dict[str, Any]) -> list[int]:
    tuned = TalkVoice.objects.filter(talk=config["talk"], run__isnull=False)
    return list(tuned.values_list("run", flat=True))


def require(run: Run | None, config: dict[str, Any], by: Person) -> None:
    """Whoever starts it again has rights to each of the two, and both are whole."""
    numbers = others(run, config)
    learned = ancestry.versions(numbers)
    for version_id in sorted({one for number in numbers for one in learned[number]}):
        runs.require(by, version_id)
        handoff.require_whole(version_id)


def perform(work: Work[Job]) -> dict[str, Any]:
    forget_talk(work.folder)  # what an attempt that was killed left
    voices = talks.voices(work.row)
    if not voices:
        return {"answers": 0}  # the talk is gone, or another job has it
    session = _Session(work, voices)
    try:
        session.hold()
    except _Over:
        pass
    finally:
        forget_talk(work.folder)  # no word of a talk stays on the worker's disk
    return {"answers": session.answers, "engine": session.engine}


class _Session:
    def __init__(self, work: Work[Job], voices: Sequence[TalkVoice]) -> None:
        self.work, self.voices = work, voices
        self.answers = 0
        self._asked: Asked | None = None
        self._quiet_since = self._told_at = self._asked_queue_at = time.monotonic()
        self._is_served = all(served.serves(voice.signature) for voice in voices)

    @property
    def engine(self) -> str:
        return "vLLM" if self._is_served else "transformers"

    def hold(self) -> None:
        if self._is_served:
            while True:
                self._ask_server()
        self.work.recipe("talk", self._config(), take=self.take, pause=LOOKS_EVERY)

    def _config(self) -> dict[str, Any]:
        places = [model(voice.base, voice.run) for voice in self.voices]
        return {
            "folder": str(self.work.folder),
            "bases": [place["base"] for place in places],
            "revisions": [place["revision"] or "" for place in places],
            "adapters": [place["adapter"] or "" for place in places],
        }

    # ---- a child of our own ------------------------------------------------------------

    def take(self, event: Event | None) -> None:
        """Hear the child, or look for the next question. The database may be away for a
        moment: what the child says stays in its file."""
        try:
            if event and event.get("event") == "said":
                self._hear(is_done=bool(event["done"]))
            elif self._asked is None and self._next() is not None:
                self._hand_over()
        except (OperationalError, InterfaceError):
            connection.close_if_unusable_or_obsolete()
            if event and event.get("done"):
                raise  # nothing will tell of it again

    def _next(self) -> Asked | None:
        """The next question; raises where none is to be waited for."""
        self._asked = talks.take_turn(self.work.row)
        if self._asked is None:
            self._look_around()
        return self._asked

    def _hand_over(self) -> None:
        assert self._asked is not None
        turn = self._asked.turn
        question = {
            "turn": turn.pk,
            "prompts": self._asked.prompts,
            "seed": turn.seed,
            "temperature": turn.temperature,
            "max_new_tokens": turn.max_new_tokens,
        }
        self._begun_at = time.monotonic()
        self._first_after: list[float | None] = [None] * len(self.voices)
        write_json(self.work.folder / TALK_ASKED, question)

    def _hear(self, *, is_done: bool) -> None:
        if not is_done and time.monotonic() - self._told_at < WRITES_EVERY:
            return
        found = read_object(self.work.folder / TALK_SAID)
        if self._asked is None or found is None:
            return
        if found["turn"] == self._asked.turn.pk:
            self._tell(found["said"], is_done=is_done and found["done"])

    # ---- a server beside the GPU -------------------------------------------------------

    def _ask_server(self) -> None:
        self.work.watch.check()
        asked = self._next()
        if asked is None:
            time.sleep(LOOKS_EVERY)
            return
        self._begun_at = time.monotonic()
        self._first_after = [None] * len(self.voices)
        said = []
        for voice, messages in zip(self.voices, asked.prompts, strict=True):
            prompt = handoff.Prompt(uid=str(asked.turn.uid), category="", messages=messages)
            said.append({"text": self._served(voice, prompt, asked.turn)})
        self._tell(said, is_done=True)

    def _served(self, voice: TalkVoice, prompt: handoff.Prompt, turn: TalkTurn) -> str:
        """What the server answers. It takes minutes at worst, and whoever cancels waits
        for no answer that nobody wants."""
        pool = ThreadPoolExecutor(1)
        try:
            answer = pool.submit(
                served.answers,
                voice.signature,
                [prompt],
                answers=1,
                temperature=turn.temperature,
                max_new_tokens=turn.max_new_tokens,
                seed=turn.seed,
            )
            while not wait([answer], timeout=LOOKS_EVERY).done:
                self.work.watch.check()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        [[text]] = answer.result()
        return text

    # ---- both --------------------------------------------------------------------------

    def _tell(self, said: Sequence[dict[str, Any]], *, is_done: bool) -> None:
        assert self._asked is not None
        took = round(time.monotonic() - self._begun_at, 2)
        for place, one in enumerate(said):
            if one.get("text") and self._first_after[place] is None:
                self._first_after[place] = took
        timed = [
            one | {"seconds": took, "first_after": first} if one else {}
            for one, first in zip(said, self._first_after, strict=True)
        ]
        talks.tell(self.work.row, self._asked.turn, timed, is_done=is_done)
        self._told_at = time.monotonic()
        if is_done:
            (self.work.folder / TALK_SAID).unlink(missing_ok=True)
            self._asked, self._quiet_since = None, time.monotonic()
            self.answers += len(said)

    def _look_around(self) -> None:
        quiet = time.monotonic() - self._quiet_since
        if quiet > IDLE_SECONDS:
            raise _Over
        is_time = time.monotonic() - self._asked_queue_at > ASKS_EVERY
        if quiet > GRACE_SECONDS and is_time:
            self._asked_queue_at = time.monotonic()
            if order.somebody_waits():
                raise _Over


def keep(job: Job, result: dict[str, Any]) -> None:
    talks.close(job)


KIND = Kind(
    name=Job.TALK,
    label=gettext_lazy("Talk in the playground"),
    perform=perform,
    keep=keep,
    require=require,
    others=others,
    reads_files=False,
)
