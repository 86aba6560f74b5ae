"""Pure decisions about rate limits and load shedding."""

from itertools import pairwise

import pytest

from livechat.domain.limits import CHANNEL_FACTOR, limits, shared_limits
from livechat.domain.overload import HOLD_SECONDS, THRESHOLDS, Level, Load, Reading, reached

DEFAULTS = limits(frames=20, messages=4, people=500)


# --- rate limits


def test_an_office_of_five_hundred_opens_the_chat_at_once_and_talks():
    office = DEFAULTS.address

    assert office.sockets >= 2 * 500
    assert office.arrivals.burst >= 2 * 500
    assert office.newcomers.burst >= 500
    assert all(rate.burst >= 500 for rate in office.acts.values())
    # 30 words a minute are a message of ten words every 20 s.
    assert all(rate.per_second >= 500 / 25 for rate in office.acts.values())


def test_limits_of_a_person_are_below_those_of_an_address_and_these_below_a_channels():
    for act, rate in DEFAULTS.address.acts.items():
        person = DEFAULTS.visitor.acts[act]
        assert person.per_second < rate.per_second < DEFAULTS.channel.acts[act].per_second
        assert person.burst < rate.burst < DEFAULTS.channel.acts[act].burst


def test_an_operator_may_do_more_of_everything_than_a_visitor():
    assert DEFAULTS.operator.frames.per_second > DEFAULTS.visitor.frames.per_second
    for act, rate in DEFAULTS.operator.acts.items():
        if act in DEFAULTS.visitor.acts:
            assert rate.per_second > DEFAULTS.visitor.acts[act].per_second


def test_a_crowd_grows_with_its_people():
    assert shared_limits(1_000).sockets == 2 * shared_limits(500).sockets
    assert DEFAULTS.channel == shared_limits(CHANNEL_FACTOR * 500)


# --- load shedding


@pytest.mark.parametrize(
    ("reading", "level"),
    [
        (Reading(), Level.CALM),
        (Reading(lag=0.2, waiting=499, oldest=0.4, memory=0.99), Level.CALM),
        (Reading(lag=0.25), Level.TYPING),
        (Reading(waiting=500), Level.TYPING),
        (Reading(oldest=0.5), Level.TYPING),
        (Reading(lag=0.5), Level.MARKS),
        (Reading(waiting=1_000), Level.MARKS),
        (Reading(oldest=1.5), Level.PRESENCE),
        (Reading(lag=1.0), Level.NEWCOMERS),
        (Reading(memory=1.0), Level.NEWCOMERS),
        (Reading(memory=9.0), Level.NEWCOMERS),
        (Reading(lag=0.25, waiting=4_000), Level.NEWCOMERS),
        (Reading(lag=3.0), Level.MESSAGES),
        (Reading(waiting=10_000), Level.MESSAGES),
        (Reading(oldest=60.0), Level.MESSAGES),
    ],
)
def test_the_worst_figure_decides(reading, level):
    assert reached(reading) == level


def test_the_least_is_left_undone_first_and_messages_last():
    assert [*THRESHOLDS] == [*Level][1:] == sorted(THRESHOLDS)
    for lower, higher in pairwise(THRESHOLDS.values()):
        assert lower.lag < higher.lag
        assert lower.waiting < higher.waiting
        assert lower.oldest < higher.oldest


def test_a_level_is_reached_at_once():
    assert Load().observe(Reading(lag=5.0), 0.0) == Level.MESSAGES


def test_it_falls_step_by_step_and_is_calm_within_half_a_minute():
    load = Load()
    load.observe(Reading(lag=5.0), 0.0)
    levels = [load.observe(Reading(), at / 10) for at in range(1, 300)]

    assert [*dict.fromkeys(levels)] == sorted(Level, reverse=True)
    assert levels.count(Level.PRESENCE) == HOLD_SECONDS * 10
    assert levels.index(Level.CALM) < 120


def test_what_is_just_below_a_level_does_not_end_it():
    load = Load()
    load.observe(Reading(lag=1.0), 0.0)

    assert {load.observe(Reading(lag=0.6), at) for at in range(1, 100)} == {Level.NEWCOMERS}


def test_one_calm_moment_is_not_calm():
    load = Load()
    load.observe(Reading(lag=0.3), 0.0)
    readings = [Reading(), Reading(), Reading(lag=0.2)] * 20

    levels = {load.observe(reading, at * 0.9) for at, reading in enumerate(readings)}

    assert levels == {Level.TYPING}


def test_a_process_without_free_memory_takes_no_newcomers_until_it_has_freed_some():
    load = Load()
    load.observe(Reading(memory=1.01), 0.0)

    assert {load.observe(Reading(memory=0.97), at) for at in range(1, 60)} == {Level.NEWCOMERS}
    assert [load.observe(Reading(memory=0.9), at) for at in range(60, 80)][-1] == Level.CALM
