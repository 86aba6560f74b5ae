"""Which rule applies: examples, and a comparison with brute force."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livechat.domain import patterns, rules
from livechat.domain.enumerations import ButtonAction, ResponderCondition
from livechat.domain.patterns import PatternError
from livechat.domain.rules import Page, Reason, Rule

SHOP = "https://shop.example/shop/tea?page=2"


def rule(pk: int, **fields) -> Rule:
    return Rule(
        **{"pk": pk, "sequence": 10, "action": ButtonAction.SHOW, **fields},
    )


def chosen(some, page: Page) -> int | None:
    found = rules.choose(some, page)
    return found.pk if found else None


def test_the_first_rule_in_order_whose_pattern_is_found_wins():
    some = [rule(1, pattern="/cart"), rule(2, sequence=5, pattern="/shop"), rule(3)]

    assert chosen(some, Page(SHOP)) == 2
    assert chosen(some, Page("https://tea.example/cart")) == 1
    assert chosen(some, Page("https://tea.example/")) == 3


def test_without_a_rule_there_is_none():
    assert chosen([], Page(SHOP)) is None
    assert chosen([rule(1, pattern="/blog")], Page(SHOP)) is None


def test_a_country_rule_comes_before_all_others_whatever_its_sequence():
    some = [rule(1, sequence=1), rule(2, sequence=99, countries=frozenset({"DE"}))]

    assert chosen(some, Page(SHOP, "DE")) == 2
    assert chosen(some, Page(SHOP, "FR")) == 1
    assert chosen(some, Page(SHOP)) == 1


def test_a_search_is_case_sensitive_and_anywhere():
    assert chosen([rule(1, pattern="/Shop")], Page(SHOP)) is None
    assert chosen([rule(1, pattern="shop/$")], Page(SHOP)) is None
    assert chosen([rule(1, pattern="page=2$")], Page(SHOP)) == 1


def test_an_unknown_address_matches_only_what_matches_nothing():
    some = [rule(1, pattern="/"), rule(2, pattern="^$"), rule(3)]

    assert chosen(some, Page("")) == 2


@pytest.mark.parametrize(
    ("condition", "present", "absent"),
    [
        (ResponderCondition.ALWAYS, 1, 1),
        (ResponderCondition.NO_OPERATOR, None, 1),
        (ResponderCondition.OPERATOR, 1, None),
    ],
)
@pytest.mark.parametrize("responder", ["", "bot:1"])
def test_the_condition_skips_the_rule(condition, present, absent, responder):
    some = [rule(1, condition=condition, responder=responder)]

    assert chosen(some, Page(SHOP, operator_available=True)) == present
    assert chosen(some, Page(SHOP, operator_available=False)) == absent


def test_a_rule_whose_bot_is_not_ready_is_skipped():
    some = [rule(1, responder="bot:1", responder_ready=False), rule(2)]

    assert chosen(some, Page(SHOP)) == 2


def test_every_loser_has_a_reason():
    some = [
        rule(1, countries=frozenset({"FR"})),
        rule(2, pattern="/blog"),
        rule(3, condition=ResponderCondition.NO_OPERATOR),
        rule(4, condition=ResponderCondition.OPERATOR, responder="bot:1", responder_ready=False),
        rule(5),
        rule(6),
    ]

    reasons = {one.pk: why for one, why in rules.explain(some, Page(SHOP, "DE"))}
    unknown = {one.pk: why for one, why in rules.explain(some, Page(SHOP))}

    assert reasons == {
        1: Reason.OTHER_COUNTRY,
        2: Reason.URL,
        3: Reason.OPERATOR_AVAILABLE,
        4: Reason.RESPONDER_NOT_READY,
        5: None,
        6: Reason.ANOTHER_FIRST,
    }
    assert unknown[1] == Reason.COUNTRY_UNKNOWN


some_rules = st.lists(
    st.builds(
        Rule,
        pk=st.integers(1, 10**6),
        sequence=st.integers(0, 4),
        action=st.sampled_from(ButtonAction),
        pattern=st.sampled_from(["", "/", "/shop", "/cart$", "^https://shop", "("]),
        countries=st.frozensets(st.sampled_from(["DE", "FR", "SA"]), max_size=2),
        responder=st.sampled_from(["", "bot:1"]),
        responder_ready=st.booleans(),
        condition=st.sampled_from(ResponderCondition),
    ),
    max_size=8,
    unique_by=lambda one: one.pk,
)
some_pages = st.builds(
    Page,
    url=st.sampled_from(["", SHOP, "https://shop.example/cart", "http://other.example/"]),
    country=st.sampled_from(["", "DE", "FR", "US"]),
    operator_available=st.booleans(),
)


@given(some_rules, some_pages)
def test_the_choice_is_that_of_brute_force(some, page):
    """Rank every matching rule by (for everywhere, sequence, pk): the lowest one wins."""
    fits = []
    for one in some:
        if one.countries and page.country not in one.countries:
            continue
        if one.pattern == "(" or not patterns.search(one.pattern, page.url):
            continue
        if one.responder and not one.responder_ready:
            continue
        wanted = {"always": None, "no_operator": False, "operator": True}[one.condition]
        if wanted is not None and wanted != page.operator_available:
            continue
        fits.append(((not one.countries, one.sequence, one.pk), one))
    expected = min(fits, key=lambda row: row[0])[1] if fits else None

    assert rules.choose(some, page) == expected
    winners = [one for one, why in rules.explain(some, page) if why is None]
    assert winners == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        (SHOP, SHOP),
        ("https://u:p@shop.example/a#top", "https://shop.example/a"),
        ("https://shop.example/#/cart", "https://shop.example/#/cart"),
        ("https://shop.example/#!cart", "https://shop.example/#!cart"),
        ("https://bücher.example/tee", "https://bücher.example/tee"),
        ("javascript:alert(1)", ""),
        ("https://shop.example/\x00\n\u202ea", "https://shop.example/a"),
        ("https://[broken", ""),
        ("", ""),
    ],
)
def test_the_address_a_pattern_sees(url, normal):
    assert rules.normal_url(url) == normal


def test_an_address_of_100_kb_is_cut():
    assert len(rules.normal_url("https://shop.example/" + "x" * 100_000)) == rules.MAX_URL


@pytest.mark.parametrize(
    ("pattern", "problem", "position"),
    [
        ("/shop(", "missing_parenthesis", 0),
        ("/shop)", "unexpected_parenthesis", 0),
        ("a[z-a]", "bad_range", 2),
        ("x(?=y)", "look_around", 1),
        ("(?<!y)x", "look_around", 0),
        ("a**", "repeated_repetition", 1),
        ("*a", "nothing_to_repeat", 0),
        (r"a\1", "bad_escape", 1),
        ("a\\", "trailing_backslash", 1),
        ("x{1001}", "repeated_too_often", 1),
        ("x" * 10_000, "too_long", 1_000),
    ],
)
def test_what_is_wrong_with_a_pattern_and_where(pattern, problem, position):
    with pytest.raises(patterns.PatternError) as error:
        patterns.check(pattern)

    assert (error.value.problem, error.value.position) == (problem, position)


def test_an_explosive_pattern_takes_no_time():
    started = time.perf_counter()

    patterns.check("(a+)+$")
    assert not patterns.search("(a+)+$", "a" * 8_192 + "!")

    # Backtracking would not end in the lifetime of the universe, so seconds are no timing test.
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    "pattern",
    [
        "(.?){900}(.?){100}X$",
        "(([a-zA-Z0-9]?){31}){31}[^a]{9}X",
        ".{0,999}X$",
    ],
)
def test_what_repeats_too_much_is_refused_and_found_nowhere(pattern):
    with pytest.raises(PatternError) as caught:
        patterns.check(pattern)

    assert caught.value.problem == "too_complex"
    assert not patterns.search(pattern, "X")


@pytest.mark.parametrize(
    "pattern",
    ["/shop", "^https://shop[.]example/(en|de|fr)/cart(/.*)?$", r"/p/\d{1,9}(-[a-z0-9-]{1,80})?$"],
)
def test_what_people_write_costs_little(pattern):
    patterns.check(pattern)

    assert patterns.cost(pattern) < 400


@given(
    st.lists(
        st.sampled_from(
            ["", "/a", "/b$", "a+", "(?i)SHOP", "[", "(.?){900}(.?){100}X", "ü", "x{0}"]
        )
        | st.text(alphabet="ab/.*+?()[]|$^", max_size=8),
        max_size=8,
    ),
    st.text(alphabet="abü/shop", max_size=20),
)
def test_searching_for_all_at_once_finds_what_searching_for_each_does(wanted, text):
    assert patterns.found(tuple(wanted), text) & set(wanted) == {
        pattern for pattern in wanted if patterns.search(pattern, text)
    }


def test_where_all_at_once_takes_too_much_memory_each_is_searched_alone():
    wanted = tuple(f"[ab]*a[ab]{{{number}}}c" for number in range(60, 100))
    text = "https://x.example/" + "ab" * 1_000 + "a" + "b" * 70 + "c"

    assert patterns.found(wanted, text) - {""} == {
        pattern for pattern in wanted if patterns.search(pattern, text)
    }
