"""The findings of the doctor's checks."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """`told` describes the state and what it means; `advice` says what to do, "" if nothing."""

    level: Level
    told: str
    advice: str = ""


def ok(told: str) -> Finding:
    return Finding(Level.OK, told)


def warning(told: str, advice: str) -> Finding:
    return Finding(Level.WARNING, told, advice)


def error(told: str, advice: str) -> Finding:
    return Finding(Level.ERROR, told, advice)
