"""Sample files, and functions that upload, send and download them."""

import io
import json
import uuid
from pathlib import Path

import PIL.Image
from asgiref.sync import async_to_sync
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from livechat import auth
from livechat.models import Attachment, Channel
from livechat.policy import VisitorActor
from livechat.services import attachments
from livechat.services.messages import Item
from tests import factories

GPS = "Somewhere secret"


def jpeg(size: tuple[int, int] = (640, 480)) -> bytes:
    """Return a photo whose metadata contains a place."""
    exif = PIL.Image.Exif()
    exif[0x010E] = GPS
    out = io.BytesIO()
    PIL.Image.new("RGB", size, "#3451d1").save(out, "JPEG", exif=exif)
    return out.getvalue()


def png(size: tuple[int, int] = (8, 8)) -> bytes:
    out = io.BytesIO()
    PIL.Image.new("RGB", size, "#d13451").save(out, "PNG")
    return out.getvalue()


def sent(data: bytes, name: str = "photo.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, "application/octet-stream")


def header(who: VisitorActor, channel: Channel) -> dict[str, str]:
    return {"Authorization": f"Visitor {auth.visitor_token(who.visitor, channel.key)}"}


def bring(client: Client, who: VisitorActor, channel: Channel, data: bytes, name: str = "a.txt"):
    """Upload a file as a visitor's browser does."""
    return client.post(
        f"/widget/{channel.key}/files/",
        {"name": name, "file": sent(data, name.replace('"', "%22"))},
        headers=header(who, channel),
    )


def kept(who, channel: Channel, data: bytes = b"Some text\n", name: str = "notes.txt"):
    """Upload through the service, without HTTP; return the row."""
    actor = who if isinstance(who, VisitorActor) else factories.actor(who)
    file = attachments.upload(actor, channel, sent(data), name=name)
    return Attachment.objects.get(public_id=file.id)


def says(who, conversation, text: str = "", *files: Attachment, **fields) -> Item:
    actor = who if isinstance(who, VisitorActor) else factories.actor(who)
    names = tuple(file.public_id for file in files)
    client_id = fields.pop("client_id", None) or uuid.uuid4()
    return Item(actor, conversation.public_id, client_id, text, files=names, **fields)


def body(response) -> bytes:
    async def whole() -> bytes:
        return b"".join([part async for part in response.streaming_content])

    return async_to_sync(whole)() if response.streaming else response.content


def code(response) -> str:
    assert response["Content-Type"] == "application/json; charset=utf-8"
    return str(json.loads(response.content)["error"]["code"])


def stored(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
