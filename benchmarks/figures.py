"""Measurements over several rounds: their median and range, aims, and tables."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One quantity, measured once per round."""

    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.rounds)

    def __str__(self) -> str:
        """Return the median and the range of the rounds."""
        if len(self.rounds) == 1:
            return _short(self.median)
        return f"{_short(self.median)} ({_short(min(self.rounds))}–{_short(max(self.rounds))})"


@dataclass(frozen=True)
class Aim:
    """A lower bound of a measurement, or an upper one if `at_most`."""

    name: str
    figure: Figure
    bound: float
    at_most: bool = False
    unit: str = ""

    @property
    def is_met(self) -> bool:
        median = self.figure.median
        return median <= self.bound if self.at_most else median >= self.bound

    def __str__(self) -> str:
        sign = "≤" if self.at_most else "≥"
        verdict = "met" if self.is_met else "MISSED"
        return f"{verdict:7} {self.name}: {self.figure}{self.unit}, aim {sign} {self.bound:g}"


def figure(values: Iterable[float]) -> Figure:
    return Figure(tuple(values))


def ratio(above: Figure, below: Figure) -> Figure:
    """Return `above` ÷ `below` for each round; both were measured in the same rounds."""
    return figure(a / b for a, b in zip(above.rounds, below.rounds, strict=True))


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` (0..1) of `values` lie."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a text table, aligned for a terminal."""
    cells = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if n == 0 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    ]
    return "\n".join(["", title, lines[0], "─" * len(lines[0]), *lines[1:]])


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
