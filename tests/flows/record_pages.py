"""Put what the pages of the record show into a running Winnow, named by WINNOW_VAR.

A dataset “record”: two versions, a model and an export, prompts that are alike, one of
them merged, a text that is held and one that was decided on, terms, a saved search, an
evaluation set, somebody who pauses; and a text of the demo that its author took back.
"""

from __future__ import annotations

import json
import os
from typing import Any

import django
from django.apps import apps
from django.db import transaction

ALIKE = "Please explain to me in simple words how a {} turns heat into motion{}"
KNOWN = "Quokkas juggle violet anvils beneath the fourth lighthouse every second Thursday"


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    with transaction.atomic():
        write()


def write() -> None:
    from curation.actions import datasets, people

    found = apps.get_model("curation", "Contributor").objects
    # Besides the curator nobody who works in the other flows: their queues stay.
    ada, cleo, ines, greta = (
        found.get(email=f"{name}@winnow.example")
        for name in ("ada", "cleo", "ines", "greta")
    )
    dataset = datasets.create(
        slug="record", title="Pages of the record", shape="pairs", by=ada
    )
    for person, role in ((cleo, "curator"), (ines, "writer"), (greta, "reviewer")):
        people.join(dataset=dataset, person=person, role=role, by=ada)
    agree(dataset, ada, cleo, ines, greta)
    write_and_freeze(dataset, ines, greta, cleo)
    look_around(dataset, ada, cleo, ines)
    take_back(found.get(email="wanda@winnow.example"))


def agree(dataset: Any, ada: Any, *others: Any) -> None:
    from curation.actions import consents

    text = "We train models on what you write.\n\n- You can take it back."
    consents.publish(
        dataset=dataset, text=text, licence="CC-BY-4.0", uses=["training"], by=ada
    )
    in_force = apps.get_model("curation", "Terms").objects.in_force()
    for person in others:
        consents.agree(terms_ids=in_force.values_list("pk", flat=True), by=person)


def write_and_freeze(dataset: Any, ines: Any, greta: Any, cleo: Any) -> None:
    from curation import intake
    from curation.actions import conversations, exports, imports, messages, versions

    asked = [
        ALIKE.format(engine, end)
        for engine in ("steam engine", "diesel engine")
        for end in (", please", " and back")
    ]
    lines = (
        json.dumps({"instruction": text, "response": f"Answer {n}: it pushes a piston."})
        for n, text in enumerate(asked)
    )
    imports.import_lines(
        dataset=dataset, lines=(line.encode() for line in lines), format="dolly", by=cleo
    )
    pair = conversations.write_pair(
        dataset=dataset, by=ines, prompt="Why do cats purr?", reply="Nobody *knows*."
    )
    texts = list(pair.messages.order_by("pk"))
    messages.review(message_id=texts[1].pk, by=greta, verdict="accept")
    first = versions.freeze(dataset_id=dataset.pk, by=cleo)
    exports.make(version=first, made_for="The people of another house", by=cleo)
    intake.report_model(
        version_id=first.pk, source="record", name="A model of theirs", generator="theirs"
    )
    versions.freeze(dataset_id=dataset.pk, by=cleo, recipe={"cap_per_author": 3})


def look_around(dataset: Any, ada: Any, cleo: Any, ines: Any) -> None:
    from curation.actions import (
        clusters,
        evaluation_sets,
        messages,
        moderation,
        saved_views,
        searches,
        suspensions,
    )

    searches.run(dataset=dataset)  # wanted since the import
    members = apps.get_model("curation", "ClusterMember").objects.order_by("pk")
    clusters.merge(member_ids=[members[0].pk], by=cleo)
    there = apps.get_model("curation", "Message").objects.filter(
        conversation__dataset=dataset, role="assistant"
    )
    decided, waiting = there.order_by("pk")[:2]
    for message in (decided, waiting):
        messages.hold(message_id=message.pk, by=cleo, why="It names a person.")
    moderation.decide(message_id=decided.pk, by=cleo, action="release", note="It does not.")
    saved_views.save(dataset=dataset, by=cleo, name="Engines", query="q=engine")
    evaluation_sets.add(name="Quokkas, test", texts=[KNOWN], by=ada)
    suspensions.suspend(person_id=ines.pk, dataset=dataset, reason="A rest.", by=cleo)


def take_back(wanda: Any) -> None:
    from curation.actions import withdrawals

    theirs = apps.get_model("curation", "Message").objects.filter(
        author=wanda, state="accepted", role="assistant"
    )
    withdrawals.take_back(message_id=theirs.latest("pk").pk, by=wanda)


if __name__ == "__main__":
    main()
