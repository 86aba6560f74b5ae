"""The serializer of Django's cache in Redis."""

import json
from typing import Any


class JsonSerializer:
    """Writes JSON, and reads nothing else.

    Django's own serializer unpickles what it reads: a program that can write to Redis could run
    code in every server. Numbers are stored as text, so that Redis can increment them.
    """

    def dumps(self, value: Any) -> bytes:
        return json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        """Return the value. Invalid JSON gives None, like a missing key."""
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            return None
