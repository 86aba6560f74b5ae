"""The log: one line for each event, of Livechat and of libraries.

Livechat's code names an event and adds fields: ``logger.info("socket.closed", code=4408)``. Ids,
codes, durations and sizes may be fields. Texts, names, addresses of people or pages, tokens and
file names may not. Of a library's message only its own words and numbers are logged. Of an
exception the type and the traceback are logged; its message, which may quote anything, only with
``DEBUG``.

Characters that are not printable are escaped, so no value can forge a line or colour a terminal.
"""

import errno
import json
import logging
import sys
import traceback
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from logging.config import dictConfig
from types import TracebackType
from typing import Any, Literal, TypedDict

import structlog
from structlog.contextvars import get_contextvars
from structlog.stdlib import ProcessorFormatter

from config.env import BASE_DIR

MAX_VALUE = 1_000
"""Characters of one value; an exception may take more."""
MAX_FRAMES = 30
MAX_CHAIN = 5
HEAD = ("time", "level", "event", "logger")

Fields = dict[str, Any]


class Settings(TypedDict):
    """The form of `LOGGING`. `in_full`: also log what libraries quote, for developers."""

    format: Literal["json", "text"]
    level: str
    in_full: bool


def configure(settings: Settings) -> None:
    """Set up the standard library and structlog; Django calls it once (``LOGGING_CONFIG``)."""
    in_full = settings["in_full"]
    silent: Mapping[str, object] = {"handlers": [], "propagate": True}
    dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {"()": LineFormatter, "form": settings["format"], "in_full": in_full},
            },
            "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["console"], "level": "WARNING"},
            "loggers": {
                "livechat": {"level": settings["level"]},
                "config": {"level": settings["level"]},
                # Django brings handlers of its own for these.
                "django": silent,
                "django.server": silent,
                # Without paths, a line for each request of `runserver` would say nothing.
                "django.channels.server": {"level": "INFO" if in_full else "WARNING"},
            },
        }
    )
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


class LineFormatter(logging.Formatter):
    """Formats a record as one line of JSON or text."""

    def __init__(self, form: Literal["json", "text"], *, in_full: bool) -> None:
        super().__init__()
        self._is_json = form == "json"
        self._in_full = in_full

    def format(self, record: logging.LogRecord) -> str:
        fields = self._fields(record)
        return _as_json(fields) if self._is_json else _as_text(fields)

    def _fields(self, record: logging.LogRecord) -> Fields:
        ours: Any = record.msg  # structlog hands over a dictionary, others a sentence
        is_ours = isinstance(ours, dict)
        recorded: Fields = dict(ours) if is_ours else _foreign(record, in_full=self._in_full)
        failure = recorded.pop("exc_info", None) or record.exc_info
        if recorded["event"] == "http.refused":
            failure = None  # Django logs a 403 with a traceback, but nothing failed
        fields: Fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": recorded.pop("event"),
        }
        if is_ours:
            fields["logger"] = record.name
        fields |= get_contextvars() | recorded
        fields = {_printable(str(name)): _plain(value) for name, value in fields.items()}
        if failure:
            info = failure if isinstance(failure, tuple) else sys.exc_info()
            if info[1] is not None:
                fields["exception"] = "\n".join(_exception(info[1], in_full=self._in_full))
        return fields


def _as_json(fields: Fields) -> str:
    return json.dumps(fields)


def _as_text(fields: Fields) -> str:
    failure = fields.pop("exception", "")
    rest = " ".join(
        f"{name}={_quoted(value)}" for name, value in fields.items() if name not in HEAD
    )
    line = f"{fields['time'][11:23]} {fields['level']:<7} {fields['event']:<24} {rest}".rstrip()
    return "\n    ".join([line, *failure.splitlines()])


def _quoted(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if not text or " " in text else text


# --- records of libraries


def _foreign(record: logging.LogRecord, *, in_full: bool) -> Fields:
    """Return the fields of a library's record."""
    if in_full:
        return {"event": record.name, "message": record.getMessage().strip()}
    if record.name == "django.request":
        return _request(record)
    if record.name.startswith("django.security."):
        return {"event": "http.suspicious", "reason": record.name.rpartition(".")[2]}
    return {"event": record.name, "message": _without_quotes(record)}


def _request(record: logging.LogRecord) -> Fields:
    """Return how Django responded. The path is logged as its route: it may contain a token."""
    status = getattr(record, "status_code", 500)
    request = getattr(record, "request", None)
    match = getattr(request, "resolver_match", None)
    return {
        "event": "http.failed" if status >= 500 else "http.refused",
        "status": status,
        "method": getattr(request, "method", None),
        "route": match.route if match else None,
    }


class _Hidden:
    def __repr__(self) -> str:
        return "…"


_HIDDEN = _Hidden()


def _without_quotes(record: logging.LogRecord) -> str:
    """Return the first line of a message, with its numbers. Other arguments are replaced by …"""
    if not isinstance(record.msg, str):
        return type(record.msg).__name__
    sentence = record.msg.strip().partition("\n")[0]
    if not record.args:
        return sentence
    args = record.args
    shown = (
        {name: _number(value) for name, value in args.items()}
        if isinstance(args, Mapping)
        else tuple(_number(value) for value in args)
    )
    try:
        return sentence % shown
    except (TypeError, ValueError, KeyError):
        return sentence


def _number(value: object) -> object:
    return value if isinstance(value, int | float) else _HIDDEN


# --- exceptions


def _exception(error: BaseException, *, in_full: bool) -> Iterator[str]:
    """Yield the lines of an exception and of its causes, the newest first."""
    current: BaseException | None = error
    for depth in range(MAX_CHAIN):
        if current is None:
            return
        yield "Because of:" if depth else "Traceback (most recent call last):"
        yield from _frames(current.__traceback__)
        yield _printable(_name(current, in_full=in_full))
        current = current.__cause__ or (
            None if current.__suppress_context__ else current.__context__
        )


def _frames(trace: TracebackType | None) -> Iterator[str]:
    summary = traceback.StackSummary.extract(traceback.walk_tb(trace), lookup_lines=False)
    for frame in summary[-MAX_FRAMES:]:
        path = frame.filename.removeprefix(f"{BASE_DIR}/").rpartition("site-packages/")[2]
        yield _printable(f"  {path}:{frame.lineno} {frame.name}")


def _name(error: BaseException, *, in_full: bool) -> str:
    """Return the type of the error, and its code if it has one."""
    name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    if in_full:
        return f"{name}: {error}"
    codes = [
        errno.errorcode.get(error.errno or 0) if isinstance(error, OSError) else None,
        getattr(error, "sqlstate", None),
        getattr(getattr(error, "diag", None), "constraint_name", None),
    ]
    return " ".join([name, *(str(code) for code in codes if code)])


# --- values


def _plain(value: object) -> object:
    """Return a value for JSON, printable and of bounded length."""
    if value is None or isinstance(value, bool | int | float):
        return value
    return _printable(str(value))[:MAX_VALUE]


def _printable(text: str) -> str:
    """Escape line ends, control characters, bidirectional controls and unassigned characters."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
