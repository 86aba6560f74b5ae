"""All widgets as websites see them, read as one snapshot. The loader and `init` respond from it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings
from django.db import transaction

from livechat import responder_registry
from livechat.database import database_time
from livechat.domain.enumerations import Absence
from livechat.domain.rules import Rule
from livechat.models import Channel, ChannelRule, Embedding
from livechat.services import assignment

MAX_EMBEDDINGS = 50
"""Websites stored per channel. Any page can claim any name, so the oldest are deleted."""


@dataclass(frozen=True, slots=True)
class Look:
    """What the loader needs to draw a channel's button: values of its columns.

    Offsets are in pixels; `background` and `foreground` are the button's colours.
    """

    name: str
    theme: str
    position: str
    offset_x: int
    offset_y: int
    background: str
    foreground: str


@dataclass(frozen=True, slots=True)
class Widget:
    """An active channel as websites see it. `language`: its own, "" for that of the page;
    `texts`: language -> notification text, for each that a chat can be shown in; `by_country`: some
    rule needs the visitor's country."""

    channel: int
    key: str
    look: Look
    language: str
    texts: Mapping[str, str]
    origins: tuple[str, ...]
    rules: tuple[Rule, ...]
    absence: Absence
    available: bool
    by_country: bool


def snapshot() -> dict[str, Widget]:
    """Return key -> widget of all active channels: at most four queries and the responders'."""
    now = database_time.now()
    channels = list(Channel.objects.active())
    available = assignment.available_channels(channels, now)
    rules: defaultdict[int, list[Rule]] = defaultdict(list)
    ready = responder_registry.ready()
    for row in ChannelRule.objects.filter(channel__is_active=True):
        rules[row.channel_id].append(_rule(row, ready))
    return {
        channel.key: Widget(
            channel=channel.pk,
            key=channel.key,
            look=_look(channel),
            language=channel.language,
            texts=_texts(channel),
            origins=tuple(channel.origins),
            rules=tuple(rules[channel.pk]),
            absence=Absence(channel.absence),
            available=channel.pk in available,
            by_country=any(rule.countries for rule in rules[channel.pk]),
        )
        for channel in channels
    }


def rules_of(channel: Channel) -> list[Rule]:
    """Return the rules of one channel as values; each says whether its responder is ready."""
    ready = responder_registry.ready()
    return [_rule(row, ready) for row in channel.rules.all()]


@transaction.atomic
def remember(sightings: Mapping[tuple[int, str], datetime]) -> None:
    """Store which websites requested a widget and when: (channel pk, origin) -> moment.

    Safe to repeat. Ignores channels that were deleted.
    """
    known = set(
        Channel.objects.filter(pk__in={channel for channel, _ in sightings})
        .select_for_update(no_key=True)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    for (channel, origin), at in sightings.items():
        if channel in known:
            Embedding.objects.update_or_create(
                channel_id=channel,
                origin=origin,
                defaults={"last_at": at},
                create_defaults={"first_at": at, "last_at": at},
            )
    for channel in known:
        rows = Embedding.objects.filter(channel_id=channel)
        kept = rows.order_by("-last_at").values_list("pk", flat=True)[:MAX_EMBEDDINGS]
        rows.exclude(pk__in=list(kept)).delete()


def _look(channel: Channel) -> Look:
    return Look(
        name=channel.name,
        theme=channel.theme,
        position=channel.button_position,
        offset_x=channel.button_offset_x,
        offset_y=channel.button_offset_y,
        background=channel.button_background_color,
        foreground=channel.button_text_color,
    )


def _rule(row: ChannelRule, ready: frozenset[str]) -> Rule:
    rule = row.as_rule()
    return replace(rule, responder_ready=rule.responder in ready) if rule.responder else rule


def _texts(channel: Channel) -> dict[str, str]:
    return {code: channel.text("button_text", code) for code, _name in settings.LANGUAGES}
