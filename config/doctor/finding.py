"""What a check of the doctor finds."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """`told` says what is there and what it means; `advice` what to do, "" when nothing."""

    level: Level
    told: str
    advice: str = ""


def ok(told: str) -> Finding:
    return Finding(Level.OK, told)


def warning(told: str, advice: str) -> Finding:
    return Finding(Level.WARNING, told, advice)


def error(told: str, advice: str) -> Finding:
    return Finding(Level.ERROR, told, advice)
