"""Preferences of an operator's inbox: sounds, notifications, shortcuts, and their defaults."""

import math
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from livechat.errors import Invalid

_CLOCK = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)


class Sounds(msgspec.Struct, frozen=True):
    """The events with a sound: a visitor is waiting, a visitor of the operator wrote, a colleague
    mentioned the operator in a note."""

    waiting: bool = True
    message: bool = True
    mention: bool = True


class Quiet(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """Hours without sounds, in the browser's local time, as "22:00"; they may pass midnight."""

    start: str
    end: str

    def __post_init__(self) -> None:
        """Raise Invalid ``quiet`` when a value is not a time of day, or both are equal."""
        if not (_CLOCK.fullmatch(self.start) and _CLOCK.fullmatch(self.end)):
            raise Invalid("quiet")
        if self.start == self.end:
            raise Invalid("quiet")


class Preferences(msgspec.Struct, frozen=True):
    """The preferences of one user, in all their browsers. `volume` is 0 to 1. With
    `notification_text`, notifications show the message, which others near the screen can read."""

    sounds: Sounds = Sounds()
    volume: float = 1.0
    quiet: Quiet | None = None
    notifications: bool = True
    notification_text: bool = False
    shortcuts: bool = True

    def plain(self) -> dict[str, Any]:
        """Return a JSON-compatible value that `read` accepts."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


DEFAULTS = Preferences()


def read(value: object) -> Preferences:
    """Return the preferences in a stored value, also of another version; never raises.

    Ignores unknown keys and replaces invalid values by their defaults.
    """
    given = _mapping(value)
    sounds = _mapping(given.get("sounds"))
    return Preferences(
        sounds=Sounds(
            waiting=_switch(sounds, "waiting", DEFAULTS.sounds.waiting),
            message=_switch(sounds, "message", DEFAULTS.sounds.message),
            mention=_switch(sounds, "mention", DEFAULTS.sounds.mention),
        ),
        volume=_volume(given.get("volume")),
        quiet=_quiet(given.get("quiet")),
        notifications=_switch(given, "notifications", DEFAULTS.notifications),
        notification_text=_switch(given, "notification_text", DEFAULTS.notification_text),
        shortcuts=_switch(given, "shortcuts", DEFAULTS.shortcuts),
    )


def _mapping(value: object) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _switch(given: Mapping[Any, Any], key: str, default: bool) -> bool:
    value = given.get(key)
    return value if isinstance(value, bool) else default


def _volume(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return DEFAULTS.volume
    try:
        volume = float(value)
    except OverflowError:
        return DEFAULTS.volume
    return volume if math.isfinite(volume) and 0 <= volume <= 1 else DEFAULTS.volume


def _quiet(value: object) -> Quiet | None:
    hours = _mapping(value)
    start, end = hours.get("from"), hours.get("to")
    if not (isinstance(start, str) and isinstance(end, str)):
        return None
    try:
        return Quiet(start, end)
    except Invalid:
        return None
