"""All rate limits in one place (`docs/explanation/limits.md` gives the reasons).

Three numbers come from the environment. The others follow from them or from what a person can do:
no person types faster.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from livechat.domain.token_bucket import Rate


class Act(StrEnum):
    """The kinds of commands that are limited."""

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
    """The limits of one visitor or operator over all their tabs; `frames` is for one tab."""

    frames: Rate
    tabs: int
    acts: dict[Act, Rate]


@dataclass(frozen=True, slots=True)
class SharedLimits:
    """The limits of all people behind one address, or of all on one channel.

    `sockets` is the number open at once. `arrivals` limits sockets that are opened, `newcomers`
    those of them without a token, and `requests` requests for pages and the widget's ``init``.
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
"""How many times as many people a channel has as the largest office behind one address."""


@lru_cache(maxsize=16)
def limits(*, frames: float, messages: float, people: int) -> Limits:
    """Return the limits for `frames` and `messages` per second and visitor, and for at most
    `people` behind one address."""
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
    """Return the limits of `people` together.

    In the worst case all of them open the chat within one minute, after a restart or when work
    begins, and at any moment a fifth of them types.
    """
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
