"""Attributes: a few names with simple values that a website sends about its visitor."""

from collections.abc import Mapping

from livechat.domain import text as texts
from livechat.errors import Invalid

Value = str | int | float | bool

MAX_ATTRIBUTES = 20
MAX_NAME = 40
MAX_VALUE = 200


def merge(known: Mapping[str, Value], changes: Mapping[str, Value | None]) -> dict[str, Value]:
    """Return `known` updated with `changes`; the value None removes a name.

    Raises Invalid ``too_many_attributes`` for more than 20 names, ``bad_attribute`` for an empty
    name.
    """
    merged = dict(known)
    for raw, value in changes.items():
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
