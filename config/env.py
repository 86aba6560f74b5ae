"""The settings from environment variables, read and validated once."""

import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from livechat.domain.ip_addresses import Network, normal_network

BASE_DIR = Path(__file__).resolve().parent.parent
YEAR = 365 * 24 * 3600
OTHER_CONNECTIONS = 8
"""Database connections of a process in addition to those of services: for its two batch writers,
for four queues of messages to locked conversations, and for health probes."""

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class EnvError(Exception):
    """An environment variable with an invalid value, or one that contradicts another."""


@dataclass(frozen=True)
class Env:
    """The validated settings from the environment.

    `database_url` and `redis_url` switch between the embedded default (SQLite, one process; both
    empty) and production. `https` means that visitors connect over TLS, through a proxy.
    `max_memory` is in bytes, 0 for no limit.
    """

    var: Path
    database_url: str
    redis_url: str
    secret_key: str
    debug: bool
    demo: bool
    https: bool
    hsts_seconds: int
    hsts_include_subdomains: bool
    hsts_preload: bool
    allowed_hosts: tuple[str, ...]
    trusted_proxies: tuple[Network, ...]
    proxy_headers: Literal["x-forwarded", "forwarded"]
    geoip_path: str
    workers: int
    drain_seconds: float
    db_threads: int
    frames_per_second: float
    messages_per_second: float
    people_per_address: int
    max_sockets: int
    max_memory: int
    webhooks_allow_private: bool
    log_format: Literal["json", "text"]
    log_level: str
    metrics_token: str
    disk_reserve_percent: float

    def database(self) -> dict[str, object]:
        """Return Django's settings of the database; raises EnvError for another kind of URL."""
        if not self.database_url:
            return _sqlite(self.var / "livechat.sqlite3")
        parts = urlsplit(self.database_url)
        if parts.scheme == "sqlite":
            return _sqlite(Path(unquote(parts.path)))
        if parts.scheme not in ("postgres", "postgresql"):
            raise EnvError("DATABASE_URL must begin with postgres:// or sqlite:///")
        from config import database  # imports psycopg, which SQLite does not need

        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": unquote(parts.hostname or ""),
            "PORT": str(parts.port or ""),
            # The pool keeps connections open. Django requires CONN_MAX_AGE 0 with a pool.
            "CONN_MAX_AGE": 0,
            "OPTIONS": {
                **database.CONNECTION_OPTIONS,
                **dict(parse_qsl(parts.query)),
                "pool": {
                    "connection_class": database.Connection,
                    "min_size": 1,
                    "max_size": self.db_threads + OTHER_CONNECTIONS,
                    "timeout": 5,
                    # Waits between attempts grow; this limit starts again with a short one.
                    "reconnect_timeout": 5,
                },
            },
        }


def _sqlite(path: Path) -> dict[str, object]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            # IMMEDIATE takes the write lock at BEGIN. It replaces SELECT FOR UPDATE.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # FULL, so that acknowledged messages survive a power cut.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
        "TEST": {"NAME": Path(tempfile.gettempdir()) / f"livechat-test-{os.getpid()}.sqlite3"},
    }


def load(environ: Mapping[str, str]) -> Env:
    """Return the validated environment; raises EnvError with the variable's name."""
    var = Path(environ.get("VAR_DIR") or BASE_DIR / "var")
    debug, demo = _flag(environ, "DEBUG"), _flag(environ, "DEMO")
    https = _flag(environ, "HTTPS")
    loaded = Env(
        var=var,
        database_url=environ.get("DATABASE_URL", "").strip(),
        redis_url=environ.get("REDIS_URL", "").strip(),
        secret_key=environ.get("SECRET_KEY", "") or _own_secret(var),
        debug=debug,
        demo=demo,
        https=https,
        hsts_seconds=int(_number(environ, "HSTS_SECONDS", YEAR if https else 0, least=0, most=1e9)),
        hsts_include_subdomains=_flag(environ, "HSTS_INCLUDE_SUBDOMAINS"),
        hsts_preload=_flag(environ, "HSTS_PRELOAD"),
        allowed_hosts=_words(environ, "ALLOWED_HOSTS") or ("localhost", "127.0.0.1", "[::1]"),
        trusted_proxies=_networks(environ, "TRUSTED_PROXIES"),
        proxy_headers=_proxy_headers(environ, "PROXY_HEADERS"),
        geoip_path=environ.get("GEOIP_PATH", "").strip(),
        workers=int(_number(environ, "WORKERS", 1, least=1, most=64)),
        drain_seconds=_number(environ, "DRAIN_SECONDS", 10, least=0, most=10),
        db_threads=int(_number(environ, "DB_THREADS", 8, least=1, most=64)),
        frames_per_second=_number(environ, "FRAMES_PER_SECOND", 20, least=1, most=1e6),
        messages_per_second=_number(environ, "MESSAGES_PER_SECOND", 4, least=0.1, most=1e6),
        people_per_address=int(_number(environ, "PEOPLE_PER_ADDRESS", 500, least=10, most=1e7)),
        max_sockets=int(_number(environ, "MAX_SOCKETS", 10_000, least=10, most=1e6)),
        max_memory=int(_number(environ, "MAX_MEMORY_MB", 0, least=0, most=1e6)) * 2**20,
        webhooks_allow_private=_flag(environ, "WEBHOOKS_ALLOW_PRIVATE"),
        log_format=_log_format(environ, "LOG_FORMAT", "text" if debug or demo else "json"),
        log_level=_log_level(environ, "LOG_LEVEL"),
        metrics_token=environ.get("METRICS_TOKEN", "").strip(),
        disk_reserve_percent=_number(environ, "DISK_RESERVE_PERCENT", 5, least=0, most=100),
    )
    _check_hsts(loaded)
    if loaded.proxy_headers == "forwarded" and not loaded.trusted_proxies:
        raise EnvError("PROXY_HEADERS needs TRUSTED_PROXIES: without them no header is trusted")
    return loaded


def _check_hsts(env: Env) -> None:
    """Raise EnvError for settings that browsers would ignore: the site would only seem safe."""
    if env.hsts_seconds and not env.https:
        raise EnvError("HSTS_SECONDS needs HTTPS=1")
    if env.hsts_include_subdomains and not env.hsts_seconds:
        raise EnvError("HSTS_INCLUDE_SUBDOMAINS needs HTTPS=1 and HSTS_SECONDS above 0")
    if env.hsts_preload and not (env.hsts_include_subdomains and env.hsts_seconds >= YEAR):
        raise EnvError(
            f"HSTS_PRELOAD needs HSTS_INCLUDE_SUBDOMAINS=1 and HSTS_SECONDS of {YEAR} or more"
        )


def _own_secret(var: Path) -> str:
    """Return this machine's own secret. It is created on the first start; only its user can read
    it."""
    path = var / "secret_key"
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        var.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process was faster
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        secret = secrets.token_urlsafe(50)
        file.write(secret)
    return secret


def _flag(environ: Mapping[str, str], name: str) -> bool:
    value = environ.get(name, "").strip().lower()
    if value in ("", "0", "false", "no", "off"):
        return False
    if value in ("1", "true", "yes", "on"):
        return True
    raise EnvError(f"{name} must be 0 or 1, not {value!r}")


def _words(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in environ.get(name, "").split(",") if word.strip())


def _number(
    environ: Mapping[str, str], name: str, default: float, *, least: float, most: float
) -> float:
    text = environ.get(name, "").strip()
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        raise EnvError(f"{name} must be a number, not {text!r}") from None
    if not least <= value <= most:
        raise EnvError(f"{name} must be between {least:g} and {most:g}, not {text}")
    return value


def _proxy_headers(environ: Mapping[str, str], name: str) -> Literal["x-forwarded", "forwarded"]:
    match environ.get(name, "").strip().lower():
        case "" | "x-forwarded":
            return "x-forwarded"
        case "forwarded":
            return "forwarded"
        case other:
            raise EnvError(f"{name} must be x-forwarded or forwarded, not {other!r}")


def _log_format(
    environ: Mapping[str, str], name: str, default: Literal["json", "text"]
) -> Literal["json", "text"]:
    match environ.get(name, "").strip().lower():
        case "":
            return default
        case "json":
            return "json"
        case "text":
            return "text"
        case other:
            raise EnvError(f"{name} must be json or text, not {other!r}")


def _log_level(environ: Mapping[str, str], name: str) -> str:
    level = environ.get(name, "").strip().upper() or "INFO"
    if level not in LOG_LEVELS:
        raise EnvError(f"{name} must be one of {', '.join(LOG_LEVELS).lower()}, not {level!r}")
    return level


def _networks(environ: Mapping[str, str], name: str) -> tuple[Network, ...]:
    try:
        return tuple(map(normal_network, _words(environ, name)))
    except ValueError as error:
        raise EnvError(f"{name}: {error}") from None


ENV = load(os.environ)
