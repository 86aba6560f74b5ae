"""What the documentation names exists: links, verbs, settings, events, keys, checks."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from config.jobs.schedule import SCHEDULE

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
STATIC = ROOT / "static/livechat"

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
CHECK = re.compile(r"\bconfig\.[EW]\d{3}\b")


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def section(page: str, title: str) -> str:
    """Return the text under a heading of a page, up to the next heading."""
    _before, _heading, rest = f"\n{page}".partition(f"\n## {title}\n")
    assert rest, f"there is no section {title}"
    return rest.partition("\n## ")[0]


def first_column(text: str) -> list[str]:
    """Return the names in the first column of the tables in `text`, without their arguments."""
    return re.findall(r"^\| `(\w+)[^`]*` \|", text, re.MULTILINE)


def block(source: str, opening: str, closing: str) -> str:
    """Return the text between two markers; the first must occur exactly once."""
    assert source.count(opening) == 1
    return source.partition(opening)[2].partition(closing)[0]


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", read(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.fixture(scope="module")
def interface() -> str:
    return read(DOCS / "reference/script-interface.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    targets = [link for link in LINK.findall(FENCE.sub("", read(page))) if ":" not in link]

    for target in targets:
        path, _, anchor = unquote(target).partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.is_relative_to(ROOT), target
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


def test_every_page_is_reached_from_the_index():
    listed = {(DOCS / link).resolve() for link in LINK.findall(read(DOCS / "index.md"))}

    found = {page for page in PAGES if not page.is_relative_to(DOCS / "decisions")}

    assert found - {ROOT / "README.md", DOCS / "index.md"} <= listed


def test_every_check_that_is_named_exists():
    known = set(
        re.findall(
            r'id="(config\.[EW]\d{3})"',
            read(ROOT / "config/checks/configuration.py")
            + read(ROOT / "config/checks/exposure.py"),
        )
    )

    named = {name for page in PAGES for name in CHECK.findall(read(page))}

    assert named
    assert named <= known


def test_the_verbs_are_those_of_the_loader_and_its_second_half(interface):
    loader = re.findall(r'"(\w+)"', block(read(STATIC / "loader.js"), "const verb of [", "]"))
    verbs = block(read(STATIC / "embed/panel.js"), "const verbs = {\n", "\n    };")
    panel = re.findall(r"^ {6}(\w+)(?:[,:(])", verbs, re.MULTILINE)

    assert first_column(section(interface, "Verbs")) == loader
    # The loader itself does what must not wait for the second half.
    assert sorted([*panel, "destroy"]) == sorted(loader)


def test_the_settings_are_those_of_the_types(interface):
    types = block(read(STATIC / "embed.d.ts"), "interface LivechatSettings {", "\n}")

    settings = re.findall(r"^  (\w+)\?:", types, re.MULTILINE)

    assert first_column(section(interface, "Settings")) == settings


def test_the_events_are_those_that_are_sent(interface):
    scripts = read(STATIC / "loader.js") + read(STATIC / "embed/panel.js")

    sent = set(re.findall(r'\bemit\("(\w+)"', scripts))

    assert set(first_column(section(interface, "Events"))) == sent


def test_the_keys_are_those_that_are_stored():
    widget = "".join(read(STATIC / name) for name in ("loader.js", "embed/panel.js"))
    # What the frame reports is stored under the name of its verb.
    kept = re.findall(r'keep\("\w+Storage", (?:"(\w+)"|verb)', widget)
    prefixes = [
        re.findall(r"`(livechat:[\w:]+:)\$\{", read(STATIC / name))
        for name in (
            *("widget/identity.js", "widget/preferences.js", "widget/main.js"),
            *("shared/outbox-storage.js", "dashboard/conversation/drafts.js"),
        )
    ]

    page = read(DOCS / "reference/storage.md")

    for name in {name or "has_chat" for name in kept}:
        assert f'`"{name}": ' in page
    for found in prefixes:
        assert len(found) == 1
        assert f"`{found[0]}<" in page or f"`{found[0]}staff:<" in page


def test_every_periodic_job_is_documented_with_its_interval():
    rows = re.findall(
        r"^\| `([\w-]+)` \| (\d+) s \|", read(DOCS / "reference/periodic-jobs.md"), re.MULTILINE
    )

    assert rows == [(job.name, str(job.every)) for job in SCHEDULE]
