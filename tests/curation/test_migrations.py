"""What a migration does to rows that were there before it."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connection
from django.utils.timezone import now

from curation.models import Erasure
from tests.factories import ContributorFactory

pytestmark = pytest.mark.django_db
JOBS = import_module("curation.migrations.0026_jobs")


def test_erasures_of_before_the_second_look_are_not_done_again():
    admin = ContributorFactory(is_staff=True)
    asked = {"asked_by": admin, "ordered_by": admin, "ordered_at": now()}
    long_ago = now() - timedelta(days=30)
    before = Erasure.objects.create(person=ContributorFactory(), done_at=long_ago, **asked)
    since = Erasure.objects.create(person=ContributorFactory(), done_at=now(), **asked)

    with connection.cursor() as cursor:
        cursor.execute(JOBS.OLD_ERASURES_ARE_SWEPT)

    before.refresh_from_db(), since.refresh_from_db()
    assert (before.swept_at, since.swept_at) == (long_ago, None)


def test_sessions_of_older_versions_leave_nothing():
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE django_session (session_data text)")
        for _ in range(2):
            cursor.execute(JOBS.OLD_SESSIONS_GO)

    assert "django_session" not in connection.introspection.table_names()
