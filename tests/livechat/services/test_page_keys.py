"""Keys with which a website's page resumes one conversation."""

import uuid

import pytest

from livechat.errors import NotFound
from livechat.models import Conversation
from livechat.policy import VisitorActor
from livechat.services import conversations, page_keys
from tests import factories

SHOP = "https://shop.example"


@pytest.fixture
def opened(vera, anna) -> Conversation:
    return factories.conversation(vera)


@pytest.fixture
def key(vera, opened) -> str:
    return page_keys.make(vera, opened.public_id, SHOP)


def test_a_later_page_of_the_website_resumes_the_conversation(vera, berlin, key):
    assert page_keys.resume(berlin, key, SHOP) == vera.visitor


def test_a_key_is_void_once_its_successor_was_used(vera, opened, berlin, key):
    page_keys.resume(berlin, key, SHOP)
    second = page_keys.make(vera, opened.public_id, SHOP)

    assert page_keys.resume(berlin, key, SHOP) == vera.visitor  # another tab, at the same time
    assert page_keys.resume(berlin, second, SHOP) == vera.visitor
    assert page_keys.resume(berlin, key, SHOP) is None
    assert page_keys.resume(berlin, second, SHOP) == vera.visitor


def test_a_key_that_was_never_used_is_void_with_the_others(vera, opened, berlin, key):
    spare = page_keys.make(vera, opened.public_id, SHOP)
    page_keys.resume(berlin, key, SHOP)
    page_keys.resume(berlin, page_keys.make(vera, opened.public_id, SHOP), SHOP)

    assert page_keys.resume(berlin, spare, SHOP) is None


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://shop.example", "https://shop.example:8443", ""]
)
def test_another_website_cannot_use_a_key(berlin, key, origin):
    assert page_keys.resume(berlin, key, origin) is None


def test_a_key_is_of_one_channel(key):
    assert page_keys.resume(factories.channel("Paris"), key, SHOP) is None


def test_a_key_ends_with_its_conversation(vera, opened, berlin, key):
    conversations.close(vera, opened.public_id)

    assert page_keys.resume(berlin, key, SHOP) is None


def test_a_key_expires_like_a_visitors_token(settings, berlin, key):
    settings.VISITOR_TOKEN_MAX_AGE = -1

    assert page_keys.resume(berlin, key, SHOP) is None


@pytest.mark.parametrize("tamper", [lambda key: "", lambda key: "x" * 512, lambda key: key[:-1]])
def test_a_key_that_was_tampered_with_resumes_nothing(berlin, key, tamper):
    assert page_keys.resume(berlin, tamper(key), SHOP) is None


def test_a_key_of_another_conversation_cannot_be_made_of_one(berlin, key):
    value, _, signature = key.partition(":")
    other = factories.conversation(factories.visitor(berlin)).public_id.hex

    assert page_keys.resume(berlin, f"{other}.{value.partition('.')[2]}:{signature}", SHOP) is None


def test_no_key_is_made_for_the_conversation_of_another_visitor(berlin, opened):
    with pytest.raises(NotFound):
        page_keys.make(VisitorActor(uuid.uuid4(), berlin.pk), opened.public_id, SHOP)


def test_no_key_is_made_for_a_conversation_that_ended_or_for_no_origin(vera, opened):
    with pytest.raises(NotFound):
        page_keys.make(vera, opened.public_id, "")
    conversations.close(vera, opened.public_id)
    with pytest.raises(NotFound):
        page_keys.make(vera, opened.public_id, SHOP)
