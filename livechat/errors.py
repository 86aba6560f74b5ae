"""What services raise and doors turn into ``rejected``, a 4xx answer or a form error."""


class LivechatError(Exception):
    """A command that cannot be done. `code` is what the browser is told, never the text."""

    code = "invalid"


class Invalid(LivechatError):
    """The values make no sense (empty text, too long, NUL …)."""

    def __init__(self, code: str = "invalid") -> None:
        super().__init__(code)
        self.code = code


class NotFound(LivechatError):
    """It does not exist, or it is not yours: nobody may tell one from the other."""

    code = "not_found"


class NotAllowed(LivechatError):
    """The actor knows that it exists but may not do this to it."""

    code = "forbidden"


class ConversationClosed(LivechatError):
    """The conversation has ended."""

    code = "closed"


class AlreadyTaken(LivechatError):
    """A colleague was faster."""

    code = "already_taken"


class FileGone(LivechatError):
    """A file that a message names is not there, is somebody else's, or was sent already."""

    code = "file_gone"


class IdConflict(LivechatError):
    """The same `client_id` was used before with another text."""

    code = "id_conflict"


class RateLimited(LivechatError):
    """Too much came from there lately. `retry_after`: seconds until more is taken."""

    code = "rate_limited"

    def __init__(self, retry_after: float) -> None:
        super().__init__(self.code)
        self.retry_after = retry_after


class TokenInvalid(LivechatError):
    """A visitor token that is foreign, tampered with, expired or of another channel."""

    code = "token_invalid"


class Unavailable(LivechatError):
    """The database or a lock could not be had in time; trying again is right."""

    code = "unavailable"
