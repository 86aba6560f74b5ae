"""Combinations of settings that do not work are reported before the server starts."""

import ipaddress

import pytest

from config.checks import configuration


@pytest.mark.parametrize(
    ("https", "proxies", "expected"),
    [
        (True, (), ["config.W006"]),
        (True, (ipaddress.ip_network("127.0.0.1/32"),), []),
        (False, (), []),
    ],
)
def test_a_proxy_that_speaks_tls_has_to_be_named(settings, https, proxies, expected):
    settings.HTTPS, settings.TRUSTED_PROXIES = https, proxies

    assert [found.id for found in configuration.proxy_is_named()] == expected
