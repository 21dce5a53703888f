"""Who looks on sees what is settled, and changes nothing."""

from __future__ import annotations

import pytest
from django.urls import reverse

from curation.actions import discussion, people, rights, saved_views
from curation.actions.rights import Sight
from curation.errors import CurationError, NotAllowed
from curation.models import Membership, Message, SavedView
from tests.curation.pages import frozen, signed_in, url
from tests.factories import (
    ContributorFactory,
    DatasetFactory,
    MembershipFactory,
    MessageFactory,
    ReplyFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory(title="Support")


@pytest.fixture
def viewer(client, dataset):
    return signed_in(client, dataset, "viewer", name="Vera Views")


def written(dataset, text, state="accepted"):
    """An answer in this state to an accepted question."""
    decided = {} if state == "submitted" else {"accepted": True}
    answer = ReplyFactory(parent__conversation__dataset=dataset, text=text, **decided)
    Message.objects.filter(pk=answer.pk).update(state=state)
    answer.refresh_from_db()
    return answer


def test_sight_grows_with_the_role_and_rests_with_nobody(dataset):
    def sees(*roles, **fields):
        person = ContributorFactory(member=dataset, member__roles=roles, **fields)
        return rights.sight(person, dataset)

    assert sees("viewer") == Sight.SETTLED
    assert sees("writer") == sees("reviewer") == sees("viewer", "writer") == Sight.WORK
    assert sees("curator") == sees("viewer", "curator") == Sight.ALL
    assert sees("viewer", is_staff=True) == Sight.ALL
    paused = ContributorFactory(member=dataset, member__roles=["curator"])
    Membership.objects.filter(contributor=paused).update(suspended_at="2026-01-01T00:00Z")
    assert rights.sight(paused, dataset) == Sight.WORK


@pytest.mark.parametrize("state", ["submitted", "rejected", "held", "withdrawn"])
def test_what_is_not_accepted_is_not_shown_anywhere(client, dataset, viewer, state):
    shown = written(dataset, "Plums are ripe.")
    hidden = written(dataset, "Pears are green.", state)
    slug = dataset.slug
    found = client.get(url("browse", slug)).text
    assert "Plums are ripe." in found and "Pears are green." not in found
    page = client.get(url("conversation", slug, hidden.conversation_id)).text
    assert "Pears are green." not in page
    assert "Plums are ripe." in client.get(url("comments", shown.pk)).text
    for name in ("comments", "flag-new", "text-lineage"):
        assert client.get(url(name, hidden.pk)).status_code == 404
    assert client.get(url("browse", slug) + f"?state={state}").status_code == 400


def test_a_prompt_that_nobody_has_judged_is_not_in_the_list(client, dataset, viewer):
    MessageFactory(conversation__dataset=dataset, text="Why are plums blue?")
    page = client.get(url("dataset", dataset.slug)).text
    assert "Why are plums blue?" not in page
    assert "nothing is accepted yet" in page
    assert "Find me work" not in page


def test_pages_offer_a_viewer_nothing_that_would_be_refused(client, dataset, viewer):
    answer = written(dataset, "Plums are ripe.")
    writer = ContributorFactory(member=dataset)
    discussion.comment(message_id=answer.pk, by=writer, text="Well said.")
    page = client.get(url("conversation", dataset.slug, answer.conversation_id)).text
    assert "Well said." in page
    assert "Say something about this text" not in page
    assert url("flag-new", answer.pk) not in page
    asked = url("browse", dataset.slug) + "?q=plums"
    assert "Everybody here may use it" not in client.get(asked).text
    home = client.get(reverse("annotate:home")).text
    assert "You look on" in home


def test_names_stay_hidden_from_viewers(client, dataset, viewer):
    prompt = MessageFactory(
        accepted=True, conversation__dataset=dataset, author__name="Wanda Writer"
    )
    ReplyFactory(
        parent=prompt, origin="model", author=None, generator="model-7", accepted=True
    )
    page = client.get(url("conversation", dataset.slug, prompt.conversation_id)).text
    assert "Wanda Writer" not in page and "model-7" not in page
    browse = client.get(url("browse", dataset.slug)).text
    assert "Wanda Writer" not in browse and "model-7" not in browse


def test_viewers_see_agreement_without_people_or_prompts(client, dataset, viewer):
    frozen(dataset)
    page = client.get(url("agreement", dataset.slug))
    assert page.status_code == 200
    assert "By reviewer" not in page.text and "?status=" not in page.text
    assert "Agreement over time" in client.get(url("dashboard", dataset.slug)).text


def test_who_judges_as_well_is_not_told_how_others_do(client, dataset, viewer):
    MembershipFactory(dataset=dataset, contributor=viewer, role="reviewer")
    assert client.get(url("agreement", dataset.slug)).status_code == 404
    shown = client.get(url("dashboard", dataset.slug)).text
    assert "Agreement over time" not in shown


def test_a_viewer_cannot_be_called_to_a_text_or_given_work(client, dataset, viewer):
    writer = signed_in(client, dataset)
    answer = written(dataset, "Plums are ripe.", "submitted")
    with pytest.raises(CurationError, match="Nobody here is called"):
        discussion.comment(message_id=answer.pk, by=writer, text="Look, @Vera.")
    signed_in(client, dataset, "curator")
    page = client.get(reverse("annotate:allotments", args=[dataset.slug])).text
    assert "Vera Views" not in page


def test_a_viewer_keeps_searches_and_shares_none(dataset, viewer):
    kept = {"dataset": dataset, "by": viewer, "query": "q=plums"}
    saved_views.save(name="Plums", **kept)
    with pytest.raises(NotAllowed):
        saved_views.save(name="For all", is_shared=True, **kept)
    assert SavedView.objects.get().name == "Plums"


def test_a_curator_adds_a_viewer_on_the_page(client, dataset):
    signed_in(client, dataset, "curator")
    guest = ContributorFactory(email="guest@example.org", name="Gus Guest")
    sent = {"email": guest.email, "role": "viewer"}
    page = client.post(url("people", dataset.slug), sent, follow=True).text
    assert "Gus Guest is a viewer now." in page
    assert "1 viewer" in client.get(url("dataset", dataset.slug)).text


def test_an_unknown_role_is_refused(dataset):
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    with pytest.raises(CurationError, match="no role"):
        people.join(dataset=dataset, person=curator, role="owner", by=curator)
