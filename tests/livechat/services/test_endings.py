"""A conversation ends once, and its end is reported once: to apps, webhooks and the timeline."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from livechat import signals
from livechat.domain.enumerations import State, Status
from livechat.errors import LivechatError
from livechat.models import Conversation, Delivery
from livechat.services import cleanup, conversations, lost_operators, messages, read_marks, visitors
from tests import factories
from tests.livechat.services.test_conversations import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def endings():
    """Collect the conversations whose end the signal reported to other apps."""
    ended: list[int] = []

    def hear(conversation, **_kwargs):
        ended.append(conversation)

    signals.conversation_closed.connect(hear)
    yield ended
    signals.conversation_closed.disconnect(hear)


def lines(chat) -> list[str]:
    return list(chat.messages.filter(event__startswith="closed").values_list("event", flat=True))


def hooks() -> int:
    return Delivery.objects.filter(event="conversation.closed").count()


def end(how: str, chat: Conversation, vera, anna) -> None:
    match how:
        case "the visitor ends it":
            conversations.close(vera, chat.public_id)
        case "an operator ends it":
            conversations.close(factories.actor(anna), chat.public_id)
        case "a manager ends it":
            conversations.close(factories.actor(factories.manager()), chat.public_id)
        case "it falls silent":
            read_marks.see(factories.actor(anna), chat.public_id, 99)
            cleanup.close_silent(timezone.now() + timedelta(days=2))


@pytest.mark.parametrize(
    "how",
    ["the visitor ends it", "an operator ends it", "a manager ends it", "it falls silent"],
)
def test_an_end_is_reported_once_whatever_follows(berlin, anna, ben, vera, endings, how):
    factories.webhook()
    chat = factories.conversation(vera)
    people = [factories.actor(anna), factories.actor(ben)]
    for who in people:
        conversations.join(who, chat.public_id)
    end(how, chat, vera, anna)
    first_result = (list(endings), hooks(), lines(chat))
    later = timezone.now() + timedelta(days=3)

    acts: list[Callable[[], object]] = [
        partial(conversations.close, vera, chat.public_id),
        *(partial(conversations.close, who, chat.public_id) for who in people),
        *(partial(conversations.join, who, chat.public_id) for who in people),
        *(partial(conversations.take, who, chat.public_id) for who in people),
        partial(conversations.set_status, people[0], chat.public_id, Status.NEED_HELP),
        partial(messages.post_message, messages.Item(vera, chat.public_id, uuid.uuid4(), "Late")),
        partial(read_marks.see, vera, chat.public_id, 99),
        partial(visitors.set_attributes, vera, {"plan": "gold"}),
        *(partial(conversations.leave, who, chat.public_id) for who in people * 2),
        partial(cleanup.close_silent, later),
        partial(cleanup.remove_empty, later),
        partial(lost_operators.hand_over_lost, later),
    ]
    refused = set()
    for act in acts:
        try:
            act()
        except LivechatError as error:
            refused.add(error.code)

    assert refused <= {"closed", "forbidden"}
    assert first_result == ([chat.pk], 1, [lines(chat)[0]])
    assert (list(endings), hooks(), lines(chat)) == first_result


def test_an_operator_who_leaves_an_ended_conversation_is_shown_as_gone(anna, vera, published):
    chat = factories.conversation(vera)
    conversations.close(vera, chat.public_id)
    published.clear()

    conversations.leave(factories.actor(anna), chat.public_id)

    assert '"operators":[]' in published[-1].frame


def test_of_many_simultaneous_ends_one_counts(berlin, anna, ben, vera, endings):
    factories.webhook()
    chat = factories.conversation(vera)
    people = [factories.actor(anna), factories.actor(ben)]
    for who in people:
        conversations.join(who, chat.public_id)
    read_marks.see(people[0], chat.public_id, 99)
    tomorrow = timezone.now() + timedelta(days=2)

    results = at_once(
        [
            partial(conversations.close, vera, chat.public_id),
            *(partial(conversations.close, who, chat.public_id) for who in people),
            *(partial(conversations.leave, who, chat.public_id) for who in people),
            partial(cleanup.close_silent, tomorrow),
        ]
    )

    assert all(not isinstance(one, Exception) or isinstance(one, LivechatError) for one in results)
    assert Conversation.objects.get().state == State.CLOSED
    assert (endings, hooks(), len(lines(chat))) == ([chat.pk], 1, 1)
