"""Who may answer before a human does? Other apps register here; the chat asks.

A responder is named by a key ``kind:id``, which a channel rule stores; the kind is the app's, the
id its own.
"""

from typing import Protocol


class Responder(Protocol):
    """What an app that answers visitors offers. Asked often: each is one query at most."""

    def choices(self) -> list[tuple[str, str]]:
        """Return (id, label) of all that an administrator may put into a rule."""
        ...

    def ready(self) -> frozenset[str]:
        """Return the ids of those that could answer now: active, with something to say."""
        ...


_registered: dict[str, Responder] = {}


def register(kind: str, responder: Responder) -> None:
    """Let `responder` answer for all keys of `kind`; called at start-up."""
    _registered[kind] = responder


def choices() -> list[tuple[str, str]]:
    """Return (key, label) of every responder that a rule can name."""
    return [
        (f"{kind}:{name}", label)
        for kind, responder in _registered.items()
        for name, label in responder.choices()
    ]


def ready() -> frozenset[str]:
    """Return the keys of all responders that could answer now."""
    return frozenset(
        f"{kind}:{name}" for kind, responder in _registered.items() for name in responder.ready()
    )


def is_ready(key: str) -> bool:
    """Say whether the responder of `key` could answer now; unknown ones cannot."""
    return key in ready()
