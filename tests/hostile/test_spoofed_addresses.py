"""Who asks is believed about their address only as far as our own proxies say it."""

from __future__ import annotations

import pytest
from allauth.account.adapter import get_adapter
from django.test import RequestFactory
from rest_framework.throttling import SimpleRateThrottle

REAL, CLAIMED, PROXY = "203.0.113.7", "198.51.100.1", "10.0.0.2"


def request(forwarded, remote):
    return RequestFactory().get("/", HTTP_X_FORWARDED_FOR=forwarded, REMOTE_ADDR=remote)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "remote"),
    [
        (0, CLAIMED, REAL),
        (0, f"{CLAIMED}, {REAL}", REAL),
        (1, f"{CLAIMED}, {REAL}", PROXY),
        (2, f"{CLAIMED}, {REAL}, 10.0.0.1", PROXY),
    ],
)
def test_limits_count_by_the_address_that_a_proxy_of_ours_saw(
    settings, proxies, forwarded, remote
):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    asked = request(forwarded, remote)

    assert get_adapter().get_client_ip(asked) == REAL

    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": proxies}
    throttle = SimpleRateThrottle.__new__(SimpleRateThrottle)
    assert throttle.get_ident(asked) == REAL


def test_both_counts_are_the_one_that_operators_give(settings):
    counts = settings.REST_FRAMEWORK["NUM_PROXIES"], settings.ALLAUTH_TRUSTED_PROXY_COUNT
    assert counts[0] == counts[1]
