"""Errors of services. Entry points turn them into ``rejected``, a 4xx response or a form error."""


class LivechatError(Exception):
    """A command cannot be done. The browser gets `code`, never the text."""

    code = "invalid"


class Invalid(LivechatError):
    """A value is invalid: empty text, too long, NUL …"""

    def __init__(self, code: str = "invalid") -> None:
        super().__init__(code)
        self.code = code


class NotFound(LivechatError):
    """The object does not exist, or the actor may not know of it; the error does not say which."""

    code = "not_found"


class NotAllowed(LivechatError):
    """The actor may know of the object but not do this to it."""

    code = "forbidden"


class ConversationClosed(LivechatError):
    """The conversation has ended."""

    code = "closed"


class AlreadyTaken(LivechatError):
    """Another operator has already taken the conversation."""

    code = "already_taken"


class FileGone(LivechatError):
    """A file named by a message does not exist, is not the sender's, or was already sent."""

    code = "file_gone"


class IdConflict(LivechatError):
    """The same `client_id` was used before with different content."""

    code = "id_conflict"


class RateLimited(LivechatError):
    """The client exceeded a rate limit. `retry_after`: seconds until it may retry."""

    code = "rate_limited"

    def __init__(self, retry_after: float) -> None:
        super().__init__(self.code)
        self.retry_after = retry_after


class TokenInvalid(LivechatError):
    """A visitor token is forged, expired or of another channel."""

    code = "token_invalid"


class Unavailable(LivechatError):
    """The database or a lock was not available in time; the client should retry."""

    code = "unavailable"
