"""What all fault tests share."""

import os
import random
import sys

import pytest


@pytest.fixture
def seed(tell):
    """The seed of this run; FAULT_SEED repeats an earlier one."""
    number = int(os.environ.get("FAULT_SEED") or random.SystemRandom().randrange(10**6))
    tell(f"FAULT_SEED={number}")
    return number


@pytest.fixture
def tell(capsys):
    """Say something to whoever watches the run."""

    def say(line: object) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n    {line}")
            sys.stdout.flush()

    return say
