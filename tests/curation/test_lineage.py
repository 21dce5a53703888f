from __future__ import annotations

import pytest

from curation import intake, lineage
from curation.models import Ballot, BallotEntry, Membership
from tests.curation.pages import frozen, queries, signed_in, url
from tests.factories import (
    ContributorFactory,
    ConversationFactory,
    DatasetFactory,
    MessageFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db
SIGNED = "starter, run 3"


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def me(client, dataset):
    return signed_in(client, dataset)


def reported(version, **fields):
    given = {"source": "run-3", "name": SIGNED, "generator": SIGNED, **fields}
    return intake.report_model(version_id=version.pk, **given)


def ballot(prompt, *, model_at, person_at):
    """Somebody's order of a model's answer and a person's."""
    cast = Ballot.objects.create(
        prompt=prompt, ranker=ContributorFactory(), outcome="ranked"
    )
    theirs = {"origin": "model", "author": None, "generator": SIGNED}
    answers = [ReplyFactory(parent=prompt, **theirs), ReplyFactory(parent=prompt)]
    for shown, (reply, place) in enumerate(
        zip(answers, (model_at, person_at), strict=True), start=1
    ):
        BallotEntry.objects.create(ballot=cast, reply=reply, position=place, shown=shown)


def test_versions_that_hold_ones_texts_are_told_with_how_many(client, dataset, me):
    frozen(dataset, count=3, author=me)

    (held,) = lineage.of(me)

    assert (held.answers, held.prompts) == (3, 0)
    assert "3 of your answers are in version 1." in client.get(url("work")).text


def test_prompts_count_with_the_answers_that_they_got(dataset, me):
    version = frozen(dataset, count=2)
    prompt = version.items.first().reply.parent
    prompt.author = me
    prompt.save()

    (held,) = lineage.of(me)

    assert (held.answers, held.prompts) == (0, 1)


def test_what_is_kept_for_evaluation_is_said_as_such(client, dataset, me):
    kept = ConversationFactory(dataset=dataset, split="held_out")
    prompt = MessageFactory(conversation=kept, accepted=True, author=me)
    ReplyFactory(parent=prompt, accepted=True, author=me)
    frozen(dataset, count=3, author=me)

    (held,) = lineage.of(me)

    assert (held.answers, held.prompts, held.kept, held.learned_from) == (4, 1, 2, 3)
    assert "2 of these texts are kept for evaluation" in client.get(url("work")).text


def test_a_model_is_told_with_its_loss_and_how_its_answers_fared(client, dataset, me):
    version = frozen(dataset, count=2, author=me)
    reported(
        version, held_out_loss_before=2.5, held_out_loss=2.0, address="/models/runs/3/"
    )
    prompt = version.items.first().reply.parent
    ballot(prompt, model_at=1, person_at=2)
    ballot(prompt, model_at=1, person_at=1)

    page = client.get(url("work")).text

    assert "2.50 → 2.00" in page
    assert "Its answers won 75% of 2 blind comparisons with people's answers" in page
    assert 'href="/models/runs/3/"' in page


def test_a_model_that_nobody_compared_says_so(client, dataset, me):
    reported(frozen(dataset, author=me))

    assert "Nobody has compared its answers yet." in client.get(url("work")).text


def test_who_left_the_dataset_still_sees_where_their_words_went_without_links(
    client, dataset, me
):
    reported(frozen(dataset, author=me), address="/models/runs/3/")
    Membership.objects.filter(contributor=me).delete()

    page = client.get(url("work")).text

    assert "of your answers are in version 1." in page
    assert "/models/runs/3/" not in page
    assert f"/datasets/{dataset.slug}/versions/" not in page


def test_other_peoples_versions_are_not_shown(client, dataset, me):
    frozen(dataset, count=2)

    assert lineage.of(me) == []
    assert "Not in a version yet" in client.get(url("work")).text


def test_it_costs_the_same_however_much_there_is(client, dataset, me):
    version = frozen(dataset, count=1, author=me)
    reported(version)
    before = queries(client, url("work"))
    again = frozen(dataset, count=6, author=me)
    for number in range(4):
        reported(again, source=f"run-{number + 10}", generator=f"starter, run {number}")

    # Expect 9 queries: the session, known items ahead, the person's texts, versions,
    # models, their ballots, the person's datasets, what they took back, the bell
    assert (before, queries(client, url("work"))) == (9, 9)
