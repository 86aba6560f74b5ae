"""The processes of a fault test of deliveries. Runs inside ``manage.py shell``."""

import sys
import time
import uuid
from datetime import UTC, datetime

from livechat.domain.deliveries import CHOSEN
from livechat.models import Channel, Conversation, Webhook
from livechat.policy import VisitorActor
from livechat.services import conversations, deliveries, messages
from livechat.services.conversations import Arrival
from livechat.services.messages import Item


def prepare(url: str) -> None:
    """Create a webhook for all events; write its secret to stdout."""
    events = [event.value for event in CHOSEN]
    sys.stdout.write(Webhook.objects.create(name="Shop", url=url, events=events).secret)


def write(chats: int, texts: int) -> None:
    """Let visitors open conversations, write messages in turn, and close them."""
    channel = Channel.objects.get()
    people = [VisitorActor(uuid.uuid4(), channel.pk) for _ in range(chats)]
    opened = [
        conversations.open_conversation(who, client_id=uuid.uuid4(), text="0", arrival=Arrival())
        for who in people
    ]
    for number in range(1, texts):
        messages.post_messages(
            [
                Item(who, chat.conversation, uuid.uuid4(), str(number))
                for who, chat in zip(people, opened, strict=True)
            ]
        )
        time.sleep(0.1)
    for who, chat in zip(people, opened, strict=True):
        conversations.close(who, chat.conversation)
    assert not Conversation.objects.open().exists()


def work(since: float, speed: int) -> None:
    """Deliver forever, with a clock that has run `speed` times as fast since the moment `since`."""
    while True:
        deliveries.work(datetime.fromtimestamp(since + (time.time() - since) * speed, UTC))
        time.sleep(0.02)
