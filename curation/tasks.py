"""What the record does by itself; the beat table says when."""

from __future__ import annotations

from django.conf import settings

from curation import stores
from curation.actions import (
    archives,
    deliveries,
    digests,
    erasure,
    errands,
    extracting,
    freezing,
    importing,
    lookalikes,
    meanings,
    metadata,
    older_guidelines,
    rechecks,
    reputations,
    resettling,
    searches,
    tallies,
    tokens,
    vectors,
    verifying,
    withdrawals,
)
from curation.background import background_task, ring, ring_later
from curation.models import Archiving, Dataset, Extract, Import
from curation.sessions import SessionStore

TEXTS_AT_ONCE = 5_000
# How long one turn may take: there may be a single worker, and leases, withdrawals and
# erasures wait behind it. The clock goes on with the rest.
CHECKING_SECONDS = 20
EMBEDDING_SECONDS = 8
CARRYING_SECONDS = 10
SENDING_SECONDS = 5
# Turns that one lets others have, and how long they are, before it waits for the clock.
PATIENCE, BUSY_SECONDS = 5, 20


@background_task()
def send_digests() -> None:
    """Only where there is a mail server: the log is no place for people's news."""
    if settings.EMAIL_HOST:
        digests.send_due()


@background_task()
def forget_sessions() -> None:
    """Browsers whose sign-in has run out."""
    SessionStore.clear_expired()


@background_task()
def renew_metadata() -> None:
    """Of SAML providers whose is older than a day."""
    metadata.renew_old()


@background_task()
def forget_answers() -> None:
    """What programs were answered, once nobody sends the same request again."""
    tokens.forget_answers()


@background_task()
def sketch_prompts() -> None:
    """First prompts that were written before there were sketches, or with older ones."""
    lookalikes.catch_up()


@background_task()
def find_duplicates(dataset_id: int) -> None:
    """Near-duplicates among all first prompts of a dataset, for a curator to decide."""
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    if dataset is not None:
        searches.run_wanted(dataset=dataset)


@background_task()
def count_large_datasets() -> None:
    """How many of which messages there are, for the filters of the browse page."""
    tallies.count_large()


@background_task()
def find_waiting_duplicates() -> None:
    """What was asked for and never begun, such as after an import, or never ended."""
    for dataset_id in searches.waiting():
        find_duplicates.delay(dataset_id=dataset_id)


@background_task()
def compute_reputations() -> None:
    """What people's judgements showed of their care since the last time."""
    reputations.compute_due()


@background_task()
def judge_again() -> None:
    """What curators want judged once more under the guideline of now."""
    older_guidelines.carry_on_all()


@background_task()
def settle_again() -> None:
    """Prompts whose ballots weigh otherwise by now, or of which others count."""
    resettling.mark_changed_reputations()
    resettling.settle_due()


@background_task()
def freeze_version(freezing_id: int) -> None:
    """Make a version that a curator asked for."""
    freezing.run(freezing_id)


@background_task()
def restart_silent_freezings() -> None:
    """Wake workers for versions that wait, or that a worker left lying."""
    for freezing_id in freezing.take_back_silent():
        freeze_version.delay(freezing_id=freezing_id)


@background_task()
def take_import(import_id: int) -> None:
    """A file that a curator imports in the browser."""
    importing.run(import_id)


@background_task()
def write_extract(extract_id: int) -> None:
    """A file in a format of others that a curator asked for."""
    extracting.run(extract_id)


@background_task()
def make_archive(archiving_id: int) -> None:
    """Write a whole dataset into a file that a curator asked for."""
    archives.run(archiving_id)


@background_task()
def restart_silent_transfers() -> None:
    """Wake workers for files that wait, or that a worker left lying."""
    for import_id in errands.take_back_silent(Import):
        take_import.delay(import_id=import_id)
    for extract_id in errands.take_back_silent(Extract):
        write_extract.delay(extract_id=extract_id)
    for archiving_id in errands.take_back_silent(Archiving):
        make_archive.delay(archiving_id=archiving_id)


@background_task()
def forget_transfers() -> None:
    """Files that were imported, written or archived long ago."""
    errands.forget_old()


@background_task()
def check_texts() -> None:
    """What was just written, by the checks that take long; and all that is outdated."""
    rechecks.note_new()
    rechecks.catch_up(at_most=TEXTS_AT_ONCE, seconds=CHECKING_SECONDS)


@background_task()
def find_unchecked_texts() -> None:
    """Those that no worker knows of yet, however old they are."""
    rechecks.note_new(is_thorough=True)


@background_task()
def carry_on_withdrawals() -> None:
    """Texts of people who took back more than is done at once."""
    withdrawals.carry_on_all(seconds=CARRYING_SECONDS)


@background_task()
def carry_on_erasures() -> None:
    """People whom an admin has erased: what is left, and a second look an hour later."""
    erasure.carry_on_all(seconds=CARRYING_SECONDS)


@background_task()
def forget_unfinished_files() -> None:
    """Files of versions whose process was killed while it wrote them."""
    stores.forget_unfinished()


@background_task()
def verify_versions() -> None:
    """Compare versions with their digests, those first that were not for the longest."""
    verifying.compare_due(seconds=CHECKING_SECONDS)


@background_task()
def recall_late() -> None:
    """Versions that were being frozen while somebody took back a text."""
    withdrawals.recall_late()


@background_task()
def embed_texts() -> None:
    """What was just written gets its vector, and a hint where others mean the same."""
    if settings.EMBEDDER:
        vectors.catch_up(seconds=EMBEDDING_SECONDS, note=meanings.note_same)


@background_task()
def embed_all_texts(patience: int = PATIENCE) -> None:
    """However old they are; in turns, so that others get to work in between."""
    if not settings.EMBEDDER:
        return
    run = vectors.catch_up(
        seconds=EMBEDDING_SECONDS, is_thorough=True, note=meanings.note_same
    )
    if run.is_busy and patience:
        ring_later(embed_all_texts, seconds=BUSY_SECONDS, patience=patience - 1)
    elif run.embedded and not run.is_done and not run.problem:
        ring(embed_all_texts)


@background_task()
def send_deliveries() -> None:
    """What happened, to the programs that want to know; in turns, if there is much."""
    if deliveries.carry_on(seconds=SENDING_SECONDS):
        ring(send_deliveries)


@background_task()
def forget_deliveries() -> None:
    """What was sent a month ago, and what was answered."""
    deliveries.forget()
