"""Identifies clients: visitor tokens, staff login sessions, origins, hosts and IP addresses."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

from channels.auth import get_user
from channels.sessions import CookieMiddleware, SessionMiddleware
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.core import signing
from django.http import HttpRequest
from django.http.request import split_domain_port, validate_host

from livechat.domain import proxy_headers
from livechat.domain.ip_addresses import is_among, normal_address, source_of
from livechat.domain.proxy_headers import Client
from livechat.errors import TokenInvalid
from livechat.services.login_sessions import Login

SECURE = ("https", "wss")
"""Schemes of requests and sockets over TLS."""

MAX_HOST = 260
"""Maximum bytes of a host name (RFC 1035: 253) with its port. Limits the cache of `_is_ours`."""

_ADDRESS_HEADERS = {"HTTP_FORWARDED": b"forwarded", "HTTP_X_FORWARDED_FOR": b"x-forwarded-for"}
"""Names of headers with addresses, as in Django's ``META`` and in ASGI."""

_signer = signing.TimestampSigner(salt="livechat.visitor")


def with_session(application: Any) -> Any:
    """Give a staff socket its login session. Visitor sockets never read cookies.

    A socket never changes its session, so its frames bypass the middleware, which would check
    after each whether the session must be saved.
    """

    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        async def inner(scope: Any, receive: Any, _send: Any) -> None:
            await application(scope, receive, send)

        await CookieMiddleware(SessionMiddleware(inner))(scope, receive, send)

    return wrapped


def visitor_token(visitor: UUID, channel_key: str) -> str:
    """Return a signed token that identifies its bearer as this visitor on this channel."""
    return _signer.sign(f"{visitor.hex}.{channel_key}")


def visitor_of(token: str, channel_key: str) -> UUID:
    """Return the id of the visitor that a token identifies.

    Raises TokenInvalid when the token is forged, expired or of another channel.
    """
    try:
        value = _signer.unsign(token, max_age=settings.VISITOR_TOKEN_MAX_AGE)
        visitor, _dot, key = value.partition(".")
        if key != channel_key:
            raise TokenInvalid
        return UUID(visitor)
    except (signing.BadSignature, ValueError):
        raise TokenInvalid from None


async def staff_user_id(scope: Any) -> int | None:
    """Return the pk of the active user that is signed in on a socket, or None."""
    user = await get_user(scope)
    return user.pk if user.is_authenticated and user.is_active else None


def login_of(scope: Mapping[str, Any], user: int) -> Login:
    """Return the login session that opened a socket, for `login_sessions.access`."""
    session = scope["session"]
    return Login(session.session_key or "", user, session.get(HASH_SESSION_KEY, ""))


def is_own_origin(scope: Mapping[str, Any]) -> bool:
    """Return whether a page of this server opened the socket: `Origin` names the host in `Host`.

    False for a page of another site, a sandboxed frame ("null") and a client without `Origin`.
    """
    origins, hosts = _all(scope, b"origin"), _all(scope, b"host")
    if len(origins) != 1 or len(hosts) != 1:
        return False
    scheme, _, netloc = origins[0].decode("latin-1").lower().partition("://")
    host = hosts[0].decode("latin-1").lower()
    # Over TLS, http origins are refused: an attacker in the network can forge a page sent by http.
    schemes = ("https",) if scope.get("scheme") in SECURE else ("http", "https")
    if scheme not in schemes or _with_port(netloc, scheme) != _with_port(host, scheme):
        return False
    return is_own_host(scope)


def is_own_host(scope: Mapping[str, Any]) -> bool:
    """Return whether a request names exactly one host, one of ours. Any port is allowed."""
    hosts = _all(scope, b"host")
    if len(hosts) != 1 or len(hosts[0]) > MAX_HOST:
        return False
    return _is_ours(hosts[0], tuple(settings.ALLOWED_HOSTS or [".localhost"]))


@lru_cache(maxsize=1024)  # called for every request
def _is_ours(host: bytes, ours: tuple[str, ...]) -> bool:
    domain, _port = split_domain_port(host.decode("latin-1").lower())
    return bool(domain) and validate_host(domain, ours)


def came_over_tls(scope: Mapping[str, Any]) -> bool:
    """Return whether the client uses TLS: to a trusted proxy, or else to this server."""
    return client_of(scope).scheme in SECURE


def client_address(scope: Mapping[str, Any]) -> str:
    """Return the normal form of the client's IP address.

    If the server does not know it, as on a Unix socket, this is what the server knows instead.
    """
    return client_of(scope).address


def client_of(scope: Mapping[str, Any]) -> Client:
    """Return the client of a request or socket: the only code that decides which proxy to believe.

    Headers count only if the connection comes from one of ``TRUSTED_PROXIES``, and only those that
    ``PROXY_HEADERS`` chooses: a proxy that writes one kind passes on what clients send as the
    other.
    """
    peer = _peer(scope)
    if not _is_proxy(peer):
        return Client(peer, scope.get("scheme", ""))
    if settings.PROXY_HEADERS == "forwarded":
        forwarded = b",".join(_all(scope, b"forwarded"))
        return proxy_headers.client_of_forwarded(forwarded, peer, _is_proxy)
    return proxy_headers.client_of_x_forwarded(
        b",".join(_all(scope, b"x-forwarded-for")),
        b",".join(_all(scope, b"x-forwarded-proto")),
        peer,
        _is_proxy,
    )


def comes_from_proxy(scope: Mapping[str, Any]) -> bool:
    """Return whether a trusted proxy opened the connection."""
    return _is_proxy(_peer(scope))


def address_of(request: HttpRequest) -> str:
    """Return the `client_address` of a Django request."""
    headers = [
        (name, request.META[key].encode("latin-1", "replace"))
        for key, name in _ADDRESS_HEADERS.items()
        if key in request.META
    ]
    return client_address({"client": (request.META.get("REMOTE_ADDR", ""), 0), "headers": headers})


def source_of_visitor(scope: Mapping[str, Any]) -> str:
    """Return the source for which a visitor's open chats count; "" if it is not known.

    It is not on a Unix socket, and behind a proxy that does not say for which client it connects:
    all visitors would count as one.
    """
    address = client_address(scope)
    return source_of(address) if normal_address(address) and not _is_proxy(address) else ""


def source_of_attempts(request: HttpRequest) -> str:
    """Return the source for which a login attempt counts (`services.login_attempts`)."""
    source = source_of(address_of(request))
    # The column takes only IP addresses, so clients without one share "::".
    return "::" if source == "unknown" else source


def user_agent(scope: Mapping[str, Any]) -> str:
    """Return the ``User-Agent`` header, cut to 300 characters; "" without one."""
    return _first(scope, b"user-agent")[:300]


def accept_language(scope: Mapping[str, Any]) -> str:
    """Return the ``Accept-Language`` header; "" without one."""
    return _first(scope, b"accept-language")


def _first(scope: Mapping[str, Any], name: bytes) -> str:
    values = _all(scope, name)
    return values[0].decode("latin-1") if values else ""


def _peer(scope: Mapping[str, Any]) -> str:
    """Return the address at the other end of the connection."""
    client = scope.get("client")
    address = str(client[0]) if client else ""
    return normal_address(address) or address


def _is_proxy(address: str) -> bool:
    proxies = settings.TRUSTED_PROXIES
    return bool(proxies) and is_among(address, tuple(proxies))


def _all(scope: Mapping[str, Any], wanted: bytes) -> list[bytes]:
    """Return all values of a header; `wanted` is its name in lower case, as in ASGI."""
    return [value for name, value in scope.get("headers", ()) if name == wanted]


def _with_port(netloc: str, scheme: str) -> str:
    has_port = ":" in netloc.rpartition("]")[2]
    return netloc if has_port else f"{netloc}:{443 if scheme == 'https' else 80}"
