"""Migration 0011: user names that earlier versions stored as the name that visitors see."""

from importlib import import_module

import pytest
from django.apps import apps

from livechat.models import Participant
from tests import factories

pytestmark = pytest.mark.django_db

migration = import_module("livechat.migrations.0011_stored_user_names")


def stored_name(username: str, display_name: str, *, chat_name: str = "") -> str:
    """Return what the migration leaves of the name of a participant."""
    channel = factories.channel(username)
    operator = factories.operator(username, channel, chat_name=chat_name)
    chat = factories.conversation(factories.visitor(channel))  # assigned to the only operator
    rows = Participant.objects.filter(conversation=chat, operator=operator)
    assert rows.update(display_name=display_name) == 1

    migration.forget_user_names(apps, None)

    return rows.get().display_name


@pytest.mark.parametrize("username", ["anna_signs_in", "anna_signs_in@shop.example"])
def test_a_stored_user_name_is_removed(username):
    assert stored_name(username, "anna_signs_in") == ""


def test_a_chosen_name_stays():
    assert stored_name("anna", "anna", chat_name="anna") == "anna"
    assert stored_name("ben", "Ben from Berlin") == "Ben from Berlin"


def test_visitors_keep_their_names(vera):
    chat = factories.conversation(vera)
    rows = Participant.objects.filter(conversation=chat, operator=None)
    rows.update(display_name="Vera")

    migration.forget_user_names(apps, None)

    assert rows.get().display_name == "Vera"
