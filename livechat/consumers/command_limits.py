"""Rate limits of commands, by sender, address and channel; and which commands are shed."""

from dataclasses import dataclass
from typing import Any

from livechat import wire
from livechat.domain.limits import Act, PersonalLimits, SharedLimits
from livechat.domain.overload import Level
from livechat.limiter import Cost, Refusal, limiter

ACTS: dict[type, Act] = {
    wire.PostMessage: Act.MESSAGE,
    wire.StaffPostMessage: Act.MESSAGE,
    wire.OpenConversation: Act.OPENING,
    wire.SeeMessages: Act.MARK,
    wire.SetTyping: Act.TYPING,
    wire.SetViewing: Act.VIEWING,
    wire.ViewPage: Act.PAGE,
    wire.SetAttributes: Act.ATTRIBUTES,
    wire.FetchTimeline: Act.LOOKUP,
    wire.FetchInbox: Act.LOOKUP,
    wire.FetchVisitor: Act.LOOKUP,
    wire.FetchCanned: Act.LOOKUP,
    wire.FetchAnswers: Act.LOOKUP,
    wire.OpenFile: Act.LOOKUP,
    wire.OpenTranscript: Act.LOOKUP,
    wire.MakePageKey: Act.LOOKUP,
    wire.WatchConversation: Act.LOOKUP,
    wire.UnwatchConversation: Act.LOOKUP,
}
"""What each command counts as; every other command counts as a change."""

SHED = {
    Act.TYPING: Level.TYPING,
    Act.MARK: Level.MARKS,
    Act.VIEWING: Level.PRESENCE,
    Act.PAGE: Level.PRESENCE,
    Act.ATTRIBUTES: Level.PRESENCE,
    Act.OPENING: Level.NEWCOMERS,
    Act.LOOKUP: Level.MESSAGES,
    Act.MESSAGE: Level.MESSAGES,
}
"""The load level at which commands are shed. Changes never are: they end work or are rare."""

QUIET = frozenset({Act.TYPING, Act.VIEWING, Act.PAGE})
"""Commands dropped without a response: the client expects none, and repeats the state."""


@dataclass(frozen=True, slots=True)
class LimitGroup:
    """People who share limits: those of one IP address or of one channel.

    `name` is the kind of group, `key` identifies the group.
    """

    name: str
    key: str
    limits: SharedLimits


class CommandLimits:
    """The limits of one visitor or operator, shared by all their sockets."""

    __slots__ = ("_costs", "_groups", "_name", "_person", "_who")

    def __init__(self, name: str, who: str, person: PersonalLimits, *groups: LimitGroup) -> None:
        self._name = name
        self._who = who
        self._person = person
        self._groups = groups
        self._costs: dict[Act, list[Cost]] = {}  # made on demand: most are never needed

    def check(self, command: Any, now: float) -> Refusal | None:
        """Return why a command is refused now; None if it may be done, which counts it."""
        act = act_of(command)
        level = SHED.get(act)
        busy = limiter.refuse_if_shedding(level) if level is not None else None
        return busy or limiter.take(self._costs.get(act) or self._costs_of(act), now)

    def _costs_of(self, act: Act) -> list[Cost]:
        """Return the costs of an act. An opening also costs its first message."""
        found = self._costs[act] = [
            Cost(f"{name}.{part}", f"{part} {name} {key}", acts[part])
            for part in ((act, Act.MESSAGE) if act is Act.OPENING else (act,))
            for name, key, acts in (
                (self._name, self._who, self._person.acts),
                *((group.name, group.key, group.limits.acts) for group in self._groups),
            )
            if part in acts
        ]
        return found


def act_of(command: Any) -> Act:
    """Return what a command counts as."""
    return ACTS.get(type(command), Act.CHANGE)
