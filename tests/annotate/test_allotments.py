"""A curator gives work to one person: theirs alone, until a day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.urls import reverse
from django.utils.timezone import localdate, now

from annotate import actions, allotments, planner
from annotate.models import Allotment, Assignment
from curation.errors import CurationError
from curation.models import Contributor, Notification, Profile
from tests.annotate.work import claim, planned, slots, submit
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory, ReplyFactory
from tests.races import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory()


@pytest.fixture
def curator(dataset):
    return ContributorFactory(member=dataset, member__roles=["curator"])


@pytest.fixture
def hannah(dataset):
    return ContributorFactory(member=dataset)


def waiting(dataset, count):
    return [planned(MessageFactory(conversation__dataset=dataset)) for _ in range(count)]


def give(dataset, person, curator, **fields):
    fields = {"kind": "review", "wanted": 3, **fields}
    return allotments.allot(dataset=dataset, person=person, by=curator, **fields)


def progress(given):
    return allotments.with_progress(Allotment.objects.filter(pk=given.pk)).get()


def test_what_was_given_comes_first_and_to_nobody_else(client, dataset, curator, hannah):
    waiting(dataset, 3)
    later = waiting(dataset, 2)
    numbers = {message.conversation_id for message in later}
    give(dataset, hannah, curator, conversations=numbers)

    colleague = ContributorFactory(member=dataset)
    others = {actions.claim(by=colleague).conversation_id}
    assert actions.claim(by=hannah).conversation_id in numbers
    assert not others & numbers
    assert not numbers & set(
        Assignment.objects.open_to(colleague).values_list("conversation", flat=True)
    )


def test_progress_counts_what_she_did(client, dataset, curator, hannah):
    waiting(dataset, 4)
    given = give(dataset, hannah, curator, wanted=2)
    client.force_login(hannah)
    submit(client, claim(client, kind="review"), verdict="accept")

    row = progress(given)
    assert (row.done, row.reserved, row.missing) == (1, 1, 1)


def test_when_all_is_done_it_closes(client, dataset, curator, hannah):
    waiting(dataset, 1)
    given = give(dataset, hannah, curator, wanted=1)
    client.force_login(hannah)
    submit(client, claim(client, kind="review"), verdict="accept")

    allotments.keep_up()
    given.refresh_from_db()
    assert given.closed_at is not None


def test_after_its_day_the_rest_goes_to_everybody(dataset, curator, hannah):
    waiting(dataset, 2)
    given = give(dataset, hannah, curator, wanted=2, due_on=localdate())
    Allotment.objects.filter(pk=given.pk).update(due_on=localdate() - timedelta(days=1))

    allotments.keep_up()
    given.refresh_from_db()
    assert given.closed_at is not None
    assert slots(state="open", reserved_for=None).count() == 2


def test_more_is_reserved_when_more_comes_up(dataset, curator, hannah):
    waiting(dataset, 1)
    given = give(dataset, hannah, curator, wanted=3)
    assert progress(given).reserved == 1

    waiting(dataset, 5)
    allotments.keep_up()
    assert progress(given).reserved == 3


def test_one_item_is_given_once_however_many_reviews_it_wants(curator, hannah, dataset):
    dataset.policy.reviews_wanted = 3
    dataset.policy.save()
    waiting(dataset, 1)
    given = give(dataset, hannah, curator, wanted=3)
    assert progress(given).reserved == 1


def test_own_words_are_not_given(dataset, curator, hannah):
    planned(MessageFactory(conversation__dataset=dataset, author=hannah))
    given = give(dataset, hannah, curator, wanted=1)
    assert progress(given).reserved == 0


def test_texts_to_write_are_made_for_her_beside_the_others(curator, hannah, dataset):
    planner.plan_writing(dataset)
    free = slots(kind="write_prompt", state="open", reserved_for=None).count()
    given = give(dataset, hannah, curator, kind="write_prompt", wanted=15)

    planner.plan_writing(dataset)
    assert progress(given).reserved == 15
    assert slots(kind="write_prompt", state="open", reserved_for=None).count() == free

    allotments.take_back(allotment_id=given.pk, by=curator)
    planner.plan_writing(dataset)
    assert slots(kind="write_prompt", state="open").count() == free


def test_a_chosen_answer_is_written_anew_and_planning_leaves_the_wish(
    client, dataset, curator, hannah
):
    prompt = MessageFactory(conversation__dataset=dataset, accepted=True)
    answer = ReplyFactory(parent=prompt, accepted=True)
    planned(prompt)
    numbers = {prompt.conversation_id}
    give(dataset, hannah, curator, kind="improve", conversations=numbers)
    planned(prompt)

    client.force_login(hannah)
    slot = claim(client, kind="improve")
    assert slot.message == answer


def test_taking_back_frees_what_is_not_begun(dataset, curator, hannah):
    waiting(dataset, 2)
    given = give(dataset, hannah, curator, wanted=2)
    allotments.take_back(allotment_id=given.pk, by=curator)

    assert slots(state="open", reserved_for=None).count() == 2
    with pytest.raises(CurationError):
        allotments.take_back(allotment_id=given.pk, by=hannah)


def expire(slot):
    Assignment.objects.filter(pk=slot.pk).update(lease_until=now() - timedelta(minutes=1))
    actions.expire_leases()


def test_what_she_skips_goes_to_the_others_and_she_gets_more(dataset, curator, hannah):
    waiting(dataset, 1)
    given = give(dataset, hannah, curator, wanted=1)
    slot = actions.claim(by=hannah)
    actions.skip(assignment_id=slot.pk, by=hannah)
    assert progress(given).reserved == 0

    waiting(dataset, 1)
    allotments.keep_up()

    assert progress(given).reserved == 1
    assert actions.claim(by=ContributorFactory(member=dataset), kind="review") == slot


def test_a_new_text_that_she_skips_stays_hers(dataset, curator, hannah):
    given = give(dataset, hannah, curator, kind="write_prompt", wanted=2)
    slot = actions.claim(by=hannah, kind="write_prompt")
    actions.skip(assignment_id=slot.pk, by=hannah)

    assert progress(given).reserved == 2


def test_taken_back_while_she_works_on_it_it_is_everybodys_once_she_stops(
    dataset, curator, hannah
):
    waiting(dataset, 1)
    given = give(dataset, hannah, curator, wanted=1)
    slot = actions.claim(by=hannah)
    allotments.take_back(allotment_id=given.pk, by=curator)
    expire(slot)

    assert actions.claim(by=ContributorFactory(member=dataset), kind="review") == slot


def test_nothing_in_other_languages_is_given(dataset, curator, hannah):
    Profile.objects.create(contributor=hannah, languages=["de"])
    waiting(dataset, 1)
    given = give(dataset, hannah, curator, wanted=1)

    assert progress(given).reserved == 0


def test_what_she_can_no_longer_read_goes_to_the_others(dataset, curator, hannah):
    waiting(dataset, 1)
    given = give(dataset, hannah, curator, wanted=1)
    Profile.objects.create(contributor=hannah, languages=["de"])

    allotments.keep_up()

    given.refresh_from_db()
    assert given.closed_at is None
    assert slots(state="open", reserved_for=None, kind="review").count() == 1


@pytest.mark.parametrize("reason", ["role", "account"])
@pytest.mark.parametrize("kind", ["review", "write_prompt"])
def test_when_she_has_gone_all_of_it_does(dataset, curator, hannah, kind, reason):
    waiting(dataset, 1)
    given = give(dataset, hannah, curator, kind=kind, wanted=1)
    if reason == "role":
        dataset.memberships.filter(contributor=hannah).delete()
    else:
        Contributor.objects.filter(pk=hannah.pk).update(is_active=False)

    allotments.keep_up()

    given.refresh_from_db()
    assert given.closed_at is not None
    assert not slots(reserved_for=hannah).exists()
    assert actions.claim(by=ContributorFactory(member=dataset), kind="review")


def test_she_is_told(dataset, curator, hannah):
    waiting(dataset, 1)
    give(dataset, hannah, curator, wanted=1)
    told = Notification.objects.get(person=hannah)
    assert (told.kind, told.by, told.data["wanted"]) == ("allotted", curator, 1)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"kind": "review", "wanted": "0"}, "greater than or equal to 1"),
        ({"kind": "review", "wanted": "5", "conversations": "a"}, "neither a number"),
        ({"kind": "review", "wanted": "5", "conversations": "999999"}, "none of these"),
        ({"kind": "review", "wanted": "5", "due_on": "2020-01-01"}, "day has passed"),
        ({"kind": "adjudicate", "wanted": "5"}, "no role for this"),
        ({"kind": "dance", "wanted": "5"}, "valid choice"),
    ],
)
def test_what_cannot_be_given_is_refused_with_a_reason(
    client, dataset, curator, hannah, fields, problem
):
    client.force_login(curator)
    address = reverse("annotate:allotments", args=[dataset.slug])
    response = client.post(address, {"person": hannah.pk, **fields})

    assert response.status_code in (409, 422)
    assert problem in response.text
    assert not Allotment.objects.exists()


def test_the_page_gives_and_takes_back(client, dataset, curator, hannah):
    messages = waiting(dataset, 3)
    client.force_login(curator)
    address = reverse("annotate:allotments", args=[dataset.slug])
    first = messages[0].conversation_id
    sent = {"person": hannah.pk, "kind": "review", "wanted": "9", "note": "For the demo"}
    response = client.post(address, {**sent, "conversations": f"{first} - {first + 1}"})
    assert response.status_code == 302
    assert "For the demo" in client.get(address).text

    given = Allotment.objects.get()
    client.post(
        reverse("annotate:allotment-take-back", args=[dataset.slug, given.pk]), follow=True
    )
    assert not slots(reserved_for=hannah).exists()


def test_only_curators_see_the_page(client, dataset, hannah):
    client.force_login(hannah)
    address = reverse("annotate:allotments", args=[dataset.slug])
    assert client.get(address).status_code == 404
    assert client.post(address, {}).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_two_curators_at_once_never_give_the_same_task(dataset, curator, hannah):
    assert connection.vendor == "postgresql"
    with transaction.atomic():
        waiting(dataset, 6)
    tom = ContributorFactory(member=dataset)
    together(
        lambda: give(dataset, hannah, curator, wanted=4),
        lambda: give(dataset, tom, curator, wanted=4),
    )
    hers, his = (slots(reserved_for=person).count() for person in (hannah, tom))
    assert hers + his <= 6
    assert slots(reserved_for=None, state="open").count() == 6 - hers - his


def test_pairs_are_not_continued_and_conversations_not_written_as_pairs(client):
    pairs, talks = DatasetFactory(pairs=True), DatasetFactory()
    admin = ContributorFactory(is_staff=True)
    client.force_login(admin)
    offered = {
        dataset: client.get(reverse("annotate:allotments", args=[dataset.slug])).text
        for dataset in (pairs, talks)
    }
    assert 'value="continue"' not in offered[pairs]
    assert 'value="continue"' in offered[talks]
    assert 'value="write_pair"' not in offered[talks]
    with pytest.raises(CurationError, match="does not ask for that kind"):
        give(pairs, admin, admin, kind="continue")
