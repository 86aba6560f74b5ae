"""The lookup `search_text` gives the same results on SQLite and PostgreSQL."""

import json
from pathlib import Path

import pytest
from django.db import connection
from django.db.models import Q

from livechat.domain import search
from livechat.domain.text import normal
from livechat.models import Visitor

pytestmark = pytest.mark.django_db

CASES = json.loads((Path(__file__).parents[2] / "search_cases.json").read_text())


@pytest.fixture
def named():
    """Return a function that says whether a visitor with this name is found."""
    visitor = Visitor.objects.create()

    def is_found(name: str, term: str) -> bool:
        Visitor.objects.filter(pk=visitor.pk).update(name=name)
        return Visitor.objects.filter(name__search_text=term).exists()

    return is_found


@pytest.mark.parametrize(("term", "text"), CASES["same"])
def test_the_same_text_is_found(named, term, text):
    assert named(text, term)


@pytest.mark.parametrize(("term", "text"), CASES["different"])
def test_other_text_is_not(named, term, text):
    assert not named(text, term)


def test_every_character_is_found_by_what_it_folds_to():
    """The database's own rules for characters and ranges must not matter."""
    characters = sorted(set().union(*search._unfolded().values()))
    visitor = Visitor.objects.create()
    row = Visitor.objects.filter(pk=visitor.pk)
    not_found = []
    for start in range(0, len(characters), 25):
        part = normal("☕".join(characters[start : start + 25]))  # as texts are stored
        row.update(name=part)
        if not row.filter(name__search_text=part).exists():
            not_found.append(part)

    assert not_found == []


@pytest.mark.parametrize("term", ["(", "[", "\\", "***=", "(?i)", "^", "$", "\x00", "a\x00b", "%"])
def test_no_term_makes_the_search_fail(named, term):
    assert named(f"x {term} y".replace("\x00", ""), term)
    assert not named("zzz", term) or not search.term_of(term)


def test_a_search_in_several_columns_is_one_query(django_assert_num_queries):
    visitor = Visitor.objects.create()
    Visitor.objects.filter(pk=visitor.pk).update(name="Özlem", email="o@example.com")
    wanted = Q(name__search_text="OZLEM") | Q(email__search_text="OZLEM")

    with django_assert_num_queries(1):
        found = list(Visitor.objects.filter(wanted).values_list("name", flat=True))

    assert found == ["Özlem"]


def test_null_is_not_found():
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT livechat_fold(NULL), livechat_fold('Ö')")
            assert cursor.fetchone() == (None, "o")
