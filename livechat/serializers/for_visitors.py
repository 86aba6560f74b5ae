"""Serializers for visitors: turn rows into what visitors may see, and nothing else."""

from collections.abc import Iterable

from livechat import signed_links, wire
from livechat.domain import colours, files
from livechat.domain.enumerations import FileSet, Kind, Role
from livechat.models import (
    Attachment,
    Channel,
    Conversation,
    Entry,
    Message,
    Operator,
    Participant,
)
from livechat.signed_links import Audience


def channel(
    row: Channel,
    *,
    available: bool,
    team: Iterable[Operator] = (),
    answers_in: int | None = None,
    language: str = "",
) -> wire.PublicChannel:
    """Return a channel as visitors see it.

    `team`: operators present now; `answers_in`: median seconds until the first response.
    """
    return wire.PublicChannel(
        name=row.name,
        welcome=row.text("welcome_message", language),
        placeholder=row.text("input_placeholder", language),
        button_text=row.text("button_text", language),
        colours=colours.ramp(
            header=row.header_background_color,
            header_text=row.title_color,
            button=row.button_background_color,
            button_text=row.button_text_color,
        ),
        available=available,
        theme=row.theme,  # type: ignore[arg-type]  # one of the choices
        privacy_link=row.privacy_link,
        contact_hint=row.contact_hint,
        suggestions=row.suggested(language),
        answers_in=answers_in,
        team=[
            wire.PublicOperator(
                id=operator.public_id,
                name=operator.public_name,
                avatar=signed_links.avatar_path(operator.avatar),
            )
            for operator in team
        ],
        files=file_rules(row),
    )


def file_rules(row: Channel) -> wire.FileRules:
    """Return which files a channel's messages may carry. The same for both audiences."""
    return wire.FileRules(
        accept=files.accept_attribute(FileSet(row.file_set)),
        max_bytes=row.max_file_bytes,
        max_files=row.max_files,
        max_pixels=files.MAX_PIXELS,
        max_side=files.MAX_SIDE,
    )


def conversation(row: Conversation, operators: Iterable[Participant]) -> wire.PublicConversation:
    """Return a conversation as its visitor sees it.

    `operators`: the participants who are operators and present, with `operator` loaded.
    """
    return wire.PublicConversation(
        id=row.public_id,
        revision=row.revision,
        state=row.state,  # type: ignore[arg-type]  # the CHECK constraint holds the literal
        operators=[
            wire.PublicOperator(
                id=person.operator.public_id,
                name=person.display_name,
                avatar=signed_links.avatar_path(person.operator.avatar),
            )
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
    """Return an entry as visitors see it. Raises ValueError for a note, which must not leak."""
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
        files=[file(attachment, Audience.PUBLIC) for attachment in row.attachments],
    )


def file(row: Attachment, audience: Audience) -> wire.File:
    """Return a file with links newly signed for `audience`."""
    return wire.File(
        id=row.public_id,
        name=row.name,
        content_type=row.content_type,
        family=files.family(row.content_type),  # type: ignore[arg-type]
        size=row.size,
        width=row.width,
        height=row.height,
        url=signed_links.file_path(row.public_id, audience),
        thumbnail=(
            signed_links.file_path(row.public_id, audience, thumbnail=True) if row.thumbnail else ""
        ),
    )


def line(row: Message | Entry) -> wire.Line | None:
    """Return the content of a system line, None for other entries."""
    if isinstance(row, Entry) or row.kind != Kind.SYSTEM:
        return None
    return wire.Line(event=row.event, name=row.subject.display_name if row.subject else "")
