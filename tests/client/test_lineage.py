"""What is behind versions and where texts went, and how runs compare."""

from __future__ import annotations

import json

import pytest

from winnow import NotFound


@pytest.fixture
def handbook(winnow, frozen, settings, tmp_path):
    settings.VERSIONS_DIR = tmp_path / "versions"
    return winnow.dataset(frozen.dataset.slug)


def test_a_version_tells_what_is_behind_it_and_its_cards(handbook, frozen):
    version = handbook.version()

    assert version.lineage()["facts"]["categories"] == {"thanks": 10}
    assert version.card().startswith("---")
    assert json.loads(version.card("croissant.json"))["@type"] == "sc:Dataset"
    with pytest.raises(NotFound):
        version.card("../secret")


def test_a_text_tells_where_it_went(winnow, handbook, frozen):
    (message, *_) = handbook.messages(role="assistant", state="accepted")

    (held,) = winnow.lineage(message["id"])["versions"]

    assert held["digest"] == frozen.digest
    with pytest.raises(NotFound):
        winnow.lineage("0" * 16)


def test_a_run_is_compared_with_another(winnow, finish):
    first, second = winnow.run(finish(loss=1.0).pk), winnow.run(finish(loss=1.5).pk)

    assert second.compare()["other"] == first.id
    change = first.compare(second)["beside"][0]["change"]["value"]
    assert change == pytest.approx(-0.5)
    assert second.evidence()["is_champion"] is False


def test_the_board_is_told_by_period(winnow, handbook, frozen):
    assert winnow.leaderboard("ever", dataset=frozen.dataset.slug)["results"]
    assert winnow.leaderboard()["takes_part"] is True
