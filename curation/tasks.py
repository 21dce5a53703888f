"""What the record does by itself; the beat table says when."""

from __future__ import annotations

from django.conf import settings

from curation.actions import clusters, digests, lookalikes, withdrawals
from curation.background import background_task
from curation.models import Dataset


@background_task()
def send_digests() -> None:
    """Only where there is a mail server: the log is no place for people's news."""
    if settings.EMAIL_HOST:
        digests.send_due()


@background_task()
def sketch_prompts() -> None:
    """First prompts that were written before there were sketches, or with older ones."""
    lookalikes.catch_up()


@background_task()
def find_duplicates(dataset_id: int) -> None:
    """Near-duplicates among all first prompts of a dataset, for a curator to decide."""
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    if dataset is not None:
        clusters.find(dataset=dataset)


@background_task()
def carry_on_withdrawals() -> None:
    """Texts of people who took back more than is done at once."""
    withdrawals.carry_on_all()


@background_task()
def recall_late() -> None:
    """Versions that were being frozen while somebody took back a text."""
    withdrawals.recall_late()
