from __future__ import annotations

import pytest
from django.conf import settings
from django.urls import reverse

from curation.actions import profiles
from curation.models import Contributor, Event, Instance, Profile
from tests.curation.pages import queries, signed_in, url
from tests.factories import CategoryFactory, ContributorFactory, DatasetFactory

pytestmark = pytest.mark.django_db
COOKIE = settings.LANGUAGE_COOKIE_NAME
KEYS = "/profile/keys/"


@pytest.fixture
def dataset():
    return DatasetFactory(languages=["en", "de"])


@pytest.fixture
def me(client, dataset):
    return signed_in(client, dataset)


def sent(**fields):
    return {"name": "Ada", "digest": "daily", "on_leaderboard": "on", **fields}


def test_everything_that_a_person_says_is_stored(client, dataset, me):
    category = CategoryFactory(dataset=dataset, topics=["boats", "law"])

    response = client.post(
        url("profile"),
        {
            "name": " Ada L. ",
            "languages": ["de"],
            "topics": ["boats"],
            "categories": [category.pk],
            "expertise": "Sailing.",
            "interface_language": "de",
            "digest": "weekly",
        },
    )

    assert response.url == url("profile")
    profile = Profile.objects.get(contributor=me)
    me.refresh_from_db()
    assert me.name == "Ada L."
    assert (profile.languages, profile.topics) == (["de"], ["boats"])
    assert list(profile.categories.all()) == [category]
    assert (profile.expertise, profile.digest) == ("Sailing.", "weekly")
    assert profile.on_leaderboard is False


def test_history_says_what_was_changed_and_not_to_what(client, me):
    client.post(url("profile"), sent(expertise="Sailing."))
    client.post(url("profile"), sent(expertise="Sailing."))

    (event,) = Event.objects.filter(kind="profile.saved", by=me)
    assert event.data == {"changed": ["expertise", "name"]}


def test_the_page_shows_what_is_stored(client, dataset, me):
    category = CategoryFactory(dataset=dataset)
    profiles.save(
        by=me,
        fields={"categories": [category], "languages": ["de"], "expertise": "Sailing."},
    )

    page = client.get(url("profile")).text

    assert f'value="{category.pk}" checked' in page
    assert "Sailing." in page
    languages = page.partition('id="id_languages_helptext"')[2].partition("</fieldset>")[0]
    assert [box for box in languages.split("<input")[1:] if " checked" in box] == [
        box for box in languages.split("<input")[1:] if 'value="de"' in box
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"languages": ["xx"]},
        {"categories": ["999999"]},
        {"categories": ["one"]},
        {"interface_language": "tlh"},
        {"digest": "hourly"},
        {"expertise": "x" * 301},
        {"name": "nul\0"},
    ],
)
def test_what_cannot_be_is_refused_and_nothing_typed_is_lost(client, me, wrong):
    fields = {"expertise": "Sailing on the lake", **sent(), **wrong}

    response = client.post(url("profile"), fields)

    assert response.status_code == 422
    assert fields["expertise"] in response.text
    assert not Profile.objects.exists()


def test_categories_of_other_datasets_are_not_to_be_had(client, me):
    foreign = CategoryFactory()

    response = client.post(url("profile"), sent(categories=[foreign.pk]))

    assert response.status_code == 422


def test_the_language_of_winnow_changes_at_once(client, me):
    response = client.post(url("profile"), sent(interface_language="de"))

    assert response.cookies[COOKIE].value == "de"
    assert '<html lang="de"' in client.get(url("profile")).text

    response = client.post(url("profile"), sent(interface_language=""))

    assert response.cookies[COOKIE].value == ""


def test_signing_in_brings_the_language_along(client, dataset):
    person = Contributor.objects.create_user("ada@example.org", "correct horse battery")
    profiles.save(by=person, fields={"interface_language": "de"})

    response = client.post(
        reverse("account_login"),
        {"login": "ada@example.org", "password": "correct horse battery"},
    )

    assert response.status_code == 302
    assert response.cookies[COOKIE].value == "de"


def test_who_signs_up_can_give_a_name(client):
    Instance.objects.create(registration_open=True)

    client.post(
        reverse("account_signup"),
        {
            "email": "ada@example.org",
            "password1": "correct horse battery",
            "password2": "correct horse battery",
            "name": "Ada Lovelace",
        },
    )

    assert Contributor.objects.get(email="ada@example.org").name == "Ada Lovelace"


def test_a_profile_costs_the_same_however_much_there_is(client, dataset, me):
    CategoryFactory(dataset=dataset)
    before = queries(client, url("profile"))
    for _ in range(9):
        CategoryFactory(dataset=dataset)

    # Expect 5 queries: the session, their profile, categories, languages, the
    # bell
    assert (before, queries(client, url("profile"))) == (5, 5)


def test_a_key_is_chosen_and_the_others_stay(client, me):
    client.post(KEYS, {"accept": "Y"})

    assert Profile.objects.get(contributor=me).keys == {"accept": "y"}
    assert 'value="Y"' in client.get(KEYS).text


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"accept": "r"}, "is on the same key."),
        ({"accept": "?"}, "opens the sheet of keys"),
        ({"accept": "7"}, "Digits choose"),
        ({"accept": "ab"}, "One key only."),
    ],
)
def test_a_key_that_cannot_be_is_refused_with_a_reason(client, me, wanted, said):
    response = client.post(KEYS, wanted)

    assert response.status_code == 422
    assert said in response.text
    assert not Profile.objects.exists()


def test_keys_that_stay_as_they_are_are_listed_too(client, me):
    page = client.get(KEYS).text

    for chord in ("Ctrl Enter", "Ctrl S", "Alt K", "Alt P", "Ctrl Z"):
        keys = " ".join(f'<kbd class="kbd">{key}</kbd>' for key in chord.split())
        assert keys in page, chord
    assert 'name="submit"' not in page


def test_two_keys_may_change_places(client, me):
    client.post(KEYS, {"accept": "r", "reject": "a"})

    assert Profile.objects.get(contributor=me).keys == {"accept": "r", "reject": "a"}


def test_all_keys_go_back_to_what_they_were(client, me):
    profiles.remap(by=me, keys={"accept": "y"})

    client.post(KEYS, {"accept": "y", "reset": "1"})

    assert Profile.objects.get(contributor=me).keys == {}


def test_strangers_are_asked_to_sign_in(client):
    ContributorFactory()
    for path in (
        url("profile"),
        KEYS,
        url("notifications"),
        url("leaderboard"),
        url("work"),
    ):
        assert client.get(path).status_code == 302
