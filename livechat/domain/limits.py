"""How much anybody may do: all figures in one place (`docs/explanation/limits.md` says why these).

Three figures come from the environment, everything else follows from them or is a person's
measure: nobody types faster than this, however he tries.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from livechat.domain.token_bucket import Pace


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
class Person:
    """One visitor or one operator, in all his tabs; `frames` of one tab."""

    frames: Pace
    tabs: int
    acts: dict[Act, Pace]


@dataclass(frozen=True, slots=True)
class Crowd:
    """Many people who cannot be told apart: those of one address, or of one channel.

    `sockets` at once; `arrivals` are sockets that are opened, `newcomers` those of them that come
    without a token; `requests` of pages and of the widget's first question.
    """

    sockets: int
    arrivals: Pace
    newcomers: Pace
    requests: Pace
    acts: dict[Act, Pace]


@dataclass(frozen=True, slots=True)
class Limits:
    visitor: Person
    operator: Person
    address: Crowd
    channel: Crowd


CHANNEL_FACTOR = 20
"""A channel is so many times as large as the largest office."""


@lru_cache(maxsize=16)
def limits(*, frames: float, messages: float, people: int) -> Limits:
    """Return the limits for `frames` and `messages` a second of a visitor, and `people` at most
    behind one address."""
    return Limits(
        visitor=Person(
            frames=Pace(2 * frames + 20, frames),
            tabs=30,
            acts={
                Act.MESSAGE: Pace(5 * messages + 5, messages),
                Act.OPENING: Pace(10, 0.1),
                Act.CHANGE: Pace(20, 0.5),
                Act.LOOKUP: Pace(60, 5),
                Act.MARK: Pace(20, 3),
                Act.TYPING: Pace(20, 2),
                Act.PAGE: Pace(30, 1),
                Act.ATTRIBUTES: Pace(10, 0.5),
            },
        ),
        operator=Person(
            frames=Pace(10 * frames + 100, 3 * frames),
            tabs=60,
            acts={
                Act.MESSAGE: Pace(15 * messages + 15, 3 * messages),
                Act.CHANGE: Pace(200, 10),
                Act.LOOKUP: Pace(600, 40),
                Act.MARK: Pace(300, 20),
                Act.TYPING: Pace(100, 10),
                Act.VIEWING: Pace(200, 20),
            },
        ),
        address=crowd(people),
        channel=crowd(CHANNEL_FACTOR * people),
    )


def crowd(people: int) -> Crowd:
    """Return what so many people do together at most: all of them open the chat in the same
    minute, after a restart or at the stroke of nine, and a fifth of them types at any moment."""
    return Crowd(
        sockets=4 * people,
        arrivals=Pace(4 * people, people / 5),
        newcomers=Pace(2 * people, people / 25),
        requests=Pace(20 * people, people),
        acts={
            Act.MESSAGE: Pace(2 * people, people / 5),
            Act.OPENING: Pace(people, people / 25),
            Act.LOOKUP: Pace(8 * people, people),
        },
    )
