"""The checker finds what is broken on purpose, and nothing in a sound server."""

import math

import pytest

from tests.faults import chaos, scenario, world

pytestmark = pytest.mark.faults

SECONDS = 6.0
ROUNDS = 12
"""Enough rounds for a kill to hit the moment; on a busy machine, a round has fewer kills."""


async def run(variant, var, seed, print_line, *, words="", rounds=1):
    """Return a variant's violations; repeats up to `rounds` times until one contains `words`."""
    entry = ("-m", "tests.faults.broken_server", variant)
    with world.embedded(var, entry=entry) as system:
        for number in range(rounds):
            outcome = await scenario.chat(
                system,
                lambda: chaos.storm(system, SECONDS, seed, pause=0.25),
                seed + number,
                visitors=20,
                pause=0.5,
                settle_seconds=3.0 if words else 75.0,
                limit=10.0 if words else math.inf,
            )
            print_line(f"{variant}: {outcome}")
            if words and any(words in violation for violation in outcome.violations):
                break
    return outcome.violations


async def test_nothing_is_found_where_nothing_is_broken(tmp_path, seed, print_line):
    assert await run("sound", tmp_path, seed, print_line) == []


@pytest.mark.parametrize(
    ("variant", "words"),
    [
        ("ack_before_commit", "was acked and is not stored"),
        ("publish_before_commit", "that are not stored so"),
        ("no_dedupe", " is stored 2 times"),
        ("order_by_time", "seq is not 1.."),
    ],
)
async def test_a_broken_promise_is_found(variant, words, tmp_path, seed, print_line):
    found = await run(variant, tmp_path, seed, print_line, words=words, rounds=ROUNDS)

    assert any(words in violation for violation in found), found
