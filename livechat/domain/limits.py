"""How much anybody may do: all figures in one place (`docs/explanation/limits.md` says why these).

Three figures come from the environment, everything else follows from them or is a person's
measure: nobody types faster than this, however he tries.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from livechat.domain.token_bucket import Rate


class Act(StrEnum):
    """What is counted."""

    MESSAGE = "messages"
    OPENING = "openings"
    CHANGE = "changes"
    LOOKUP = "lookups"
    MARK = "marks"
    TYPING = "typing"
    VIEWING = "viewing"
    PAGE = "pages"
    ATTRIBUTES = "attributes"


@dataclass(frozen=True, slots=True)
class PersonalLimits:
    """One visitor or one operator, in all his tabs; `frames` of one tab."""

    frames: Rate
    tabs: int
    acts: dict[Act, Rate]


@dataclass(frozen=True, slots=True)
class SharedLimits:
    """Many people who cannot be told apart: those of one address, or of one channel.

    `sockets` at once; `arrivals` are sockets that are opened, `newcomers` those of them that come
    without a token; `requests` of pages and of the widget's first question.
    """

    sockets: int
    arrivals: Rate
    newcomers: Rate
    requests: Rate
    acts: dict[Act, Rate]


@dataclass(frozen=True, slots=True)
class Limits:
    visitor: PersonalLimits
    operator: PersonalLimits
    address: SharedLimits
    channel: SharedLimits


CHANNEL_FACTOR = 20
"""A channel is so many times as large as the largest office."""


@lru_cache(maxsize=16)
def limits(*, frames: float, messages: float, people: int) -> Limits:
    """Return the limits for `frames` and `messages` a second of a visitor, and `people` at most
    behind one address."""
    return Limits(
        visitor=PersonalLimits(
            frames=Rate(2 * frames + 20, frames),
            tabs=30,
            acts={
                Act.MESSAGE: Rate(5 * messages + 5, messages),
                Act.OPENING: Rate(10, 0.1),
                Act.CHANGE: Rate(20, 0.5),
                Act.LOOKUP: Rate(60, 5),
                Act.MARK: Rate(20, 3),
                Act.TYPING: Rate(20, 2),
                Act.PAGE: Rate(30, 1),
                Act.ATTRIBUTES: Rate(10, 0.5),
            },
        ),
        operator=PersonalLimits(
            frames=Rate(10 * frames + 100, 3 * frames),
            tabs=60,
            acts={
                Act.MESSAGE: Rate(15 * messages + 15, 3 * messages),
                Act.CHANGE: Rate(200, 10),
                Act.LOOKUP: Rate(600, 40),
                Act.MARK: Rate(300, 20),
                Act.TYPING: Rate(100, 10),
                Act.VIEWING: Rate(200, 20),
            },
        ),
        address=shared_limits(people),
        channel=shared_limits(CHANNEL_FACTOR * people),
    )


def shared_limits(people: int) -> SharedLimits:
    """Return what so many people do together at most: all of them open the chat in the same
    minute, after a restart or at the stroke of nine, and a fifth of them types at any moment."""
    return SharedLimits(
        sockets=4 * people,
        arrivals=Rate(4 * people, people / 5),
        newcomers=Rate(2 * people, people / 25),
        requests=Rate(20 * people, people),
        acts={
            Act.MESSAGE: Rate(2 * people, people / 5),
            Act.OPENING: Rate(people, people / 25),
            Act.LOOKUP: Rate(8 * people, people),
        },
    )
