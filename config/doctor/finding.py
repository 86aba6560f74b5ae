"""The findings of the doctor's checks."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """`message` describes the state and what it means; `advice` says what to do, "" if nothing."""

    level: Level
    message: str
    advice: str = ""


def ok(message: str) -> Finding:
    return Finding(Level.OK, message)


def warning(message: str, advice: str) -> Finding:
    return Finding(Level.WARNING, message, advice)


def error(message: str, advice: str) -> Finding:
    return Finding(Level.ERROR, message, advice)
