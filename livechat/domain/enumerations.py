"""The enumerations of the chat: states and kinds of conversations, participants and messages.

They are plain ``StrEnum``, so that pure code and the wire protocol can use them. The models turn
them into choices. Databases hold every value that has been on `main`: never rename one.
"""

from enum import StrEnum


class State(StrEnum):
    """Whether a conversation is waiting, with a bot, with an operator, or over."""

    QUEUED = "queued"
    BOT = "bot"
    ASSIGNED = "assigned"
    CLOSED = "closed"


class Status(StrEnum):
    """The status of an assigned conversation; empty in every other state."""

    IN_PROGRESS = "in_progress"
    WAITING_FOR_CUSTOMER = "waiting_for_customer"
    NEED_HELP = "need_help"


class Outcome(StrEnum):
    """The result of a conversation; for an open one, the result if it ended now."""

    NO_ANSWER = "no_answer"
    NO_AGENT = "no_agent"
    NO_FAILURE = "no_failure"
    ESCALATED = "escalated"


class Role(StrEnum):
    """The role of a participant in a conversation."""

    VISITOR = "visitor"
    OPERATOR = "operator"
    BOT = "bot"


class Kind(StrEnum):
    """The kind of an entry of the timeline. Only staff see notes."""

    TEXT = "text"
    NOTE = "note"
    SYSTEM = "system"


class SystemEvent(StrEnum):
    """The event that a system line reports. The browser puts it into its user's language."""

    ASSIGNED = "assigned"
    JOINED = "joined"
    LEFT = "left"
    CLOSED_BY_VISITOR = "closed_by_visitor"
    CLOSED_BY_OPERATOR = "closed_by_operator"
    CLOSED_SILENT = "closed_silent"
    LOST = "lost"


class Availability(StrEnum):
    """What an operator chose. Busy and invisible operators get no new conversations."""

    AVAILABLE = "available"
    BUSY = "busy"
    INVISIBLE = "invisible"


class Presence(StrEnum):
    """How others see an operator. Only online operators get new conversations."""

    ONLINE = "online"
    BUSY = "busy"
    AWAY = "away"
    OFFLINE = "offline"


class LimitMode(StrEnum):
    """Whether a channel limits how many conversations an operator has at once."""

    UNLIMITED = "unlimited"
    LIMITED = "limited"


class ButtonAction(StrEnum):
    """What a channel rule does with the chat button."""

    SHOW = "display_button"
    SHOW_WITH_NOTIFICATION = "display_button_and_text"
    OPEN_AUTOMATICALLY = "auto_popup"
    HIDE = "hide_button"


class Absence(StrEnum):
    """What happens to the chat button while no operator is available."""

    KEEP = "keep_button"
    HIDE = "hide_button"


class Theme(StrEnum):
    """Whether the chat is light or dark."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


class FileSet(StrEnum):
    """Which files a channel accepts. Each value includes the ones before it."""

    NONE = "none"
    IMAGES = "images"
    DOCUMENTS = "documents"
    ALL = "all"


class Corner(StrEnum):
    """The side of the chat button; mirrored on pages written from right to left."""

    END = "right"
    START = "left"


class ResponderCondition(StrEnum):
    """When a rule with a responder (a chatbot) applies."""

    ALWAYS = "always"
    NO_OPERATOR = "no_operator"
    OPERATOR = "operator"
