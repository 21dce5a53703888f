"""Freezing a large dataset as a worker does: `make bench NAME=freeze`.

ITEMS=1000000 makes it larger. One JSON line: `seconds` is from the asking to the version,
`cpu_seconds` of that what is not the database's, `first_seconds` the same when no message
has its salt yet; `rss_mb` is the most memory that the process took for all of it,
`start_mb` what it had before. The second time must give the digest of the first; then the
version is checked against its texts, and its files are written.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from benchmarks.duplicates import database, inside

ITEMS = int(os.environ.get("ITEMS", "100000"))
AT_ONCE = 5_000
ANSWERS = 2  # per prompt, one before the other on two ballots
SENTENCE = (
    "the rain falls on every roof and each garden keeps some of it for the dry weeks "
    "while people ask where it comes from and write down what they were told"
)


def main() -> None:
    with database("freeze"):
        inside(
            "shell", "--no-imports", "-c", "from benchmarks import freeze; freeze.seed()"
        )
        call = "from benchmarks import freeze; freeze.measure()"
        inside("shell", "--no-imports", "-c", call)


def seed() -> None:
    """Conversations of one prompt and two answers, everything accepted and ranked."""
    from curation.actions import datasets
    from curation.models import Contributor

    admin = Contributor.objects.create_superuser("admin@bench.example", "x")
    dataset = datasets.create(
        slug="bench", title="Bench", shape="conversations", guideline="Be kind.",
        policy={}, by=admin,
    )  # fmt: skip
    writers = [Contributor.objects.create_user(f"w{n}@bench.example") for n in range(50)]
    for start in range(0, ITEMS // ANSWERS, AT_ONCE):
        stop = min(start + AT_ONCE, ITEMS // ANSWERS)
        _fill(dataset, writers, range(start, stop))


def _fill(dataset: Any, writers: list[Any], numbers: range) -> None:
    from django.utils.timezone import now

    from curation.models import Conversation, Message, Settlement

    conversations = Conversation.objects.bulk_create(
        Conversation(uid=_uid(1, n), dataset=dataset, split=_split(n), state="complete",
                     group=_uid(1, n), completed_at=now())
        for n in numbers
    )  # fmt: skip

    def message(kind: int, n: int, **fields: Any) -> Message:
        author = writers[(n + kind) % len(writers)]
        return Message(uid=_uid(kind, n), text=_text(kind * 7 + n), state="accepted",
                       decided_at=now(), author=author, **fields)  # fmt: skip

    prompts = Message.objects.bulk_create(
        message(2, n, conversation=conversation, role="prompter")
        for n, conversation in zip(numbers, conversations, strict=True)
    )
    answers = Message.objects.bulk_create(
        message(kind, n, conversation=prompt.conversation, parent=prompt, role="assistant")
        for n, prompt in zip(numbers, prompts, strict=True)
        for kind in range(3, 3 + ANSWERS)
    )
    Settlement.objects.bulk_create(
        Settlement(prompt=prompt, order=[[one.pk] for one in answers[at : at + ANSWERS]],
                   ballots=2, agreement=1.0, status="consensus")
        for prompt, at in zip(prompts, range(0, len(answers), ANSWERS), strict=True)
    )  # fmt: skip


def measure() -> None:
    from curation import handoff
    from curation.actions import versions
    from curation.models import DatasetVersion

    start_mb = _rss_mb()
    first = _timed(_freeze)
    cpu = time.process_time()
    version = DatasetVersion.objects.get()
    again = _timed(_freeze)
    cpu = round(time.process_time() - cpu, 1)
    assert DatasetVersion.objects.get() == version, "the same record gave two digests"
    rss_mb = _rss_mb()
    problems: list[str] = []
    check = _timed(lambda: problems.extend(versions.verify(version)))
    assert not problems, problems
    written = _timed(lambda: handoff.files(version.pk))
    line = {
        "items": version.item_count,
        "seconds": again,
        "cpu_seconds": cpu,
        "first_seconds": first,
        "start_mb": start_mb,
        "rss_mb": rss_mb,
        "verify_seconds": check,
        "files_seconds": written,
        "rss_with_files_mb": _rss_mb(),
        "digest": version.digest,
    }
    sys.stdout.write(json.dumps(line) + "\n")


def _freeze() -> None:
    """Asked for and made as from the page, in this process."""
    from curation.actions import freezing
    from curation.models import Contributor, Dataset, Freezing

    dataset, admin = Dataset.objects.get(), Contributor.objects.get(is_staff=True)
    recipe = {"pairs": "all", "cap_per_author": ITEMS}
    asked = freezing.ask(dataset_id=dataset.pk, by=admin, recipe=recipe)
    freezing.run(asked.pk)
    made = Freezing.objects.get(pk=asked.pk)
    assert made.state == "frozen", made.why


def _timed(work: Callable[[], Any]) -> float:
    began = time.monotonic()
    work()
    return round(time.monotonic() - began, 1)


def _rss_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _uid(kind: int, number: int) -> UUID:
    return UUID(int=(number * 2654435761 % 2**32) << 96 | kind << 64 | number, version=4)


def _split(number: int) -> str:
    return "held_out" if number % 10 == 0 else "train"


def _text(number: int) -> str:
    return " ".join(_words(number))


def _words(number: int) -> Iterator[str]:
    words = SENTENCE.split()
    for step in range(30 + number % 60):
        yield words[(number * 31 + step * step) % len(words)]


if __name__ == "__main__":
    main()
