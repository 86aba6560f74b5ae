"""The life of a conversation: open, take, join, leave, set the status, close."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from livechat import policy
from livechat.database import database_time
from livechat.database.write_together import write
from livechat.domain import routing
from livechat.domain import text as texts
from livechat.domain.attributes import Value, merge
from livechat.domain.enumerations import Role, State, Status, SystemEvent
from livechat.errors import (
    AlreadyTaken,
    ConversationClosed,
    IdConflict,
    Invalid,
    NotAllowed,
    NotFound,
)
from livechat.models import Channel, Conversation, Message, Operator, PageView, Participant, Visitor
from livechat.policy import Action, Actor, StaffActor, VisitorActor
from livechat.services import (
    address_limit,
    assignment,
    attachments,
    messages,
    operators,
    participation,
    queues,
    timeline,
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """What is known of a visitor when they open a conversation."""

    language: str = ""
    time_zone: str = ""
    browser: str = ""
    country: str = ""
    page_url: str = ""
    page_title: str = ""
    referrer: str = ""
    attributes: Mapping[str, Value] = field(default_factory=dict)
    source: str = field(default="", repr=False)
    """The visitor's address, as `auth.source_of_visitor` returns it. Only its hash is stored."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The conversation that the first message went to, and the message's public number there."""

    conversation: UUID
    pk: int
    seq: int
    at: datetime
    state: str


def open_conversation(
    actor: VisitorActor,
    *,
    client_id: UUID,
    text: str,
    arrival: Arrival,
    files: Sequence[UUID] = (),
) -> Opened:
    """Open a conversation with its first message, or post into the one that is open.

    Safe to repeat: if this visitor has sent `client_id` before, in any conversation and by any
    command, returns that conversation, closed or not, and stores nothing. Two concurrent calls of
    the same visitor end in one conversation.
    Raises NotFound for an archived channel, IdConflict when the id came with another text, other
    files or on another channel, FileGone and Invalid for `files` that cannot be sent.
    """
    opening = _Opening(actor, client_id, text, arrival, tuple(files))
    try:
        return _open(opening)
    except IntegrityError:
        # Two first openings raced to create the visitor's row; it exists now.
        return _open(opening)


@dataclass(frozen=True, slots=True)
class _Opening:
    """What a visitor sent to open a conversation."""

    actor: VisitorActor
    client_id: UUID
    text: str
    arrival: Arrival
    files: tuple[UUID, ...]


@transaction.atomic
def _open(opening: _Opening) -> Opened:
    actor = opening.actor
    channel = Channel.objects.filter(pk=actor.channel).first()
    if channel is None:
        raise NotFound
    now = database_time.now()
    visitor, is_new = _locked_visitor(actor, opening.arrival, now)
    if is_new:
        return _start(opening, channel, visitor, now, is_new=True)
    # The open conversation first: between the two queries a message may be stored in it and the
    # conversation may end. What is stored after both is found under the conversation's lock.
    current = Conversation.objects.open().filter(visitor=visitor, channel=channel).first()
    known = Message.objects.said_by(visitor, opening.client_id)
    if (entry := known.select_related("conversation").first()) is not None:
        return _again(entry, channel, opening)
    if current is not None and channel.is_active:
        try:
            posted = messages.post_message(
                messages.Item(
                    actor,
                    current.public_id,
                    opening.client_id,
                    opening.text,
                    files=opening.files,
                )
            )
        except ConversationClosed:
            pass  # it was closed between the query and the lock: open a new one
        else:
            return Opened(current.public_id, current.pk, posted.seq, posted.at, current.state)
    return _start(opening, channel, visitor, now, is_new=False)


def _start(
    opening: _Opening, channel: Channel, visitor: Visitor, now: datetime, *, is_new: bool
) -> Opened:
    """Insert a conversation with its first message and its operator, if one is free.

    The visitor is locked; `is_new`: they had no row before. All who open a conversation on the
    channel wait for the lock on its operators, so few statements follow it: two that count, one
    that writes, the commit (`docs/decisions/0031-an-opening-in-few-statements.md`).
    """
    if not channel.is_active:
        raise NotFound
    arrival, files = opening.arrival, opening.files
    row = _new_conversation(opening, channel, visitor, now)
    page = None if is_new else visitor.page_views.values_list("url", flat=True).first()
    wanted = assignment.wanted_by(row, now, is_new=is_new)
    operator = assignment.choose_operator(channel, wanted, now)
    row.address_hash = address_limit.hash_of(channel, arrival.source)
    is_behind = False
    if operator is not None or row.address_hash is not None:
        before = channel.conversations.before_newcomer(row.address_hash, now)
        is_behind = before.in_line > 0
        row.is_held = row.address_hash is not None and routing.is_held(
            limit=channel.max_chats_per_address,
            taken=before.taken,
            is_behind=before.held > 0,
        )
    sent = []
    if files:
        pending = attachments.lock_pending(files)
        sent = attachments.claim(files, pending, opening.actor, channel.pk)
    guest = Participant(
        conversation=row, role=Role.VISITOR.value, display_name=visitor.name, joined_at=now
    )
    first = timeline.new_text(row, guest, opening.text, opening.client_id, now)
    rows, entries, present, changes = [row, guest, first], [first], [], []
    assigned = None if row.is_held or is_behind else operator
    if assigned is not None:
        person = assignment.new_participant(row, assigned, now)
        line = timeline.new_system_line(row, SystemEvent.ASSIGNED, person, now)
        row.assign(assigned, now)
        assigned.last_assigned_at = now
        rows += [person, line]
        entries.append(line)
        present.append(person)
        changes.append((assigned, ["last_assigned_at"]))
    if row.page_url and row.page_url != page:
        rows.append(_page_view(row, now))
    write(rows, changes)
    if sent:
        attachments.attach({first.public_id: sent})
    first.known_files = sent
    if operator is not None and assigned is None:
        queues.fill_soon([channel.pk])
    timeline.announce(row, entries, now, opened=True, assigned=assigned, operators=present)
    return Opened(row.public_id, row.pk, first.public_seq or 0, first.created_at, row.state)


def _again(entry: Message, channel: Channel, opening: _Opening) -> Opened:
    """Return the result of the opening that stored `entry`; raises IdConflict."""
    row = entry.conversation
    if row.channel_id != channel.pk or entry.text != opening.text:
        raise IdConflict
    if {file.public_id for file in entry.attachments} != set(opening.files):
        raise IdConflict
    return Opened(row.public_id, row.pk, entry.public_seq or 0, entry.created_at, row.state)


@transaction.atomic
def take(actor: StaffActor, conversation: UUID) -> Conversation:
    """Become the main operator of a waiting conversation.

    Safe to repeat. Raises AlreadyTaken when a colleague was faster, ConversationClosed, NotFound,
    NotAllowed.
    """
    operator, actor = _locked_operator(actor)
    row = locked(conversation)
    policy.require(actor, Action.TAKE, row, participation.part_of(actor, row))
    if row.state == State.ASSIGNED:
        if row.operator_id == operator.pk:
            return row
        raise AlreadyTaken
    now = database_time.now()
    entry = assignment.assign(row, operator, SystemEvent.JOINED, now)
    row.save()
    timeline.announce(row, [entry], now, assigned=operator)
    return row


@transaction.atomic
def join(actor: StaffActor, conversation: UUID) -> Conversation:
    """Take part in a colleague's conversation, or take it when no operator is in charge.

    Safe to repeat. Raises ConversationClosed, NotFound, NotAllowed.
    """
    operator, actor = _locked_operator(actor)
    row = locked(conversation)
    part = participation.part_of(actor, row)
    policy.require(actor, Action.JOIN, row, part)
    if part.is_present:
        return row
    now = database_time.now()
    assigned = None
    if row.state != State.ASSIGNED:
        assigned = operator
        entry = assignment.assign(row, operator, SystemEvent.JOINED, now)
    else:
        person = assignment.participate(row, operator, now)
        row.revision += 1
        entry = timeline.system_line(row, SystemEvent.JOINED, person, now)
    row.save()
    timeline.announce(row, [entry], now, assigned=assigned)
    return row


@transaction.atomic
def leave(actor: StaffActor, conversation: UUID) -> Conversation:
    """Leave a conversation. The colleague who joined first takes charge.

    Without a colleague the conversation waits again, so a visitor is never left alone unnoticed.
    Safe to repeat: staff who do not take part change nothing. Raises NotFound.
    """
    row = locked(conversation)
    part = participation.part_of(actor, row)
    if not part.is_present and policy.may_read(actor, row, part):
        return row
    policy.require(actor, Action.LEAVE, row, part)
    now = database_time.now()
    person = row.participants.present().get(operator=actor.operator)
    person.leave(now)
    entries, successor = [], None
    if row.state != State.CLOSED:
        entries.append(timeline.system_line(row, SystemEvent.LEFT, person, now))
        if row.operator_id == actor.operator:
            successor = assignment.promote_colleague(row)
            if successor is None:
                row.release()
    row.revision += 1
    row.save()
    assert person.operator is not None
    timeline.announce(row, entries, now, assigned=successor, left=[person.operator])
    queues.fill_soon([row.channel_id])
    return row


@transaction.atomic
def set_status(actor: StaffActor, conversation: UUID, status: Status) -> Conversation:
    """Set whose turn it is in an assigned conversation, or that help is wanted.

    Safe to repeat. Raises NotFound, NotAllowed, ConversationClosed, and Invalid ``not_assigned``
    when no operator is in charge.
    """
    row = locked(conversation)
    policy.require(actor, Action.SET_STATUS, row, participation.part_of(actor, row))
    if row.state != State.ASSIGNED:
        raise Invalid("not_assigned")
    if row.status == status:
        return row
    row.status = status.value
    row.revision += 1
    row.save()
    timeline.announce(row, [], database_time.now())
    return row


@transaction.atomic
def close(actor: Actor, conversation: UUID) -> Conversation:
    """Close a conversation, as its visitor or as staff.

    Safe to repeat: closing a closed one changes nothing. Raises NotFound, NotAllowed.
    """
    row = locked(conversation)
    part = participation.part_of(actor, row)
    if row.state == State.CLOSED and policy.may_read(actor, row, part):
        return row
    policy.require(actor, Action.CLOSE, row, part)
    now = database_time.now()
    if isinstance(actor, VisitorActor):
        event, person = SystemEvent.CLOSED_BY_VISITOR, None
    else:
        event = SystemEvent.CLOSED_BY_OPERATOR
        person = row.participants.operators().filter(operator=actor.operator).first()
    end(row, event, person, now)
    return row


def end(row: Conversation, event: SystemEvent, subject: Participant | None, now: datetime) -> None:
    """Close an open conversation, whose row is locked, and announce it.

    The only way to close one: later changes of the conversation never announce the end again.
    """
    entry = timeline.system_line(row, event, subject, now)
    row.close(now)
    row.save()
    row.participants.update(is_current=False)
    timeline.announce(row, [entry], now, closed=True)
    queues.fill_soon([row.channel_id])


def locked(conversation: UUID, *, waits: bool = True) -> Conversation:
    """Return a conversation, locked, with the related rows that a change needs; raises NotFound.

    Without `waits`, also raises NotFound while another transaction holds the lock.
    """
    rows = Conversation.objects.filter(public_id=conversation)
    row = rows.select_related("visitor", "channel", "operator__user").lock(waits=waits).first()
    if row is None:
        raise NotFound
    return row


def _locked_visitor(actor: VisitorActor, arrival: Arrival, now: datetime) -> tuple[Visitor, bool]:
    """Return the visitor's row, locked and updated from `arrival`, and whether it is new.

    Raises IntegrityError if another transaction has created the row since.
    """
    visitor = Visitor.objects.select_for_update().filter(public_id=actor.visitor).first()
    is_new = visitor is None
    if visitor is None:
        visitor = Visitor(public_id=actor.visitor)
    visitor.language = arrival.language or visitor.language
    visitor.time_zone = arrival.time_zone or visitor.time_zone
    visitor.browser = arrival.browser or visitor.browser
    visitor.country = arrival.country or visitor.country
    # Attributes that the website sent must not stop the visitor: invalid ones are ignored.
    with contextlib.suppress(Invalid):
        visitor.attributes = merge(visitor.attributes, arrival.attributes)
    visitor.seen_at = now
    visitor.save(force_insert=is_new)
    return visitor, is_new


def _new_conversation(
    opening: _Opening, channel: Channel, visitor: Visitor, now: datetime
) -> Conversation:
    arrival = opening.arrival
    return Conversation(
        channel=channel,
        visitor=visitor,
        opening_id=opening.client_id,
        state=State.QUEUED.value,
        opened_at=now,
        last_message_at=now,
        waiting_since=now,
        country=visitor.country,
        language=visitor.language,
        page_url=arrival.page_url,
        page_title=texts.one_line(arrival.page_title, 300),
        referrer=arrival.referrer,
    )


def _page_view(row: Conversation, now: datetime) -> PageView:
    """Return the page of the opening for the trail: nothing is stored before a visitor writes."""
    return PageView(
        visitor=row.visitor,
        url=row.page_url,
        title=row.page_title,
        referrer=row.referrer,
        at=now,
    )


def _locked_operator(actor: StaffActor) -> tuple[Operator, StaffActor]:
    """Return the actor's operator, locked before the conversation (lock order), and their current
    rights. A participant may read on, even after losing other rights. Raises NotAllowed."""
    if actor.operator is None:
        raise NotAllowed
    rows = Operator.objects.filter(pk=actor.operator, is_enabled=True)
    operator = rows.select_related("user").lock().first()
    if operator is None:
        raise NotAllowed
    return operator, operators.staff_actor(actor.user)
