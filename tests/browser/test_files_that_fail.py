"""Files that the browser cannot read any more."""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.people import Operator, Visitor
from tests.browser.test_files import PDF, chat, chips, paper, uploads  # noqa: F401

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
