"""Decode and re-encode pictures that people send, so that only the visible content is left.

Metadata on place and camera (EXIF, GPS, XMP), comments, and data hidden in or appended to the
file are removed. The cost of a picture is read from its structure before anything is decoded. A
process decodes one picture at a time, which bounds its memory.
"""

import io
import struct
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import PIL.Image
from PIL import ImageCms

from livechat.domain import files
from livechat.domain.files import MAX_PIXELS, MAX_SIDE
from livechat.errors import Invalid

MAX_FRAMES = 150
MAX_ANIMATED_PIXELS = 100_000_000
"""Total of all frames."""
MAX_SCANS = 64
"""Of a progressive JPEG. A scan of a few bytes can cost as much as the whole picture."""
MAX_SCANNED_PIXELS = 1_000_000_000
MAX_PARTS = 20_000
"""Segments and chunks of a file. Each is visited, and the shortest have two to twelve bytes."""
MAX_GIF_BLOCKS = 400_000
"""Each block is visited, too. GIF encoders fill their blocks with 255 bytes."""
MAX_PROFILE_BYTES = 4 * 1024 * 1024

THUMBNAIL_SIDE = 480
THUMBNAIL_QUALITY = 75
AVATAR_SIDE = 192
QUALITY = 85


@dataclass(frozen=True, slots=True)
class Image:
    """A picture that is safe to store and show. Sizes in pixels, as seen (turned upright)."""

    data: bytes
    content_type: str
    width: int
    height: int
    animated: bool
    thumbnail: bytes
    """WebP of the first frame, at most 480 pixels on the longer side, never enlarged."""


def reencode(data: bytes, content_type: str) -> Image:
    """Return the picture without metadata, and a thumbnail of it.

    A still picture is turned upright and converted to sRGB. The type stays the same; GIF and WebP
    keep their animation, an animated PNG only its first frame. Raises Invalid ``file_type`` for
    an unsupported type, ``image_too_large`` for too many pixels, scans or frames, ``file_broken``
    if it cannot be decoded completely.
    """
    outline = _outline(data, content_type)
    with _opened(data, content_type, outline) as opened:
        if outline.frames > 1 and content_type != "image/png":
            write = _animated_gif if content_type == "image/gif" else _animated_webp
            written, size = write(opened, outline)
            opened.seek(0)
            first: PIL.Image.Image = opened.convert("RGBA")
        else:
            first = _upright(opened)
            written, size = _write(first, content_type, data), first.size
        return Image(
            data=written,
            content_type=content_type,
            width=size[0],
            height=size[1],
            animated=outline.frames > 1 and content_type != "image/png",
            thumbnail=_webp(_shrunk(first, THUMBNAIL_SIDE), THUMBNAIL_QUALITY),
        )


def avatar(data: bytes) -> bytes:
    """Return the central square of a picture as WebP, 192 x 192 pixels; raises as `reencode`."""
    content_type = files.by_ends(data[:64], b"", "") or ""
    outline = _outline(data, content_type)
    with _opened(data, content_type, outline) as opened:
        # A JPEG can be decoded at a half, a quarter or an eighth of its size.
        opened.draft("RGB", (2 * AVATAR_SIDE, 2 * AVATAR_SIDE))
        side = min(opened.size)
        left, top = (opened.width - side) // 2, (opened.height - side) // 2
        middle = _upright(opened, (left, top, left + side, top + side))
        square = _seen(middle).resize(
            (AVATAR_SIDE, AVATAR_SIDE), PIL.Image.Resampling.LANCZOS, reducing_gap=3.0
        )
        return _webp(square, QUALITY)


# The cost of a picture, read from its structure


class Outline(NamedTuple):
    """Facts from a file's structure. Durations in milliseconds, one for each frame."""

    width: int
    height: int
    durations: tuple[int, ...] = (0,)
    scans: int = 1
    clears: bool = False
    """A GIF has frames that are removed before the next one is drawn."""

    @property
    def frames(self) -> int:
        return len(self.durations)


def _outline(data: bytes, content_type: str) -> Outline:
    read = _READERS.get(content_type)
    if read is None:
        raise Invalid("file_type")
    try:
        outline = read(data)
    except (struct.error, IndexError):  # the file ends too early
        raise Invalid("file_broken") from None
    width, height = outline.width, outline.height
    if width < 1 or height < 1 or outline.frames < 1:
        raise Invalid("file_broken")
    pixels = width * height
    if (
        max(width, height) > MAX_SIDE
        or pixels > MAX_PIXELS
        or outline.scans > MAX_SCANS
        or pixels * outline.scans > MAX_SCANNED_PIXELS
        or outline.frames > MAX_FRAMES
        or (outline.frames > 1 and pixels * outline.frames > MAX_ANIMATED_PIXELS)
    ):
        raise Invalid("image_too_large")
    return outline


def _read_jpeg(data: bytes) -> Outline:
    at = 2
    for _ in range(MAX_PARTS):
        start = data.find(b"\xff", at, at + MAX_PARTS)  # skip bytes between segments
        if start < 0:
            break
        at = start
        while data[at] == 0xFF and at < start + MAX_PARTS:
            at += 1
        marker = data[at]
        at += 1
        if marker in (0xDA, 0xD9):
            break
        if marker in _JPEG_ALONE:
            continue
        (length,) = struct.unpack_from(">H", data, at)
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 3)
            # Image data never contains 0xFF 0xDA, so each of these begins a scan.
            return Outline(width, height, scans=data.count(b"\xff\xda", at))
        at += max(length, 2)
    raise Invalid("file_broken")


_JPEG_ALONE = frozenset({0x00, 0x01, *range(0xD0, 0xD9)})
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def _read_png(data: bytes) -> Outline:
    if data[12:16] != b"IHDR":
        raise Invalid("file_broken")
    width, height = struct.unpack_from(">II", data, 16)
    frames, at = 1, 8
    for _ in range(MAX_PARTS):
        if at + 8 > len(data):
            break
        length, name = struct.unpack_from(">I4s", data, at)
        if name == b"acTL":
            (frames,) = struct.unpack_from(">I", data, at + 8)
        at += length + 12
    else:
        raise Invalid("file_broken")
    # Only the first frame is decoded; their number is limited all the same.
    if frames > MAX_FRAMES:
        raise Invalid("image_too_large")
    return Outline(width, height)


def _read_gif(data: bytes) -> Outline:
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    at = 13 + _gif_colours(flags)
    durations: list[int] = []
    duration = 0
    blocks = 0
    clears = False

    def skip(at: int) -> int:
        nonlocal blocks
        while data[at]:
            at += data[at] + 1
            blocks += 1
            if blocks > MAX_GIF_BLOCKS:
                raise Invalid("file_broken")
        return at + 1

    while at < len(data) and data[at] != 0x3B and len(durations) <= MAX_FRAMES:
        blocks += 1
        if data[at] == 0x21:
            if data[at + 1] == 0xF9:
                how, duration = struct.unpack_from("<BH", data, at + 3)
                clears = clears or how >> 2 & 7 >= 2
            at = skip(at + 2)
        elif data[at] == 0x2C:
            left, top, across, down, flags = struct.unpack_from("<HHHHB", data, at + 1)
            # A frame that is larger than the canvas enlarges the canvas.
            width, height = max(width, left + across), max(height, top + down)
            at = skip(at + 11 + _gif_colours(flags))
            durations.append(10 * duration)
        elif data[at] == 0:
            at += 1
        else:
            raise Invalid("file_broken")
        if blocks > MAX_GIF_BLOCKS:
            raise Invalid("file_broken")
    return Outline(width, height, tuple(durations), clears=clears)


def _gif_colours(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _read_webp(data: bytes) -> Outline:
    form = data[12:16]
    if form == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return Outline(width & 0x3FFF, height & 0x3FFF)
    if form == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return Outline((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if form != b"VP8X":
        raise Invalid("file_broken")
    width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
    durations: list[int] = []
    at = 12
    for _ in range(MAX_PARTS):
        if at + 8 > len(data) or len(durations) > MAX_FRAMES:
            break
        name, length = struct.unpack_from("<4sI", data, at)
        if name == b"ANMF":
            durations.append(int.from_bytes(data[at + 20 : at + 23], "little"))
        at += 8 + length + length % 2
    else:
        raise Invalid("file_broken")
    return Outline(width, height, tuple(durations) or (0,))


_READERS: dict[str, Callable[[bytes], Outline]] = {
    "image/jpeg": _read_jpeg,
    "image/png": _read_png,
    "image/gif": _read_gif,
    "image/webp": _read_webp,
}
_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WEBP"}


# Decoding

_one_at_a_time = threading.Lock()


@contextmanager
def _opened(data: bytes, content_type: str, outline: Outline) -> Iterator[PIL.Image.Image]:
    """Open with only the decoder of `content_type`; raises Invalid for every failure inside."""
    with _one_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about broken metadata, which is dropped anyway
        try:
            with PIL.Image.open(io.BytesIO(data), formats=[_FORMATS[content_type]]) as opened:
                if opened.width * opened.height > outline.width * outline.height:
                    raise Invalid("image_too_large")
                yield opened
        except Invalid:
            raise
        except (MemoryError, PIL.Image.DecompressionBombError):
            raise Invalid("image_too_large") from None
        except Exception as error:  # decoders raise any exception for broken files
            raise Invalid("file_broken") from error


def _upright(
    opened: PIL.Image.Image, box: tuple[int, int, int, int] | None = None
) -> PIL.Image.Image:
    """Return the first frame, cropped to `box`, turned as its EXIF says, in sRGB."""
    opened.load()
    profile = opened.info.get("icc_profile")
    turn = _TURNS.get(_orientation(opened))
    image = _plain(opened.crop(box) if box else opened, profile)
    return image.transpose(turn) if turn is not None else image


_ORIENTATION = 0x0112
_TURNS = {
    2: PIL.Image.Transpose.FLIP_LEFT_RIGHT,
    3: PIL.Image.Transpose.ROTATE_180,
    4: PIL.Image.Transpose.FLIP_TOP_BOTTOM,
    5: PIL.Image.Transpose.TRANSPOSE,
    6: PIL.Image.Transpose.ROTATE_270,
    7: PIL.Image.Transpose.TRANSVERSE,
    8: PIL.Image.Transpose.ROTATE_90,
}


def _orientation(opened: PIL.Image.Image) -> int:
    try:
        value = opened.getexif().get(_ORIENTATION)
    except Exception:  # EXIF may hold anything, and a picture does not need it
        return 1
    return value if isinstance(value, int) else 1


def _plain(image: PIL.Image.Image, profile: Any) -> PIL.Image.Image:
    """Return the picture in sRGB. Of its `info`, only transparency may stay."""
    transparency = image.info.get("transparency")
    image.info = {} if transparency is None else {"transparency": transparency}
    converts = isinstance(profile, bytes) and 0 < len(profile) <= MAX_PROFILE_BYTES
    if converts and image.mode in ("P", "PA", "RGB", "RGBA", "CMYK"):
        image = _seen(image) if image.mode != "CMYK" else image
        image = _to_srgb(image, profile)
        image.info = {}  # it holds the new profile
    if image.mode not in _WRITTEN:
        image = _seen(image)
    return image


# Modes in which a PNG can be written. The other formats write RGB, RGBA and grey.
_WRITTEN = frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "I;16"})
_srgb = ImageCms.createProfile("sRGB")


def _to_srgb(image: PIL.Image.Image, profile: bytes) -> PIL.Image.Image:
    mode = "RGB" if image.mode == "CMYK" else image.mode
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if ImageCms.getProfileDescription(source).startswith("sRGB"):
            return image
        # In place: a copy of 40 megapixels takes another 160 MB.
        alike = mode == image.mode
        converted = ImageCms.profileToProfile(
            image, source, _srgb, outputMode=None if alike else mode, inPlace=alike
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):  # ignored, as browsers do
        return image
    return converted or image


def _seen(image: PIL.Image.Image) -> PIL.Image.Image:
    """Return the picture as RGB, or RGBA if a part of it may be transparent."""
    if image.mode in ("RGB", "RGBA") and "transparency" not in image.info:
        return image
    if image.mode == "I;16":
        image = image.point(lambda value: value / 256).convert("L")
    image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    image.info = {}
    return image


def _shrunk(image: PIL.Image.Image, side: int) -> PIL.Image.Image:
    factor = min(1.0, side / max(image.size))
    size = max(1, round(image.width * factor)), max(1, round(image.height * factor))
    image = _seen(image)
    if size == image.size:
        return image
    return image.resize(size, PIL.Image.Resampling.LANCZOS, reducing_gap=3.0)


# Writing


def _write(image: PIL.Image.Image, content_type: str, source: bytes) -> bytes:
    out = io.BytesIO()
    if content_type == "image/png":
        transparency = image.info.get("transparency")
        extra = {} if transparency is None else {"transparency": transparency}
        small = image.width * image.height <= MAX_PIXELS // 10
        image.save(out, "PNG", compress_level=6 if small else 3, **extra)
    elif content_type == "image/jpeg":
        image = image if image.mode in ("L", "RGB") else image.convert("RGB")
        image.save(out, "JPEG", quality=QUALITY, progressive=True)
    elif content_type == "image/webp":
        # A lossless picture (a screenshot) stays lossless unless that would take too long.
        drawn = b"VP8L" in source[:64] and image.width * image.height <= MAX_PIXELS // 10
        return _webp(image, QUALITY, lossless=drawn)
    else:
        _seen(image).save(out, "GIF")
    return out.getvalue()


def _webp(image: PIL.Image.Image, quality: int, *, lossless: bool = False) -> bytes:
    out = io.BytesIO()
    # In a large picture with many details, more quality or effort overflows a WebP partition.
    small = image.width * image.height <= MAX_PIXELS // 10
    quality = quality if small else min(quality, THUMBNAIL_QUALITY)
    _seen(image).save(out, "WEBP", quality=quality, lossless=lossless, method=4 if small else 0)
    return out.getvalue()


def _animated_gif(opened: PIL.Image.Image, outline: Outline) -> tuple[bytes, tuple[int, int]]:
    size = outline.width, outline.height
    loop = opened.info.get("loop")

    def frames() -> Iterator[PIL.Image.Image]:
        for number in range(outline.frames):
            opened.seek(number)
            if opened.width > size[0] or opened.height > size[1]:
                raise Invalid("image_too_large")
            frame = opened.convert("RGBA")
            if frame.size != size:
                frame = frame.crop((0, 0, *size))
            frame.info = {}
            yield frame

    following = frames()
    first = next(following)
    opaque = first.getchannel("A").getextrema() == (255, 255) and not outline.clears
    out = io.BytesIO()
    first.save(
        out,
        "GIF",
        save_all=True,
        append_images=following,
        duration=list(outline.durations),
        # Where a later frame is transparent, the frame before must not show through.
        disposal=1 if opaque else 2,
        **({} if loop is None else {"loop": loop}),
    )
    return out.getvalue(), size


def _animated_webp(opened: PIL.Image.Image, outline: Outline) -> tuple[bytes, tuple[int, int]]:
    if getattr(opened, "n_frames", 1) != outline.frames:
        raise Invalid("file_broken")
    out = io.BytesIO()
    # Frames go from the decoder to the encoder one by one: only one is in memory.
    opened.save(
        out,
        "WEBP",
        save_all=True,
        duration=list(outline.durations),
        loop=opened.info.get("loop", 0),
        quality=QUALITY,
        method=1,
        icc_profile=b"",
        exif=b"",
        xmp=b"",
    )
    return out.getvalue(), opened.size
