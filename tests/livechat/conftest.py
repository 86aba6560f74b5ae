"""The manager who works in the Admin."""

import pytest

from livechat.models import User
from tests import factories


@pytest.fixture
def maria(client) -> User:
    """A manager who is signed in to the Admin."""
    person = factories.manager()
    person.is_staff = True
    person.save()
    client.force_login(person)
    return person
