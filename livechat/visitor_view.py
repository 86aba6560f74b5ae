"""Rows as the visitor may see them. Nothing else ever goes to a visitor."""

from collections.abc import Iterable

from livechat import wire
from livechat.domain.states import Kind, Role
from livechat.models import Channel, Conversation, Entry, Message, Participant


def channel(row: Channel, *, available: bool, language: str = "") -> wire.PublicChannel:
    return wire.PublicChannel(
        name=row.name,
        welcome=row.text("welcome_message", language),
        placeholder=row.text("input_placeholder", language),
        button_text=row.text("button_text", language),
        header_background=row.header_background_color,
        header_text=row.title_color,
        button_background=row.button_background_color,
        button_foreground=row.button_text_color,
        available=available,
    )


def conversation(row: Conversation, operators: Iterable[Participant]) -> wire.PublicConversation:
    """`operators`: the participants who are operators and present, with `operator` loaded."""
    return wire.PublicConversation(
        id=row.public_id,
        revision=row.revision,
        state=row.state,  # type: ignore[arg-type]  # the CHECK constraint holds the literal
        operators=[
            wire.PublicOperator(id=person.operator.public_id, name=person.display_name)
            for person in operators
            if person.operator is not None
        ],
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        head=row.public_seq,
        seen=row.visitor_seen_public,
        seen_by_staff=row.staff_seen_public,
    )


def message(row: Message | Entry) -> wire.PublicMessage:
    """Raises ValueError for a note: a caller that asks for one has a bug that must not leak."""
    if row.kind == Kind.NOTE or row.public_seq is None:
        raise ValueError("a note is not for visitors")
    author = row.author
    return wire.PublicMessage(
        seq=row.public_seq,
        id=row.public_id,
        client_id=row.client_id,
        author=author.role if author else "system",  # type: ignore[arg-type]
        author_id=author.operator_public_id if author else None,
        author_name=author.display_name if author and author.role != Role.VISITOR else "",
        kind=row.kind,  # type: ignore[arg-type]
        text=row.text,
        line=line(row),
        at=row.created_at,
    )


def line(row: Message | Entry) -> wire.Line | None:
    """What a system line tells; None for everything else. The same for both audiences."""
    if isinstance(row, Entry) or row.kind != Kind.SYSTEM:
        return None
    return wire.Line(event=row.event, name=row.subject.display_name if row.subject else "")
