"""A manager, and the channel form opened by her."""

import pytest
from django.urls import reverse

from tests import factories
from tests.forms import Form


@pytest.fixture
def maria(client):
    """A manager who is signed in to the Admin."""
    person = factories.manager()
    person.is_staff = True
    person.save()
    client.force_login(person)
    return person


@pytest.fixture
def address(berlin):
    return reverse("admin:livechat_channel_change", args=[berlin.pk])


@pytest.fixture
def opened(client, maria, address):
    """Return what the form of Berlin would send now."""

    def open_form() -> dict[str, str]:
        response = client.get(address)
        assert response.status_code == 200
        return Form(response.content.decode()).data

    return open_form
