"""Registry of responders, which respond to visitors before operators do. Other apps register here.

A responder has a key ``kind:id``, which a channel rule stores. `kind` names the app, `id` the
responder within the app.
"""

from typing import Protocol


class Responder(Protocol):
    """Interface of an app with responders. Called often: each method may use one query."""

    def choices(self) -> list[tuple[str, str]]:
        """Return (id, label) of each responder that an administrator may choose in a rule."""
        ...

    def ready(self) -> frozenset[str]:
        """Return the ids of the responders that can respond now: active, with content."""
        ...


_registered: dict[str, Responder] = {}


def register(kind: str, responder: Responder) -> None:
    """Register `responder` for all keys of `kind`. Call it at start-up."""
    _registered[kind] = responder


def choices() -> list[tuple[str, str]]:
    """Return (key, label) of every responder that a rule can name."""
    return [
        (f"{kind}:{name}", label)
        for kind, responder in _registered.items()
        for name, label in responder.choices()
    ]


def ready() -> frozenset[str]:
    """Return the keys of all responders that can respond now."""
    return frozenset(
        f"{kind}:{name}" for kind, responder in _registered.items() for name in responder.ready()
    )


def is_ready(key: str) -> bool:
    """Return whether the responder of `key` can respond now; False for an unknown key."""
    return key in ready()
