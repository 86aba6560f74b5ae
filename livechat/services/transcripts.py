"""Transcripts: a conversation as a text or a page of its own, for whoever may read it."""

from typing import Literal
from uuid import UUID

from livechat import links, wire
from livechat.links import Audience, Thing
from livechat.policy import Actor, VisitorActor
from livechat.services import timelines


def opened(
    actor: Actor, conversation: UUID, kind: Literal["text", "html"]
) -> wire.TranscriptOpened:
    """Return where `actor` can fetch the transcript; raises NotFound for what he may not read."""
    row = timelines.readable(actor, conversation)
    audience = Audience.PUBLIC if isinstance(actor, VisitorActor) else Audience.STAFF
    return wire.TranscriptOpened(
        conversation=row.public_id,
        format=kind,
        url=links.transcript_path(row.public_id, audience, Thing(kind)),
    )
