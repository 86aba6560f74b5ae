"""Pictures: only their visible contents are kept, and no file overloads the server."""

import io
import struct
import time
import tracemalloc
import zlib
from typing import Any

import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageCms, ImageDraw
from PIL.PngImagePlugin import PngInfo

from livechat.errors import Invalid
from livechat.integrations import images
from livechat.integrations.images import avatar, reencode

SECRET = b"SECRET-48.2082N-16.3738E"
RED, BLUE = (255, 0, 0), (0, 0, 255)
TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp"}


def drawn(width: int = 64, height: int = 32, mode: str = "RGB") -> PIL.Image.Image:
    """Return a picture whose upper left quarter is red; the rest is blue."""
    picture = PIL.Image.new("RGB", (width, height), BLUE)
    ImageDraw.Draw(picture).rectangle((0, 0, width // 2 - 1, height // 2 - 1), fill=RED)
    return picture.convert(mode)


def saved(picture: PIL.Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def opened(data: bytes) -> PIL.Image.Image:
    picture = PIL.Image.open(io.BytesIO(data))
    picture.load()
    return picture


def animated(kind: str, frames: int = 3, **options: Any) -> bytes:
    pictures = [PIL.Image.new("RGB", (20, 10), (80 * n % 256, 0, 255 - n)) for n in range(frames)]
    return saved(pictures[0], kind, save_all=True, append_images=pictures[1:], loop=0, **options)


def exif(orientation: int = 1) -> bytes:
    tags = PIL.Image.Exif()
    tags[0x0112] = orientation
    tags[0x010E] = SECRET.decode()
    tags.get_ifd(0x8825)[1] = "N"
    return tags.tobytes()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_of(width: int, height: int, *chunks: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks)


def code_of(data: bytes, content_type: str) -> str:
    with pytest.raises(Invalid) as caught:
        reencode(data, content_type)
    return caught.value.code


def near(pixel: object, colour: tuple[int, int, int]) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(a - b) < 40 for a, b in zip(pixel[:3], colour, strict=True))


@pytest.mark.parametrize("kind", TYPES)
def test_a_picture_stays_what_it_is(kind):
    result = reencode(saved(drawn(), kind), TYPES[kind])

    assert (result.content_type, result.width, result.height) == (TYPES[kind], 64, 32)
    assert not result.animated
    again = opened(result.data)
    assert (again.format, again.size) == (kind, (64, 32))
    assert near(again.convert("RGB").getpixel((8, 8)), RED)
    assert near(again.convert("RGB").getpixel((56, 24)), BLUE)


@pytest.mark.parametrize("kind", TYPES)
def test_nothing_that_was_not_seen_is_left(kind):
    text = PngInfo()
    text.add_text("Comment", SECRET.decode())
    text.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    options: dict[str, dict[str, object]] = {
        "JPEG": {"exif": exif(), "comment": SECRET, "xmp": SECRET},
        "PNG": {"exif": exif(), "pnginfo": text},
        "GIF": {"comment": SECRET},
        "WEBP": {"exif": exif(), "xmp": SECRET},
    }
    sent = saved(drawn(), kind, **options[kind]) + SECRET + b"<script>alert(1)</script>"
    assert sent.count(SECRET) > 1

    result = reencode(sent, TYPES[kind])

    for data in (result.data, result.thumbnail, avatar(sent)):
        assert SECRET not in data
        assert b"<script" not in data
        assert not {"exif", "xmp", "comment", "icc_profile", "XML:com.adobe.xmp"} & {
            *opened(data).info
        }


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_nothing_that_was_not_seen_is_left_of_animations(kind):
    extra: dict[str, Any] = (
        {"comment": SECRET} if kind == "GIF" else {"exif": exif(), "xmp": SECRET}
    )
    sent = animated(kind, **extra)
    assert SECRET in sent

    result = reencode(sent + SECRET, TYPES[kind])

    assert SECRET not in result.data + result.thumbnail


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_picture_is_turned_as_its_camera_was_held(kind, orientation):
    turned = images._TURNS[orientation]
    back = {
        PIL.Image.Transpose.ROTATE_90: PIL.Image.Transpose.ROTATE_270,
        PIL.Image.Transpose.ROTATE_270: PIL.Image.Transpose.ROTATE_90,
    }
    lying = drawn().transpose(back.get(turned, turned))
    sent = saved(lying, kind, exif=exif(orientation))

    result = reencode(sent, TYPES[kind])

    assert (result.width, result.height) == (64, 32)
    for data in (result.data, result.thumbnail):
        assert opened(data).size == (64, 32)
        assert near(opened(data).convert("RGB").getpixel((8, 8)), RED)
    assert near(opened(avatar(sent)).convert("RGB").getpixel((180, 180)), BLUE)
    assert near(opened(avatar(sent)).convert("RGB").getpixel((10, 10)), RED)


def test_colours_of_a_profile_become_those_of_every_screen():
    # A colour profile that swaps red and blue.
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile.replace(b"\0s\0R\0G\0B", b"\0s\0B\0G\0R")
    profile = profile.replace(b"rXYZ", b"????").replace(b"bXYZ", b"rXYZ").replace(b"????", b"bXYZ")

    for kind, mode in (("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "P"), ("JPEG", "RGB")):
        sent = saved(drawn(mode=mode), kind, icc_profile=profile)
        result = reencode(sent, TYPES[kind])
        for data in (result.data, result.thumbnail):
            assert "icc_profile" not in opened(data).info
            assert near(opened(data).convert("RGB").getpixel((8, 8)), BLUE)


@pytest.mark.parametrize("profile", [b"\0" * 200, b"no profile", SECRET * 1_000])
def test_a_broken_profile_or_exif_does_not_spoil_a_picture(profile):
    sent = saved(drawn(), "JPEG", icc_profile=profile, exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01")

    assert reencode(sent, "image/jpeg").width == 64


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_a_png_of_every_mode_stays_as_it_looks(mode):
    sent = saved(drawn(mode="L" if mode == "I;16" else mode).convert(mode), "PNG")

    result = reencode(sent, "image/png")

    assert opened(result.data).mode == mode
    assert opened(result.data).tobytes() == opened(sent).tobytes()
    assert opened(result.thumbnail).size == (64, 32)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_a_jpeg_of_every_mode_is_one_for_screens(mode):
    result = reencode(saved(drawn(mode=mode), "JPEG"), "image/jpeg")

    assert opened(result.data).mode == ("L" if mode == "L" else "RGB")
    assert opened(result.data).info.get("progressive")


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP"])
def test_what_one_can_see_through_stays_so(kind):
    picture = PIL.Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    picture.paste((255, 0, 0, 255), (0, 0, 20, 20))
    pictures = [picture, picture.quantize()] if kind == "PNG" else [picture]
    for sent in (saved(each, kind) for each in pictures):
        result = reencode(sent, TYPES[kind])
        for data in (result.data, result.thumbnail):
            alpha = opened(data).convert("RGBA").getchannel("A")
            assert alpha.getpixel((5, 5)) == 255
            assert alpha.getpixel((35, 35)) == 0


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_an_animation_goes_on(kind):
    result = reencode(animated(kind, duration=[100, 250, 70]), TYPES[kind])

    assert result.animated
    again = PIL.Image.open(io.BytesIO(result.data))
    assert (getattr(again, "n_frames", 1), again.info["loop"]) == (3, 0)
    durations = []
    for number in range(3):
        again.seek(number)
        again.load()
        durations.append(again.info["duration"])
        assert near(again.convert("RGB").getpixel((5, 5)), (80 * number, 0, 255))
    assert durations == [100, 250, 70]
    assert opened(result.thumbnail).size == (20, 10)


def test_what_moves_on_glass_leaves_no_trail():
    pictures = []
    for number in range(4):
        picture = PIL.Image.new("RGBA", (40, 10), (0, 0, 0, 0))
        picture.paste((255, 0, 0, 255), (10 * number, 0, 10 * number + 10, 10))
        pictures.append(picture)
    sent = saved(
        pictures[0], "GIF", save_all=True, append_images=pictures[1:], duration=100, disposal=2
    )

    again = PIL.Image.open(io.BytesIO(reencode(sent, "image/gif").data))

    for number in range(4):
        again.seek(number)
        alpha = again.convert("RGBA").getchannel("A")
        assert alpha.getbbox() == (10 * number, 0, 10 * number + 10, 10)


def test_an_animated_png_is_its_first_picture():
    result = reencode(animated("PNG"), "image/png")

    assert not result.animated
    assert getattr(opened(result.data), "n_frames", 1) == 1


@pytest.mark.parametrize(
    ("size", "thumbnail"),
    [
        ((1920, 1080), (480, 270)),
        ((600, 1200), (240, 480)),
        ((9_000, 2), (480, 1)),
        ((3, 3), (3, 3)),
    ],
)
def test_a_thumbnail_is_at_most_480_pixels_long(size, thumbnail):
    result = opened(reencode(saved(drawn(*size), "PNG"), "image/png").thumbnail)

    assert (result.format, result.size) == ("WEBP", thumbnail)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("size", [(300, 100), (100, 900), (30, 20), (3000, 2000)])
def test_an_avatar_is_the_middle_of_a_picture(kind, size):
    result = opened(avatar(saved(drawn(*size), kind)))

    assert (result.format, result.size) == ("WEBP", (192, 192))
    assert near(result.convert("RGB").getpixel((40, 40)), RED)
    assert near(result.convert("RGB").getpixel((150, 150)), BLUE)


# Files that could overload the server


@pytest.mark.parametrize(
    "size", [(50_000, 50_000), (12_001, 1), (1, 12_001), (2**31, 2), (8_000, 5_001)]
)
def test_a_bomb_is_refused_before_it_is_decoded(size):
    data = png_of(*size, chunk(b"IDAT", zlib.compress(bytes(10_000_000), 9)), chunk(b"IEND", b""))
    tracemalloc.start()
    started = time.thread_time()
    code = code_of(data, "image/png")
    taken = time.thread_time() - started
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert code == "image_too_large"
    assert peak < 200_000
    assert taken < 0.2


def test_a_bomb_of_every_kind_is_refused():
    jpeg = bytearray(saved(drawn(), "JPEG"))
    at = jpeg.index(b"\xff\xc0")
    jpeg[at + 5 : at + 9] = b"\xff\xff\xff\xff"
    gif = bytearray(saved(drawn(), "GIF"))
    gif[6:10] = b"\xff\xff\xff\xff"
    frame = bytearray(saved(drawn(), "GIF"))
    at = frame.index(b",\0\0\0\0\x40\0\x20\0")
    frame[at + 5 : at + 9] = b"\xff\xff\xff\xff"
    webp = b"RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xff\xff\x00" * 2
    lossless = b"RIFF\x20\0\0\0WEBPVP8L\x0a\0\0\0\x2f\xff\xff\xff\x0f" + b"\0" * 10
    lossy = b"RIFF\x20\0\0\0WEBPVP8 \x0a\0\0\0\0\0\0\x9d\x01\x2a\xff\x3f\xff\x3f" + b"\0" * 10

    assert code_of(bytes(jpeg), "image/jpeg") == "image_too_large"
    assert code_of(bytes(gif), "image/gif") == "image_too_large"
    assert code_of(bytes(frame), "image/gif") == "image_too_large"
    for data in (webp, lossless, lossy):
        assert code_of(data, "image/webp") == "image_too_large"
        with pytest.raises(Invalid):
            avatar(data)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_150_frames_are_enough(kind):
    assert reencode(animated(kind, 150), TYPES[kind]).width == 20
    assert code_of(animated(kind, 151), TYPES[kind]) == "image_too_large"


def test_frames_count_together():
    pictures = [PIL.Image.new("L", (2_000, 2_000), number) for number in range(30)]
    sent = saved(pictures[0], "GIF", save_all=True, append_images=pictures[1:])

    assert code_of(sent, "image/gif") == "image_too_large"


def test_a_jpeg_of_endless_scans_is_refused():
    sent = saved(drawn(), "JPEG", progressive=True)
    at = sent.rindex(b"\xff\xda")

    assert code_of(sent[:at] + sent[at:-2] * 100 + b"\xff\xd9", "image/jpeg") == "image_too_large"


def test_a_file_of_endless_small_parts_is_refused_at_once():
    jpeg, gif = saved(drawn(), "JPEG"), saved(drawn(), "GIF")
    cases = [
        (jpeg[:2] + b"\xff\xfe\0\2" * 2_000_000 + jpeg[2:], "image/jpeg"),
        (jpeg[:2] + b"\xff" * 10_000_000 + jpeg[2:], "image/jpeg"),
        (jpeg[:2] + b"\0" * 10_000_000 + jpeg[2:], "image/jpeg"),
        (png_of(1, 1, chunk(b"teXt", b"") * 1_000_000), "image/png"),
        (gif[:-1] + b"!\xfe" + b"\1a" * 2_000_000 + b"\0;", "image/gif"),
        (gif[:-1] + b"!\xfe\0" * 2_000_000 + b";", "image/gif"),
        (gif[:-1] + b"\0" * 2_000_000 + b";", "image/gif"),
        (saved(drawn(), "WEBP", exif=exif()) + b"XXXX\0\0\0\0" * 1_000_000, "image/webp"),
    ]
    started = time.thread_time()

    for data, content_type in cases:
        assert code_of(data, content_type) == "file_broken"
    assert time.thread_time() - started < 4


def test_text_that_unpacks_to_a_lot_is_refused():
    bomb = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(50_000_000), 9))
    data = png_of(1, 1, bomb * 10, chunk(b"IDAT", zlib.compress(b"\0" * 4)), chunk(b"IEND", b""))

    assert code_of(data, "image/png") == "file_broken"


@pytest.mark.parametrize(
    ("data", "content_type", "code"),
    [
        (b"", "image/png", "file_broken"),
        (b"<svg onload=alert(1)>", "image/svg+xml", "file_type"),
        (b"<svg onload=alert(1)>", "image/png", "file_broken"),
        (b"BM" + b"\0" * 100, "image/bmp", "file_type"),
        (b"GIF89a<script>alert(1)</script>", "image/gif", "file_broken"),
        (b"%PDF-1.7", "application/pdf", "file_type"),
        (png_of(0, 5), "image/png", "file_broken"),
    ],
)
def test_what_is_no_picture_is_refused(data, content_type, code):
    assert code_of(data, content_type) in (code, "image_too_large")
    with pytest.raises(Invalid):
        avatar(data)


@pytest.mark.parametrize("kind", TYPES)
def test_a_picture_is_not_taken_for_one_of_another_kind(kind):
    for content_type in {*TYPES.values()} - {TYPES[kind]}:
        assert code_of(saved(drawn(), kind), content_type) in ("file_broken", "image_too_large")


def small(kind: str) -> list[bytes]:
    stills = [saved(drawn(9, 7), kind), saved(drawn(9, 7, "L"), kind)]
    return stills if kind == "JPEG" else [*stills, animated(kind, 2, duration=10)]


def survives(data: bytes, content_type: str) -> bool:
    """Return whether the result is a picture or an expected rejection; other exceptions pass."""
    for work in (lambda: reencode(data, content_type), lambda: avatar(data)):
        try:
            work()
        except Invalid as error:
            if error.code not in ("file_broken", "file_type", "image_too_large"):
                return False
    return True


@pytest.mark.parametrize("kind", TYPES)
def test_a_picture_may_end_anywhere(kind):
    for data in small(kind):
        for end in range(len(data)):
            assert survives(data[:end], TYPES[kind])
        assert code_of(data[: len(data) // 2], TYPES[kind]) == "file_broken"


BEGINNINGS = {
    "image/jpeg": b"\xff\xd8\xff",
    "image/png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\5\0\0\0\5",
    "image/gif": b"GIF89a\5\0\5\0",
    "image/webp": b"RIFF\x40\0\0\0WEBPVP8",
}


@given(st.sampled_from(sorted(BEGINNINGS)), st.binary(max_size=300))
def test_anything_may_follow_a_beginning(content_type, rest):
    assert survives(BEGINNINGS[content_type] + rest, content_type)


@settings(deadline=None)
@given(st.data())
def test_any_bytes_may_be_others(data):
    kind = data.draw(st.sampled_from(sorted(TYPES)))
    whole = bytearray(data.draw(st.sampled_from(small(kind))))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))

    assert survives(bytes(whole), TYPES[kind])
