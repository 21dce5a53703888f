"""An embedder that is down, slow or wrong stops no submission and no other text."""

from __future__ import annotations

import json

import pytest

from curation import tasks
from curation.actions import conversations
from curation.clean.embedders import PLAIN
from curation.models import EmbeddingModel, Message
from tests.curation.meanings import embed_all, free, vector_of
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory, ReplyFactory

pytestmark = pytest.mark.django_db


# ---- the embedder fails ------------------------------------------------------------
def test_an_embedder_that_is_down_is_asked_again_later(embedder, caplog):
    MessageFactory()
    embed_all()
    late = MessageFactory()
    embedder.status = 503

    assert "503" in embed_all().problem
    assert vector_of(late) is None

    embedder.status = 200
    assert embed_all().embedded == 0, "it rests for a minute"
    free()
    assert embed_all().embedded == 1
    assert "gives no vectors" in caplog.text


def test_nobody_there_costs_no_submission(settings):
    settings.EMBEDDER = "http://127.0.0.1:1/v1/embeddings"
    settings.EMBEDDER_MODEL = "fake"
    dataset = DatasetFactory(pairs=True)
    writer = ContributorFactory(member=dataset)

    conversations.write_pair(dataset=dataset, by=writer, prompt="Why?", reply="Because.")
    tasks.embed_texts()

    assert Message.objects.count() == 2
    assert EmbeddingModel.objects.count() == 0


def test_other_numbers_than_before_are_not_written(embedder):
    MessageFactory()
    embed_all()
    late = MessageFactory()
    embedder.dimensions = 32

    assert "32 numbers and not 64" in embed_all().problem
    assert vector_of(late) is None


def test_a_text_that_is_refused_is_not_sent_for_ever(embedder):
    fine, odd = MessageFactory(text="Fine."), MessageFactory(text="Odd.")
    embedder.refuses = lambda text: text == "Odd."

    assert embed_all().embedded == 2
    assert vector_of(fine).numbers is not None
    assert vector_of(odd).numbers is None
    sent = len(embedder.asked)
    assert embed_all().embedded == 0
    assert len(embedder.asked) == sent


def failing_at(odd, embedder, failure):
    """Its usual answers, but for whatever this text is among."""
    answer = embedder.answer

    def fails(sent):
        status, body = answer(sent)
        if odd not in sent["input"]:
            return status, body
        if failure == "status":
            return 500, b"{}"
        found = json.loads(body)["data"]
        for row in found:
            if sent["input"][row["index"]] == odd:
                row["embedding"][0] = float("nan")
        said = json.dumps({"data": found})
        return 200, (said.replace("NaN", "null") if failure == "null" else said).encode()

    return fails


@pytest.mark.parametrize("failure", ["status", "NaN", "null"])
def test_a_text_at_which_an_embedder_fails_stops_no_other(embedder, monkeypatch, failure):
    prompt = MessageFactory()
    replies = ReplyFactory.create_batch(20, parent=prompt)
    odd = ReplyFactory(parent=prompt, text="Odd.")
    monkeypatch.setattr(embedder, "answer", failing_at("Odd.", embedder, failure))

    run = embed_all()

    assert (run.embedded, run.problem, run.is_done) == (22, "", True)
    assert vector_of(odd).numbers is None
    assert all(vector_of(message).numbers is not None for message in [prompt, *replies])


def test_an_embedder_that_has_too_much_to_do_condemns_no_text(embedder, monkeypatch):
    MessageFactory()
    embed_all()
    late, answer = MessageFactory(), embedder.answer

    def busy(sent):
        return answer(sent) if sent["input"] == [PLAIN] else (429, b"{}")

    monkeypatch.setattr(embedder, "answer", busy)

    assert "429" in embed_all().problem
    assert vector_of(late) is None
