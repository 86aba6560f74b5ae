"""System checks for settings that are unsafe on a host that others can reach.

``manage.py check --deploy`` shows them, and ``manage.py serve`` does not start when one of them is
an error. `ALLOWED_HOSTS` tells from where the server is reached. On a developer's machine, all
settings are allowed.
"""

import ipaddress
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register, run_checks

UNSAFE = "unsafe"
"""The tag of these checks."""

MIN_SECRET = 32
MIN_TOKEN = 16
LOCAL_ENDINGS = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".test")
WIDEST = {4: 8, 6: 16}
"""Shortest network prefix of trusted proxies, by IP version. 10.0.0.0/8 is the widest private
network; wider ones contain strangers."""


def refusals() -> list[CheckMessage]:
    """Return the errors with which a server must not start."""
    found = run_checks(tags=[UNSAFE], include_deployment_checks=True)
    return [message for message in found if message.level >= Error("").level]


def is_loopback(host: str) -> bool:
    """Return whether a name or address leads to this machine only."""
    address = _address(host)
    if address is not None:
        return address.is_loopback
    return host.lower() == "localhost" or host.lower().endswith(".localhost")


def is_public(host: str) -> bool:
    """Return whether a name or address may be reachable from the Internet."""
    address = _address(host)
    if address is not None:
        return not address.is_private
    name = host.lower().strip(".")
    return "." in name and not name.endswith(LOCAL_ENDINGS)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def is_reached_from_outside() -> bool:
    """Say whether other machines than this one reach the chat."""
    return bool(_reached_from_outside())


def _reached_from_outside() -> list[str]:
    return [host for host in settings.ALLOWED_HOSTS if not is_loopback(host)]


def _public_hosts() -> list[str]:
    return [host for host in settings.ALLOWED_HOSTS if host != "*" and is_public(host)]


@register(UNSAFE, deploy=True)
def hosts_are_named(**_kwargs: Any) -> Iterator[CheckMessage]:
    if "*" in settings.ALLOWED_HOSTS:
        yield Error(
            "ALLOWED_HOSTS=* accepts forged host names in requests.",
            hint="Set ALLOWED_HOSTS to the host names of this server, separated by commas.",
            id="config.E002",
        )


@register(UNSAFE, deploy=True)
def demo_is_not_public(**_kwargs: Any) -> Iterator[CheckMessage]:
    outside = _reached_from_outside()
    if settings.DEMO and outside:
        yield Error(
            f"DEMO=1 enables demo accounts, but {outside[0]} can be reached from other machines.",
            hint="Remove DEMO, or remove ALLOWED_HOSTS to serve this machine only.",
            id="config.E003",
        )


@register(UNSAFE, deploy=True)
def debug_is_not_public(**_kwargs: Any) -> Iterator[CheckMessage]:
    outside = _reached_from_outside()
    if settings.DEBUG and outside:
        yield Error(
            f"DEBUG=1 shows settings and code, but {outside[0]} can be reached from other"
            " machines.",
            hint="Remove DEBUG.",
            id="config.E004",
        )


@register(UNSAFE, deploy=True)
def secret_key_is_secure(**_kwargs: Any) -> Iterator[CheckMessage]:
    secret = settings.SECRET_KEY
    is_weak = len(secret) < MIN_SECRET or len(set(secret)) < 8 or secret.startswith("django-")
    if is_weak and (settings.HTTPS or _reached_from_outside()):
        yield Error(
            "SECRET_KEY is short or easy to guess. An attacker who knows it can sign in to any"
            " account.",
            hint=(
                "Set SECRET_KEY to 50 random characters, or remove it: the server then"
                " generates one."
            ),
            id="config.E005",
        )


@register(UNSAFE, deploy=True)
def public_hosts_speak_tls(**_kwargs: Any) -> Iterator[CheckMessage]:
    if settings.HTTPS:
        return
    if public := _public_hosts():
        yield Error(
            f"{public[0]} is public, but HTTPS is off. Attackers can read passwords and chats.",
            hint="Put a TLS proxy in front of the server and set HTTPS=1.",
            id="config.E006",
        )
    elif outside := _reached_from_outside():
        yield Warning(
            f"{outside[0]} is served without TLS. Other machines in the network can read"
            " passwords and chats.",
            hint="Put a TLS proxy in front of the server and set HTTPS=1.",
            id="config.W005",
        )


@register(UNSAFE, deploy=True)
def proxies_are_narrow(**_kwargs: Any) -> Iterator[CheckMessage]:
    for network in settings.TRUSTED_PROXIES:
        if network.prefixlen < WIDEST[network.version]:
            yield Error(
                f"TRUSTED_PROXIES contains {network}. Clients in this range can forge their IP"
                " address.",
                hint="List only the addresses of your own proxies, for example 10.0.0.5.",
                id="config.E007",
            )


@register(UNSAFE, deploy=True)
def metrics_are_guarded(**_kwargs: Any) -> Iterator[CheckMessage]:
    token = settings.METRICS_TOKEN
    if token and len(token) < MIN_TOKEN:
        yield Error(
            f"METRICS_TOKEN is shorter than {MIN_TOKEN} characters and can be guessed.",
            hint="Set METRICS_TOKEN to 32 random characters.",
            id="config.E008",
        )
