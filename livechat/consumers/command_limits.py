"""Whether a command may be done now: by the pace of its sender, of his place, and by the load."""

from dataclasses import dataclass
from typing import Any

from livechat import wire
from livechat.domain.limits import Act, Crowd, Person
from livechat.domain.overload import Level
from livechat.limits import Refusal, Toll, gate

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
    wire.WatchConversation: Act.LOOKUP,
    wire.UnwatchConversation: Act.LOOKUP,
}
"""What a command counts as; every other is a change."""

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
"""At which level it is left undone. Changes never are: they end work, or are rare."""

QUIET = frozenset({Act.TYPING, Act.VIEWING, Act.PAGE})
"""What may vanish: nobody waits for an answer, and the next one says it again."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where many are who cannot be told apart: `name` says of what kind it is, `key` which."""

    name: str
    key: str
    crowd: Crowd


class Quota:
    """What one person may do. All sockets of his draw from the same."""

    __slots__ = ("_name", "_person", "_places", "_tolls", "_who")

    def __init__(self, name: str, who: str, person: Person, *places: Place) -> None:
        self._name = name
        self._who = who
        self._person = person
        self._places = places
        self._tolls: dict[Act, list[Toll]] = {}  # made when first asked for: most never are

    def objection(self, command: Any, now: float) -> Refusal | None:
        """Return why a command is not to be done now; None when it may, and then it is counted."""
        act = act_of(command)
        level = SHED.get(act)
        busy = gate.shed(level) if level is not None else None
        return busy or gate.take(self._tolls.get(act) or self._tolls_of(act), now)

    def _tolls_of(self, act: Act) -> list[Toll]:
        """Return what an act costs here. An opening brings its first message."""
        found = self._tolls[act] = [
            Toll(f"{name}.{part}", f"{part} {name} {key}", acts[part])
            for part in ((act, Act.MESSAGE) if act is Act.OPENING else (act,))
            for name, key, acts in (
                (self._name, self._who, self._person.acts),
                *((place.name, place.key, place.crowd.acts) for place in self._places),
            )
            if part in acts
        ]
        return found


def act_of(command: Any) -> Act:
    """Return what a command counts as."""
    return ACTS.get(type(command), Act.CHANGE)
