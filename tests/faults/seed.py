"""The channel and operators of a fault test. Runs inside ``manage.py shell``."""

import json
import sys

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import Group
from django.contrib.sessions.backends.db import SessionStore

from livechat.domain import rights
from livechat.models import Channel, Membership, Operator, User


def seed(operators: int) -> None:
    """Create a channel with its operators; write {channel, sessions} to stdout: key and cookies."""
    channel = Channel.objects.create(name="Berlin support", slug="berlin", key="berlin")
    group = Group.objects.get(name=rights.OPERATORS)
    sessions = []
    for number in range(operators):
        user = User.objects.create_user(f"operator{number}", first_name=f"Operator {number}")
        user.groups.add(group)
        Membership.objects.create(channel=channel, operator=Operator.objects.get(user=user))
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        # The cookie's names without TLS and with TLS.
        key = session.session_key
        sessions.append(f"sessionid={key}; __Host-sessionid={key}")
    sys.stdout.write(json.dumps({"channel": channel.key, "sessions": sessions}))
