"""Fixtures of the channel form, opened by a manager."""

import pytest
from django.urls import reverse

from tests.forms import Form


@pytest.fixture
def address(berlin):
    return reverse("admin:livechat_channel_change", args=[berlin.pk])


@pytest.fixture
def opened(client, maria, address):
    """Return a function that returns what the unchanged form of Berlin would send."""

    def open_form() -> dict[str, str]:
        response = client.get(address)
        assert response.status_code == 200
        return Form(response.content.decode()).data

    return open_form
