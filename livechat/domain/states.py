"""The enumerations of the chat: what a conversation, a participant or a message can be.

Plain ``StrEnum`` so that pure code and the wire protocol can use them; the models turn
them into choices. A value that has been on `main` is stored in somebody's database: it is
never renamed.
"""

from enum import StrEnum


class State(StrEnum):
    """Who is in charge of a conversation."""

    QUEUED = "queued"
    BOT = "bot"
    ASSIGNED = "assigned"
    CLOSED = "closed"


class Status(StrEnum):
    """How an assigned conversation stands; empty in every other state."""

    IN_PROGRESS = "in_progress"
    WAITING_FOR_CUSTOMER = "waiting_for_customer"
    NEED_HELP = "need_help"


class Outcome(StrEnum):
    """How a conversation ended, or would end if it ended now."""

    NO_ANSWER = "no_answer"
    NO_AGENT = "no_agent"
    NO_FAILURE = "no_failure"
    ESCALATED = "escalated"


class Role(StrEnum):
    """As what somebody takes part in a conversation."""

    VISITOR = "visitor"
    OPERATOR = "operator"
    BOT = "bot"


class Kind(StrEnum):
    """What an entry of the timeline is. Notes are for staff only."""

    TEXT = "text"
    NOTE = "note"
    SYSTEM = "system"


class SystemEvent(StrEnum):
    """What a system line tells; the reader's browser words it in his language."""

    ASSIGNED = "assigned"
    JOINED = "joined"
    LEFT = "left"
    CLOSED_BY_VISITOR = "closed_by_visitor"
    CLOSED_BY_OPERATOR = "closed_by_operator"
    CLOSED_SILENT = "closed_silent"
    LOST = "lost"


class Availability(StrEnum):
    """What an operator chose for himself. Busy and invisible, he is given nothing new."""

    AVAILABLE = "available"
    BUSY = "busy"
    INVISIBLE = "invisible"


class Presence(StrEnum):
    """How others see an operator. Only operators who are online are given conversations."""

    ONLINE = "online"
    BUSY = "busy"
    AWAY = "away"
    OFFLINE = "offline"


class LimitMode(StrEnum):
    """Whether a channel limits the conversations an operator has at once."""

    UNLIMITED = "unlimited"
    LIMITED = "limited"


class ButtonAction(StrEnum):
    """What a channel rule does with the chat button."""

    SHOW = "display_button"
    SHOW_WITH_NOTIFICATION = "display_button_and_text"
    OPEN_AUTOMATICALLY = "auto_popup"
    HIDE = "hide_button"


class Absence(StrEnum):
    """What becomes of the chat button while nobody is there to answer."""

    KEEP = "keep_button"
    HIDE = "hide_button"


class Theme(StrEnum):
    """Whether the chat is light or dark."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


class FileSet(StrEnum):
    """What may be attached to messages of a channel; each holds the ones before it."""

    NONE = "none"
    IMAGES = "images"
    DOCUMENTS = "documents"
    ALL = "all"


class Corner(StrEnum):
    """Where the chat button stands; mirrored on pages written from right to left."""

    END = "right"
    START = "left"


class ResponderCondition(StrEnum):
    """When a rule with a responder (a chatbot) applies."""

    ALWAYS = "always"
    NO_OPERATOR = "no_operator"
    OPERATOR = "operator"
