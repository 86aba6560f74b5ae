"""Which operator gets a conversation: the rules, one by one, and the worked examples."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livechat.domain import routing
from livechat.domain.routing import Seat, Wanted, language_set

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
EN, DE, FR = (language_set([tag]) for tag in ("en", "de", "fr"))
DOG, CAT = 1, 2


def seat(operator: int, **fields) -> Seat:
    return Seat(
        **{
            "operator": operator,
            "available": True,
            "load": 0,
            "channel_load": 0,
            "limit": None,
            "last_assigned_at": None,
            **fields,
        }
    )


def never(seats: Sequence[Seat]) -> Seat:
    raise AssertionError(f"chance was asked to decide between {seats}")


def choose(*seats: Seat, pick: routing.Pick = never, **wanted: Any) -> int | None:
    chosen = routing.choose_seat(seats, Wanted(**wanted), pick)
    return chosen.operator if chosen else None


# --- who can be chosen


def test_absent_and_full_operators_are_not_chosen():
    assert choose(seat(1, available=False), seat(2, limit=2, channel_load=2)) is None
    assert choose() is None


def test_only_candidates_are_chosen():
    quiet, busy = seat(1), seat(2, load=5)

    assert choose(quiet, busy, candidates=frozenset({2})) == 2
    assert choose(quiet, busy, candidates=frozenset({3})) is None
    assert choose(quiet, busy, candidates=frozenset()) is None


# --- the previous operator


def test_the_previous_operator_is_chosen_whatever_else_speaks_against_them():
    previous = seat(1, load=9, is_fresh=True, languages=FR)

    chosen = choose(previous, seat(2, languages=EN), previous=1, languages=EN)

    assert chosen == 1


def test_the_previous_operator_in_a_call_is_chosen_with_one_conversation_and_not_with_two():
    other = seat(2, load=7)

    assert choose(seat(1, load=1, in_call=True), other, previous=1) == 1
    assert choose(seat(1, load=2, in_call=True), other, previous=1) == 2


def test_a_previous_operator_who_is_full_absent_or_no_candidate_is_not_chosen():
    other = seat(2)

    assert choose(seat(1, limit=1, channel_load=1), other, previous=1) == 2
    assert choose(seat(1, available=False), other, previous=1) == 2
    assert choose(seat(1), other, previous=1, candidates=frozenset({2})) == 2
    assert choose(other, previous=1) == 2


# --- language, country, expertise


def test_language_comes_before_country_and_country_before_expertise():
    speaks = seat(1, load=9, languages=EN)
    lives_there = seat(2, load=8, country="BE")
    knows_all = seat(3, load=7, expertise=frozenset({DOG, CAT}))
    knows_one = seat(4, load=6, expertise=frozenset({DOG}))
    anyone = seat(5)
    wanted: dict[str, Any] = {"languages": EN, "country": "BE", "expertise": frozenset({DOG, CAT})}
    people = [anyone, knows_one, knows_all, lives_there, speaks]

    order = []
    while people:
        order.append(choose(*people, **wanted))
        people = [one for one in people if one.operator != order[-1]]

    assert order == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("match", [{"languages": EN}, {"country": "BE"}])
def test_among_those_who_match_all_fields_count_before_some(match):
    one = seat(1, expertise=frozenset({DOG}), **match)
    both = seat(2, load=3, expertise=frozenset({DOG, CAT}), **match)
    none = seat(3, **match)
    wanted: dict[str, Any] = {"languages": EN, "country": "BE", "expertise": frozenset({DOG, CAT})}

    assert choose(one, both, none, **wanted) == 2
    assert choose(one, none, **wanted) == 1


def test_an_english_dog_expert_comes_before_a_french_expert_of_dogs_and_cats():
    english = seat(1, load=4, languages=EN, expertise=frozenset({DOG}))
    french = seat(2, languages=FR, expertise=frozenset({DOG, CAT}))

    assert choose(english, french, languages=EN, expertise=frozenset({DOG, CAT})) == 1


def test_all_languages_of_an_operator_count_alike():
    first, second = seat(1, load=1, languages=EN | DE), seat(2, languages=DE | EN)

    assert choose(first, second, languages=DE) == 2


def test_an_unknown_language_or_country_matches_no_one():
    silent, nowhere, quiet = seat(1, load=2), seat(2, load=1, languages=EN), seat(3)

    assert choose(silent, nowhere, quiet) == 3
    assert choose(silent, nowhere, quiet, languages=language_set([""]), country="") == 3


def test_nobody_matches_so_anybody_is_chosen():
    assert choose(seat(1, load=2), seat(2), languages=DE, country="AT", expertise={DOG}) == 2


@pytest.mark.parametrize(
    ("tag", "operator"),
    [("de-AT", "de"), ("DE", "de_CH"), ("zh-Hant-TW", "zh"), ("iw", "he"), ("no", "nb")],
)
def test_the_same_language_written_in_two_ways_is_one(tag, operator):
    assert language_set([tag]) == language_set([operator])


@pytest.mark.parametrize("tag", ["", "und", "klingon", "x", "de-AT" * 200 + "\0", "日本"])
def test_what_names_no_language_is_never_an_empty_one(tag):
    assert "" not in language_set([tag])


# --- the buffer


def test_the_one_who_was_not_given_a_chat_in_the_last_two_minutes_is_chosen():
    fresh, rested = seat(1, is_fresh=True), seat(2, load=1)

    assert choose(fresh, rested) == 2
    # 121 seconds later the load decides
    assert choose(replace(fresh, is_fresh=False), rested) == 1


def test_the_buffer_is_ignored_if_everybody_who_matches_is_fresh():
    fresh = [seat(1, load=1, is_fresh=True), seat(2, load=2, is_fresh=True)]

    assert choose(*fresh) == 1
    assert choose(*(replace(one, languages=EN) for one in fresh), seat(3), languages=EN) == 1


# --- load and calls


def test_the_operator_with_the_fewest_active_conversations_is_chosen():
    assert choose(seat(1, load=2), seat(2, load=1), seat(3, load=3)) == 2


@pytest.mark.parametrize(
    ("a", "b", "chosen"),
    [
        ({"load": 1}, {"load": 2}, 1),
        ({"load": 1, "in_call": True}, {"load": 1}, 2),
        ({"load": 1, "in_call": True}, {"load": 2}, 1),
        ({"load": 2, "in_call": True}, {"load": 3}, 2),
        ({"load": 2, "in_call": True}, {"load": 3, "in_call": True}, 1),
        ({"in_call": True}, {}, 2),
    ],
)
def test_a_call_is_tolerated_with_one_conversation(a, b, chosen):
    assert choose(seat(1, **a), seat(2, **b)) == chosen


# --- ties


def test_a_tie_goes_to_the_operator_who_has_waited_longest_for_a_chat():
    waited = [seat(1, last_assigned_at=NOW), seat(2, last_assigned_at=NOW - 60 * MINUTE)]

    assert choose(*waited) == 2
    assert choose(*waited, seat(3)) == 3


def test_chance_decides_only_between_equals():
    asked = []

    def pick(seats: Sequence[Seat]) -> Seat:
        asked.append([one.operator for one in seats])
        return seats[-1]

    assert choose(seat(3), seat(2, load=1), seat(1), pick=pick) == 3
    assert asked == [[1, 3]]


def test_every_block_of_five_chats_goes_to_five_different_agents():
    seats = {operator: seat(operator) for operator in range(5)}
    chance = random.Random(7)
    given_to = []
    for n in range(25):
        chosen = routing.choose_seat(seats.values(), Wanted(), chance.choice)
        assert chosen is not None
        given_to.append(chosen.operator)
        seats[chosen.operator] = replace(
            chosen,
            load=chosen.load + 1,
            is_fresh=True,
            last_assigned_at=NOW + timedelta(seconds=n),
        )

    blocks = [set(given_to[start : start + 5]) for start in range(0, 25, 5)]
    assert blocks == [set(range(5))] * 5


# --- properties

people = st.builds(
    seat,
    operator=st.integers(1, 8),
    available=st.booleans(),
    load=st.integers(0, 4),
    channel_load=st.integers(0, 3),
    limit=st.sampled_from([None, 2]),
    in_call=st.booleans(),
    languages=st.sampled_from([frozenset(), EN, DE, EN | DE]),
    country=st.sampled_from(["", "BE", "FR"]),
    expertise=st.frozensets(st.integers(1, 3)),
    is_fresh=st.booleans(),
    last_assigned_at=st.none() | st.integers(0, 3).map(lambda n: NOW - n * MINUTE),
)
wishes = st.builds(
    Wanted,
    previous=st.none() | st.integers(1, 8),
    languages=st.sampled_from([frozenset(), EN, EN | FR]),
    country=st.sampled_from(["", "BE"]),
    expertise=st.frozensets(st.integers(1, 3)),
    candidates=st.none() | st.frozensets(st.integers(1, 8)),
)


@given(st.lists(people, max_size=8, unique_by=lambda one: one.operator), wishes)
def test_the_choice_is_free_and_does_not_depend_on_the_order(seats, wanted):
    def first(equal: Sequence[Seat]) -> Seat:
        return equal[0]

    chosen = routing.choose_seat(seats, wanted, first)

    assert chosen == routing.choose_seat(reversed(seats), wanted, first)
    free = [
        one
        for one in seats
        if one.is_free and (wanted.candidates is None or one.operator in wanted.candidates)
    ]
    assert (chosen is None) == (not free)
    assert chosen is None or chosen in free


@given(st.lists(people, min_size=1, max_size=8, unique_by=lambda one: one.operator))
def test_somebody_who_speaks_the_language_is_chosen_if_anybody_free_does(seats):
    wanted = Wanted(languages=EN, country="BE", expertise=frozenset({1}))

    chosen = routing.choose_seat(seats, wanted, lambda equal: equal[0])

    if any(one.is_free and one.languages & EN for one in seats):
        assert chosen is not None
        assert chosen.languages & EN


# --- the limit of an address


@pytest.mark.parametrize(
    ("limit", "taken", "is_behind", "held"),
    [
        (None, 1000, False, False),
        (None, 0, True, False),
        (1, 0, False, False),
        (1, 1, False, True),
        (3, 2, False, False),
        (3, 2, True, True),  # an earlier one comes first
        (3, 9, False, True),  # the limit was lowered, or operators took some by hand
    ],
)
def test_a_conversation_is_held_from_the_limit_of_its_address_on(limit, taken, is_behind, held):
    assert routing.is_held(limit=limit, taken=taken, is_behind=is_behind) is held
