"""A consumer as in tutorials: it stores a message, then sends it to the room."""

from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from benchmarks.naive.models import Message


class ChatConsumer(AsyncJsonWebsocketConsumer):
    """One client in one room. The copy of its own message is its acknowledgement."""

    async def connect(self) -> None:
        self.room = self.scope["url_route"]["kwargs"]["room"]
        self.author = self.scope["url_route"]["kwargs"]["author"]
        await self.channel_layer.group_add(self.room, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(self.room, self.channel_name)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        await self.store(content["text"])
        await self.channel_layer.group_send(
            self.room,
            {
                "type": "chat.message",
                "client_id": content["client_id"],
                "author": self.author,
                "text": content["text"],
            },
        )

    async def chat_message(self, event: dict[str, Any]) -> None:
        await self.send_json(event)

    @database_sync_to_async
    def store(self, text: str) -> None:
        Message.objects.create(room=self.room, author=self.author, text=text)
