"""Draw the pictures of the demo's operators: ``python -m docs.tools.demo_portraits``.

They show no real people: each is a few ellipses in the shop's colours.
"""

from dataclasses import dataclass
from pathlib import Path

import PIL.Image
import PIL.ImageDraw

from config.demo.data import PICTURES

SIDE = 192
FINER = 8
"""Scale at which a picture is drawn before it is reduced, which makes edges smooth."""


@dataclass(frozen=True)
class Look:
    """Colours of a picture, and whether the hair reaches the shoulders."""

    sky: str
    sun: str
    skin: str
    shade: str
    hair: str
    shirt: str
    collar: str
    has_long_hair: bool = False


LOOKS = {
    "anna": Look(
        sky="#dcebe2",
        sun="#c3dccd",
        skin="#f1c8a8",
        shade="#dfae8b",
        hair="#a4512b",
        shirt="#2f5d50",
        collar="#e9dcc3",
        has_long_hair=True,
    ),
    "ben": Look(
        sky="#f4e2c1",
        sun="#ecd09c",
        skin="#8a5a3c",
        shade="#754a30",
        hair="#221a18",
        shirt="#b4552d",
        collar="#f4ead8",
    ),
}


def draw(look: Look) -> PIL.Image.Image:
    """Return a picture of SIDE x SIDE pixels."""
    image = PIL.Image.new("RGB", (SIDE * FINER, SIDE * FINER), look.sky)
    canvas = PIL.ImageDraw.Draw(image)

    def ellipse(x: float, y: float, width: float, height: float, colour: str) -> None:
        """Fill an ellipse centred on (x, y). All measures are hundredths of the side."""
        unit = SIDE * FINER / 100
        box = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        canvas.ellipse([edge * unit for edge in box], fill=colour)

    ellipse(72, 34, 74, 74, look.sun)
    if look.has_long_hair:
        ellipse(50, 45, 50, 54, look.hair)
        ellipse(50, 60, 52, 34, look.hair)
    ellipse(50, 106, 86, 62, look.shirt)
    ellipse(50, 76, 25, 18, look.collar)
    ellipse(50, 70, 18, 26, look.shade)
    if not look.has_long_hair:
        ellipse(50, 33, 43, 36, look.hair)
        ellipse(32.5, 47, 7, 10, look.skin)
        ellipse(67.5, 47, 7, 10, look.skin)
    ellipse(50, 46, 35, 43, look.skin)
    if look.has_long_hair:
        ellipse(43, 29, 32, 19, look.hair)
        ellipse(61, 31, 19, 20, look.hair)
    else:
        ellipse(50, 27.5, 36, 17, look.hair)
    return image.resize((SIDE, SIDE), PIL.Image.Resampling.LANCZOS)


def write(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, look in LOOKS.items():
        draw(look).save(folder / f"{name}.webp", quality=90, method=6)


if __name__ == "__main__":
    write(PICTURES)
