"""What a search finds: the same in the browser, on SQLite and on PostgreSQL."""

import json
import re
import sys
import unicodedata
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livechat.domain import search

CASES = json.loads((Path(__file__).parents[2] / "search_cases.json").read_text())
"""Pairs of a term and a text; `tests/js/fold.test.js` reads them too."""

TRICKY = "sSßẞﬁfFiI\u0131İﬃﬀøØæÆ\u0301\u0308\u200dkKKg㎏ςσΣ 1½aÅÅ-]^[\\|&~.*"


def is_tried_in_all_ways(text: str) -> bool:
    """Return whether a pattern tries all ways to write `text`.

    It does not for ``½½``: six letters in a row, as the 21 in the middle may be written as ``㉑``.
    """
    term = search.fold(text)
    is_joined_to_next = [
        any(
            search._characters(term, start, end)
            for start in range(max(0, place - 1), place + 1)
            for end in range(place + 2, min(start + search.MAX_LETTERS, len(term)) + 1)
        )
        for place in range(len(term) - 1)
    ]
    runs = [len(list(run)) for joined, run in groupby(is_joined_to_next) if joined]
    return max(runs, default=0) < search.MAX_CLUSTER


texts = st.text(alphabet=TRICKY, max_size=4) | st.text(max_size=8)
terms = texts.filter(is_tried_in_all_ways)


def is_found(term: str, text: str) -> bool:
    folded = search.term_of(term)
    by_folding = folded in search.fold(text)
    assert by_folding == bool(re.search(search.pattern(folded), text))
    return by_folding


@pytest.mark.parametrize(("term", "text"), CASES["same"])
def test_these_are_the_same(term, text):
    assert is_found(term, text)


@pytest.mark.parametrize(("term", "text"), CASES["different"])
def test_these_are_not(term, text):
    assert not is_found(term, text)


@given(terms)
def test_every_text_finds_itself_in_upper_and_lower_case(text):
    term = search.fold(text)

    for written in (text, text.upper(), text.lower(), unicodedata.normalize("NFD", text)):
        if search.fold(written) == term:  # Unicode's upper case is not always reversible
            assert re.search(search.pattern(term), written)
    assert search.fold(term) == term


@given(texts, terms, texts)
def test_a_pattern_finds_a_term_inside_a_text(before, term, after):
    assert re.search(search.pattern(search.fold(term)), before + term + after)


@given(texts, texts)
def test_a_pattern_finds_nothing_that_folding_does_not(term, text):
    if re.search(search.pattern(search.fold(term)), text):
        assert search.fold(term) in search.fold(text)


def test_every_character_that_folding_changes_is_known_to_patterns():
    everything = map(chr, [*range(0xD800), *range(0xE000, sys.maxunicode + 1)])
    changed = {one for one in everything if search._folded(one) != one}

    assert changed == set().union(*search._unfolded().values())
    for one in changed:
        found = re.search(search.pattern(search.fold(one)), one)
        assert found
        assert found[0] in ("", one)


def test_a_pattern_of_the_longest_term_is_bounded():
    longest = search.term_of("ß" * 100_000)

    assert len(longest) == search.MAX_TERM
    assert len(search.pattern(longest)) < 3_000 * search.MAX_TERM


def test_folding_is_linear_in_the_number_of_marks():
    assert search.fold("a" + "\u0301\u0327" * 500_000) == "a"
