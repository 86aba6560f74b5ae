"""Language tags as websites and browsers write them, and the one language that a chat is in."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livechat.domain import languages
from livechat.domain.languages import ChatLanguage, decide

OFFERED = {"en", "de", "ar", "zh-hant"}


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        ("de", "de"),
        ("DE", "de"),
        (" de\n", "de"),
        ("de_DE", "de-DE"),
        ("DE-de", "de-DE"),
        ("EN-gb", "en-GB"),
        ("zh-Hant-TW", "zh-Hant-TW"),
        ("ZH_HANT_tw", "zh-Hant-TW"),
        ("zh-cmn-Hans-CN", "zh-Hans-CN"),
        ("zh-TW", "zh-TW"),
        ("sr_RS@latin", "sr-RS"),
        ("es-419", "es-419"),
        ("iw", "he"),
        ("iw-IL", "he-IL"),
        ("in", "id"),
        ("ji", "yi"),
        ("no", "nb"),
        ("no-NO", "nb-NO"),
        ("nb", "nb"),
        ("nn", "nn"),
        ("de-x-formal", "de"),
        ("de-1996", "de"),
        ("ca-valencia", "ca"),
        ("en-US-POSIX", "en-US"),
        ("en-US-u-hc-h12", "en-US"),
        ("de_DE.UTF-8", "de-DE"),
        ("de_AT@euro", "de-AT"),
        ("de-", "de"),
        ("de--AT", "de"),
        ("de-" + "a" * 4_000, "de"),
        ("de" + "-AT" * 2_000, "de-AT"),
        ("fil", "fil"),
        ("xx", "xx"),
    ],
)
def test_a_tag_is_written_as_bcp_47_writes_it(written, tag):
    assert languages.normal(written) == tag


@pytest.mark.parametrize(
    "written",
    [
        *("", " ", "\t\n", "-", "_", "*", "C", "C.UTF-8", "POSIX", "x-klingon", "i-klingon"),
        *("english", "deutsch", "undefined", "null", "false", "{{ lang }}", "[object Object]"),
        *("und", "mul", "zxx", "d", "d-e", "12", "\x00", "\ud800", "\u0434e", "\uff44\uff45"),
        "a" * 4_000,
    ],
)
def test_what_names_no_language_is_no_tag(written):
    assert languages.normal(written) == ""
    assert decide([written, "de"], OFFERED, "en") == ChatLanguage("de", "de")


@given(st.text())
def test_a_tag_is_short_and_stays_what_it_is(written):
    tag = languages.normal(written)

    assert languages.normal(tag) == tag
    assert re.fullmatch(r"|[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2}|-[0-9]{3})?", tag)


@pytest.mark.parametrize(
    ("wish", "tags"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", ["de-AT", "de", "en"]),
        ("en;q=0.5, de", ["de", "en"]),
        ("en;q=.5,de;q=0.500,ar;q=1.0", ["ar", "en", "de"]),
        ("de;q=0,en;q=0.000,ar", ["ar"]),
        ("*", []),
        ("fr, *;q=0.5", ["fr"]),
        ("de_DE, en", ["de-DE", "en"]),
        (",,;q=1,", []),
        ("de;q=nonsense", ["de"]),
        (",".join(["aa"] * 10_000), ["aa"] * 20),
        (" " * 10_000 + "de", []),
    ],
)
def test_the_most_wanted_tag_of_a_header_comes_first(wish, tags):
    assert languages.tags(wish) == tags


@pytest.mark.parametrize(
    ("wishes", "reads", "shown"),
    [
        (["", "de-AT", "en"], "de-AT", "de"),
        (["ar", "de", "en"], "ar", "ar"),
        # A page in a language of ours has its language, whatever the browser's is.
        (["", "en", "de"], "en", "en"),
        # A page in another language: operators are told which, the browser has the next word.
        (["", "fr", "fr-FR,fr;q=0.9,ar;q=0.8,de;q=0.7"], "fr", "ar"),
        (["", "fr-CA", "fr"], "fr-CA", "en"),
        # A page without a usable language.
        (["", "", "de-CH,en"], "de-CH", "de"),
        (["", "undefined", "fr-FR,de"], "fr-FR", "de"),
        (["", "", ""], "", "en"),
        # A page may offer several.
        (["", "fr, de", "ar"], "fr", "de"),
        (["", "zh-Hant-TW", ""], "zh-Hant-TW", "zh-hant"),
        (["", "zh-Hans", ""], "zh-Hans", "en"),
    ],
)
def test_channel_page_and_browser_are_asked_in_this_order(wishes, reads, shown):
    assert decide(wishes, OFFERED, "en") == ChatLanguage(reads, shown)


@given(st.lists(st.sampled_from(["", "de_AT", "fr", "fr,ar", "x", "en;q=0.5,de"]), max_size=3))
def test_what_the_page_is_given_leads_to_the_same_decision_without_the_browsers_header(wishes):
    decided = decide(wishes, OFFERED, "en")

    assert decide([decided.wish], OFFERED, "en") == decided
    assert len(decided.wish) <= 64  # `VisitorHello.language`
