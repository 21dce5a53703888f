"""One queue for curators: what waits there, and what they decide."""

# ruff: noqa: F401, F811 (fixtures are imported, then named as arguments)
from __future__ import annotations

import pytest
from django.utils.timezone import now

from curation import cases
from curation.actions import messages, moderation, versions, withdrawals
from curation.errors import NotAllowed
from curation.models import Dataset, Event, Flag, Membership, Message, Notification
from curation.news import item
from tests.curation.cases import (
    a_curator,
    dataset,
    flagged,
    prompt,
    queue_of,
    seen,
    send,
    state_of,
    value_of,
)
from tests.curation.pages import held, queries, signed_in, url
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory, ReplyFactory

pytestmark = pytest.mark.django_db


def test_flags_holds_and_serious_findings_wait_in_one_queue(dataset, prompt):
    flagged(prompt)
    aside = held(dataset)
    found = MessageFactory(conversation__dataset=dataset)
    seen(found)
    mentioned = MessageFactory(conversation__dataset=dataset)
    seen(mentioned, score=0.4)
    elsewhere = MessageFactory()
    seen(elsewhere)

    assert queue_of(dataset) == [prompt, aside, found]
    assert queue_of(dataset, sort="flag") == [prompt]
    assert queue_of(dataset, sort="held") == [aside]
    assert queue_of(dataset, sort="finding") == [found]
    assert cases.waiting_in(dataset) == 3


def test_a_finding_in_a_text_that_is_out_waits_for_nobody(dataset):
    reply = held(dataset)
    seen(reply)
    messages.release(message_id=reply.pk, by=a_curator(dataset), accept=False)

    assert queue_of(dataset) == []


def test_the_page_tells_who_why_and_where(client, dataset, prompt):
    flagged(prompt, note="It names my neighbour.")
    flagged(prompt, name="Second Person")
    found = MessageFactory(conversation__dataset=dataset, text="Call 0151 2345 <now>.")
    seen(found, spans=[(5, 14), (10, 14)])
    signed_in(client, dataset, "curator")

    page = client.get(url("flags", dataset.slug)).text
    overview = client.get(url("dataset", dataset.slug)).text

    for words in ("A hard one.", "Fay Flagger", "Second Person", "It names my neighbour."):
        assert words in page
    assert "Call <mark>0151 2345</mark> &lt;now&gt;." in page
    assert "90% sure" in page
    assert '<span class="tabs__count">2</span>' in overview


def test_the_queue_takes_as_many_queries_however_long(client, dataset):
    signed_in(client, dataset, "curator")

    def more():
        for _ in range(3):
            flagged(MessageFactory(conversation__dataset=dataset, accepted=True))
            held(dataset)
            seen(MessageFactory(conversation__dataset=dataset))

    more()
    few = queries(client, url("flags", dataset.slug))
    more()

    assert queries(client, url("flags", dataset.slug)) == few
    assert few <= 17


@pytest.mark.parametrize("roles", [["writer"], ["reviewer"]])
def test_the_queue_is_the_curators(client, dataset, prompt, roles):
    flagged(prompt)
    person = signed_in(client, dataset, *roles)

    assert client.get(url("flags", dataset.slug)).status_code == 404
    assert send(client, dataset, prompt, "hold", person).status_code == 404
    assert url("flags", dataset.slug) not in client.get(url("dataset", dataset.slug)).text
    with pytest.raises(NotAllowed):
        moderation.decide(message_id=prompt.pk, by=person, action="hold")


def test_the_queue_over_all_datasets_is_the_admins(client, dataset, prompt):
    flagged(prompt)
    signed_in(client, dataset, "curator")
    assert client.get(url("moderation")).status_code == 404

    admin = signed_in(client, is_staff=True)
    page = client.get(url("moderation"))
    sent = {"item": value_of(prompt, admin), "action": "keep"}

    assert "A hard one." in page.text
    assert client.post(url("moderation"), sent).status_code == 302
    assert queue_of(dataset) == []


def test_a_text_of_another_dataset_is_not_there(client, dataset):
    other = MessageFactory(accepted=True)
    flagged(other)
    person = signed_in(client, dataset, "curator")

    assert send(client, dataset, other, "hold", person).status_code == 404
    assert state_of(other) == "accepted"


@pytest.mark.parametrize(
    ("action", "state", "outcome"),
    [
        ("keep", "accepted", "dismissed"),
        ("hold", "held", "held"),
        ("reject", "rejected", "removed"),
    ],
)
def test_one_decision_answers_everybody_who_flagged(
    client, dataset, prompt, action, state, outcome
):
    flagged(prompt)
    flagged(prompt, name="Second Person")
    curator = signed_in(client, dataset, "curator")

    why = "As the guideline says."
    response = send(client, dataset, prompt, action, curator, note=why)

    assert response.status_code == 302
    assert state_of(prompt) == state
    assert not Flag.objects.filter(resolved_at=None).exists()
    assert set(Flag.objects.values_list("outcome", "resolved_by")) == {
        (outcome, curator.pk)
    }
    assert Event.objects.filter(kind=f"moderation.{action}", by=curator).count() == 1
    written = Message.objects.get(pk=prompt.pk).why
    assert written == ("" if action == "keep" else why)
    decided = client.get(url("flags", dataset.slug) + "?state=decided").text
    assert why in decided


def test_reporters_and_the_author_hear_of_it(dataset, prompt):
    flag = flagged(prompt)
    moderation.decide(message_id=prompt.pk, by=a_curator(dataset), action="reject")

    told = Notification.objects.get(person=flag.by)
    assert (told.kind, told.by) == ("looked_at", None)
    assert "took it out" in item(told).said
    to_author = Notification.objects.filter(person=prompt.author)
    assert "rejected" in set(to_author.values_list("kind", flat=True))


def test_an_admin_takes_a_text_out_for_its_author(client, dataset, prompt):
    flagged(prompt)
    curator = signed_in(client, dataset, "curator")
    assert send(client, dataset, prompt, "withdraw", curator).status_code == 409
    admin = signed_in(client, is_staff=True)

    send(client, dataset, prompt, "withdraw", admin, note="It names a person.")

    assert state_of(prompt) == "withdrawn"
    told = Notification.objects.get(person=prompt.author, kind="removed")
    assert item(told).why == "It names a person."


def test_taking_out_reaches_versions_and_what_others_made_of_the_words(dataset):
    text = ReplyFactory(parent__conversation__dataset=dataset, parent__accepted=True)
    editor = ContributorFactory(member=dataset)
    edited = messages.review(
        message_id=text.pk, by=editor, verdict="edit", edited_text="In other words."
    )
    assert edited.state == "accepted"
    curator = a_curator(dataset)
    version = versions.freeze(dataset_id=dataset.pk, by=curator)
    flagged(text)

    moderation.decide(
        message_id=text.pk, by=ContributorFactory(is_staff=True), action="withdraw"
    )

    assert [state_of(one) for one in (text, edited)] == ["withdrawn", "withdrawn"]
    assert {one.message_id for one in version.recalls.all()} == {edited.pk}
    assert Notification.objects.filter(person=curator, kind="withdrawn").exists()


def test_nobody_dismisses_what_was_said_of_their_own_words(client, dataset):
    curator = signed_in(client, dataset, "curator")
    mine = MessageFactory(conversation__dataset=dataset, author=curator)
    flagged(mine)
    seen(mine)

    page = client.get(url("flags", dataset.slug)).text
    response = send(client, dataset, mine, "keep", curator)

    assert 'value="keep" data-choice' not in page.partition('id="several"')[0]
    assert response.status_code == 409
    assert "Somebody else must decide on your own words." in response.text
    assert queue_of(dataset) == [mine]
    moderation.decide(message_id=mine.pk, by=a_curator(dataset), action="keep")
    assert queue_of(dataset) == []


def test_what_its_author_took_back_can_only_be_closed(client, dataset, prompt):
    flagged(prompt)
    withdrawals.take_back(message_id=prompt.pk, by=prompt.author)
    curator = signed_in(client, dataset, "curator")

    assert "A hard one." not in client.get(url("flags", dataset.slug)).text
    assert send(client, dataset, prompt, "hold", curator).status_code == 409
    assert send(client, dataset, prompt, "keep", curator).status_code == 302


def test_a_held_text_is_let_go_on_or_rejected(dataset):
    curator = a_curator(dataset)
    for action, state in [("release", "accepted"), ("reject", "rejected")]:
        reply = held(dataset)
        moderation.decide(message_id=reply.pk, by=curator, action=action)
        assert state_of(reply) == state
    assert queue_of(dataset) == []


def test_what_a_check_says_again_in_a_newer_version_is_no_news(dataset):
    message = MessageFactory(conversation__dataset=dataset)
    seen(message)
    moderation.decide(message_id=message.pk, by=a_curator(dataset), action="keep")

    seen(message, version=2)
    assert queue_of(dataset) == []
    seen(message, name="secret.key")
    assert queue_of(dataset) == [message]


def test_without_a_choice_nothing_typed_is_lost(client, dataset, prompt):
    flagged(prompt)
    curator = signed_in(client, dataset, "curator")

    response = send(client, dataset, prompt, "x", curator, note="Because.")
    nothing = client.post(url("flags", dataset.slug), {"action": "keep", "note": "Why."})

    assert (response.status_code, nothing.status_code) == (422, 422)
    assert "Because." in response.text
    assert "Choose at least one text first." in nothing.text


def test_several_are_decided_each_by_itself(client, dataset):
    curator = signed_in(client, dataset, "curator")
    mine = MessageFactory(conversation__dataset=dataset, accepted=True, author=curator)
    texts = [MessageFactory(conversation__dataset=dataset, accepted=True) for _ in range(2)]
    for one in (mine, *texts):
        moderation.decide(
            message_id=flagged(one).message_id, by=curator, action="hold", note="Look."
        )

    sent = {"item": [value_of(m, curator) for m in (mine, *texts)], "action": "release"}
    response = client.post(url("flags", dataset.slug), sent)

    assert response.status_code == 409
    assert "Somebody else must decide on your own words." in response.text
    assert "Decided on 2 texts." in response.text
    assert [state_of(m) for m in (mine, *texts)] == ["held", "accepted", "accepted"]


def test_the_queue_and_what_was_decided_go_by_pages(client, dataset):
    curator = signed_in(client, dataset, "curator")
    texts = [
        MessageFactory(
            conversation__dataset=dataset, accepted=True, text=f"The text called {n:02}."
        )
        for n in range(22)
    ]
    for text in texts:
        flagged(text)

    first = client.get(url("flags", dataset.slug)).text
    after = texts[19].address
    second = client.get(url("flags", dataset.slug) + f"?after={after}").text

    assert "called 19" in first and "called 20" not in first
    assert f"after={after}" in first
    assert "called 20" in second and "called 19" not in second
    for text in texts:
        moderation.decide(message_id=text.pk, by=curator, action="keep")
    decided = client.get(url("flags", dataset.slug) + "?state=decided")
    assert "called 02" in decided.text and "called 01" not in decided.text
    onwards = (
        url("flags", dataset.slug) + f"?state=decided&after={decided.context['following']}"
    )
    assert "called 01" in client.get(onwards).text
    assert (
        client.get(url("flags", dataset.slug) + "?after=zz&sort=x&who=y").status_code == 200
    )


def test_who_may_look_after_texts_is_no_matter_of_other_datasets(dataset):
    here, resting = a_curator(dataset), a_curator(dataset)
    other = DatasetFactory()
    Membership.objects.create(
        dataset=other, contributor=here, role="writer", suspended_at=now()
    )
    Membership.objects.filter(contributor=resting).update(suspended_at=now())

    found = cases.curators_of(Dataset.objects.filter(pk=dataset.pk))

    assert list(found) == [here]
