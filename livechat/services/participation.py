"""What part an operator has in a conversation, read from its rows, for the policy to decide."""

from livechat.domain.enumerations import SystemEvent
from livechat.models import Conversation, Message
from livechat.policy import NO_PART, PRESENT, Actor, Part, VisitorActor

_GONE = (SystemEvent.LEFT.value, SystemEvent.LOST.value)
_COME = (SystemEvent.ASSIGNED.value, SystemEvent.JOINED.value)


def part_of(actor: Actor, row: Conversation) -> Part:
    """Return what part `actor` has in a conversation. One query; two if they have left."""
    if isinstance(actor, VisitorActor) or actor.operator is None:
        return NO_PART
    person = row.participants.filter(operator=actor.operator).first()
    if person is None:
        return NO_PART
    if person.left_at is None:
        return PRESENT
    newest = (
        Message.objects.filter(conversation=row, subject=person, event__in=(*_GONE, *_COME))
        .order_by("-seq")
        .values_list("seq", "event")
        .first()
    )
    if newest is not None and newest[1] in _GONE:
        return Part(left_with=newest[0])
    # A close adds no entry per participant: they received all of it, and nothing came after it.
    return Part(left_with=row.seq) if row.is_closed else NO_PART
