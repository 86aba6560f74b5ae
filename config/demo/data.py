"""The demo's accounts and channel. Loading is safe to repeat; passwords are random."""

import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.db import transaction

from livechat.domain import rights
from livechat.domain.enumerations import ButtonAction
from livechat.models import (
    CannedResponse,
    Channel,
    ChannelRule,
    Expertise,
    Membership,
    Operator,
    User,
    file_storage,
)
from livechat.services.operators import picture_file

PICTURES = Path(__file__).parent / "pictures"
"""Pictures of operators, by username; `docs/tools/demo_portraits.py` generates them."""
ACCOUNTS_FILE = "demo-accounts.json"
CHANNEL_SLUG = "kettle-and-leaf"
CHANNEL_KEY = "kettleandleaf"


@dataclass(frozen=True)
class Person:
    username: str
    first_name: str
    last_name: str
    group: str
    chat_name: str = ""
    languages: tuple[str, ...] = ("en",)
    country: str = ""
    is_superuser: bool = False
    is_staff: bool = False


PEOPLE = (
    Person("anna", "Anna", "Lindqvist", rights.OPERATORS, "Anna", ("en", "de"), "DE"),
    Person("ben", "Ben", "Okafor", rights.OPERATORS, "Ben", ("en", "ar"), "EG"),
    Person("admin", "Maria", "Santos", rights.MANAGERS, is_superuser=True, is_staff=True),
    Person("analyst", "Yusuf", "Demir", rights.ANALYSTS, is_staff=True),
)


@dataclass(frozen=True)
class DemoRule:
    action: ButtonAction
    pattern: str
    timer_seconds: int = 0
    countries: tuple[str, ...] = field(default_factory=tuple)


RULES = (
    DemoRule(ButtonAction.HIDE, "/demo/checkout"),
    DemoRule(ButtonAction.SHOW_WITH_NOTIFICATION, "/demo/pricing"),
    DemoRule(ButtonAction.OPEN_AUTOMATICALLY, "/demo/contact", timer_seconds=3),
    DemoRule(ButtonAction.SHOW_WITH_NOTIFICATION, "/demo/finder/result"),
    DemoRule(ButtonAction.OPEN_AUTOMATICALLY, "/demo/shop", timer_seconds=2, countries=("JP",)),
)
"""Rules for all actions except showing the button, which a last rule does on all other pages."""

TRANSLATIONS = {
    "button_text": {
        "de": "Fragen zum Tee? Wir sind da.",
        "ar": "هل لديك سؤال عن الشاي؟ نحن هنا.",
    },
    "welcome_message": {
        "de": "Willkommen bei Kettle & Leaf! Was gießen Sie heute auf?",
        "ar": "أهلًا بك في Kettle & Leaf! أي شاي تحضّر اليوم؟",
    },
    "suggestions": {
        "de": "Welcher Tee passt zum Abend?\nWo ist mein Paket?\nKann ich eine Box verschenken?",
        "ar": "أي شاي يناسب المساء؟\nأين طردي؟\nأيمكنني إهداء صندوق؟",
    },
    "input_placeholder": {
        "de": "Schreiben Sie uns …",
        "ar": "اكتب لنا…",
    },
}
SUGGESTIONS = (
    "Which tea suits the evening?",
    "Where is my parcel?",
    "Can I give a box as a present?",
)
EXPERTISE = {
    "Gifts and boxes": ("ben",),
    "Orders and delivery": ("anna", "ben"),
    "Tea advice": ("anna",),
}
"""Fields of expertise, with the usernames of their operators."""
CANNED = {
    "hello": "Hello, and welcome to Kettle & Leaf! What can I do for you?",
    "moment": "One moment, please: I am looking that up for you.",
    "parcel": "I will gladly look for your parcel. Would you tell me the number of your order? It "
    "is in the subject of our confirmation, like KL-10234.",
    "delivery": "We pack on the day you order, if you order before noon. Within Europe a parcel "
    "travels two to four days; from € 40 on it travels free.",
    "brew": "For green tea: two teaspoons for half a litre, water of 75 degrees, two minutes. It "
    "is good for three infusions; give each one a minute more.",
    "bye": "Thank you for writing to us. Enjoy your tea, and come back whenever you like!",
}
"""Canned responses by shortcut; they belong to Maria, who shares them with the team."""
CONTACT_HINT = "tea@kettle-and-leaf.example, Monday to Friday from 9:00 to 17:00"


@transaction.atomic
def load() -> dict[str, str]:
    """Create the missing parts of the demo; return username -> password of all its accounts.

    Safe to repeat. Resets a changed password.
    """
    passwords = _passwords()
    for person in PEOPLE:
        user, made = User.objects.get_or_create(
            username=person.username,
            defaults={
                "first_name": person.first_name,
                "last_name": person.last_name,
                "email": f"{person.username}@kettle-and-leaf.example",
                "is_staff": person.is_staff,
                "is_superuser": person.is_superuser,
            },
        )
        if made or not user.check_password(passwords[person.username]):
            user.set_password(passwords[person.username])
            user.save()
        if person.is_staff and not user.is_staff:  # older demos kept the analyst out of the Admin
            user.is_staff = True
            user.save(update_fields=["is_staff"])
        user.groups.add(Group.objects.get(name=person.group))
        if person.group == rights.OPERATORS:
            Operator.objects.filter(user=user, chat_name="").update(
                chat_name=person.chat_name,
                languages=list(person.languages),
                country=person.country,
            )
            _picture(user)
    _channel()
    _expertise()
    _canned()
    return passwords


def _picture(user: User) -> None:
    """Give an operator the demo's picture, unless they have another one."""
    name = f"kettle-and-leaf-{user.username}.webp"
    operator = Operator.objects.filter(user=user, avatar__in=["", name]).first()
    if operator is None:
        return
    if not file_storage().exists(picture_file(name)):
        drawn = (PICTURES / f"{user.username}.webp").read_bytes()
        file_storage().save(picture_file(name), ContentFile(drawn))
    operator.avatar = name
    operator.save(update_fields=["avatar"])


def _expertise() -> None:
    if Expertise.objects.exists():
        return
    for name, usernames in EXPERTISE.items():
        made = Expertise.objects.create(name=name)
        made.operators.set(Operator.objects.filter(user__username__in=usernames))


def _canned() -> None:
    """Create canned responses and share them with the team, unless there are any."""
    if CannedResponse.objects.exists():
        return
    owner = User.objects.get(username="admin")
    team = Group.objects.filter(name__in=[rights.OPERATORS, rights.MANAGERS])
    for shortcut, substitution in CANNED.items():
        made = CannedResponse.objects.create(
            shortcut=shortcut, substitution=substitution, owner=owner
        )
        made.groups.set(team)


def _channel() -> None:
    channel, made = Channel.objects.get_or_create(
        slug=CHANNEL_SLUG,
        defaults={
            "name": "Kettle & Leaf",
            "key": CHANNEL_KEY,
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
    _extend(channel)
    _suggest(channel)


def _suggest(channel: Channel) -> None:
    """Give the channel its suggestions, unless it has some or was ever saved in the Admin."""
    if channel.revision or channel.suggestions:
        return
    channel.suggestions = "\n".join(SUGGESTIONS)
    if channel.translations:
        channel.translations["suggestions"] = TRANSLATIONS["suggestions"]
    channel.save(update_fields=["suggestions", "translations"])


def _extend(channel: Channel) -> None:
    """Give the channel its rules and translations, unless an administrator has changed the rules.

    A new channel, or one of an older demo, has a single rule with default values. That rule stays,
    as the last one.
    """
    rules = list(channel.rules.all())
    if len(rules) != 1 or not _says_nothing(rules[0]):
        return
    rules[0].sequence = (len(RULES) + 1) * 10
    rules[0].save()
    for position, rule in enumerate(RULES, 1):
        ChannelRule.objects.create(
            channel=channel,
            sequence=position * 10,
            action=rule.action.value,
            regex_url=rule.pattern,
            auto_popup_timer=rule.timer_seconds,
            countries=",".join(rule.countries),
        )
    channel.translations = channel.translations or TRANSLATIONS
    channel.contact_hint = channel.contact_hint or CONTACT_HINT
    channel.save()


def _says_nothing(rule: ChannelRule) -> bool:
    fresh = ChannelRule(pk=rule.pk, channel=rule.channel)
    return rule.as_rule() == fresh.as_rule()


def _passwords() -> dict[str, str]:
    """Return username -> password. The first call creates the passwords and stores them in
    `VAR_DIR`."""
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
