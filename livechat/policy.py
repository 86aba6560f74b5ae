"""Permissions: which actor may do what to which row. Services check them under the row's lock.

Fails closed: what is not allowed here is refused. Visitors know only their own conversations, so
for them "not yours" and "does not exist" are the same error.
"""

from dataclasses import dataclass, field
from enum import Enum, auto
from uuid import UUID

from livechat.domain.enumerations import State
from livechat.errors import ConversationClosed, NotAllowed, NotFound
from livechat.models import Channel, Conversation, Head

EVERYTHING = 2**63 - 1
"""Larger than the number of any entry."""


class Action(Enum):
    """What can be done to a conversation or a channel."""

    READ = auto()
    WATCH = auto()
    POST = auto()
    NOTE = auto()
    SEE = auto()
    TYPE = auto()
    CLOSE = auto()
    TAKE = auto()
    JOIN = auto()
    LEAVE = auto()
    SET_STATUS = auto()
    JOIN_CHANNEL = auto()
    LEAVE_CHANNEL = auto()


@dataclass(frozen=True, slots=True)
class VisitorActor:
    """The bearer of a visitor token: this visitor, on this channel only."""

    visitor: UUID
    channel: int


@dataclass(frozen=True, slots=True)
class StaffActor:
    """A signed-in user with their current rights.

    `operator` is the pk of their profile if they may answer visitors, `public_name` the name that
    visitors see ("" without one); `channels` are the pks of the channels on which they answer.
    """

    user: int
    operator: int | None = None
    operator_id: UUID | None = None
    name: str = ""
    public_name: str = ""
    avatar: str = ""
    is_manager: bool = False
    is_analyst: bool = False
    channels: frozenset[int] = field(default_factory=frozenset)

    @property
    def may_enter(self) -> bool:
        """Whether the user may open the dashboard."""
        return self.operator is not None or self.is_manager


Actor = VisitorActor | StaffActor


@dataclass(frozen=True, slots=True)
class Part:
    """An operator's part in a conversation.

    `is_present`: they take part now. `left_with`: otherwise the number of the entry with which
    they left, 0 if they never took part.
    """

    is_present: bool = False
    left_with: int = 0


NO_PART = Part()
PRESENT = Part(is_present=True)

_WRITES = frozenset(
    {Action.POST, Action.NOTE, Action.CLOSE, Action.TAKE, Action.JOIN, Action.SET_STATUS}
)
_OF_VISITORS = frozenset(
    {Action.READ, Action.WATCH, Action.POST, Action.SEE, Action.TYPE, Action.CLOSE}
)
_OF_PARTICIPANTS = frozenset(
    {Action.POST, Action.NOTE, Action.TYPE, Action.CLOSE, Action.LEAVE, Action.SET_STATUS}
)


def require(
    actor: Actor, action: Action, conversation: Conversation | Head, part: Part = NO_PART
) -> None:
    """Check that `actor`, with this `part` in the conversation, may do `action`.

    Raises NotFound when they may not know of the conversation, NotAllowed when they may read it
    but not do this, ConversationClosed when it has ended. `readable_until` limits how
    far they may read.
    """
    if not may_read(actor, conversation, part):
        raise NotFound
    if isinstance(actor, VisitorActor):
        if action not in _OF_VISITORS:
            raise NotAllowed
    elif not _staff_may(actor, action, conversation, part):
        raise NotAllowed
    if action in _WRITES and conversation.state == State.CLOSED:
        raise ConversationClosed


def may_read(actor: Actor, conversation: Conversation | Head, part: Part = NO_PART) -> bool:
    """Return whether `actor` may read any entry of it (`docs/reference/permissions.md`)."""
    return readable_until(actor, conversation, part) > 0


def readable_until(actor: Actor, conversation: Conversation | Head, part: Part = NO_PART) -> int:
    """Return the number of the last entry of the staff timeline that `actor` may read.

    EVERYTHING means no limit, 0 that they may not know of the conversation. An operator who has
    left and no longer answers on the channel keeps what they could read until then, and reads
    nothing newer.
    """
    if isinstance(actor, VisitorActor):
        is_own = conversation.visitor_public_id == actor.visitor
        return EVERYTHING if is_own and conversation.channel_id == actor.channel else 0
    if actor.is_manager:
        return EVERYTHING
    if actor.operator is not None:
        reads_on = part.is_present or conversation.channel_id in actor.channels
        return EVERYTHING if reads_on else part.left_with
    return EVERYTHING if actor.is_analyst and conversation.state == State.CLOSED else 0


def _staff_may(
    actor: StaffActor, action: Action, conversation: Conversation | Head, part: Part
) -> bool:
    if action is Action.READ:
        return True
    if action is Action.CLOSE and actor.is_manager:
        return True
    if action is Action.WATCH:
        return actor.may_enter and readable_until(actor, conversation, part) == EVERYTHING
    if actor.operator is None:
        return False
    if action in _OF_PARTICIPANTS:
        return part.is_present
    if action in (Action.TAKE, Action.JOIN):
        return actor.is_manager or conversation.channel_id in actor.channels
    return action is Action.SEE and readable_until(actor, conversation, part) == EVERYTHING


def require_channel(actor: StaffActor, action: Action, channel: Channel) -> None:
    """Check that `actor` may join or leave `channel` on their own; raises NotAllowed."""
    if actor.operator is None or not channel.is_active:
        raise NotAllowed
    if not (channel.may_join or actor.is_manager):
        raise NotAllowed
