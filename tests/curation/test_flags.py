from __future__ import annotations

import pytest
from django.db import connection

from curation.actions import flags
from curation.errors import NotAllowed
from curation.models import Flag
from tests.annotate.work import claim, planned
from tests.curation.pages import signed_in, url
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory, ReplyFactory
from tests.races import together

pytestmark = pytest.mark.django_db

SENT = {"reason": "unsafe", "note": "See the third line."}


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def prompt(dataset):
    return MessageFactory(conversation__dataset=dataset, accepted=True, text="A hard one.")


def flagged(message, name="Fay Flagger", reason="unsafe", note=""):
    by = ContributorFactory(member=message.conversation.dataset, name=name)
    return flags.raise_flag(message_id=message.pk, by=by, reason=reason, note=note)


def test_flagging_twice_is_flagging_once(client, dataset, prompt):
    by = signed_in(client, dataset)

    for _ in range(2):
        response = client.post(
            url("flag"), {**SENT, "message": prompt.address}, follow=True
        )

    assert response.status_code == 200
    assert "A curator will look at it." in response.text
    flag = Flag.objects.get()
    assert (flag.by, flag.reason, flag.note) == (by, "unsafe", "See the third line.")


@pytest.mark.django_db(transaction=True)
def test_two_tabs_flag_once():
    prompt = MessageFactory(accepted=True)
    by = ContributorFactory(member=prompt.conversation.dataset)

    together(
        *(
            lambda: flags.raise_flag(message_id=prompt.pk, by=by, reason="other")
            for _ in range(4)
        )
    )

    assert Flag.objects.count() == 1
    connection.close()


def test_without_a_reason_nothing_is_lost(client, dataset, prompt):
    signed_in(client, dataset)
    sent = {"message": prompt.address, "note": "Look at this."}

    page = client.post(url("flag"), sent)
    part = client.post(url("flag"), sent, headers={"X-Part": "1"})

    assert (page.status_code, part.status_code) == (422, 422)
    assert "Look at this." in page.text
    assert "Choose a reason" in page.text
    assert "Choose a reason" in part.json()["problem"]
    assert not Flag.objects.exists()


def test_strangers_flag_nothing(client, dataset, prompt):
    signed_in(client, DatasetFactory())

    assert client.post(url("flag"), {**SENT, "message": prompt.address}).status_code == 404
    assert client.post(url("flag"), {**SENT, "message": "x"}).status_code == 404
    assert client.get(url("flag-new", prompt.pk)).status_code == 404
    with pytest.raises(NotAllowed):
        flags.raise_flag(message_id=prompt.pk, by=ContributorFactory(), reason="other")


def test_curators_see_who_flagged_what_and_how_many_wait(client, dataset, prompt):
    flagged(prompt, note="It names my neighbour.")
    flagged(prompt, name="Second Person")
    signed_in(client, dataset, "curator")

    page = client.get(url("flags", dataset.slug)).text
    overview = client.get(url("dataset", dataset.slug)).text

    for words in ("A hard one.", "Fay Flagger", "Second Person", "It names my neighbour."):
        assert words in page
    assert '<span class="tabs__count">1</span>' in overview


def test_a_ranker_chooses_which_answer_is_flagged(client, dataset):
    dataset.policy.replies_wanted = 2
    dataset.policy.save()
    prompt = MessageFactory(conversation__dataset=dataset, accepted=True)
    answers = ReplyFactory.create_batch(2, parent=prompt, accepted=True)
    planned(prompt)
    signed_in(client, dataset)
    slot = claim(client, kind="rank") or claim(client, kind="compare")

    page = client.get(f"/work/{slot.address}/").text

    for one in (prompt, *answers):
        assert f'name="message" value="{one.address}"' in page
    assert "Answer A" in page
