"""Combinations of settings that do not work are reported before the server starts."""

import ipaddress

import pytest
from django.core import checks

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


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        *((host, []) for host in ("chat.example.org", ".example.org", "127.0.0.1", "[::1]", "*")),
        *((host, []) for host in ("localhost", "bücher.example", "xn--bcher-kva.example")),
        *((host, ["config.W009"]) for host in ("https://example.org", "example.org/chat/")),
        *((host, ["config.W009"]) for host in ("example.org:8443", "::1", "a b")),
    ],
)
def test_a_host_that_no_request_matches_is_reported(settings, host, expected):
    settings.ALLOWED_HOSTS = ["localhost", host]

    assert [found.id for found in configuration.hosts_have_no_path()] == expected


@pytest.mark.parametrize(("path", "expected"), [(None, []), ("/chat", ["config.E009"])])
def test_livechat_below_a_path_is_an_error(settings, path, expected):
    settings.FORCE_SCRIPT_NAME = path

    assert [found.id for found in checks.run_checks()] == expected
