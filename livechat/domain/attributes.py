"""What a website tells of its visitor: a handful of names with plain values."""

from collections.abc import Mapping

from livechat.domain import text as texts
from livechat.errors import Invalid

Value = str | int | float | bool

MAX_ATTRIBUTES = 20
MAX_NAME = 40
MAX_VALUE = 200


def merge(known: Mapping[str, Value], told: Mapping[str, Value | None]) -> dict[str, Value]:
    """Return `known` with what was `told` now; None takes a name away.

    Raises Invalid ``too_many_attributes`` above 20 names, and ``bad_attribute`` for a name that
    is empty.
    """
    merged = dict(known)
    for raw, value in told.items():
        name = texts.one_line(raw, MAX_NAME)
        if not name:
            raise Invalid("bad_attribute")
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = texts.one_line(value, MAX_VALUE) if isinstance(value, str) else value
    if len(merged) > MAX_ATTRIBUTES:
        raise Invalid("too_many_attributes")
    return merged
