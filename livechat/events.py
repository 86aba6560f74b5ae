"""The only announcer of changes: to browsers (bus), webhooks (outbox) and higher apps (signals).

A service calls these functions inside the transaction that changed the rows. Frames are encoded
once per audience. Frames and signals are sent after the commit; webhook deliveries are stored in
the transaction itself. Notes go to staff groups only.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.dispatch import Signal

from livechat import outbox, signals, wire
from livechat.bus import Post, bus
from livechat.domain.enumerations import State
from livechat.models import Conversation, Entry, Head, Message, Operator, Participant
from livechat.serializers import for_staff, for_visitors


def public_group(conversation: int) -> str:
    """Return the group of the visitor's sockets that receive a conversation, without notes."""
    return f"conversation.{conversation}.public"


def staff_group(conversation: int) -> str:
    """Return the group of the dashboards that receive everything of a conversation."""
    return f"conversation.{conversation}.staff"


def visitor_group(visitor: UUID, channel: int) -> str:
    """Return the group of all sockets (tabs) of one visitor on one channel."""
    return f"visitor.{visitor.hex}.{channel}"


def user_group(user: int) -> str:
    """Return the group of all dashboards (tabs) of one user."""
    return f"user.{user}"


def channel_group(channel: int) -> str:
    """Return the group of the dashboards of a channel's operators."""
    return f"channel.{channel}.staff"


WIDGETS = "widgets"
"""Group of the endpoints that serve websites (`widget_init`): one per process."""

MANAGERS = "managers.staff"
"""Group of the dashboards of managers, who see every channel."""


ACCESS = "access"
"""Group of the session watches (`consumers.session_watch`): one per process."""

_WIDGETS_CHANGED = Post((WIDGETS,), "")
"""The frame is empty: receivers read the rows."""


def conversation_changed(
    conversation: Conversation,
    operators: Sequence[Participant],
    last: Message | Entry | None,
    *,
    opened: bool = False,
    closed_at: datetime | None = None,
    left: Iterable[Operator] = (),
) -> None:
    """Announce a change of state, operators or marks to the visitor, the staff and the channel.

    Webhooks and higher apps get it too if the conversation opened (`opened`) or ended (`closed_at`)
    in this transaction. Call it *before* `messages_posted` of the same transaction: with this
    frame, participants join the conversation's group, so they receive the frames that follow. The
    dashboards of `left` leave the group.
    """
    public = wire.PublicConversationChanged(for_visitors.conversation(conversation, operators))
    staff = wire.encode(
        wire.StaffConversationChanged(for_staff.conversation(conversation, operators, last))
    )
    group = staff_group(conversation.pk)
    takers = tuple(user_group(person.operator.user_id) for person in operators if person.operator)
    leavers = tuple(user_group(operator.user_id) for operator in left)
    hearers = (channel_group(conversation.channel_id), MANAGERS, group, *takers, *leavers)
    visitor = (visitor_group(conversation.visitor.public_id, conversation.channel_id),)
    posts = [
        Post(visitor, wire.encode(public), public_group(conversation.pk), join=visitor),
        Post(hearers, staff, group, join=takers, leave=leavers),
    ]
    _after_commit(posts)
    if opened:
        outbox.conversation_created(conversation)
        _signal(signals.conversation_opened, conversation.pk)
    if closed_at is not None:
        outbox.conversation_closed(conversation, closed_at)
        _signal(signals.conversation_closed, conversation.pk)


def conversation_assigned(conversation: Conversation, operator: Operator, now: datetime) -> None:
    """Announce a new main operator to webhooks; browsers get it by `conversation_changed`."""
    outbox.conversation_assigned(conversation, operator, now)


def messages_posted(entries: Sequence[tuple[Conversation | Head, Message | Entry]]) -> None:
    """Announce new entries; `author` and `subject` of each must be loaded."""
    posts: list[Post] = []
    for conversation, entry in entries:
        staff = wire.StaffMessagePosted(conversation.public_id, for_staff.message(entry))
        groups: tuple[str, ...] = (staff_group(conversation.pk),)
        if conversation.state == State.QUEUED:
            # No operator takes part yet, so all who may take the conversation receive it.
            groups += (channel_group(conversation.channel_id), MANAGERS)
        posts.append(Post(groups, wire.encode(staff)))
        if entry.public_seq is not None:
            public = wire.PublicMessagePosted(conversation.public_id, for_visitors.message(entry))
            posts.append(Post((public_group(conversation.pk),), wire.encode(public)))
    _after_commit(posts)
    outbox.messages_created(entries)


def messages_seen(
    conversation: Conversation, *, reader: Operator | None, seq: int, public_seq: int
) -> None:
    """Announce a read mark, to each audience in its own numbering.

    `reader` is None for the visitor's mark.
    """
    by = "staff" if reader else "visitor"
    staff = wire.StaffMessagesSeen(
        conversation.public_id,
        by,  # type: ignore[arg-type]
        reader.public_id if reader else None,
        seq,
    )
    public = wire.PublicMessagesSeen(conversation.public_id, by, public_seq)  # type: ignore[arg-type]
    _after_commit(
        [
            Post((staff_group(conversation.pk),), wire.encode(staff)),
            Post((public_group(conversation.pk),), wire.encode(public)),
        ]
    )


def typing_changed(
    conversation_pk: int,
    conversation: UUID,
    *,
    who: UUID | None = None,
    name: str = "",
    public_name: str = "",
    active: bool,
) -> None:
    """Announce at once who is typing; nothing is stored. `who` is None for the visitor.

    Visitors are shown only the typing of operators, with `public_name`.
    """
    staff = wire.StaffTypingChanged(conversation, who, name, active)
    posts = [Post((staff_group(conversation_pk),), wire.encode(staff))]
    if who is not None:
        public = wire.PublicTypingChanged(conversation, public_name, active)
        posts.append(Post((public_group(conversation_pk),), wire.encode(public)))
    bus.publish(posts)


def viewing_changed(
    conversation_pk: int, conversation: UUID, *, who: UUID, name: str, avatar: str, active: bool
) -> None:
    """Announce at once whether an operator views a conversation; nothing is stored."""
    event = wire.ViewingChanged(conversation, who, name, avatar, active)
    bus.publish([Post((staff_group(conversation_pk),), wire.encode(event))])


class VisitorTab(NamedTuple):
    """A visitor's socket and the visitor's newest conversation, which is open."""

    socket: UUID
    conversation: UUID
    conversation_pk: int
    channel: int
    is_waiting: bool
    """Whether no operator takes part yet: then the whole channel is informed."""


def visitors_present(tabs: Iterable[VisitorTab], *, present: bool) -> None:
    """Announce at once whether visitors are connected; nothing is stored."""
    posts = []
    for tab in tabs:
        groups: tuple[str, ...] = (staff_group(tab.conversation_pk),)
        if tab.is_waiting:
            groups += (channel_group(tab.channel), MANAGERS)
        event = wire.VisitorPresence(tab.conversation, tab.socket, present)
        posts.append(Post(groups, wire.encode(event)))
    bus.publish(posts)


def visitor_moved(conversation: Conversation, page: wire.Page, at: datetime) -> None:
    event = wire.VisitorMoved(conversation.public_id, page, at)
    _after_commit([Post((staff_group(conversation.pk),), wire.encode(event))])


def presence_changed(operator: Operator, channels: Iterable[int], now: datetime) -> None:
    """Announce an operator's presence to `channels`, to managers and to the operator.

    The operator's own frame names the availability they chose. It is sent last, because their
    dashboards are also in the groups of their channels.
    """
    colleagues = (MANAGERS, *map(channel_group, channels))
    own = (user_group(operator.user_id),)
    _after_commit(
        [
            Post(colleagues, wire.encode(for_staff.presence_changed(operator, now))),
            Post(own, wire.encode(for_staff.own_presence_changed(operator, now))),
            _WIDGETS_CHANGED,
        ]
    )


def widgets_changed() -> None:
    """Announce that a channel's look, rules or operators changed, as websites see them."""
    _after_commit([_WIDGETS_CHANGED])


def inbox_changed(user: int) -> None:
    """Announce to a user's dashboards that their channels or rights changed."""
    _after_commit([Post((user_group(user),), wire.encode(wire.InboxChanged()))])


def access_changed(users: Iterable[int]) -> None:
    """Announce changed login sessions, accounts or rights: the users' sockets are checked again."""
    if pks := " ".join(map(str, users)):
        _after_commit([Post((ACCESS,), pks)])


def _after_commit(posts: Sequence[Post]) -> None:
    transaction.on_commit(lambda: bus.publish(posts))


def _signal(signal: Signal, conversation: int) -> None:
    send: Callable[[], object] = lambda: signal.send_robust(None, conversation=conversation)  # noqa: E731
    transaction.on_commit(send)
