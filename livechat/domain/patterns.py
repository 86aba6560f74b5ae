"""Regular expressions of channel rules. RE2 searches any pattern in linear time."""

from functools import lru_cache
from typing import Any

import re2

from livechat.errors import LivechatError

MAX_LENGTH = 1_000
MAX_MEMORY = 1 << 20
"""Bytes of a compiled pattern; RE2 refuses a pattern that needs more."""
MAX_MEMORY_OF_ALL = 8 << 20
"""The same for all patterns of a channel together."""
MAX_COST = 2_500
"""Instructions of a compiled pattern. Each runs at most once per character of the address. A usual
pattern has fewer than a hundred."""
MAX_COST_OF_ALL = 20_000
"""The same for all patterns of a channel together: every page view searches them all."""


class PatternError(LivechatError):
    """A pattern that cannot be used. `problem` is a code, `fragment` the part at fault, `position`
    its index from 0, or None when unknown."""

    code = "bad_pattern"

    def __init__(self, problem: str, fragment: str, position: int | None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.fragment = fragment
        self.position = position


def check(pattern: str) -> None:
    """Raise PatternError when `pattern` cannot be used."""
    if len(pattern) > MAX_LENGTH:
        raise PatternError("too_long", "", MAX_LENGTH)
    if "\0" in pattern:
        raise PatternError("nul", "", pattern.index("\0"))
    try:
        if _compiled(pattern).programsize > MAX_COST:
            raise PatternError("too_complex", "", None)
    except re2.error as error:
        raise _explained(pattern, error) from None


def cost(pattern: str) -> int:
    """Return the number of instructions of a pattern; 0 for an empty or invalid one."""
    try:
        return int(_compiled(pattern).programsize) if pattern else 0
    except re2.error:
        return 0


def found(patterns: tuple[str, ...], text: str) -> frozenset[str]:
    """Return those of `patterns` that occur in `text`; the result is the same as with `search`.

    One pass searches all of them, in the time of a single search.
    """
    at_once, names = _set_of(patterns)
    hits = at_once.Match(text)
    # The last pattern is empty and occurs in every text. If it is missing, RE2 gave up the pass.
    if len(names) not in hits:
        return frozenset(pattern for pattern in patterns if search(pattern, text))
    return frozenset(names[hit] for hit in hits if hit < len(names)) | {""}


def search(pattern: str, text: str) -> bool:
    """Say whether `pattern` occurs anywhere in `text`, case-sensitively; "" occurs in every text.

    An invalid or too complex pattern never matches. Saving refuses such patterns, but one that
    reached the database in another way must not disable the other rules.
    """
    if not pattern:
        return True
    try:
        compiled = _compiled(pattern)
        return compiled.programsize <= MAX_COST and compiled.search(text) is not None
    except re2.error:
        return False


@lru_cache(maxsize=1024)
def _set_of(patterns: tuple[str, ...]) -> tuple[Any, list[str]]:
    """Return a compiled set of the usable `patterns`, and the list that its numbers index."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_MEMORY_OF_ALL
    at_once = re2.Set.SearchSet(options)
    names = [pattern for pattern in dict.fromkeys(patterns) if 0 < cost(pattern) <= MAX_COST]
    for pattern in names:
        at_once.Add(pattern)
    at_once.Add("")
    at_once.Compile()
    return at_once, names


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_MEMORY
    return re2.compile(pattern, options)


_PROBLEMS = {
    "missing )": "missing_parenthesis",
    "unexpected )": "unexpected_parenthesis",
    "missing ]": "missing_bracket",
    "invalid character class range": "bad_range",
    "invalid character class": "bad_class",
    "invalid perl operator": "look_around",
    "no argument for repetition operator": "nothing_to_repeat",
    "bad repetition operator": "repeated_repetition",
    "invalid repetition size": "repeated_too_often",
    "invalid escape sequence": "bad_escape",
    "trailing \\": "trailing_backslash",
}


def _explained(pattern: str, error: Exception) -> PatternError:
    raw = error.args[0] if error.args else b""
    text = raw.decode(errors="replace") if isinstance(raw, bytes) else str(raw)
    for start, problem in _PROBLEMS.items():
        if text.startswith(start):
            fragment = text[len(start) :].removeprefix(": ")
            if problem == "trailing_backslash":
                return PatternError(problem, "\\", len(pattern) - 1)
            # RE2 reports the part at fault, not its position; for an unclosed group, the rest.
            found = pattern.rfind(fragment) if fragment else -1
            return PatternError(problem, fragment, found if found >= 0 else None)
    return PatternError("not_valid", "", None)
