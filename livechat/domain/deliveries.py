"""The enumerations of deliveries: calls to others that outlive the process that wanted them.

What has been on `main` is stored in somebody's database and is never renamed.
"""

from enum import StrEnum


class DeliveryKind(StrEnum):
    """By which way a delivery leaves."""

    WEBHOOK = "webhook"


class DeliveryState(StrEnum):
    """What became of a delivery. What is given up waits for somebody to look at it."""

    PENDING = "pending"
    DONE = "done"
    GIVEN_UP = "given_up"


class EventType(StrEnum):
    """What a webhook can be told of. `PING` is sent when somebody asks for it."""

    CONVERSATION_CREATED = "conversation.created"
    CONVERSATION_ASSIGNED = "conversation.assigned"
    CONVERSATION_CLOSED = "conversation.closed"
    MESSAGE_CREATED = "message.created"
    PING = "ping"


class Failure(StrEnum):
    """Why the last attempt came to nothing."""

    STATUS = "status"
    REDIRECT = "redirect"
    GONE = "gone"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    TLS = "tls"
    NAME = "name"
    ADDRESS = "address"
    ANSWER = "answer"
    TOO_LARGE = "too_large"
    SWITCHED_OFF = "switched_off"
    CRASHED = "crashed"


CHOSEN = (
    EventType.CONVERSATION_CREATED,
    EventType.CONVERSATION_ASSIGNED,
    EventType.CONVERSATION_CLOSED,
    EventType.MESSAGE_CREATED,
)
"""What somebody who makes a webhook chooses from."""
