"""The enumerations of deliveries: calls to third parties, stored until they are made.

Databases hold every value that has been on `main`: never rename one.
"""

from enum import StrEnum


class DeliveryKind(StrEnum):
    """How a delivery is sent."""

    WEBHOOK = "webhook"


class DeliveryState(StrEnum):
    """The state of a delivery. One that is given up waits for a manager to look at it."""

    PENDING = "pending"
    DONE = "done"
    GIVEN_UP = "given_up"


class EventType(StrEnum):
    """The events that a webhook can receive. `PING` is sent only on request."""

    CONVERSATION_CREATED = "conversation.created"
    CONVERSATION_ASSIGNED = "conversation.assigned"
    CONVERSATION_CLOSED = "conversation.closed"
    MESSAGE_CREATED = "message.created"
    PING = "ping"


class Failure(StrEnum):
    """Why the last attempt failed."""

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
"""The events that can be chosen for a webhook."""
