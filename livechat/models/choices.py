"""Choices with labels for people: the enumerations of `domain.states` and `domain.deliveries`,
languages and time zones."""

import zoneinfo
from functools import cache
from typing import Any

from django.conf import settings
from django.conf.locale import LANG_INFO
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from livechat.domain.deliveries import DeliveryKind, DeliveryState, EventType, Failure
from livechat.domain.enumerations import (
    Absence,
    Availability,
    ButtonAction,
    Corner,
    FileSet,
    Kind,
    LimitMode,
    Outcome,
    ResponderCondition,
    Role,
    State,
    Status,
    SystemEvent,
    Theme,
)

STATES = [
    (State.QUEUED.value, _("Waiting")),
    (State.BOT.value, _("Bot")),
    (State.ASSIGNED.value, _("Assigned")),
    (State.CLOSED.value, _("Closed")),
]
STATUSES = [
    (Status.IN_PROGRESS.value, _("In progress")),
    (Status.WAITING_FOR_CUSTOMER.value, _("Waiting for customer")),
    (Status.NEED_HELP.value, _("Looking for help")),
]
OUTCOMES = [
    (Outcome.NO_ANSWER.value, _("Never answered")),
    (Outcome.NO_AGENT.value, _("No one available")),
    (Outcome.NO_FAILURE.value, _("Success")),
    (Outcome.ESCALATED.value, _("Escalated")),
]
ROLES = [
    (Role.VISITOR.value, _("Visitor")),
    (Role.OPERATOR.value, _("Operator")),
    (Role.BOT.value, _("Bot")),
]
KINDS = [
    (Kind.TEXT.value, _("Text")),
    (Kind.NOTE.value, _("Note")),
    (Kind.SYSTEM.value, _("System entry")),
]
SYSTEM_EVENTS = [
    (SystemEvent.ASSIGNED.value, _("Assigned")),
    (SystemEvent.JOINED.value, _("Joined the conversation")),
    (SystemEvent.LEFT.value, _("Left the conversation")),
    (SystemEvent.CLOSED_BY_VISITOR.value, _("Closed by the visitor")),
    (SystemEvent.CLOSED_BY_OPERATOR.value, _("Closed by an operator")),
    (SystemEvent.CLOSED_SILENT.value, _("Closed after a day without messages")),
    (SystemEvent.LOST.value, _("Lost the connection")),
]
AVAILABILITIES = [
    (Availability.AVAILABLE.value, _("Available")),
    (Availability.BUSY.value, _("Busy")),
    (Availability.INVISIBLE.value, _("Invisible")),
]
LIMIT_MODES = [
    (LimitMode.UNLIMITED.value, _("Unlimited")),
    (LimitMode.LIMITED.value, _("Limited")),
]
BUTTON_ACTIONS = [
    (ButtonAction.SHOW.value, _("Show")),
    (ButtonAction.SHOW_WITH_NOTIFICATION.value, _("Show with notification")),
    (ButtonAction.OPEN_AUTOMATICALLY.value, _("Open automatically")),
    (ButtonAction.HIDE.value, _("Hide")),
]
ABSENCES = [
    (Absence.KEEP.value, _("Keep the button; visitors can leave a message")),
    (Absence.HIDE.value, _("Hide the button")),
]
CORNERS = [
    (Corner.END.value, _("Right")),
    (Corner.START.value, _("Left")),
]
THEMES = [
    (Theme.AUTO.value, _("Same as the visitor's device")),
    (Theme.LIGHT.value, _("Light")),
    (Theme.DARK.value, _("Dark")),
]


def chat_languages() -> list[tuple[str, Any]]:
    """Return the choices for a chat's language; "" is that of the page around it."""
    return [("", _("Same as the page")), *settings.LANGUAGES]


FILE_SETS = [
    (FileSet.NONE.value, _("No files")),
    (FileSet.IMAGES.value, _("Images")),
    (FileSet.DOCUMENTS.value, _("Images and documents")),
    (FileSet.ALL.value, _("Images, documents, audio, video and archives")),
]
RESPONDER_CONDITIONS = [
    (ResponderCondition.ALWAYS.value, _("Always")),
    (ResponderCondition.NO_OPERATOR.value, _("Enabled only if no operator")),
    (ResponderCondition.OPERATOR.value, _("Enabled only if an operator is available")),
]

DELIVERY_KINDS = [(DeliveryKind.WEBHOOK.value, _("Webhook"))]
DELIVERY_STATES = [
    (DeliveryState.PENDING.value, _("Pending")),
    (DeliveryState.DONE.value, _("Delivered")),
    (DeliveryState.GIVEN_UP.value, _("Failed")),
]
EVENT_TYPES = [
    (EventType.CONVERSATION_CREATED.value, _("Conversation started")),
    (EventType.CONVERSATION_ASSIGNED.value, _("Conversation assigned to an operator")),
    (EventType.CONVERSATION_CLOSED.value, _("Conversation closed")),
    (EventType.MESSAGE_CREATED.value, _("New message (not notes)")),
    (EventType.PING.value, _("Test")),
]
FAILURES = [
    (Failure.STATUS.value, _("Rejected by the receiver")),
    (
        Failure.REDIRECT.value,
        _("The receiver responded with a redirect; Livechat does not follow redirects"),
    ),
    (Failure.GONE.value, _("The receiver responded with 410 (Gone); the webhook was disabled")),
    (Failure.TIMEOUT.value, _("No response in time")),
    (Failure.CONNECTION.value, _("The connection failed or was interrupted")),
    (Failure.TLS.value, _("Invalid certificate or TLS error")),
    (Failure.NAME.value, _("The host name was not found")),
    (Failure.ADDRESS.value, _("Webhooks must not use the address of this host")),
    (Failure.ANSWER.value, _("The response is not valid HTTP")),
    (Failure.TOO_LARGE.value, _("The event is larger than 256 KiB")),
    (Failure.SWITCHED_OFF.value, _("The webhook is disabled")),
    (Failure.CRASHED.value, _("Internal error; see the server log")),
]


def language_names() -> list[tuple[str, str]]:
    """Return (code, "German – Deutsch") for each language that Django has a name for."""
    pairs = []
    for code, known in LANG_INFO.items():
        if "name" not in known:
            continue  # an alias of another code in the list
        info = get_language_info(code)
        translated, local = str(info["name_translated"]), str(info["name_local"])
        is_one = translated.casefold() == local.casefold()
        pairs.append((info["code"], translated if is_one else f"{translated} – {local}"))
    return sorted(pairs, key=lambda pair: pair[1].lower())


def country_names() -> list[tuple[str, str]]:
    """Return (ISO code, name) for each country, by name."""
    return list(countries)


@cache
def time_zones() -> tuple[str, ...]:
    """Return the names of all time zones, UTC first. Cached: Python opens 600 files for them."""
    names = zoneinfo.available_timezones()
    return ("UTC", *sorted(name for name in names if "/" in name))
