"""No acknowledged message is lost, and all people see the same, whatever fails."""

import os

import pytest

from tests.faults import chaos, scenario, world

pytestmark = pytest.mark.faults

SECONDS = float(os.environ.get("FAULT_SECONDS") or 15)


@pytest.mark.parametrize("servers", [0, 1, 2], ids=["embedded", "services", "two_servers"])
async def test_everybody_sees_what_is_stored_after_crashes(servers, tmp_path, seed, print_line):
    running = world.services(tmp_path, servers=servers) if servers else world.embedded(tmp_path)
    with running as system:
        outcome = await scenario.chat(system, lambda: chaos.storm(system, SECONDS, seed), seed)

    print_line(outcome)
    assert outcome.violations == []
    assert outcome.counts["acked"] > 5 * SECONDS, "hardly anybody could write"
