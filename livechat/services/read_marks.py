"""Read marks: how far each side has read, stored in both numberings."""

from uuid import UUID

from django.db import transaction
from django.db.models import Max

from livechat import events, policy
from livechat.domain.enumerations import Role
from livechat.errors import NotFound
from livechat.models import Conversation, Operator
from livechat.policy import NO_PART, Action, Actor, VisitorActor
from livechat.services import participation


@transaction.atomic
def see(actor: Actor, conversation: UUID, up_to: int) -> None:
    """Store that `actor` has read everything up to `up_to`, in their own numbering.

    Marks only grow, and never beyond the last entry. Staff who only watch leave none.
    Raises NotFound, and NotAllowed for an operator who may only read up to where they left.
    """
    row = (
        Conversation.objects.filter(public_id=conversation).select_related("visitor").lock().first()
    )
    if row is None:
        raise NotFound
    part = participation.part_of(actor, row)
    policy.require(actor, Action.SEE, row, part)
    if isinstance(actor, VisitorActor):
        _see_as_visitor(row, up_to)
    elif actor.operator is not None and part != NO_PART:
        _see_as_operator(row, actor.operator, up_to)


def _see_as_visitor(row: Conversation, up_to: int) -> None:
    public_seq = min(up_to, row.public_seq)
    if public_seq <= row.visitor_seen_public:
        return
    row.visitor_seen_public = public_seq
    row.visitor_seen = _staff_number(row, public_seq)
    row.save(update_fields=["visitor_seen", "visitor_seen_public"])
    row.participants.filter(role=Role.VISITOR).update(
        seen=row.visitor_seen, seen_public=row.visitor_seen_public
    )
    events.messages_seen(row, reader=None, seq=row.visitor_seen, public_seq=row.visitor_seen_public)


def _see_as_operator(row: Conversation, operator: int, up_to: int) -> None:
    seq = min(up_to, row.seq)
    person = row.participants.select_related("operator__user").get(operator=operator)
    if seq <= person.seen:
        return
    person.seen = seq
    person.seen_public = _public_number(row, seq)
    person.save(update_fields=["seen", "seen_public"])
    if person.seen > row.staff_seen:
        row.staff_seen = person.seen
        row.staff_seen_public = person.seen_public
        row.save(update_fields=["staff_seen", "staff_seen_public"])
    reader = person.operator
    assert isinstance(reader, Operator)
    events.messages_seen(row, reader=reader, seq=seq, public_seq=row.staff_seen_public)


def _staff_number(row: Conversation, public_seq: int) -> int:
    found = row.messages.filter(public_seq=public_seq).values_list("seq", flat=True).first()
    return found or 0


def _public_number(row: Conversation, seq: int) -> int:
    found = row.messages.filter(seq__lte=seq).aggregate(last=Max("public_seq"))
    return found["last"] or 0
