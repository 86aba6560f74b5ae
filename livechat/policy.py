"""Who may do what to which row. Asked by every door, answered under the lock.

Fails closed: whatever is not allowed here is refused. A visitor knows nothing but his own
conversations, so for him "not yours" and "does not exist" are the same answer.
"""

from dataclasses import dataclass, field
from enum import Enum, auto
from uuid import UUID

from livechat.domain.states import State
from livechat.errors import ConversationClosed, NotAllowed, NotFound
from livechat.models import Channel, Conversation, Head


class Action(Enum):
    """What can be done to a conversation or a channel."""

    READ = auto()
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
    """Who holds a visitor token: of this visitor, on this channel, and nothing else."""

    visitor: UUID
    channel: int


@dataclass(frozen=True, slots=True)
class StaffActor:
    """A signed-in user with his rights as they are now.

    `operator` is the pk of his profile when he may answer; `channels` those he answers on.
    """

    user: int
    operator: int | None = None
    operator_id: UUID | None = None
    name: str = ""
    avatar: str = ""
    is_manager: bool = False
    is_analyst: bool = False
    channels: frozenset[int] = field(default_factory=frozenset)

    @property
    def may_enter(self) -> bool:
        """Whether the dashboard is for him at all."""
        return self.operator is not None or self.is_manager


Actor = VisitorActor | StaffActor

_WRITES = frozenset(
    {Action.POST, Action.NOTE, Action.CLOSE, Action.TAKE, Action.JOIN, Action.SET_STATUS}
)
_OF_VISITORS = frozenset({Action.READ, Action.POST, Action.SEE, Action.TYPE, Action.CLOSE})
_OF_PARTICIPANTS = frozenset(
    {Action.POST, Action.NOTE, Action.TYPE, Action.CLOSE, Action.LEAVE, Action.SET_STATUS}
)


def require(
    actor: Actor, action: Action, conversation: Conversation | Head, *, takes_part: bool = False
) -> None:
    """Return when `actor` may do `action`; `takes_part` tells that he is in it now.

    Raises NotFound when he may not know of it, NotAllowed when he may see it but not do this,
    ConversationClosed when it is too late.
    """
    if not may_read(actor, conversation, takes_part=takes_part):
        raise NotFound
    if isinstance(actor, VisitorActor):
        if action not in _OF_VISITORS:
            raise NotAllowed
    elif not _staff_may(actor, action, conversation, takes_part):
        raise NotAllowed
    if action in _WRITES and conversation.state == State.CLOSED:
        raise ConversationClosed


def may_read(actor: Actor, conversation: Conversation | Head, *, takes_part: bool = False) -> bool:
    """Say whether `actor` may read `conversation` (decision 9)."""
    if isinstance(actor, VisitorActor):
        return (
            conversation.visitor_public_id == actor.visitor
            and conversation.channel_id == actor.channel
        )
    if actor.is_manager:
        return True
    if actor.operator is not None:
        return takes_part or conversation.channel_id in actor.channels
    return actor.is_analyst and conversation.state == State.CLOSED


def _staff_may(
    actor: StaffActor, action: Action, conversation: Conversation | Head, takes_part: bool
) -> bool:
    if action is Action.READ:
        return True
    if action is Action.CLOSE and actor.is_manager:
        return True
    if actor.operator is None:
        return False
    if action in _OF_PARTICIPANTS:
        return takes_part
    if action in (Action.TAKE, Action.JOIN):
        return actor.is_manager or conversation.channel_id in actor.channels
    return action is Action.SEE


def require_channel(actor: StaffActor, action: Action, channel: Channel) -> None:
    """Return when `actor` may join or leave `channel` himself; raises NotAllowed."""
    if actor.operator is None or not channel.is_active:
        raise NotAllowed
    if not (channel.may_join or actor.is_manager):
        raise NotAllowed
