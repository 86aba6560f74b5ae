"""Files: kept when they are uploaded, and given to the message that names them."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from livechat import visitor_view, wire
from livechat.errors import FileGone, Invalid, NotFound
from livechat.links import Audience
from livechat.models import Attachment, Message
from livechat.policy import Actor, StaffActor, VisitorActor
from livechat.services import timelines


def lock_pending(files: Iterable[UUID]) -> dict[UUID, Attachment]:
    """Lock those of `files` that wait for a message, in the one order that everybody uses."""
    rows = Attachment.objects.pending().named(files).select_related("channel")
    return {row.public_id: row for row in rows.select_for_update(of=("self",)).order_by("pk")}


def claim(
    files: Sequence[UUID], pending: Mapping[UUID, Attachment], actor: Actor, channel: int
) -> list[Attachment]:
    """Return the rows of `files`, which `actor` wants to send on `channel` (its pk).

    `pending` must be locked. Raises FileGone for one that is not there or not his, Invalid
    ``too_many_files``.
    """
    rows = []
    for name in dict.fromkeys(files):
        row = pending.get(name)
        if row is None or row.channel_id != channel or not _is_owner(actor, row):
            raise FileGone
        rows.append(row)
    if rows and len(rows) > rows[0].channel.max_files:
        raise Invalid("too_many_files")
    return rows


def attach(sent: Mapping[UUID, Sequence[Attachment]]) -> None:
    """Give files to messages: public id of a stored message -> its files."""
    messages = dict(
        Message.objects.filter(public_id__in=list(sent)).values_list("public_id", "pk").order_by()
    )
    rows = []
    for message, files in sent.items():
        for row in files:
            row.message_id = messages[message]
            rows.append(row)
    Attachment.objects.bulk_update(rows, ["message"])


def opened(actor: Actor, file: UUID) -> wire.FileOpened:
    """Return a file of a conversation `actor` may read, with fresh addresses; raises NotFound."""
    row = Attachment.objects.filter(public_id=file).select_related("message__conversation").first()
    if row is None or row.message is None:
        raise NotFound
    timelines.readable(actor, row.message.conversation.public_id)
    if isinstance(actor, StaffActor):
        return wire.FileOpened(visitor_view.file(row, Audience.STAFF))
    if row.message.public_seq is None:
        raise NotFound
    return wire.FileOpened(visitor_view.file(row, Audience.PUBLIC))


def _is_owner(actor: Actor, row: Attachment) -> bool:
    if isinstance(actor, VisitorActor):
        return row.visitor == actor.visitor
    return actor.operator is not None and row.operator_id == actor.operator
