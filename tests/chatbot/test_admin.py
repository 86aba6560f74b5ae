"""The Admin's page of chatbots: its address, and who may open it."""

import pytest
from django.test import Client
from django.urls import reverse

from livechat.domain import rights
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("group", "status"),
    [
        (rights.MANAGERS, 200),
        (rights.OPERATORS, 403),
        (rights.ANALYSTS, 403),
        (None, 403),
    ],
)
def test_the_page_opens_for_managers_alone(client: Client, group, status):
    client.force_login(factories.user("reader", group=group, is_staff=True))

    assert client.get(reverse("admin:chatbot_chatbots")).status_code == status


def test_the_page_is_part_of_the_admin_and_closed_without_staff_status(client: Client):
    client.force_login(factories.user("reader", group=rights.MANAGERS))

    assert reverse("admin:chatbot_chatbots") == "/admin/chatbots/"
    assert client.get("/admin/chatbots/").status_code == 302
