"""Cards of a version say the same facts to the hub, to machines, to lawyers."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace

import pytest
import yaml
from django.db import connection
from django.test.utils import CaptureQueriesContext

from curation import facts, handoff, intake
from curation.actions import consents, erasure, messages, versions, withdrawals
from curation.formats.consent_summary import allows, consent_summary
from curation.formats.croissant import croissant
from curation.formats.dataset_card import dataset_card, metadata, size
from curation.formats.datasheet import datasheet
from curation.models import DatasetVersion, Message
from tests.curation.cases import seen
from tests.curation.pages import frozen, signed_in, url
from tests.factories import ContributorFactory, DatasetFactory, ReplyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset():
    return DatasetFactory(
        slug="help-desk", title="Help desk: “answers”", description="What we say, in words."
    )


def agreed(dataset, person, uses=("training",)):
    terms = consents.publish(
        dataset=dataset,
        text=f"You may use it for {', '.join(uses)}.",
        licence="CC-BY-4.0",
        uses=uses,
        by=ContributorFactory(is_staff=True),
    )
    consents.agree(terms_ids=[terms.pk], by=person)
    return terms


def version_by(author, dataset, count=3):
    """So many answers of one person; each question is by somebody else."""
    return frozen(dataset, count=count, author=author)


def test_facts_count_people_without_naming_them(dataset):
    author, reviewer = (ContributorFactory(member=dataset) for _ in range(2))
    reply = ReplyFactory(parent__conversation__dataset=dataset, author=author)
    messages.review(message_id=reply.pk, by=reviewer, verdict="accept")
    agreed(dataset, author)
    known = facts.of(version_by(author, dataset))

    assert (known.train, known.held_out, known.origins) == (4, 0, {"person": 8})
    assert (known.writers, known.reviewers, known.reviews) == (5, 1, 1)
    ((terms, licence, uses, people),) = known.agreed
    assert (terms, licence) == (f"{dataset}, terms 1", "CC-BY-4.0")
    assert (uses, people) == (("training",), 1)
    assert known.without_consent == 4
    everything = dataset_card(known) + datasheet(known) + consent_summary(known)
    assert author.name not in everything and author.email not in everything


def test_a_consent_that_came_later_or_was_taken_back_does_not_count(dataset):
    author = ContributorFactory(member=dataset)
    terms = agreed(dataset, author)
    consents.take_back(person=author, dataset=dataset, by=author)
    version = version_by(author, dataset)
    consents.agree(terms_ids=[terms.pk], by=author)

    assert facts.of(version).agreed == ()


def test_it_is_fit_to_publish_only_if_every_writer_said_so(dataset):
    author = ContributorFactory(member=dataset)
    agreed(dataset, author, uses=["training", "publishing"])
    version = version_by(author, dataset, count=1)
    Message.objects.filter(replies__frozen_in__version=version).update(author=author)
    assert allows(facts.of(version), "publishing")
    assert not allows(facts.of(version), "sharing")

    mixed = version_by(author, dataset, count=1)  # a question by somebody else

    assert not allows(facts.of(mixed), "publishing")
    assert "agreed to publishing" in consent_summary(facts.of(mixed))


def test_models_and_what_was_taken_back_are_on_the_cards(dataset):
    author = ContributorFactory(member=dataset)
    version = version_by(author, dataset)
    signed = "starter, run 3"
    intake.report_model(
        version_id=version.pk, source="run-3", name=signed, generator=signed
    )
    text = Message.objects.filter(author=author).first()
    withdrawals.take_back(message_id=text.pk, by=author)

    known = facts.of(version)

    assert signed in dataset_card(known) and signed in datasheet(known)
    assert "1 text was taken back since" in consent_summary(known)


def test_of_what_nobody_wrote_here_no_number_of_people_is_said(dataset):
    version = frozen(dataset, count=1)
    known = replace(facts.of(version), origins={"import": 2}, writers=0, without_consent=0)

    said = datasheet(known) + consent_summary(known)

    assert "writers had no consent" not in said
    assert "2 texts were imported: nobody here knows" in said
    assert "None of its texts was taken back since." in said


def test_the_datasheet_says_the_recipe_as_json_and_only_what_it_asks(dataset):
    known = replace(
        facts.of(frozen(dataset)), recipe={"languages": [], "best_replies": 0, "a": True}
    )

    assert 'by this recipe: `{"a": true}`' in datasheet(known)


def test_worse_words_beside_an_answer_count_with_their_writer(dataset):
    """They are in the files, so who wrote them is asked for a consent, too."""
    writer, reviewer = (ContributorFactory(member=dataset) for _ in range(2))
    reply = ReplyFactory(parent__conversation__dataset=dataset, author=writer)
    messages.review(
        message_id=reply.pk, by=reviewer, verdict="edit", edited_text="Better words."
    )
    curator = ContributorFactory(member=dataset, member__roles=["curator"])
    version = versions.freeze(dataset_id=dataset.pk, by=curator, recipe={"edits": True})
    assert version.items.get().instead_of == reply

    known = facts.of(version)

    assert (known.writers, known.origins) == (3, {"person": 3})


def test_rules_on_a_card_are_those_of_when_it_was_frozen(dataset):
    version = version_by(ContributorFactory(member=dataset), dataset)
    before = datasheet(facts.of(version))
    policy = dataset.policy
    policy.reviews_wanted, policy.approvals_needed = 7, 5
    policy.save()

    assert datasheet(facts.of(DatasetVersion.objects.get(pk=version.pk))) == before
    assert "counts once 1 reviewer accepts it" in before


def test_what_was_counted_once_is_not_counted_again(dataset):
    version = version_by(ContributorFactory(member=dataset), dataset)
    with CaptureQueriesContext(connection) as first:
        before = facts.of(version)

    with CaptureQueriesContext(connection) as again:
        assert facts.of(version) == before

    # The texts that may name somebody; what was taken back; the models.
    assert (len(first), len(again)) == (11, 3)


def test_texts_that_may_name_somebody_are_told_in_numbers(dataset):
    version = version_by(ContributorFactory(member=dataset), dataset)
    assert "saw none in its texts" in datasheet(facts.of(version))

    seen(Message.objects.filter(frozen_in__version=version).first())

    known = facts.of(version)
    assert known.personal_data == 1
    for card in (datasheet(known), dataset_card(known), json.dumps(croissant(known))):
        assert "In 1 of its texts a check saw" in card


def test_after_an_erasure_the_cards_say_what_the_files_lack(dataset):
    author = ContributorFactory(member=dataset)
    version = version_by(author, dataset)
    version_by(ContributorFactory(member=dataset), dataset)
    admin = ContributorFactory(is_staff=True)
    erasure.erase(person_id=author.pk, by=admin)

    known = facts.with_files(version)

    assert known.gaps == 3
    for card in (datasheet(known), dataset_card(known)):
        assert "3 examples are no longer in the files" in card
    assert "The words of 3 are destroyed here" in consent_summary(known)


def test_lawyers_read_what_does_not_fit_together(dataset):
    dataset.licence = "CC0-1.0"
    dataset.save()
    author = ContributorFactory(member=dataset)
    agreed(dataset, author)
    ReplyFactory(
        parent__conversation__dataset=dataset,
        origin="import",
        author=None,
        accepted=True,
    )
    said = consent_summary(facts.of(version_by(author, dataset)))

    assert "give CC-BY-4.0, which is not the licence of the version" in said
    assert "1 text was imported: nobody here knows" in said
    for use in ("training models", "handing on under a contract", "publishing"):
        assert f"Not every writer is known to have agreed to {use}." in said


def test_machines_get_sentences_and_no_tables(dataset):
    author = ContributorFactory(member=dataset)
    agreed(dataset, author)
    known = facts.of(version_by(author, dataset))

    told = json.dumps(croissant(known))
    assert "|" not in told and "**" not in told


def test_the_card_for_the_hub_is_yaml_and_text(dataset):
    version = version_by(ContributorFactory(member=dataset), dataset)

    _, head, body = dataset_card(facts.of(version)).split("---\n", 2)

    read = yaml.safe_load(head)
    assert read == metadata(facts.of(version))
    assert read["pretty_name"] == "Help desk: “answers”"
    assert read["license"] == "cc-by-4.0"
    assert read["configs"][0]["data_files"] == [{"split": "train", "path": "train.jsonl"}]
    assert version.digest in body


def test_a_licence_that_the_hub_does_not_know_is_named_as_other(dataset):
    dataset.licence = "LicenseRef-Ours"
    dataset.save()
    known = facts.of(version_by(ContributorFactory(member=dataset), dataset))

    assert metadata(known)["license"] == "other"
    assert metadata(known)["license_name"] == "LicenseRef-Ours"
    assert croissant(known)["license"] == "LicenseRef-Ours"


@pytest.mark.parametrize(
    ("examples", "named"), [(999, "n<1K"), (1000, "1K<n<10K"), (10**8, "n>10M")]
)
def test_sizes_have_the_names_of_the_hub(examples, named):
    assert size(examples) == named


def test_mlcroissant_validates_it_and_reads_the_records(dataset):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # theirs, on import
        mlc = pytest.importorskip("mlcroissant")
    version = version_by(ContributorFactory(member=dataset), dataset)
    folder = handoff.files(version.pk)
    path = folder / "croissant.json"
    path.write_text(json.dumps(croissant(facts.with_files(version))))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = mlc.Dataset(jsonld=path)
        assert not read.metadata.ctx.issues.errors
        assert not read.metadata.ctx.issues.warnings
        records = list(read.records(record_set="train"))

    lines = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
    assert [one["train/id"].decode() for one in records] == [line["id"] for line in lines]
    answers = [line["completion"][0]["content"] for line in lines]
    assert [[said.decode() for said in one["train/completion"]] for one in records] == [
        [answer] for answer in answers
    ]


def test_every_file_is_named_with_its_hash_and_every_id_once(dataset):
    version = version_by(ContributorFactory(member=dataset), dataset)
    made = croissant(facts.with_files(version))

    listed = json.loads((handoff.files(version.pk) / "manifest.json").read_text())["files"]
    assert {f["@id"]: f["sha256"] for f in made["distribution"]} == listed
    fields = [field["@id"] for records in made["recordSet"] for field in records["field"]]
    assert len(fields) == len(set(fields))
    assert made["conformsTo"][0].endswith("croissant/1.1")


class TestPages:
    @pytest.mark.parametrize(
        "name", ["README.md", "croissant.json", "datasheet.md", "consent.md"]
    )
    def test_each_card_is_a_file(self, client, dataset, name):
        frozen(dataset)
        signed_in(client, dataset)

        response = client.get(url("card", dataset.slug, 1, name))

        assert response.status_code == 200
        assert f"help-desk-v1-{name}" in response["Content-Disposition"]
        assert "Help desk" in response.text

    def test_other_names_and_other_peoples_datasets_are_not_there(self, client, dataset):
        frozen(dataset)
        signed_in(client, dataset)
        assert client.get(url("card", dataset.slug, 1, "secret")).status_code == 404

        signed_in(client, DatasetFactory())
        for name in ("card", "version-lineage"):
            args = [dataset.slug, 1] + (["README.md"] if name == "card" else [])
            assert client.get(url(name, *args)).status_code == 404

    def test_what_is_behind_a_version_and_a_model(self, client, dataset):
        author = ContributorFactory(member=dataset)
        terms = agreed(dataset, author)
        version = version_by(author, dataset)
        signed = "starter, run 3"
        given = {"source": "run-3", "name": signed, "generator": signed}
        intake.report_model(version_id=version.pk, examples=3, **given)
        signed_in(client, dataset)

        behind = client.get(url("version-lineage", dataset.slug, 1)).text
        assert f"{dataset}, terms {terms.number}" in behind or "terms 1" in behind
        assert "3 of 4 writers had no consent on record" in behind
        assert signed in behind

        report = version.reports.get()
        model = client.get(url("model-lineage", report.pk)).text
        assert "It learned from 3 examples" in model and "terms 1" in model
        signed_in(client, DatasetFactory())
        assert client.get(url("model-lineage", report.pk)).status_code == 404

    def test_where_a_text_went(self, client, dataset):
        version = frozen(dataset, count=1)
        reply = version.items.get().reply
        signed_in(client, dataset)

        page = client.get(url("text-lineage", reply.pk)).text

        assert url("version", dataset.slug, 1) in page
        conversation = url("conversation", dataset.slug, reply.conversation_id)
        assert url("text-lineage", reply.pk) in client.get(conversation).text

    def test_what_one_took_back_is_under_what_ones_work_did(self, client, dataset):
        me = signed_in(client, dataset)
        version = version_by(me, dataset)
        text = Message.objects.filter(author=me).first()
        asked = withdrawals.take_back(message_id=text.pk, by=me)

        assert url("withdrawal", asked.pk) in client.get(url("work")).text
        assert versions.verify(version) == []  # a withdrawal destroys nothing
