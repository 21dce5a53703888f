"""What goes wrong is logged without the words of people."""

from __future__ import annotations

import logging

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction

from config.logs import INSTEAD, Formatter
from curation.models import Contributor
from tests.factories import ContributorFactory

EMAIL = "ottokar@example.org"


@pytest.mark.django_db
def test_a_row_that_the_database_refused_is_not_in_the_log(caplog):
    ContributorFactory(email=EMAIL)
    caplog.handler.setFormatter(Formatter("{message}", style="{"))
    with pytest.raises(IntegrityError), transaction.atomic():
        try:
            Contributor.objects.create(email=EMAIL)
        except IntegrityError:
            logging.getLogger("django.request").exception("Internal Server Error")
            raise

    said = caplog.handler.format(caplog.records[0])
    assert "duplicate key value violates unique constraint" in said
    assert EMAIL not in said
    assert said.count(INSTEAD) == 2  # the driver's error, and Django's of it
    assert "The above exception was the direct cause" in said


def test_a_value_of_several_lines_is_not_in_it_either():
    text = "Failing row\nDETAIL:  Failing row contains (1,\n\nTraceback\nmy words, 2)."
    try:
        raise ValueError(text)
    except ValueError as error:
        made = (type(error), error, error.__traceback__)

    said = Formatter().formatException(made)

    assert "my words" not in said and said.endswith(INSTEAD)


def test_every_line_of_the_log_goes_that_way():
    assert settings.LOGGING["formatters"]["line"]["()"] == "config.logs.Formatter"
    assert settings.LOGGING["root"]["handlers"] == ["stderr"]
