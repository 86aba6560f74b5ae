"""The demo's people and channel. Safe to repeat; passwords are made on this machine."""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction

from livechat.domain import rights
from livechat.models import Channel, ChannelRule, Membership, Operator, User

ACCOUNTS_FILE = "demo-accounts.json"
CHANNEL_SLUG = "kettle-and-leaf"


@dataclass(frozen=True)
class Person:
    username: str
    first_name: str
    last_name: str
    group: str
    chat_name: str = ""
    languages: tuple[str, ...] = ("en",)
    is_superuser: bool = False


PEOPLE = (
    Person("anna", "Anna", "Lindqvist", rights.OPERATORS, "Anna", ("en", "de")),
    Person("ben", "Ben", "Okafor", rights.OPERATORS, "Ben", ("en",)),
    Person("admin", "Maria", "Santos", rights.MANAGERS, is_superuser=True),
    Person("analyst", "Yusuf", "Demir", rights.ANALYSTS),
)


@transaction.atomic
def load() -> dict[str, str]:
    """Make what is missing of the demo; return username -> password of all its accounts."""
    passwords = _passwords()
    for person in PEOPLE:
        user, made = User.objects.get_or_create(
            username=person.username,
            defaults={
                "first_name": person.first_name,
                "last_name": person.last_name,
                "email": f"{person.username}@kettle-and-leaf.example",
                "is_staff": person.is_superuser,
                "is_superuser": person.is_superuser,
            },
        )
        if made or not user.check_password(passwords[person.username]):
            user.set_password(passwords[person.username])
            user.save()
        user.groups.add(Group.objects.get(name=person.group))
        if person.group == rights.OPERATORS:
            Operator.objects.filter(user=user, chat_name="").update(
                chat_name=person.chat_name, languages=list(person.languages)
            )
    _channel()
    return passwords


def _channel() -> None:
    channel, made = Channel.objects.get_or_create(
        slug=CHANNEL_SLUG,
        defaults={
            "name": "Kettle & Leaf",
            "key": "kettleandleaf",
            "button_text": "Questions about tea? We are here.",
            "welcome_message": "Welcome to Kettle & Leaf! What are you brewing today?",
            "button_background_color": "#2f5d50",
            "header_background_color": "#2f5d50",
        },
    )
    if made:
        ChannelRule.objects.create(channel=channel)
        for operator in Operator.objects.filter(user__username__in=["anna", "ben"]):
            Membership.objects.create(channel=channel, operator=operator)


def _passwords() -> dict[str, str]:
    """Return the demo's passwords, made on the first call and kept beside the database."""
    path = Path(settings.VAR_DIR) / ACCOUNTS_FILE
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    missing = [person.username for person in PEOPLE if person.username not in known]
    if missing:
        known |= {username: secrets.token_urlsafe(12) for username in missing}
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump(known, file, indent=2)
    return known
