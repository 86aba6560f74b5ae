"""Signatures of webhook messages, as https://www.standardwebhooks.com specifies them."""

import base64
import binascii
import hmac
from collections.abc import Iterable
from datetime import datetime

PREFIX = "whsec_"
KEY_BYTES = 32


def secret(key: bytes) -> str:
    """Return the text form of a key, for people to copy."""
    return PREFIX + base64.b64encode(key).decode()


def key(secret: str) -> bytes:
    """Return the key in a secret; raises ValueError for text that is not a secret."""
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("not a secret") from error


def sign(secret: str, *, id: str, timestamp: int, body: bytes) -> str:  # noqa: A002 - its name
    """Return the signature of a message with one secret: ``v1,<base64>``."""
    signed = b"%s.%d.%s" % (id.encode(), timestamp, body)
    return "v1," + base64.b64encode(hmac.digest(key(secret), signed, "sha256")).decode()


def headers(
    secrets: Iterable[str],
    *,
    id: str,  # noqa: A002 - its name
    moment: datetime,
    body: bytes,
) -> dict[str, str]:
    """Return the three webhook headers, with one signature per secret."""
    timestamp = int(moment.timestamp())
    signed = [sign(one, id=id, timestamp=timestamp, body=body) for one in secrets]
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signed),
    }
