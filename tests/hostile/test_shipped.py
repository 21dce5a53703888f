"""Nothing that is shipped opens a door: no secret, no account, no registration."""

from __future__ import annotations

import re
from importlib.metadata import version

import pytest
from packaging.version import Version

from config.celery import app
from config.places import ROOT
from curation.models import Contributor, Instance

PLACES = ("docker-compose.yml", "Dockerfile", "Makefile")


@pytest.mark.django_db
def test_a_new_installation_has_no_account_and_lets_nobody_sign_up(client):
    assert not Contributor.objects.exists()
    assert not Instance.current().registration_open
    fields = {"email": "a@b.example", "password1": "a-long-pass-1"}
    client.post("/accounts/signup/", fields | {"password2": "a-long-pass-1"})
    assert not Contributor.objects.exists()


@pytest.mark.parametrize("name", PLACES)
def test_no_secret_stands_in_what_starts_it(name):
    """`${NAME:?…}` asks for one; `${NAME:-…}` and `NAME=…` would give one."""
    given = re.findall(
        r"^.*(?:SECRET|PASSWORD|TOKEN|KEY)\w*(?:\}?:-|=|: )[\"']?[A-Za-z0-9][^\n]*$",
        (ROOT / name).read_text(),
        re.MULTILINE,
    )
    assert [line for line in given if "secrets.token_urlsafe" not in line] == []


def test_celery_reads_no_pickle_and_keeps_no_results():
    """A result backend that others write to would be believed: CVE-2021-23727."""
    assert app.conf.result_backend is None
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == "json"
    assert app.conf.task_ignore_result


@pytest.mark.parametrize(
    ("package", "mended_in"),
    [("django-allauth", "65.14.2"), ("Django", "5.2.12"), ("celery", "5.2.2")],
)
def test_what_others_mended_is_here(package, mended_in):
    assert Version(version(package)) >= Version(mended_in)
