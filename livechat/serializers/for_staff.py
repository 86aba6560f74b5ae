"""Serializers for staff: turn rows into what staff may see."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from livechat import signed_links, wire
from livechat.domain.enumerations import Kind, Presence, State
from livechat.models import Channel, Conversation, Entry, Message, Operator, Participant
from livechat.serializers import for_visitors
from livechat.signed_links import Audience

LINE_LENGTH = 200
"""Maximum characters of a conversation's last entry: the list shows one line of it."""


def message(row: Message | Entry, *, limit: int | None = None) -> wire.StaffMessage:
    """Return an entry as staff see it; `limit` cuts its text to that many characters."""
    author = row.author
    return wire.StaffMessage(
        seq=row.seq,
        public_seq=row.public_seq,
        id=row.public_id,
        client_id=row.client_id,
        author=author.role if author else "system",  # type: ignore[arg-type]
        author_id=author.operator_public_id if author else None,
        author_name=author.staff_name if author else "",
        kind=row.kind,  # type: ignore[arg-type]
        text=row.text[:limit],
        line=line(row),
        at=row.created_at,
        files=[for_visitors.file(attachment, Audience.STAFF) for attachment in row.attachments],
    )


def line(row: Message | Entry) -> wire.Line | None:
    """Return the content of a system line, None for other entries."""
    if isinstance(row, Entry) or row.kind != Kind.SYSTEM:
        return None
    return wire.Line(event=row.event, name=row.subject.staff_name if row.subject else "")


def conversation(
    row: Conversation, operators: Iterable[Participant], last: Message | Entry | None
) -> wire.StaffConversation:
    """Return a conversation as staff see it.

    `operators`: participants who are operators and present; `last`: the newest entry.
    """
    return wire.StaffConversation(
        id=row.public_id,
        revision=row.revision,
        channel=row.channel.public_id,
        state=row.state,  # type: ignore[arg-type]
        status=row.status or None,  # type: ignore[arg-type]
        outcome=row.outcome,  # type: ignore[arg-type]
        operator=_operator(row.operator),
        operators=[
            wire.StaffOperator(
                id=person.operator.public_id,
                name=person.staff_name,
                avatar=signed_links.avatar_path(person.operator.avatar),
            )
            for person in operators
            if person.operator is not None
        ],
        visitor=_visitor(row),
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        waiting_since=row.waiting_since,
        head=row.seq,
        seen_by_visitor=row.visitor_seen,
        seen_by_staff=row.staff_seen,
        last=message(last, limit=LINE_LENGTH) if last else None,
        held=row.is_held and row.state == State.QUEUED,
    )


def channel(
    row: Channel, *, joined: bool, may_join: bool, online: int, sessions: int
) -> wire.StaffChannel:
    return wire.StaffChannel(
        id=row.public_id,
        name=row.name,
        colour=row.header_background_color,
        joined=joined,
        may_join=may_join,
        online=online,
        sessions=sessions,
        link=f"/chat/{row.slug}/",
        amber_after=row.amber_after,
        red_after=row.red_after,
        files=for_visitors.file_rules(row),
    )


def me(name: str, operator: Operator | None, now: datetime) -> wire.Me:
    if operator is None:
        return wire.Me(
            id=None,
            name=name,
            avatar="",
            accepting=False,
            in_call=False,
            presence="offline",
            availability=None,
        )
    return wire.Me(
        id=operator.public_id,
        name=operator.name,
        avatar=signed_links.avatar_path(operator.avatar),
        accepting=operator.accepting,
        in_call=operator.in_call,
        presence=operator.presence(now).value,
        availability=operator.choice.value,
    )


def colleague(row: Operator, channels: Iterable[UUID], now: datetime) -> wire.StaffColleague:
    """Return an operator as colleagues see them; `channels`: theirs that the reader may see."""
    event = presence_changed(row, now)
    return wire.StaffColleague(
        id=event.operator,
        name=event.name,
        avatar=signed_links.avatar_path(row.avatar),
        presence=event.presence,
        in_call=event.in_call,
        channels=list(channels),
    )


def presence_changed(operator: Operator, now: datetime) -> wire.PresenceChanged:
    """Return an operator's presence as colleagues see it.

    Operators who are offline, or choose to look offline, show nothing else.
    """
    presence = operator.presence(now)
    is_here = presence != Presence.OFFLINE
    return wire.PresenceChanged(
        operator=operator.public_id,
        name=operator.name,
        accepting=operator.accepting and is_here,
        in_call=operator.in_call and is_here,
        presence=presence.value,
        availability=None,
    )


def own_presence_changed(operator: Operator, now: datetime) -> wire.PresenceChanged:
    """Return an operator's presence as the operator sees it, with the choice they made."""
    return wire.PresenceChanged(
        operator=operator.public_id,
        name=operator.name,
        accepting=operator.accepting,
        in_call=operator.in_call,
        presence=operator.presence(now).value,
        availability=operator.choice.value,
    )


def _operator(row: Operator | None) -> wire.StaffOperator | None:
    if row is None:
        return None
    return wire.StaffOperator(
        id=row.public_id, name=row.name, avatar=signed_links.avatar_path(row.avatar)
    )


def _visitor(row: Conversation) -> wire.StaffVisitor:
    visitor = row.visitor
    page = None
    if row.page_url:
        page = wire.Page(url=row.page_url, title=row.page_title, referrer=row.referrer)
    return wire.StaffVisitor(
        id=visitor.public_id,
        name=visitor.name,
        email=visitor.email,
        country=row.country,
        language=row.language,
        time_zone=visitor.time_zone,
        browser=visitor.browser,
        page=page,
        attributes=visitor.attributes,
    )
