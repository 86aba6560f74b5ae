"""Figures as people read them: medians with their spread, beside what is aimed at."""

from collections.abc import Sequence
from statistics import median


def spread(values: Sequence[float], unit: str = "") -> str:
    """Return the median and, where there are several values, the least and the greatest."""
    middle = f"{_short(median(values))}{unit}"
    if len(values) < 2:
        return middle
    return f"{middle}  ({_short(min(values))} to {_short(max(values))})"


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """Return how many times as much, from medians of rounds that took turns."""
    return f"{median(ours) / max(1e-9, median(theirs)):,.2f} ×"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of all do not exceed, in milliseconds."""
    ordered = sorted(values)
    return 1e3 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table."""
    widths = [max(len(row[n]) for row in [head, *rows]) for n in range(len(head))]
    print(f"\n{title}\n")
    for row in [head, ["-" * width for width in widths], *rows]:
        print("  " + "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.3g}"
