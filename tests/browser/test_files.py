"""Files: chosen, pasted or dropped, sent, viewed and downloaded again, on both sides."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import FilePayload, Locator, expect

from tests.browser.people import Operator, Visitor, Writer, until
from tests.browser.reaction_times import reaction_times

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
LONG = "".join(f"line {number} of what was copied\n" for number in range(500))


def picture(name: str = "teapot.png", width: int = 600, height: int = 400) -> FilePayload:
    image = Image.new("RGB", (width, height), "#2f6f5e")
    ImageDraw.Draw(image).ellipse((60, 60, width - 60, height - 60), fill="#f2d8a7")
    file = io.BytesIO()
    image.save(file, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": file.getvalue()}


def paper(name: str = "invoice.pdf") -> FilePayload:
    return {"name": name, "mimeType": "application/pdf", "buffer": PDF}


def chips(writer: Writer) -> Locator:
    return writer.view.locator(".chip")


def attaches(writer: Writer, *files: FilePayload) -> None:
    writer.view.get_by_test_id("files").set_input_files(list(files))


def uploads(writer: Writer, *files: FilePayload) -> None:
    before = chips(writer).count()
    attaches(writer, *files)
    expect(writer.view.locator(".chip[data-state=done]")).to_have_count(before + len(files))


def sends(writer: Writer) -> None:
    writer.view.get_by_role("button", name="Send", exact=True).click()


def pastes(writer: Writer, text: str) -> None:
    writer.composer.evaluate(
        """(box, text) => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            box.focus();
            box.dispatchEvent(new ClipboardEvent(
                "paste", {clipboardData: data, bubbles: true, cancelable: true}));
        }""",
        text,
    )


def drops(place: Locator, name: str) -> None:
    place.evaluate(
        """(place, name) => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File(["some words"], name, {type: "text/plain"}));
            for (const type of ["dragenter", "dragover", "drop"]) {
                place.dispatchEvent(
                    new DragEvent(type, {dataTransfer, bubbles: true, cancelable: true}));
            }
        }""",
        name,
    )


@pytest.fixture
def chat(vera: Visitor, anna: Operator) -> tuple[Visitor, Operator]:
    """A visitor, and the operator of their conversation."""
    vera.opens()
    vera.write("Hello")
    anna.answers()
    return vera, anna


def test_the_operator_views_a_picture_and_downloads_a_document(
    chat: tuple[Visitor, Operator], tmp_path: Path
) -> None:
    vera, anna = chat
    uploads(vera, picture(), paper())
    vera.write("Here they are")

    image = anna.view.locator(".file-image img")
    expect(image).to_have_attribute("alt", "teapot.png")
    until(anna.page, "document.querySelector('.file-image img').naturalWidth")
    anna.view.locator(".file-image").click()
    viewer = anna.page.locator("dialog.viewer")
    expect(viewer).to_be_visible()
    expect(viewer).to_contain_text("teapot")
    anna.page.keyboard.press("Escape")
    expect(viewer).to_be_hidden()
    expect(anna.view.locator(".file-image")).to_be_focused()

    with anna.page.expect_download() as download:
        anna.view.locator("a.file-card").click()
    assert download.value.suggested_filename == "invoice.pdf"
    download.value.save_as(tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == PDF
    expect(chips(vera)).to_have_count(0)


def test_a_files_name_is_the_same_for_visitor_and_operator(
    chat: tuple[Visitor, Operator],
) -> None:
    vera, anna = chat
    name = "می\u200cشود “50%22” \U0001f468\u200d\U0001f467 {'\"'}.pdf"

    uploads(vera, paper(name))
    vera.write("Here it is")

    expect(anna.view.locator("a.file-card .file-name")).to_have_attribute("title", name)
    expect(vera.view.locator("a.file-card .file-name")).to_have_attribute("title", name)
    with anna.page.expect_download() as download:
        anna.view.locator("a.file-card").click()
    # When it saves a file, Chromium replaces quotation marks and joiners.
    assert download.value.suggested_filename == re.sub('["\u200c\u200d]', "_", name)


def test_an_operator_sends_a_file_without_a_word(chat: tuple[Visitor, Operator]) -> None:
    vera, anna = chat
    uploads(anna, picture("map.png"))
    sends(anna)

    expect(vera.view.locator(".other .file-image img")).to_have_attribute("alt", "map.png")
    expect(anna.view.locator(".own .file-image")).to_have_count(1)


def test_a_visitor_can_begin_with_a_file(vera: Visitor, anna: Operator) -> None:
    vera.opens()
    uploads(vera, paper())
    sends(vera)
    anna.answers()

    expect(anna.view.locator("a.file-card")).to_contain_text("invoice.pdf")


def test_a_text_is_sent_when_its_files_have_arrived(chat: tuple[Visitor, Operator]) -> None:
    vera, anna = chat
    held: list[Any] = []
    vera.page.context.route("**/widget/*/files/", lambda route: held.append(route))
    attaches(vera, picture())
    expect(chips(vera)).to_have_count(1)
    vera.write("with a picture", "and without")

    expect(vera.view.locator(".file-image img")).to_be_visible()
    for text in ("with a picture", "and without"):
        expect(vera.entry(text)).to_have_attribute("data-state", "pending")
    held[0].continue_()
    expect(anna.entry("with a picture").locator(".file-image")).to_have_count(1)
    for reader in (anna, vera):
        reader.reads("Hello", "with a picture", "and without")


def test_a_file_can_be_taken_back_while_it_is_uploaded(chat: tuple[Visitor, Operator]) -> None:
    vera, _anna = chat
    vera.page.context.route("**/widget/*/files/", lambda route: None)
    attaches(vera, picture(), paper())
    vera.view.get_by_role("button", name="Remove teapot.png").click()

    expect(chips(vera)).to_have_count(1)
    expect(vera.view.get_by_role("button", name="Remove invoice.pdf")).to_be_focused()


def test_what_is_not_accepted_says_why_and_the_text_stays(chat: tuple[Visitor, Operator]) -> None:
    vera, anna = chat
    vera.composer.fill("look at this")
    attaches(vera, {"name": "run.exe", "mimeType": "application/x-msdownload", "buffer": b"MZ"})

    expect(chips(vera)).to_contain_text("this file type is not accepted")
    sends(vera)
    expect(vera.hint).to_contain_text("Remove it or try again")
    expect(vera.composer).to_have_value("look at this")
    vera.view.get_by_role("button", name="Remove run.exe").click()
    sends(vera)
    expect(anna.entry("look at this")).to_be_visible()


def test_the_server_has_the_last_word_on_what_a_file_is(
    chat: tuple[Visitor, Operator], chrome: Any
) -> None:
    vera, _anna = chat
    chrome.expect("415")
    attaches(vera, {"name": "fake.png", "mimeType": "image/png", "buffer": b"MZ\x90\x00" * 64})

    expect(chips(vera)).to_have_attribute("data-state", "failed")
    expect(chips(vera)).to_contain_text("this file type is not accepted")


def test_of_too_many_files_the_first_are_sent_and_the_others_are_reported(
    chat: tuple[Visitor, Operator],
) -> None:
    vera, anna = chat
    attaches(vera, *(paper(f"page-{number}.pdf") for number in range(20)))
    expect(vera.hint).to_contain_text("files were not added")
    most = chips(vera).count()
    expect(vera.view.locator(".chip[data-state=done]")).to_have_count(most)

    expect(vera.hint).to_contain_text(f"up to {most} files")
    expect(vera.hint).to_contain_text(f"{20 - most} files were not added")
    sends(vera)
    expect(anna.view.locator("a.file-card")).to_have_count(most)


def test_a_connection_that_breaks_costs_no_file(
    chat: tuple[Visitor, Operator], chrome: Any
) -> None:
    vera, anna = chat
    chrome.expect("ERR_FAILED")
    broken = "**/widget/*/files/"
    vera.page.context.route(broken, lambda route: route.abort())
    with vera.page.expect_event("requestfailed", lambda request: "/files/" in request.url):
        attaches(vera, paper())
        vera.write("as promised")
    expect(vera.entry("as promised")).to_have_attribute("data-state", "pending")
    vera.page.context.unroute(broken)
    vera.frame.evaluate("dispatchEvent(new Event('online'))")

    expect(anna.entry("as promised").locator("a.file-card")).to_have_count(1)


def test_a_file_whose_upload_ended_with_the_page_is_reported_as_lost(
    chat: tuple[Visitor, Operator], chrome: Any
) -> None:
    vera, _anna = chat
    chrome.expect("ERR_FAILED")
    vera.page.context.route("**/widget/*/files/", lambda route: route.abort())
    attaches(vera, paper())
    vera.write("remember me")
    expect(vera.entry("remember me")).to_have_attribute("data-state", "pending")
    vera.page.reload()
    vera.opens()

    entry = vera.entry("remember me")
    expect(entry).to_contain_text("the file is no longer available")
    entry.get_by_role("button", name="Delete").click()
    expect(entry).to_have_count(0)
    expect(vera.composer).to_have_value("remember me")


def test_a_long_text_that_is_pasted_can_go_as_a_file(chat: tuple[Visitor, Operator]) -> None:
    vera, anna = chat
    vera.composer.fill("See below")
    pastes(vera, LONG)
    vera.view.get_by_role("button", name="Attach as a file").click()

    expect(chips(vera)).to_have_attribute("data-state", "done")
    sends(vera)
    expect(anna.entry("See below").locator("a.file-card")).to_contain_text("pasted-text.txt")


def test_a_long_text_that_is_pasted_can_be_cut_and_that_taken_back(
    chat: tuple[Visitor, Operator],
) -> None:
    vera, _anna = chat
    vera.composer.fill("See below: ")
    pastes(vera, LONG)
    expect(vera.composer).to_have_value("See below: ")
    vera.view.get_by_role("button", name="Keep the first").click()
    expect(vera.composer).to_have_value(("See below: " + LONG)[:8000])
    vera.view.get_by_role("button", name="Undo").click()

    expect(vera.composer).to_have_value("See below: ")
    expect(vera.view.get_by_role("button", name="Attach as a file")).to_be_visible()


def test_megabytes_of_text_do_not_stop_the_page(chat: tuple[Visitor, Operator]) -> None:
    vera, _anna = chat
    uploads(vera, paper())  # so that the code of the notice is loaded
    took = vera.composer.evaluate(
        """async box => {
            const data = new DataTransfer();
            data.setData("text/plain", "lorem ipsum ".repeat(400000));
            const from = performance.now();
            box.dispatchEvent(new ClipboardEvent(
                "paste", {clipboardData: data, bubbles: true, cancelable: true}));
            while (!document.querySelector(".paste-notice:not([hidden])")) {
                await new Promise(requestAnimationFrame);
            }
            return performance.now() - from;
        }"""
    )  # work quadratic in the length would not end within the time-out

    reaction_times.note("widget: paste of 5 MB", took)


def test_files_are_dropped_anywhere_on_the_chat(chat: tuple[Visitor, Operator]) -> None:
    vera, anna = chat
    drops(vera.view.locator("message-list"), "dropped.txt")
    expect(chips(vera)).to_contain_text("dropped.txt")
    drops(anna.view.locator("conversation-pane message-list"), "also.txt")

    expect(chips(anna)).to_contain_text("also.txt")
    drops(anna.view.locator("inbox-rail"), "elsewhere.txt")
    expect(chips(anna)).to_have_count(1)


def test_each_conversation_and_mode_keeps_its_own_files(chat: tuple[Visitor, Operator]) -> None:
    _vera, anna = chat
    uploads(anna, paper("for-reply.pdf"))
    anna.page.locator(".modes [data-action=note]").click()
    expect(chips(anna)).to_have_count(0)
    uploads(anna, paper("for-note.pdf"))
    sends(anna)
    expect(anna.view.locator(".entry.note a.file-card")).to_contain_text("for-note.pdf")
    anna.page.locator(".modes [data-action=reply]").click()

    expect(chips(anna)).to_contain_text("for-reply.pdf")


def test_an_address_that_has_grown_old_is_renewed(
    chat: tuple[Visitor, Operator], chrome: Any
) -> None:
    vera, anna = chat
    chrome.expect("404")
    uploads(vera, paper())
    sends(vera)
    card = anna.view.locator("a.file-card")
    expect(card).to_be_visible()
    anna.page.evaluate("Date.now = (was => () => was() + 600_000)(Date.now.bind(Date))")
    card.evaluate("card => { card.href = '/files/stale/'; }")

    with anna.page.expect_download() as download:
        card.click()
    assert download.value.suggested_filename == "invoice.pdf"


def test_an_emoji_is_picked_and_stands_at_the_caret(chat: tuple[Visitor, Operator]) -> None:
    vera, _anna = chat
    vera.composer.fill("tea  please")
    vera.composer.evaluate("box => box.setSelectionRange(4, 4)")
    vera.view.get_by_role("button", name="Emoji").click()
    vera.view.locator("emoji-picker .emoji-panel button", has_text="😀").first.click()

    expect(vera.composer).to_be_focused()
    expect(vera.composer).to_have_value("tea 😀 please")
    vera.view.get_by_role("button", name="Emoji").click()
    expect(vera.view.locator("emoji-picker button:focus")).to_have_count(1)
    vera.page.keyboard.press("Escape")
    expect(vera.view.locator("emoji-picker")).to_have_count(0)
    expect(vera.composer).to_be_focused()
    expect(vera.panel).to_be_visible()
