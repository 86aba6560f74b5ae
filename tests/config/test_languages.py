"""Every language has every text, with the same placeholders."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.test import Client

from tests import factories
from tests.machine import programs

ROOT = Path(settings.BASE_DIR)
LANGUAGES = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
FILLED = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}")
NOT_OURS = (
    ".venv",
    "node_modules",
    "var",
    "tests",
    "benchmarks",
    "docs",
    "config/demo/*",
    "templates/demo/*",
)


def catalogue(language: str) -> polib.POFile:
    return polib.pofile(str(ROOT / f"livechat/locale/{language}/LC_MESSAGES/django.po"))


SHARED = ("shared/texts.js", "shared/more-texts.js", "widget/texts.js")
BROWSER = {"languages": SHARED, "dashboard/languages": ("dashboard/texts.js",)}
"""Folders of the browser's translations, and the modules with the texts that they translate."""


def english(modules: Sequence[str]) -> dict[str, str]:
    """Return the browser's texts from these modules."""
    texts: dict[str, str] = {}
    for module in modules:
        source = (ROOT / "static/livechat" / module).read_text()
        body = source.partition("const ENGLISH = {")[2].partition("\n};")[0]
        found = re.findall(r'^\s*"([\w.]+)":\s*(".*?"),?$', body, re.M)
        assert len(found) == body.count('\n  "')
        assert not texts.keys() & {key for key, _ in found}
        texts |= {key: json.loads(text) for key, text in found}
    return texts


def filled(text: str) -> list[str]:
    return sorted(set(FILLED.findall(text)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_the_server_is_translated(language):
    for entry in catalogue(language):
        texts = list(entry.msgstr_plural.values()) or [entry.msgstr]

        assert all(texts), entry.msgid
        assert "fuzzy" not in entry.flags, entry.msgid
        wanted = set(filled(entry.msgid)) | set(filled(entry.msgid_plural))
        for text in texts:
            # A plural for one or two may leave out the number.
            missing = wanted - set(filled(text))
            assert not (set(filled(text)) - wanted), entry.msgid
            assert not missing or entry.msgid_plural, entry.msgid


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_used_is_what_was_translated(language):
    written = catalogue(language)
    used = polib.mofile(str(ROOT / f"livechat/locale/{language}/LC_MESSAGES/django.mo"))

    assert {entry.msgid: (entry.msgstr, entry.msgstr_plural) for entry in used} == {
        entry.msgid: (entry.msgstr, entry.msgstr_plural) for entry in written
    }


@pytest.mark.skipif(programs.gettext() is None, reason="needs gettext")
def test_no_text_of_the_server_is_missing(tmp_path):
    for folder in ("livechat", "chatbot", "ratings", "reports", "config", "templates"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "manage.py", tmp_path)
    (tmp_path / "static").mkdir()
    words = ["-l", LANGUAGES[0], "--no-location", "--no-wrap", "--verbosity", "0"]
    ignored = [f"--ignore={name}" for name in NOT_OURS]
    subprocess.run(
        [sys.executable, "manage.py", "makemessages", *words, *ignored],
        cwd=tmp_path,
        env={**os.environ, "VAR_DIR": str(tmp_path)},
        check=True,
        capture_output=True,
    )
    found = polib.pofile(str(tmp_path / f"livechat/locale/{LANGUAGES[0]}/LC_MESSAGES/django.po"))

    wanted = {entry.msgid for entry in found if not entry.obsolete}
    for language in LANGUAGES:
        assert {entry.msgid for entry in catalogue(language) if not entry.obsolete} == wanted


@pytest.mark.parametrize("folder", BROWSER)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_the_browser_is_translated(language, folder):
    theirs = json.loads((ROOT / f"static/livechat/{folder}/{language}.json").read_text())
    ours = english(BROWSER[folder])
    plurals = {
        key.removesuffix(".one")
        for key, text in ours.items()
        if "{count}" in text or key.endswith(".one")
    }

    assert {key for key in ours if not key.endswith(".one")} <= theirs.keys()
    for key, text in theirs.items():
        base = re.sub(r"\.(zero|one|two|few|many)$", "", key)
        assert key in ours or base in plurals, key
        if key in ours and not key.endswith(".one"):
            assert filled(text) == filled(ours[key]), key
        assert text.strip(), key


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("chosen", "direction"), [("ar", "rtl"), ("de", "ltr"), ("", "ltr"), ("xx", "ltr")]
)
def test_staff_are_spoken_to_in_the_language_of_their_profile(client: Client, chosen, direction):
    person = factories.operator("anna").user
    person.language = chosen
    person.save()
    client.force_login(person)

    page = client.get("/dashboard/").content.decode()

    assert f'dir="{direction}"' in page
    assert (f"livechat/languages/{chosen}.json" in page) is (chosen in LANGUAGES)


@pytest.mark.django_db
def test_what_visitors_see_does_not_depend_on_the_signed_in_user(client: Client, berlin):
    person = factories.operator("anna").user
    person.language = "ar"
    person.save()
    client.force_login(person)

    page = client.get(f"/widget/{berlin.key}/frame/").content.decode()

    assert 'dir="ltr"' in page
