"""``python -m benchmarks.seed 500``: insert conversations directly into the database.

Prints as JSON, per conversation: its id, the key of its channel, the visitor's token and the key
of the operator's login session. Each operator has one conversation; each channel ten operators.
"""

import json
import os
import sys
import uuid
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.auth.models import Group  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.contrib.sessions.models import Session  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from livechat import auth  # noqa: E402
from livechat.domain import rights  # noqa: E402
from livechat.domain.enumerations import Outcome, Role, State, Status  # noqa: E402
from livechat.models import (  # noqa: E402
    Channel,
    ChannelRule,
    Conversation,
    Membership,
    Operator,
    Participant,
    User,
    Visitor,
)

RULES = 10
"""Rules per channel; none matches the page that the benchmark requests."""
PER_CHANNEL = 10


@transaction.atomic
def seed(count: int) -> list[dict[str, str]]:
    """Create `count` conversations of a visitor and an operator; return how to enter them."""
    now, run = timezone.now(), uuid.uuid4().hex[:8]
    channels = Channel.objects.bulk_create(
        Channel(name=f"Channel {number}", slug=f"{run}-{number}")
        for number in range(-(-count // PER_CHANNEL))
    )
    users = User.objects.bulk_create(
        User(username=f"{run}-{number}", password="!", first_name="Operator")  # noqa: S106
        for number in range(count)
    )
    group = Group.objects.get(name=rights.OPERATORS)
    User.groups.through.objects.bulk_create(
        User.groups.through(user=user, group=group) for user in users
    )
    operators = Operator.objects.bulk_create(Operator(user=user) for user in users)
    ChannelRule.objects.bulk_create(
        ChannelRule(channel=channel, sequence=number, regex_url=f"/section-{number}/.*[.]html$")
        for channel in channels
        for number in range(RULES)
    )
    homes = [channels[number // PER_CHANNEL] for number in range(count)]
    Membership.objects.bulk_create(
        Membership(channel=channel, operator=operator)
        for channel, operator in zip(homes, operators, strict=True)
    )
    visitors = Visitor.objects.bulk_create(Visitor() for _ in range(count))
    conversations = Conversation.objects.bulk_create(
        Conversation(
            channel=channel,
            visitor=visitor,
            operator=operator,
            opening_id=uuid.uuid4(),
            state=State.ASSIGNED.value,
            status=Status.IN_PROGRESS.value,
            outcome=Outcome.NO_ANSWER.value,
            opened_at=now,
            last_message_at=now,
        )
        for channel, visitor, operator in zip(homes, visitors, operators, strict=True)
    )
    Participant.objects.bulk_create(
        person
        for conversation in conversations
        for person in (
            Participant(conversation=conversation, role=Role.VISITOR.value, joined_at=now),
            Participant(
                conversation=conversation,
                role=Role.OPERATOR.value,
                operator=conversation.operator,
                display_name="Operator",
                joined_at=now,
            ),
        )
    )
    return [
        {
            "conversation": str(conversation.public_id),
            "key": conversation.channel.key,
            "token": auth.visitor_token(conversation.visitor.public_id, conversation.channel.key),
            "session": session,
        }
        for conversation, session in zip(conversations, _sign_in(users), strict=True)
    ]


def _sign_in(users: list[User]) -> list[str]:
    store = SessionStore()
    sessions = [
        Session(
            session_key=uuid.uuid4().hex,
            session_data=store.encode(_session(user)),
            expire_date=store.get_expiry_date(),
        )
        for user in users
    ]
    return [session.session_key for session in Session.objects.bulk_create(sessions)]


def _session(user: User) -> dict[str, Any]:
    return {
        SESSION_KEY: str(user.pk),
        BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend",
        HASH_SESSION_KEY: user.get_session_auth_hash(),
    }


if __name__ == "__main__":
    json.dump(seed(int(sys.argv[1])), sys.stdout)
