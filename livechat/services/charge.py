"""Who is in charge of a conversation: what every change of it is made of.

All of it happens under the lock of the conversation's row, inside the service's transaction; the
caller saves the row.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from livechat import events, outbox
from livechat.domain.states import Outcome, Role, SystemEvent
from livechat.errors import NotFound
from livechat.models import Conversation, Message, Operator, Participant
from livechat.services import timeline


def locked(conversation: UUID, *, waits: bool = True) -> Conversation:
    """Return a conversation, locked, with all that a change needs; raises NotFound.

    Without `waits` that is also raised while somebody else has it locked.
    """
    rows = Conversation.objects.filter(public_id=conversation)
    row = rows.select_related("visitor", "channel", "operator__user").lock(waits=waits).first()
    if row is None:
        raise NotFound
    return row


def put_in_charge(
    row: Conversation, operator: Operator, event: SystemEvent, now: datetime
) -> Message:
    """Make `operator`, whose row must be locked too, the main one; return the line that tells."""
    person = participant(row, operator, now)
    row.assign(operator, now)
    note_escalation(row)
    operator.last_assigned_at = now
    operator.save(update_fields=["last_assigned_at"])
    outbox.conversation_assigned(row, operator, now)
    return timeline.system_line(row, event, person, now)


def participant(row: Conversation, operator: Operator, now: datetime) -> Participant:
    """Return the operator's participation, made or taken up again."""
    person, _made = Participant.objects.update_or_create(
        conversation=row,
        operator=operator,
        role=Role.OPERATOR.value,
        defaults={"left_at": None, "display_name": operator.name},
        create_defaults={
            "left_at": None,
            "display_name": operator.name,
            "joined_at": now,
        },
    )
    return person


def note_escalation(row: Conversation) -> None:
    """More than one operator ever: the outcome is *escalated* (`odoo19.md` §3.6)."""
    if row.participants.operators().count() > 1:
        row.outcome = Outcome.ESCALATED.value


def succeed(row: Conversation, now: datetime) -> bool:
    """Put the colleague in charge who joined first and is still in it; False when there is none."""
    heir = (
        row.participants.present()
        .operators()
        .filter(operator__is_enabled=True)
        .select_related("operator__user")
        .order_by("joined_at", "pk")
        .first()
    )
    if heir is None or heir.operator is None:
        return False
    row.operator = heir.operator
    outbox.conversation_assigned(row, heir.operator, now)
    return True


def end(row: Conversation, event: SystemEvent, subject: Participant | None, now: datetime) -> None:
    """End an open conversation and tell everybody of it: the one way to do so, so that an end is
    told once whatever happens to the conversation afterwards."""
    entry = timeline.system_line(row, event, subject, now)
    row.close(now)
    row.save()
    outbox.conversation_closed(row, now)
    announce(row, [entry], closed=True)


def announce(
    row: Conversation,
    entries: Sequence[Message],
    *,
    opened: bool = False,
    closed: bool = False,
    left: Sequence[Operator] = (),
) -> None:
    """Say to everybody concerned what became of it; `entries` were added, `left` went out.
    `opened` and `closed` tell that it began or ended in this transaction."""
    operators = list(row.participants.present().operators().select_related("operator__user"))
    last = entries[-1] if entries else newest_entry(row)
    events.conversation_changed(row, operators, last, opened=opened, closed=closed, left=left)
    events.messages_posted((row, entry) for entry in entries)


def newest_entry(row: Conversation) -> Message | None:
    """Return the last entry of the staff timeline, with author and subject loaded."""
    return (
        row.messages.filter(seq=row.seq)
        .select_related("author__operator", "subject__operator")
        .prefetch_related("files")
        .first()
    )
