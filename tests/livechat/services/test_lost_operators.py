"""Conversations of an operator whose browser died go to a colleague.

The visitor notices no more than necessary.
"""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from livechat.domain import availability
from livechat.domain.enumerations import State, Status
from livechat.errors import NotAllowed
from livechat.models import Conversation, Lease, Operator
from livechat.services import conversations, leases, lost_operators, messages, operators, timeline
from livechat.services.messages import Item
from tests import factories

GONE = availability.LEASE + availability.GRACE


@pytest.fixture
def now(db):
    """Two minutes from now; the servers have listened all the time."""
    later = timezone.now() + timedelta(minutes=2)
    record_listening(later)
    return later


def record_listening(until) -> None:
    start = until - timedelta(minutes=10)
    Lease.objects.update_or_create(
        name=leases.SERVERS,
        defaults={"holder": "", "since": start, "until": until + timedelta(seconds=20)},
    )


def make_present(operator: Operator, now) -> None:
    Operator.objects.filter(pk=operator.pk).update(seen_at=now, active_at=now)


def lines(row: Conversation) -> list[tuple[str, str]]:
    return [
        (entry.event, entry.subject.display_name if entry.subject else "")
        for entry in row.messages.filter(kind="system").select_related("subject").order_by("seq")
    ]


@pytest.mark.parametrize(
    ("seen", "since", "lost"),
    [
        (0, 600, False),
        (114, 600, False),
        (116, 600, True),
        (None, 600, True),
        (600, 100, False),  # the servers were away for longer than the operator
        (600, 116, True),
        (-3_600, 600, True),  # last seen in the future: the clock was set back
        (-30, 600, False),
    ],
)
def test_an_operator_is_lost_after_the_lease_and_the_grace_period(seen, since, lost):
    now = timezone.now()
    seen_at = None if seen is None else now - timedelta(seconds=seen)

    assert lost is availability.is_lost(
        now=now, seen_at=seen_at, listening_since=now - timedelta(seconds=since)
    )


def test_a_colleague_gets_the_chat_and_the_visitor_is_informed_once(anna, ben, vera, now):
    row = factories.conversation(vera)
    assert row.operator == anna
    make_present(ben, now)

    handed = [lost_operators.hand_over_lost(now) for _ in range(2)]

    row.refresh_from_db()
    assert handed == [1, 0]
    assert (row.state, row.status, row.operator) == (State.ASSIGNED, Status.IN_PROGRESS, ben)
    assert lines(row) == [("assigned", "Anna"), ("lost", "Anna"), ("assigned", "Ben")]
    assert [who.operator for who in row.participants.present().operators()] == [ben]


def test_chats_that_left_an_account_while_it_was_switched_off_stay_with_colleagues(
    anna, ben, vera, now
):
    row = factories.conversation(vera)
    assert row.operator == anna
    for operator in (anna, ben):
        make_present(operator, now)

    handed = []
    for is_active in (False, True):
        anna.user.is_active = is_active
        anna.user.save()
        handed.append(lost_operators.hand_over_lost(now))

    row.refresh_from_db()
    assert handed == [1, 0]
    assert row.operator == ben
    assert [who.operator for who in row.participants.present().operators()] == [ben]


def test_a_colleague_who_speaks_the_visitors_language_takes_over(berlin, anna, ben, vera, now):
    row = factories.conversation(vera, language="de")
    assert row.operator == anna
    dora = factories.operator("dora", berlin, languages=["de"], last_assigned_at=now)
    for operator in (ben, dora):
        make_present(operator, now)

    lost_operators.hand_over_lost(now)

    row.refresh_from_db()
    assert row.operator == dora


def test_a_conversation_waits_without_an_available_colleague(anna, vera, now):
    row = factories.conversation(vera)

    assert lost_operators.hand_over_lost(now) == 1

    row.refresh_from_db()
    assert (row.state, row.status, row.operator) == (State.QUEUED, "", None)
    assert lines(row)[-1] == ("lost", "Anna")
    assert row.waiting_since is not None


def test_a_colleague_who_already_takes_part_takes_over(anna, ben, vera, now):
    row = factories.conversation(vera)
    conversations.join(factories.actor(ben), row.public_id)
    make_present(ben, now)

    lost_operators.hand_over_lost(now)

    row.refresh_from_db()
    assert row.operator == ben
    assert lines(row)[-1] == ("lost", "Anna")


def test_the_conversation_waits_if_both_participants_are_lost(anna, ben, vera, now):
    row = factories.conversation(vera)
    conversations.join(factories.actor(ben), row.public_id)

    lost_operators.hand_over_lost(now)

    row.refresh_from_db()
    assert row.state == State.QUEUED
    assert {line for line in lines(row) if line[0] == "lost"} == {("lost", "Anna"), ("lost", "Ben")}
    assert not row.participants.present().operators().exists()


def test_an_operator_who_returns_within_the_grace_period_keeps_the_chat(anna, ben, vera, now):
    row = factories.conversation(vera)
    make_present(ben, now)
    Operator.objects.filter(pk=anna.pk).update(seen_at=now - GONE)

    assert lost_operators.hand_over_lost(now) == 0

    row.refresh_from_db()
    assert row.operator == anna


def test_an_operator_who_returns_too_late_may_not_write_but_may_join(anna, ben, vera, now):
    row = factories.conversation(vera)
    make_present(ben, now)
    lost_operators.hand_over_lost(now)
    operators.renew_leases([anna.user_id], [anna.user_id])
    actor = factories.actor(anna)

    with pytest.raises(NotAllowed):
        messages.post_message(Item(actor, row.public_id, uuid.uuid4(), "I am back"))
    conversations.join(actor, row.public_id)
    messages.post_message(Item(actor, row.public_id, uuid.uuid4(), "I am back"))

    row.refresh_from_db()
    assert row.operator == ben


def test_what_is_over_keeps_its_operator_until_the_visitor_writes(anna, ben, vera, now):
    row = factories.conversation(vera)
    messages.post_message(Item(factories.actor(anna), row.public_id, uuid.uuid4(), "There you are"))
    long_ago = now - timedelta(minutes=16)
    Conversation.objects.update(last_message_at=long_ago)
    make_present(ben, now)
    before = lost_operators.hand_over_lost(now)

    messages.post_message(Item(vera, row.public_id, uuid.uuid4(), "One more thing"))
    after = lost_operators.hand_over_lost(now)

    row.refresh_from_db()
    assert (before, after) == (0, 1)
    assert row.operator == ben


def test_an_operator_without_the_right_to_answer_is_lost_at_once(anna, ben, vera, now):
    row = factories.conversation(vera)
    make_present(anna, now)
    make_present(ben, now)
    anna.user.is_active = False
    anna.user.save()

    lost_operators.hand_over_lost(now)

    row.refresh_from_db()
    assert row.operator == ben


def test_no_operator_is_lost_while_no_server_listens(anna, vera, now):
    factories.conversation(vera)
    Lease.objects.all().delete()

    assert lost_operators.hand_over_lost(now) == 0


def test_after_all_servers_were_away_everybody_has_time_to_come_back(anna, vera, now):
    factories.conversation(vera)
    Lease.objects.update(since=now - timedelta(seconds=20))
    soon = lost_operators.hand_over_lost(now)

    Lease.objects.update(since=now - GONE - timedelta(seconds=1))
    late = lost_operators.hand_over_lost(now)

    assert (soon, late) == (0, 1)


def test_a_closed_conversation_stays_as_it_is(anna, vera, now):
    row = factories.conversation(vera)
    conversations.close(vera, row.public_id)
    revision = Conversation.objects.get().revision

    assert lost_operators.hand_over_lost(now) == 0
    assert Conversation.objects.get().revision == revision


def test_a_colleague_takes_no_more_than_their_limit(berlin, anna, now):
    rows = [factories.conversation(factories.visitor(berlin)) for _ in range(3)]
    berlin.max_sessions_mode, berlin.max_sessions = "limited", 2
    berlin.save()
    ben = factories.operator("ben", berlin)
    make_present(ben, now)

    lost_operators.hand_over_lost(now)

    states = sorted(Conversation.objects.values_list("state", "operator__chat_name"))
    assert states == [("assigned", "Ben"), ("assigned", "Ben"), ("queued", None)]
    assert len(rows) == 3


def test_a_run_that_dies_in_the_middle_is_made_good_by_the_next(berlin, anna, now, monkeypatch):
    rows = [factories.conversation(factories.visitor(berlin)) for _ in range(2)]
    ben = factories.operator("ben", berlin)
    make_present(ben, now)
    announced: list[Conversation] = []

    def dies(row, *args, **kwargs):
        if announced:
            raise SystemExit("killed")
        announced.append(row)

    with monkeypatch.context() as patch:
        patch.setattr(timeline, "announce", dies)
        with pytest.raises(SystemExit):
            lost_operators.hand_over_lost(now)
    halfway = Conversation.objects.filter(operator=ben).count()
    lost_operators.hand_over_lost(now)

    assert halfway == 1
    assert Conversation.objects.filter(operator=ben).count() == 2
    assert [lines(row).count(("lost", "Anna")) for row in rows] == [1, 1]


@pytest.mark.django_db(transaction=True)
def test_two_at_once_hand_each_over_once(berlin):
    factories.operator("anna", berlin)
    for _ in range(8):
        factories.opened(factories.visitor(berlin))
    ben = factories.operator("ben", berlin)
    now = timezone.now() + timedelta(minutes=2)
    record_listening(now)
    make_present(ben, now)
    barrier = threading.Barrier(2)

    def run(_number: int) -> int:
        try:
            barrier.wait(5)
            return lost_operators.hand_over_lost(now)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        handed = list(pool.map(run, range(2)))

    assert sum(handed) == 8
    for row in Conversation.objects.all():
        assert row.operator == ben
        assert lines(row) == [("assigned", "Anna"), ("lost", "Anna"), ("assigned", "Ben")]
        assert [entry.seq for entry in row.messages.order_by("seq")] == list(range(1, row.seq + 1))
        assert row.participants.present().operators().filter(operator=ben).count() == 1
