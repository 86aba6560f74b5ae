"""Signing what we send, as https://www.standardwebhooks.com describes it."""

import base64
import binascii
import hmac
from collections.abc import Iterable
from datetime import datetime

PREFIX = "whsec_"
KEY_BYTES = 32


def secret(key: bytes) -> str:
    """Return a key as people copy it."""
    return PREFIX + base64.b64encode(key).decode()


def key(secret: str) -> bytes:
    """Return the key of a secret; raises ValueError where it is none."""
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("not a secret") from error


def sign(secret: str, *, id: str, timestamp: int, body: bytes) -> str:  # noqa: A002 - its name
    """Return the signature of one message under one secret: ``v1,<base64>``."""
    signed = b"%s.%d.%s" % (id.encode(), timestamp, body)
    return "v1," + base64.b64encode(hmac.digest(key(secret), signed, "sha256")).decode()


def headers(
    secrets: Iterable[str],
    *,
    id: str,  # noqa: A002 - its name
    moment: datetime,
    body: bytes,
) -> dict[str, str]:
    """Return the three headers; with several secrets, one signature for each."""
    timestamp = int(moment.timestamp())
    signed = [sign(one, id=id, timestamp=timestamp, body=body) for one in secrets]
    return {
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signed),
    }
