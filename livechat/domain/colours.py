"""The contrast of two colours, and similar colours with enough contrast (WCAG 2.2).

Colours are written `#rrggbb`. Callers that show a contrast round it down: 4.49 is not 4.5.
"""

import re
from functools import lru_cache

ICON = 3.0
"""Minimum contrast of a graphical object (success criterion 1.4.11)."""
TEXT = 4.5
"""Minimum contrast of text (success criterion 1.4.3, level AA)."""

_STEPS = 256
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)
_Rgb = tuple[int, int, int]


def is_colour(text: str) -> bool:
    """Say whether `text` is exactly `#rrggbb`."""
    return re.fullmatch("#[0-9a-fA-F]{6}", text) is not None


def contrast(a: str, b: str) -> float:
    """Return the contrast of two colours: 1 for the same, 21 for black and white."""
    dark, light = sorted((_luminance(_rgb(a)), _luminance(_rgb(b))))
    return (light + 0.05) / (dark + 0.05)


def nearest(colour: str, against: str, wanted: float) -> str:
    """Return the colour nearest to `colour` that has at least the contrast `wanted` to `against`.

    It is `colour` mixed with as little black or white as possible. Of two equally near colours the
    darker one wins. Up to a contrast of 4.58 a result always exists. If neither black nor white is
    enough, return the one with the higher contrast.
    """
    if contrast(colour, against) >= wanted:
        return colour.lower()
    start = _rgb(colour)
    found = [
        next((mixed for mixed in _mixtures(start, end) if contrast(mixed, against) >= wanted), None)
        for end in (_BLACK, _WHITE)
    ]
    passing = [candidate for candidate in found if candidate is not None]
    if not passing:
        return max("#000000", "#ffffff", key=lambda end: contrast(end, against))
    return min(passing, key=lambda candidate: _distance(start, _rgb(candidate)))


def ramp(*, header: str, header_text: str, button: str, button_text: str) -> dict[str, str]:
    """Return all colours of a chat, by their names in its style sheets, from four chosen ones.

    The result is always readable. Text becomes black or white where the chosen colour has too
    little contrast. Links and edges are shades of the button's colour that are visible on a light
    and on a dark page. A hovered surface moves towards its text's colour where the text stays
    readable, otherwise away from it.
    """
    return dict(_ramp(header, header_text, button, button_text))


@lru_cache(maxsize=256)  # computes about a hundred contrasts, and every visitor needs it
def _ramp(header: str, header_text: str, button: str, button_text: str) -> dict[str, str]:
    on_header = _readable(header_text, header)
    on_brand = _readable(button_text, button)
    return {
        "header": header,
        "on-header": on_header,
        "header-face": _hovered(header, on_header),
        "brand": button,
        "on-brand": on_brand,
        "brand-hover": _hovered(button, on_brand),
        "accent-light": nearest(button, _LIGHT_BUBBLE, TEXT),
        "accent-dark": nearest(button, _DARK_BUBBLE, TEXT),
        "edge-light": nearest(button, _LIGHT_PAGE, ICON),
        "edge-dark": nearest(button, _DARK_PAGE, ICON),
    }


# The backgrounds of links and edges, as in `static/livechat/css/tokens.css`.
_LIGHT_BUBBLE, _DARK_BUBBLE = "#eff0f3", "#2a2d32"
_LIGHT_PAGE, _DARK_PAGE = "#ffffff", "#18191c"
_HOVER_STEPS = 31
"""Of 256: about an eighth."""


def _readable(text: str, background: str) -> str:
    if contrast(text, background) >= TEXT:
        return text
    return max("#ffffff", "#000000", key=lambda end: contrast(end, background))


def _hovered(background: str, text: str) -> str:
    own = _rgb(background)
    nearer = _mixture(own, _rgb(text), _HOVER_STEPS)
    if contrast(text, nearer) >= TEXT:
        return nearer
    away = max((_WHITE, _BLACK), key=lambda end: contrast(_mixture(end, end, 0), text))
    return _mixture(own, away, _HOVER_STEPS)


def _mixtures(start: _Rgb, end: _Rgb) -> list[str]:
    # Integers only, so that the same function in the browser finds the same colour.
    return [_mixture(start, end, step) for step in range(1, _STEPS + 1)]


def _mixture(start: _Rgb, end: _Rgb, step: int) -> str:
    return "#" + "".join(
        f"{(own * (_STEPS - step) + other * step + _STEPS // 2) // _STEPS:02x}"
        for own, other in zip(start, end, strict=True)
    )


def _distance(one: _Rgb, other: _Rgb) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _luminance(colour: _Rgb) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (byte / 255 for byte in colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _rgb(colour: str) -> _Rgb:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
