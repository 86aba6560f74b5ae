"""People and places for tests: plain functions with defaults that can be overridden."""

import uuid
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.utils import timezone

from livechat import outbox
from livechat.domain import rights
from livechat.domain.deliveries import CHOSEN
from livechat.models import Channel, Conversation, Membership, Operator, User, Webhook
from livechat.policy import StaffActor, VisitorActor
from livechat.services import conversations, operators
from livechat.services.conversations import Arrival, Opened


def user(name: str, *, group: str | None = None, **fields: Any) -> User:
    fields = {"first_name": name.capitalize(), "last_name": "Example", **fields}
    made = User.objects.create_user(username=name, password="a long password 42", **fields)
    if group is not None:
        made.groups.add(Group.objects.get(name=group))
    return made


def operator(name: str, *channels: Channel, online: bool = True, **fields: Any) -> Operator:
    """Create an operator of `channels`, by default online and active now."""
    made: Operator = user(name, group=rights.OPERATORS).operator
    now = timezone.now()
    if online:
        fields = {"seen_at": now, "active_at": now, **fields}
    for field, value in {"chat_name": name.capitalize(), **fields}.items():
        setattr(made, field, value)
    made.save()
    for channel in channels:
        Membership.objects.create(channel=channel, operator=made)
    return made


def permissions(*codenames: str) -> list[Permission]:
    return list(Permission.objects.filter(codename__in=codenames))


def manager(name: str = "maria") -> User:
    return user(name, group=rights.MANAGERS)


def channel(name: str = "Berlin", **fields: Any) -> Channel:
    return Channel.objects.create(name=name, slug=fields.pop("slug", name.lower()), **fields)


def actor(operator: Operator | User) -> StaffActor:
    """Return an actor with the current rights of an operator or user."""
    return operators.staff_actor(
        operator.user_id if isinstance(operator, Operator) else int(operator.pk)
    )


def visitor(channel: Channel) -> VisitorActor:
    """Return a visitor of `channel`; they have no row before their first message."""
    return VisitorActor(uuid.uuid4(), channel.pk)


def opened(who: VisitorActor, text: str = "Hello", **arrival: Any) -> Opened:
    return conversations.open_conversation(
        who, client_id=uuid.uuid4(), text=text, arrival=Arrival(**arrival)
    )


def conversation(who: VisitorActor, text: str = "Hello", **arrival: Any) -> Conversation:
    return Conversation.objects.get(pk=opened(who, text, **arrival).pk)


def webhook(url: str = "https://hooks.example.com/", **fields: Any) -> Webhook:
    """Create a webhook, by default for all events. It receives events at once."""
    fields = {"name": "Shop", "events": [event.value for event in CHOSEN], **fields}
    made = Webhook.objects.create(url=url, **fields)
    outbox.listeners.forget()
    return made


def minutes_ago(minutes: float) -> Any:
    return timezone.now() - timedelta(minutes=minutes)
