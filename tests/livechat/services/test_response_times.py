"""The time that visitors wait for a first reply.

The next visitor sees it before they write, and operators see the average of their day.
"""

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest

from livechat.database import database_time
from livechat.models import Channel, Conversation, Operator
from livechat.services import response_times
from tests import factories

pytestmark = pytest.mark.django_db

SINCE = "2026-11-27T00:00:00+01:00"


def answered_after(channel: Channel, *seconds: float | None, days_ago: float = 0) -> None:
    """Create a conversation for each value, with a reply after so many seconds, or none."""
    for wait in seconds:
        row = factories.conversation(factories.visitor(channel))
        opened = factories.minutes_ago(10 + days_ago * 24 * 60)
        answered = None if wait is None else opened + timedelta(seconds=wait)
        Conversation.objects.filter(pk=row.pk).update(opened_at=opened, answered_at=answered)


def median_wait(channel: Channel) -> int | None:
    return response_times.answers_in(channel.pk, database_time.now())


def test_half_of_the_visitors_waited_no_longer(berlin):
    answered_after(berlin, 10, 20, 30.4, 40, 5_000)

    assert median_wait(berlin) == 30


def test_an_unanswered_visitor_counts_neither_as_fast_nor_as_slow(berlin):
    answered_after(berlin, None, 10, 20, None, 30, 40, 50, None)

    assert median_wait(berlin) == 30


def test_nothing_is_promised_on_the_strength_of_a_few(berlin):
    answered_after(berlin, 10, 20, 30, 40)

    assert median_wait(berlin) is None


def test_conversations_older_than_a_week_do_not_count(berlin):
    answered_after(berlin, 10, 20, 30, 40, 50, days_ago=7.1)

    assert median_wait(berlin) is None


def test_only_the_newest_fifty_conversations_count(berlin, monkeypatch):
    monkeypatch.setattr(response_times, "NEWEST", 5)
    answered_after(berlin, 600, 600, 600, 600, 600, 600)
    answered_after(berlin, 10, 10, 10, 20, 20)

    assert median_wait(berlin) == 10


def test_conversations_of_another_channel_do_not_count(berlin):
    answered_after(factories.channel("Paris"), 10, 20, 30, 40, 50)

    assert median_wait(berlin) is None


def test_a_clock_that_was_set_back_is_no_negative_wait(berlin):
    answered_after(berlin, -10, -10, -10, 20, 20)

    assert median_wait(berlin) == 0


def test_all_arrivals_within_a_minute_cost_one_query(
    berlin, monkeypatch, django_assert_num_queries
):
    answered_after(berlin, 10, 20, 30, 40, 50)
    with django_assert_num_queries(1):
        assert [median_wait(berlin) for _ in range(100)] == [30] * 100
    answered_after(berlin, 50, 50, 50, 50)
    real = time.monotonic

    monkeypatch.setattr(time, "monotonic", lambda: real() + response_times.KEPT_SECONDS)

    assert median_wait(berlin) == 50


# --- an operator's day


def day(operator: Operator, *, since: datetime | None = None) -> tuple[int, float | None]:
    """Return what the operator sees: number of conversations, and their average wait in seconds."""
    began = factories.minutes_ago(60) if since is None else since
    answers = response_times.average_since(factories.actor(operator), began)
    return answers.count, answers.seconds


def test_staff_get_the_average_of_conversations_opened_and_answered_today(berlin, anna):
    answered_after(berlin, 10, 20, 60, None)
    answered_after(berlin, 5_000, days_ago=1)

    assert day(anna) == (3, 30.0)


def test_a_day_without_answers_has_no_average(berlin, anna):
    answered_after(berlin, None, None)

    assert day(anna) == (0, None)


def test_other_channels_are_not_in_an_operators_day_but_in_a_managers(berlin, anna):
    answered_after(berlin, 10)
    answered_after(factories.channel("Paris"), 50)

    assert day(anna) == (1, 10.0)
    assert day(factories.manager().operator) == (2, 30.0)


def test_a_clock_that_was_set_back_does_not_shorten_the_average(berlin, anna):
    answered_after(berlin, -1_000, 20)

    assert day(anna) == (2, 10.0)


@pytest.mark.parametrize(
    "since",
    [datetime.min.replace(tzinfo=timezone(timedelta(hours=14))), datetime(1970, 1, 1, tzinfo=UTC)],
)
def test_a_day_in_the_distant_past_is_limited_to_two_days(berlin, anna, since):
    answered_after(berlin, 10, days_ago=1.9)
    answered_after(berlin, 50, days_ago=2.1)

    assert day(anna, since=since) == (1, 10.0)


def test_a_day_that_has_not_begun_has_no_answers(berlin, anna):
    answered_after(berlin, 10)

    for since in (database_time.now(), datetime.max.replace(tzinfo=timezone(timedelta(hours=-14)))):
        assert day(anna, since=since) == (0, None)


@pytest.mark.django_db(transaction=True)
async def test_a_dashboard_asks_for_its_day_with_its_time_zone(sockets, berlin, anna):
    operator_socket = await sockets.staff(anna)

    await operator_socket.send("answers.fetch", since=SINCE)
    answer = await operator_socket.next("answers.told")
    await operator_socket.send("answers.fetch", since="2026-11-27T00:00:00")
    rejected = await operator_socket.next("rejected")

    assert answer == {"type": "answers.told", "since": SINCE, "count": 0, "seconds": None}
    assert rejected["code"] == "bad_frame"
