from __future__ import annotations

from django.apps import apps
from django.core.checks import run_checks

from curation import checks
from curation.models import Message

PEOPLE = {
    "author", "reviewer", "ranker", "by", "contributor", "email", "frozen_by", "created_by",
    "password",
}  # fmt: skip


def problems(model):
    return [(problem.id, problem.msg) for problem in checks._of(model)]


def test_every_field_of_ours_has_a_privacy_class():
    found = checks.every_field_has_a_privacy_class(None)

    assert found == []
    assert any(model is Message for model in apps.get_app_config("curation").get_models())


def test_it_runs_with_djangos_own_checks(monkeypatch):
    monkeypatch.delattr(Message, "Privacy")

    assert "curation.E001" in {problem.id for problem in run_checks()}


def test_a_forgotten_field_is_named(monkeypatch):
    class Privacy:
        published = Message.Privacy.published - {"text"}
        withheld = Message.Privacy.withheld

    monkeypatch.setattr(Message, "Privacy", Privacy)

    assert problems(Message) == [("curation.E002", "Privacy: text is in neither class.")]


def test_a_field_in_both_classes_or_in_none_of_the_model_is_named(monkeypatch):
    class Privacy:
        published = Message.Privacy.published | {"shoe_size"}
        withheld = Message.Privacy.withheld | {"text"}

    monkeypatch.setattr(Message, "Privacy", Privacy)

    assert problems(Message) == [
        ("curation.E002", "Privacy: text is in both classes."),
        ("curation.E002", "Privacy: shoe_size is not a field."),
    ]


def test_who_wrote_something_is_never_published():
    for model in apps.get_app_config("curation").get_models():
        people = {f.name for f in model._meta.fields if f.name in PEOPLE}
        assert not people & set(model.Privacy.published), model
