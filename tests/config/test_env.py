from __future__ import annotations

import stat

import pytest

from config.env import (
    BadEnvironment,
    env_bool,
    env_bucket,
    env_endpoint,
    env_int,
    env_list,
    env_networks,
    env_secret,
)


@pytest.mark.parametrize(
    ("value", "meaning"),
    [("1", True), ("Yes", True), (" on ", True), ("0", False), ("", False)],
)
def test_yes_and_no_have_several_spellings(monkeypatch, value, meaning):
    monkeypatch.setenv("WINNOW_X", value)

    assert env_bool("WINNOW_X") is meaning


def test_an_odd_switch_stops_the_start_and_is_named(monkeypatch):
    monkeypatch.setenv("WINNOW_X", "maybe")

    with pytest.raises(BadEnvironment, match="WINNOW_X must be 1 or 0, but it is 'maybe'"):
        env_bool("WINNOW_X")


@pytest.mark.parametrize("value", ["many", "1.5", "-1"])
def test_an_odd_number_stops_the_start(monkeypatch, value):
    monkeypatch.setenv("WINNOW_X", value)

    with pytest.raises(BadEnvironment, match="WINNOW_X must be"):
        env_int("WINNOW_X", 3)


def test_an_empty_number_is_the_default(monkeypatch):
    monkeypatch.setenv("WINNOW_X", "")

    assert env_int("WINNOW_X", 3) == 3


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ("", ("", "")),
        ("s3://files", ("files", "")),
        ("s3://files/winnow/a/", ("files", "winnow/a")),
    ],
)
def test_a_place_in_s3_is_a_bucket_and_what_keys_begin_with(monkeypatch, value, place):
    monkeypatch.setenv("WINNOW_X", value)

    assert env_bucket("WINNOW_X") == place


@pytest.mark.parametrize("value", ["files", "https://files", "s3://", "s3:///winnow"])
def test_another_place_stops_the_start(monkeypatch, value):
    monkeypatch.setenv("WINNOW_X", value)

    with pytest.raises(BadEnvironment, match="WINNOW_X must be like s3://bucket/folder"):
        env_bucket("WINNOW_X")


def test_a_list_has_no_empty_parts(monkeypatch):
    monkeypatch.setenv("WINNOW_X", "a, b,,")

    assert env_list("WINNOW_X") == ["a", "b"]


def test_there_is_no_default_secret(monkeypatch):
    monkeypatch.delenv("WINNOW_X", raising=False)

    with pytest.raises(BadEnvironment, match="token_urlsafe"):
        env_secret("WINNOW_X")


def test_a_short_secret_is_refused(monkeypatch):
    monkeypatch.setenv("WINNOW_X", "hunter2")

    with pytest.raises(BadEnvironment, match="at least 32 characters"):
        env_secret("WINNOW_X")


def test_a_kept_secret_is_made_once_and_closed_to_others(monkeypatch, tmp_path):
    monkeypatch.delenv("WINNOW_X", raising=False)
    kept = tmp_path / "secret_key"

    first = env_secret("WINNOW_X", kept_in=kept)

    assert len(first) >= 32
    assert env_secret("WINNOW_X", kept_in=kept) == first
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_networks_are_read_strictly(monkeypatch):
    monkeypatch.setenv("WINNOW_X", "10.1.0.0/16, 10.2.3.4,fd00::/8")
    assert list(map(str, env_networks("WINNOW_X"))) == [
        "10.1.0.0/16",
        "10.2.3.4/32",
        "fd00::/8",
    ]

    monkeypatch.setenv("WINNOW_X", "10.1.0.1/16")
    with pytest.raises(BadEnvironment, match="WINNOW_X must be networks like"):
        env_networks("WINNOW_X")


@pytest.mark.parametrize("value", ["minio:9000", "s3://files", "http://"])
def test_an_endpoint_that_is_no_address_stops_the_start(monkeypatch, value):
    monkeypatch.setenv("WINNOW_X", "https://s3.example")
    assert env_endpoint("WINNOW_W", "WINNOW_X") == "https://s3.example"
    monkeypatch.setenv("WINNOW_W", value)

    with pytest.raises(BadEnvironment, match="WINNOW_W must be like http://minio:9000"):
        env_endpoint("WINNOW_W", "WINNOW_X")
