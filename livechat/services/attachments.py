"""Files: stored when they are uploaded, attached to the message that names them."""

import contextlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

import structlog
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.db import close_old_connections, connection, transaction

from livechat import wire
from livechat.database import database_time
from livechat.domain import files as kinds
from livechat.domain.enumerations import FileSet
from livechat.domain.files import Family
from livechat.errors import FileGone, Invalid, NotAllowed, NotFound, Unavailable
from livechat.integrations import images
from livechat.models import Attachment, Channel, Conversation, Message
from livechat.models.attachment import file_storage
from livechat.policy import Actor, StaffActor, VisitorActor
from livechat.serializers import for_visitors
from livechat.services import timeline
from livechat.services.upload_limits import Allowance
from livechat.signed_links import Audience, Link, Thing

logger = structlog.stdlib.get_logger(__name__)

MAX_PENDING = 20
"""Files that one visitor or operator may have uploaded but not yet sent."""
PENDING_FOR = timedelta(hours=1)
UPLOADS = Allowance("uploads", 60, 600)
UPLOADED_BYTES = Allowance("uploaded-bytes", 200 * kinds.MIB, 3600)
FORM_BYTES = kinds.MIB
"""Bytes allowed for the form around a file."""

FOLDER = "attachments"
BATCH = 100
BATCHES = 10
"""Batches per run; the next run continues."""
ORPHANED_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Checked:
    """A file ready to store. `thumbnail` is empty unless the file is a picture."""

    name: str
    content_type: str
    content: File
    size: int
    width: int = 0
    height: int = 0
    thumbnail: bytes = b""


def channel_of(channel: UUID) -> Channel:
    """Return the active channel with this id; raises NotFound."""
    row = Channel.objects.active().filter(public_id=channel).first()
    if row is None:
        raise NotFound
    return row


def admit(actor: Actor, channel: Channel | None, *, size: int, source: str) -> None:
    """Check that `actor` may upload to `channel`, before the body is received.

    Without a channel, its checks are left to `upload`: the form names the channel. `size` is the
    body's size in bytes; it counts against the limits of `source`, even if the body never
    arrives. Raises as `upload`, and RateLimited.
    """
    UPLOADS.take(source)
    if channel is not None:
        _require_upload(actor, channel)
        _require_room(channel, size - FORM_BYTES)
    if _pending_of(actor) >= MAX_PENDING:
        raise Invalid("too_many_files")
    UPLOADED_BYTES.take(source, size)


def upload(actor: Actor, channel: Channel, file: File, *, name: str) -> wire.File:
    """Store a file that `actor` will name in a message on `channel`, and return it.

    A picture is stored without its metadata and with a thumbnail. Raises NotFound, NotAllowed,
    Unavailable, and Invalid: ``files_off``, ``file_empty``, ``too_large``, ``file_type``,
    ``image_too_large``, ``file_broken``, ``too_many_files`` while `MAX_PENDING` others are
    pending.
    """
    _require_upload(actor, channel)
    _require_room(channel, file.size)
    if not file.size:
        raise Invalid("file_empty")
    if _pending_of(actor) >= MAX_PENDING:
        raise Invalid("too_many_files")
    if not connection.in_atomic_block:
        close_old_connections()  # the next steps are slow; other threads can use the connection
    checked = _check(file, name, FileSet(channel.file_set))
    row = _keep(actor, channel, checked, database_time.now())
    audience = Audience.STAFF if isinstance(actor, StaffActor) else Audience.PUBLIC
    return for_visitors.file(row, audience)


def discard(actor: Actor, file: UUID) -> None:
    """Delete a pending file of `actor`. Safe to repeat; ignores any other file.

    Raises NotAllowed for staff who are not operators.
    """
    with transaction.atomic():
        rows = Attachment.objects.pending().filter(public_id=file, **_owner(actor))
        for row in rows.select_for_update():
            row.delete()


def remove_pending(now: datetime) -> int:
    """Delete files that were not sent within `PENDING_FOR`; return the number.

    Idempotent. Processes may run it concurrently: each skips rows that another has locked.
    """
    left = Attachment.objects.left_since(now - PENDING_FOR).order_by("pk")
    removed = 0
    for _batch in range(BATCHES):
        if not left.exists():
            break
        with transaction.atomic():
            batch = left.select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH]
            # Locked, so no message can claim one of them now.
            count, _ = Attachment.objects.filter(pk__in=list(batch)).delete()
        removed += count
        if not count:
            break
    return removed


def delete_blobs(rows: Iterable[Attachment]) -> None:
    """Delete the stored files of rows that are being deleted, after the commit."""
    names = [field.name for row in rows for field in (row.blob, row.thumbnail) if field.name]
    if names:
        # A function: Django logs the name of one that fails, and a partial has none.
        transaction.on_commit(lambda: _delete(names), robust=True)


def remove_orphans(now: datetime) -> int:
    """Delete stored files that belong to no row; return the number.

    They exist only after a crash between a commit and its clean-up, or after a restored backup.
    Files younger than `ORPHANED_AFTER` or of unknown age stay. Idempotent.
    """
    storage = file_storage()
    removed = 0
    for folder, names in _folders(storage, PurePosixPath(FOLDER)):
        paths = {str(folder / name) for name in names}
        known: set[str] = set()
        for field in ("blob", "thumbnail"):
            rows = Attachment.objects.filter(**{f"{field}__startswith": f"{folder}/"})
            known.update(rows.values_list(field, flat=True))
        orphans = [path for path in sorted(paths - known) if _is_old(storage, path, now)]
        _delete(orphans)
        removed += len(orphans)
    return removed


def linked(link: Link, actor: StaffActor | None) -> Attachment:
    """Return the file that a signed link names; `actor` is the signed-in user, if any.

    A public link needs no sign-in, and never leads to a file of a note. Raises NotFound.
    """
    if link.thing not in (Thing.FILE, Thing.THUMBNAIL):
        raise NotFound
    row = (
        Attachment.objects.filter(public_id=link.id).select_related("message__conversation").first()
    )
    if row is None:
        raise NotFound
    if link.audience is Audience.PUBLIC:
        if not (row.message.public_seq if row.message else row.visitor):
            raise NotFound
    elif actor is None:
        raise NotFound
    elif row.message is not None:
        _require_read(actor, row.message)
    elif not _is_owner(actor, row):
        raise NotFound
    return row


def lock_pending(files: Iterable[UUID]) -> dict[UUID, Attachment]:
    """Lock those of `files` that are pending, in pk order like every caller; return id -> row."""
    rows = Attachment.objects.pending().named(files).select_related("channel")
    return {row.public_id: row for row in rows.select_for_update(of=("self",)).order_by("pk")}


def claim(
    files: Sequence[UUID], pending: Mapping[UUID, Attachment], actor: Actor, channel: int
) -> list[Attachment]:
    """Return the rows of `files`, which `actor` wants to send on `channel` (its pk).

    `pending` must be locked. Raises FileGone for a file that is not pending, not the actor's or
    of another channel, and Invalid ``too_many_files``.
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
    """Attach files to messages. `sent`: public id of a stored message -> its files."""
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
    """Return a file of a conversation that `actor` may read, with fresh links; raises NotFound."""
    row = Attachment.objects.filter(public_id=file).select_related("message__conversation").first()
    if row is None or row.message is None:
        raise NotFound
    _require_read(actor, row.message)
    if isinstance(actor, StaffActor):
        return wire.FileOpened(for_visitors.file(row, Audience.STAFF))
    if row.message.public_seq is None:
        raise NotFound
    return wire.FileOpened(for_visitors.file(row, Audience.PUBLIC))


def _require_read(actor: Actor, message: Message) -> None:
    """Check that `actor` may read a message; raises NotFound."""
    _row, last = timeline.readable(actor, message.conversation.public_id)
    if message.seq > last:
        raise NotFound


def _is_owner(actor: Actor, row: Attachment) -> bool:
    if isinstance(actor, VisitorActor):
        return row.visitor == actor.visitor
    return actor.operator is not None and row.operator_id == actor.operator


def _owner(actor: Actor) -> dict[str, Any]:
    """Return the columns that identify the actor's files; raises NotAllowed."""
    if isinstance(actor, VisitorActor):
        return {"visitor": actor.visitor, "channel": actor.channel}
    if actor.operator is None:
        raise NotAllowed
    return {"operator": actor.operator}


def _pending_of(actor: Actor) -> int:
    return Attachment.objects.pending().filter(**_owner(actor)).count()


def _require_upload(actor: Actor, channel: Channel) -> None:
    """Check that `actor` could send a message on `channel`. Raises NotFound, NotAllowed."""
    if not channel.is_active:
        raise NotFound
    if isinstance(actor, VisitorActor):
        if actor.channel != channel.pk:
            raise NotFound
        return
    if actor.operator is None:
        raise NotAllowed
    if actor.is_manager or channel.pk in actor.channels:
        return
    if not Conversation.objects.with_participant(actor.operator).filter(channel=channel).exists():
        raise NotAllowed


def _require_room(channel: Channel, size: int) -> None:
    """Check that the channel accepts files of `size` bytes; raises Invalid."""
    if channel.file_set == FileSet.NONE:
        raise Invalid("files_off")
    if size > channel.max_file_bytes:
        raise Invalid("too_large")


def _check(file: File, name: str, file_set: FileSet) -> _Checked:
    """Detect the type of a file, re-encode a picture, and return what to store; raises Invalid."""
    content_type = kinds.kind_of(file, name)
    if not kinds.accepts(file_set, content_type):
        raise Invalid("file_type")
    name = kinds.clean_name(name, content_type)
    file.seek(0)
    if kinds.family(content_type) is not Family.IMAGE:
        return _Checked(name, content_type, file, file.size)
    image = images.reencode(file.read(), content_type)
    if len(image.data) > kinds.MAX_BYTES_LIMIT:
        raise Invalid("image_too_large")
    return _Checked(
        name=name,
        content_type=image.content_type,
        content=ContentFile(image.data),
        size=len(image.data),
        width=image.width,
        height=image.height,
        thumbnail=image.thumbnail,
    )


def _keep(actor: Actor, channel: Channel, file: _Checked, now: datetime) -> Attachment:
    """Store the row, then the bytes, so that no bytes are stored without a row.

    If storing fails, the bytes are deleted with the row: now, or after `PENDING_FOR`.
    """
    folder = f"{FOLDER}/{now:%Y/%m}"
    blob = f"{folder}/{uuid.uuid4().hex}"
    thumbnail = f"{folder}/{uuid.uuid4().hex}" if file.thumbnail else ""
    row = Attachment.objects.create(
        channel=channel,
        visitor=actor.visitor if isinstance(actor, VisitorActor) else None,
        operator_id=actor.operator if isinstance(actor, StaffActor) else None,
        name=file.name,
        content_type=file.content_type,
        size=file.size,
        width=file.width,
        height=file.height,
        blob=blob,
        thumbnail=thumbnail,
        created_at=now,
    )
    try:
        # Concurrent uploads each count after inserting their row, so no more than allowed stay.
        if _pending_of(actor) > MAX_PENDING:
            raise Invalid("too_many_files")
        _save(blob, file.content)
        if thumbnail:
            _save(thumbnail, ContentFile(file.thumbnail))
    except OSError as error:
        logger.warning("file.not_stored", bytes=file.size, error=type(error).__name__)
        row.delete()
        raise Unavailable from error
    except BaseException:
        row.delete()
        raise
    return row


def _save(name: str, content: File) -> None:
    if file_storage().save(name, content) != name:
        raise FileExistsError


def _delete(names: Iterable[str]) -> None:
    storage = file_storage()
    for name in names:
        # The rows are gone, so the file is unreachable; `remove_orphans` deletes it later.
        with contextlib.suppress(OSError):
            storage.delete(name)


def _folders(
    storage: Storage, folder: PurePosixPath
) -> Iterable[tuple[PurePosixPath, Sequence[str]]]:
    try:
        folders, names = storage.listdir(str(folder))
    except FileNotFoundError:
        return
    yield folder, names
    for name in folders:
        yield from _folders(storage, folder / name)


def _is_old(storage: Storage, name: str, now: datetime) -> bool:
    try:
        return storage.get_modified_time(name) < now - ORPHANED_AFTER
    except (OSError, NotImplementedError):
        return False
