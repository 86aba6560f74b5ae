"""What a visitor is told before he writes: how long others waited for a first answer."""

import time
from datetime import timedelta

import pytest

from livechat.models import Channel, Conversation, moment
from livechat.services import patience
from tests import factories

pytestmark = pytest.mark.django_db


def answered_after(channel: Channel, *seconds: float | None, days_ago: float = 0) -> None:
    """A conversation each, answered after so many seconds, or not at all."""
    for wait in seconds:
        row = factories.conversation(factories.visitor(channel))
        opened = factories.minutes_ago(10 + days_ago * 24 * 60)
        answered = None if wait is None else opened + timedelta(seconds=wait)
        Conversation.objects.filter(pk=row.pk).update(opened_at=opened, answered_at=answered)


def told(channel: Channel) -> int | None:
    return patience.answers_in(channel.pk, moment.now())


def test_half_of_the_visitors_waited_no_longer(berlin):
    answered_after(berlin, 10, 20, 30.4, 40, 5_000)

    assert told(berlin) == 30


def test_who_was_never_answered_counts_neither_as_fast_nor_as_slow(berlin):
    answered_after(berlin, None, 10, 20, None, 30, 40, 50, None)

    assert told(berlin) == 30


def test_nothing_is_promised_on_the_strength_of_a_few(berlin):
    answered_after(berlin, 10, 20, 30, 40)

    assert told(berlin) is None


def test_older_conversations_than_a_week_tell_nothing(berlin):
    answered_after(berlin, 10, 20, 30, 40, 50, days_ago=7.1)

    assert told(berlin) is None


def test_the_newest_fifty_tell_how_it_is_now(berlin, monkeypatch):
    monkeypatch.setattr(patience, "NEWEST", 5)
    answered_after(berlin, 600, 600, 600, 600, 600, 600)
    answered_after(berlin, 10, 10, 10, 20, 20)

    assert told(berlin) == 10


def test_another_channel_tells_nothing(berlin):
    answered_after(factories.channel("Paris"), 10, 20, 30, 40, 50)

    assert told(berlin) is None


def test_a_clock_that_was_set_back_is_no_negative_wait(berlin):
    answered_after(berlin, -10, -10, -10, 20, 20)

    assert told(berlin) == 0


def test_everybody_who_arrives_within_a_minute_costs_one_query(
    berlin, monkeypatch, django_assert_num_queries
):
    answered_after(berlin, 10, 20, 30, 40, 50)
    with django_assert_num_queries(1):
        assert [told(berlin) for _ in range(100)] == [30] * 100
    answered_after(berlin, 50, 50, 50, 50)
    real = time.monotonic

    monkeypatch.setattr(time, "monotonic", lambda: real() + patience.KEPT_SECONDS)

    assert told(berlin) == 50
