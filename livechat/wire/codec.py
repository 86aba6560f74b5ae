"""Decodes and encodes text frames."""

from typing import Any

import msgspec

from livechat.errors import Invalid
from livechat.wire.staff import StaffCommand
from livechat.wire.values import MAX_FRAME_BYTES, VERSION
from livechat.wire.visitor import VisitorCommand

_visitor_decoder = msgspec.json.Decoder(VisitorCommand)

_staff_decoder = msgspec.json.Decoder(StaffCommand)

_encoder = msgspec.json.Encoder()


class _AnyHello(msgspec.Struct, frozen=True, tag="hello"):
    """The part of a hello that all versions have; later ones may add fields."""

    version: int


_hello_decoder = msgspec.json.Decoder(_AnyHello)


def decode_visitor(frame: str | bytes | None) -> Any:
    """Return the `VisitorCommand` in `frame`.

    Raises `Invalid` with code ``bad_frame``, ``unknown_type``, ``too_large``, or ``later_client``
    for a hello of a later version whose form is unknown.
    """
    return _decode(_visitor_decoder, frame)


def decode_staff(frame: str | bytes | None) -> Any:
    """Return the `StaffCommand` in `frame`; raises as `decode_visitor` does."""
    return _decode(_staff_decoder, frame)


def encode(event: msgspec.Struct) -> str:
    """Return the text frame of an event."""
    return _encoder.encode(event).decode()


def _decode(decoder: msgspec.json.Decoder[Any], frame: str | bytes | None) -> Any:
    # The protocol is text, so all binary frames are refused. A NUL passes msgspec
    # but not PostgreSQL; deep nesting raises RecursionError, a lone surrogate UnicodeError.
    if not isinstance(frame, str) or not frame:
        raise Invalid("bad_frame")
    if len(frame) > MAX_FRAME_BYTES:
        raise Invalid("too_large")
    try:
        raw = frame.encode()
        if len(raw) > MAX_FRAME_BYTES:
            raise Invalid("too_large")
        if b"\\u0000" in raw and _has_nul(msgspec.json.decode(raw)):
            raise Invalid("bad_frame")
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        if _is_later_hello(raw):
            raise Invalid("later_client") from None
        unknown = str(error).startswith("Invalid value") and str(error).endswith("`$.type`")
        raise Invalid("unknown_type" if unknown else "bad_frame") from None
    except (ValueError, RecursionError):
        raise Invalid("bad_frame") from None


def _is_later_hello(raw: bytes) -> bool:
    try:
        return _hello_decoder.decode(raw).version > VERSION
    except (ValueError, RecursionError):
        return False


def _has_nul(value: Any) -> bool:
    """Return whether a string in a decoded JSON value contains a NUL.

    The bytes ``\\u0000`` alone do not prove it: a person may write about them.
    """
    match value:
        case str():
            return "\0" in value
        case list():
            return any(map(_has_nul, value))
        case dict():
            return any(_has_nul(key) or _has_nul(item) for key, item in value.items())
    return False
