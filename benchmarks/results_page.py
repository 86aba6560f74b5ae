"""``python -m benchmarks.results_page``: write the results of the last benchmark into the docs.

It replaces the text between the two marks in `PAGE`: the machine, the capacity of one core and one
GiB, the aims, and every table.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.figures import Figure, figure
from benchmarks.servers import ROOT

PAGE = ROOT / "docs" / "explanation" / "performance.md"
RESULTS = ROOT / "var" / "bench" / "latest.json"
BEGIN = "<!-- Written by `make figures`, which overwrites changes made by hand. -->"
END = "<!-- Until here. -->"
GIB_IN_KIB = 1024 * 1024
BESIDES = ("machine", "aims", "at", "load before")

Row = dict[str, Any]


def markdown(results: Mapping[str, Any]) -> str:
    """Return all results as Markdown tables."""
    parts = [f"{results['machine']}; {results['at'][:10]}.", *_capacity(results), *_aims(results)]
    for title, rows in results.items():
        if title not in BESIDES:
            head = list(rows[0])
            cells = ([_cell(row[name]) for name in head] for row in rows)
            parts += [f"{title}:", _table(head, cells)]
    return "\n\n".join(parts)


def _capacity(results: Mapping[str, Any]) -> Iterator[str]:
    """Yield the table for capacity planning: one number per row, computed from the results."""

    def found(title: str, row: str, column: str) -> Figure:
        [rows] = [rows for name, rows in results.items() if name.startswith(title)]
        [fitting] = [one for one in rows if one[""] == row]
        return figure(fitting[column])

    def holds(title: str, row: str, column: str, whole: float) -> str:
        each = found(title, row, column)
        return _short(figure(whole / one for one in each.rounds).median)

    arrivals = "Arrivals at one process"
    both = sum(
        found(title, "Livechat", "µs of server CPU each").median
        for title in ("The widget's script", "The widget's first request")
    )
    rows = [
        (
            "messages per second, stored and delivered to the other side, one core",
            holds("Delivered messages", "Livechat", "µs of server CPU each", 1e6),
        ),
        (
            "the same if every message crosses from one process to another, both on that core",
            holds("Server processes", "two, every message crosses", "µs of server CPU each", 1e6),
        ),
        *(
            (f"{name} per second, one core", _short(found(arrivals, name, "per second").median))
            for name in (
                "visitors who resume a conversation",
                "newcomers",
                "conversations opened by newcomers",
            )
        ),
        (
            "scripts of the widget per second, one core",
            holds("The widget's script", "Livechat", "µs of server CPU each", 1e6),
        ),
        (
            "first requests of the widget per second, one core",
            holds("The widget's first request", "Livechat", "µs of server CPU each", 1e6),
        ),
        ("first views, with both, per second, one core", _short(1e6 / both)),
        *(
            (f"{name}, idle, one GiB", holds("Resident memory", name, "KiB each", GIB_IN_KIB))
            for name in (
                "visitor without conversation",
                "visitor in a conversation",
                "operator with an open inbox",
            )
        ),
    ]
    yield "What to plan with:"
    yield _table(["a process holds", "at most"], rows)


def _aims(results: Mapping[str, Any]) -> Iterator[str]:
    yield "Aims:"
    yield _table(
        ["ratio or figure", "measured", "aim", ""],
        (
            (
                name,
                _cell(aim["rounds"]),
                f"{'at most' if aim['at most'] else 'at least'} {aim['aim']:g}",
                "met" if aim["met"] else "**missed**",
            )
            for name, aim in results["aims"].items()
        ),
    )


def _cell(value: Any) -> str:
    return str(figure(value)) if isinstance(value, list) else str(value)


def _short(value: float) -> str:
    """Return `value` with two significant digits; more would not be reproducible."""
    return f"{float(f'{value:.2g}'):,.0f}"


def _table(head: Sequence[str], rows: Any) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> int:
    try:
        results = json.loads(RESULTS.read_text())
        text = markdown(results)
    except (FileNotFoundError, KeyError, ValueError):
        print("No figures of a complete benchmark: run make bench first.", file=sys.stderr)
        return 1
    page = PAGE.read_text()
    before, rest = page.split(BEGIN)
    _old, after = rest.split(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
    print(f"Wrote the results of {RESULTS.relative_to(ROOT)} to {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
