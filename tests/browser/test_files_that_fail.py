"""Files that the browser cannot read any more, and pictures that the server would refuse."""

import io
import os
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.people import Operator, Visitor
from tests.browser.test_files import PDF, attaches, chat, chips, paper, uploads  # noqa: F401

UPLOADS = "**/widget/*/files/"
UNREADABLE = "the file cannot be read any more"


def chooses(writer: Visitor | Operator, *files: Path) -> None:
    """Choose files on the disk; Playwright would give the browser a copy of their bytes."""
    session = writer.page.context.new_cdp_session(writer.page)
    session.send("DOM.getDocument", {"depth": -1, "pierce": True})
    found = session.send("DOM.performSearch", {"query": "[data-testid=files]"})
    nodes = session.send(
        "DOM.getSearchResults", {"searchId": found["searchId"], "fromIndex": 0, "toIndex": 1}
    )
    session.send(
        "DOM.setFileInputFiles",
        {"files": [str(file) for file in files], "nodeId": nodes["nodeIds"][0]},
    )
    session.detach()


@pytest.mark.parametrize("fate", ["deleted", "changed"])
def test_a_file_that_cannot_be_read_any_more_is_reported_and_the_text_goes_without_it(
    chat: tuple[Visitor, Operator],  # noqa: F811
    chrome: Any,
    tmp_path: Path,
    fate: str,
) -> None:
    vera, anna = chat
    chrome.expect("ERR_")
    file = tmp_path / "invoice.pdf"
    file.write_bytes(PDF)
    os.utime(file, (1_000_000_000, 1_000_000_000))  # Chromium compares times in whole seconds
    vera.page.context.route(UPLOADS, lambda route: route.abort())
    with vera.page.expect_event("requestfailed", lambda request: "/files/" in request.url):
        chooses(vera, file)
        expect(chips(vera)).to_have_count(1)
        vera.write("as promised", "and more")
    if fate == "deleted":
        file.unlink()
    else:
        file.write_bytes(PDF + b"%more\n")
    vera.page.context.unroute(UPLOADS)
    vera.frame.evaluate("dispatchEvent(new Event('online'))")

    expect(vera.entry("as promised")).to_contain_text(UNREADABLE)
    expect(anna.entry("and more")).to_be_visible()
    vera.entry("as promised").get_by_role("button", name="Send without the file").click()
    expect(anna.entry("as promised")).to_be_visible()
    expect(anna.view.locator("a.file-card")).to_have_count(0)
    expect(vera.entry("as promised")).to_have_count(1)


def test_a_file_that_was_gone_before_its_first_upload_stops_only_itself(
    chat: tuple[Visitor, Operator],  # noqa: F811
    chrome: Any,
    tmp_path: Path,
) -> None:
    _vera, anna = chat
    chrome.expect("ERR_")
    files = [tmp_path / name for name in ("gone.pdf", "there.pdf")]
    for file in files:
        file.write_bytes(PDF)
    uploads(anna, paper("first.pdf"))  # so that the code of files is loaded
    anna.page.context.set_offline(True)
    chooses(anna, *files)
    expect(chips(anna)).to_have_count(3)
    files[0].unlink()
    anna.page.context.set_offline(False)

    expect(chips(anna).filter(has_text="gone")).to_contain_text(UNREADABLE)
    expect(chips(anna).filter(has_text="there")).to_have_attribute("data-state", "done")
    expect(anna.view.get_by_role("button", name="Retry")).to_have_count(0)


# Pictures


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def stored(writer: Visitor, name: str, content_type: str, buffer: bytes) -> tuple[Any, Image.Image]:
    """Upload a picture; return the server's response and the picture as it is stored."""
    with writer.page.expect_response(UPLOADS) as response:
        attaches(writer, {"name": name, "mimeType": content_type, "buffer": buffer})
    expect(chips(writer)).to_have_attribute("data-state", "done")
    file = response.value.json()
    body = writer.page.request.get(urljoin(writer.page.url, file["url"])).body()
    return file, Image.open(io.BytesIO(body))


def test_a_picture_of_48_megapixels_is_made_smaller_and_stays_upright(
    chat: tuple[Visitor, Operator],  # noqa: F811
) -> None:
    photo = Image.new("RGB", (8000, 6000), "red")
    photo.paste("blue", (0, 0, 4000, 6000))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise, so its left side is on top
    file, image = stored(chat[0], "IMG_1.jpg", "image/jpeg", encoded(photo, "JPEG", exif=exif))

    assert (file["name"], file["width"], file["height"]) == ("IMG_1.jpg", 3464, 4618)
    above, below = (image.crop((0, y, 9, y + 9)).resize((1, 1)).tobytes() for y in (100, 4500))
    assert above[2] > 200 > below[2]


def test_a_screenshot_of_13000_pixels_is_made_smaller_and_stays_transparent(
    chat: tuple[Visitor, Operator],  # noqa: F811
) -> None:
    page = Image.new("RGBA", (1080, 13_000), (0, 0, 0, 0))
    page.paste("green", (0, 0, 1080, 6_500))
    file, image = stored(chat[0], "page.png", "image/png", encoded(page, "PNG"))

    assert (file["name"], file["width"], file["height"]) == ("page.webp", 996, 12_000)
    corner = image.convert("RGBA").crop((0, 11_000, 9, 11_009))
    assert corner.getchannel("A").getextrema() == (0, 0)


def test_a_picture_of_too_many_bytes_is_made_smaller(
    chat: tuple[Visitor, Operator],  # noqa: F811
) -> None:
    data = encoded(Image.new("RGB", (2000, 2000), "teal"), "BMP")
    assert len(data) > 10 * 1024 * 1024
    file, image = stored(chat[0], "scan.bmp", "image/bmp", data)

    assert file["name"] == "scan.jpg"
    assert image.size == (2000, 2000)


def test_a_picture_that_fits_is_uploaded_as_it_is(
    chat: tuple[Visitor, Operator],  # noqa: F811
) -> None:
    vera, _anna = chat
    file, image = stored(vera, "t.png", "image/png", encoded(Image.new("RGB", (90, 60)), "PNG"))

    assert (file["name"], image.format, image.size) == ("t.png", "PNG", (90, 60))


@pytest.mark.parametrize("name", ["IMG_1.HEIC", "IMG_1.jpg"])
def test_a_format_that_the_browser_cannot_convert_says_what_to_do(
    chat: tuple[Visitor, Operator],  # noqa: F811
    name: str,
) -> None:
    vera, _anna = chat
    data = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 100
    attaches(vera, {"name": name, "mimeType": "", "buffer": data})

    expect(chips(vera)).to_contain_text("Save it as JPEG, or send a screenshot of it")
