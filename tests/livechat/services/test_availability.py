"""Whether an operator gets conversations: their choice, inactivity, and the events about it."""

import threading
import uuid
from datetime import timedelta

import msgspec
import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Permission
from django.db import connection
from django.utils import timezone

from livechat import events, wire
from livechat.consumers.heartbeat import HeartbeatLoop
from livechat.domain.enumerations import Availability, Presence, State
from livechat.errors import NotAllowed
from livechat.models import Membership, Operator, User
from livechat.services import assignment, inbox, operators, visitors, widgets
from tests import factories

pytestmark = pytest.mark.django_db

AVAILABLE, BUSY, INVISIBLE = Availability.AVAILABLE, Availability.BUSY, Availability.INVISIBLE


def idle(*people: Operator, minutes: float = 31) -> None:
    """Make operators connected but inactive for `minutes`."""
    pks = [person.pk for person in people]
    Operator.objects.filter(pk__in=pks).update(
        seen_at=timezone.now(), active_at=factories.minutes_ago(minutes)
    )


@pytest.fixture
def overseer(db) -> User:
    """A manager who is not an operator."""
    oscar = factories.user("oscar")
    oscar.user_permissions.add(Permission.objects.get(codename="manage_livechat"))
    return oscar


def received_presences(published, operator: Operator) -> list[str]:
    """Return the presences of an operator that colleagues received, in order."""
    frames = [msgspec.json.decode(post.frame) for post in published if post.frame]
    return [
        frame["presence"]
        for frame in frames
        if isinstance(frame, dict)
        and frame["type"] == "presence.changed"
        and frame["operator"] == str(operator.public_id)
        and frame["availability"] is None
    ]


# --- the operator's choice


@pytest.mark.parametrize(
    ("choice", "accepting", "presence"),
    [(AVAILABLE, True, "online"), (BUSY, False, "busy"), (INVISIBLE, False, "offline")],
)
def test_a_choice_is_stored_also_for_code_that_knows_accepting_alone(
    anna, choice, accepting, presence
):
    standing = operators.set_presence(factories.actor(anna), choice=choice, in_call=False)

    anna.refresh_from_db()
    assert (anna.choice, anna.availability, anna.accepting) == (choice, choice, accepting)
    assert standing == anna.presence(timezone.now()) == presence


def test_code_of_the_version_before_makes_operators_without_the_new_columns(berlin):
    user = factories.user("carl")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO livechat_operator"
            " (user_id, public_id, is_enabled, chat_name, languages, avatar, accepting, in_call)"
            " VALUES (%s, %s, true, '', '[]', '', true, false)",
            [user.pk, uuid.uuid4().hex],
        )

    carl = Operator.objects.get(user=user)

    assert (carl.choice, carl.away_since) == (AVAILABLE, None)


def test_staff_without_operator_rights_have_no_availability_to_choose(overseer):
    with pytest.raises(NotAllowed):
        operators.set_presence(factories.actor(overseer), choice=BUSY, in_call=False)


@pytest.mark.parametrize("choice", [BUSY, INVISIBLE])
def test_a_busy_or_invisible_operator_keeps_chats_and_gets_no_new_ones(berlin, anna, choice):
    own = factories.conversation(factories.visitor(berlin))
    operators.set_presence(factories.actor(anna), choice=choice, in_call=False)

    new = factories.conversation(factories.visitor(berlin))

    own.refresh_from_db()
    assert (own.state, own.operator) == (State.ASSIGNED, anna)
    assert new.state == State.QUEUED
    assert not widgets.snapshot()[berlin.key].available
    assert visitors.channel_view(berlin, timezone.now(), "").team == []


def test_colleagues_get_the_same_event_of_an_invisible_operator_as_of_an_offline_one(
    berlin, anna, ben
):
    anna.in_call = True
    anna.choose(INVISIBLE)
    anna.save()
    [before] = inbox.snapshot(factories.actor(ben))
    anna.choose(AVAILABLE)
    anna.seen_at = factories.minutes_ago(5)
    anna.save()
    [after] = inbox.snapshot(factories.actor(ben))

    assert before.colleagues == after.colleagues
    assert b"invisible" not in msgspec.json.encode(before)


def test_an_inbox_lists_the_colleagues_of_ones_channels_with_all_their_fields(
    berlin, anna, ben, overseer
):
    paris = factories.channel("Paris")
    Membership.objects.create(channel=paris, operator=ben)
    carl = factories.operator("carl", paris)
    factories.operator("dora", factories.channel("Rome", is_active=False))
    operators.set_presence(factories.actor(ben), choice=BUSY, in_call=True)

    [hers] = inbox.snapshot(factories.actor(anna))
    [managers] = inbox.snapshot(factories.actor(overseer))

    assert [msgspec.to_builtins(one) for one in hers.colleagues] == [
        {
            "id": str(ben.public_id),
            "name": "Ben",
            "avatar": "",
            "presence": "busy",
            "in_call": True,
            "channels": [str(berlin.public_id)],
        }
    ]
    assert {one.name: len(one.channels) for one in managers.colleagues} == {
        "Anna": 1,
        "Ben": 2,
        "Carl": 1,
    }
    assert msgspec.to_builtins(hers.me) == {
        "id": str(anna.public_id),
        "name": "Anna",
        "avatar": "",
        "accepting": True,
        "in_call": False,
        "presence": "online",
        "availability": "available",
    }
    assert managers.me.availability is None
    assert carl.presence(timezone.now()) == "online"


def test_many_colleagues_come_in_several_frames_that_are_not_too_large(berlin, anna):
    for number in range(120):
        factories.operator(f"op{number}", berlin, chat_name="\N{GRINNING FACE}" * 80)

    frames = inbox.snapshot(factories.actor(anna))

    assert len(frames) > 1
    assert sum(len(frame.colleagues) for frame in frames) == 120
    assert max(len(wire.encode(frame).encode()) for frame in frames) < wire.MAX_FRAME_BYTES


# --- half an hour without activity


def test_an_operator_idle_for_half_an_hour_is_announced_as_away_once(
    berlin, anna, ben, published, django_capture_on_commit_callbacks
):
    idle(anna)
    now = timezone.now()

    with django_capture_on_commit_callbacks(execute=True):
        marked = [operators.mark_idle(now), operators.mark_idle(now + timedelta(seconds=60))]

    anna.refresh_from_db()
    assert marked == [1, 0]
    assert anna.away_since == now
    assert received_presences(published, anna) == ["away"]
    assert received_presences(published, ben) == []
    received = {group for post in published for group in post.groups}
    assert {f"user.{anna.user_id}", f"channel.{berlin.pk}.staff", events.WIDGETS} <= received


@pytest.mark.parametrize(
    ("minutes", "marked"), [(0, 0), (29.9, 0), (30, 0), (30.1, 1), (60, 1), (24 * 60, 1)]
)
def test_the_half_hour_is_counted_from_the_moment_that_is_given(berlin, anna, minutes, marked):
    now = timezone.now() + timedelta(days=3)
    Operator.objects.update(seen_at=now, active_at=now - timedelta(minutes=minutes))

    assert operators.mark_idle(now) == marked


TIMES = {"seen_at", "active_at"}


@pytest.mark.parametrize(
    "reason",
    [
        {"seen_at": None},
        {"seen_at": 2},
        {"accepting": False, "availability": "busy"},
        {"accepting": False, "availability": "invisible"},
        {"accepting": False},
        {"is_enabled": False},
        {"active_at": 1},
    ],
    ids=["never here", "offline", "busy", "invisible", "before", "disabled", "active"],
)
def test_an_operator_who_is_not_idle_and_online_is_not_marked_away(berlin, anna, published, reason):
    idle(anna)
    # Convert minutes to times now, when the test runs, not when it is collected.
    at = {key: factories.minutes_ago(reason[key]) for key in TIMES & reason.keys() if reason[key]}
    Operator.objects.filter(pk=anna.pk).update(**{**reason, **at})

    assert operators.mark_idle(timezone.now()) == 0

    anna.refresh_from_db()
    assert anna.away_since is None


def test_an_operator_who_is_away_gets_no_new_chats_and_websites_are_informed(berlin, anna, vera):
    own = factories.conversation(factories.visitor(berlin))
    before = widgets.snapshot()[berlin.key].available
    idle(anna)

    operators.mark_idle(timezone.now())

    own.refresh_from_db()
    assert before
    assert not widgets.snapshot()[berlin.key].available
    assert not assignment.is_anybody_available(berlin, timezone.now())
    assert factories.conversation(vera).state == State.QUEUED
    assert (own.state, own.operator) == (State.ASSIGNED, anna)


@pytest.mark.parametrize("how", ["by being active", "by one click"])
def test_an_operator_who_returns_takes_chats_again_and_may_be_marked_again(
    berlin, anna, vera, published, django_capture_on_commit_callbacks, how
):
    idle(anna)
    operators.mark_idle(timezone.now())

    with django_capture_on_commit_callbacks(execute=True):
        if how == "by one click":
            operators.set_presence(factories.actor(anna), choice=AVAILABLE, in_call=False)
        else:
            assert operators.renew_leases([anna.user_id], []) == {anna.user_id: "away"}
            assert operators.renew_leases([anna.user_id], [anna.user_id]) == {
                anna.user_id: "online"
            }

    anna.refresh_from_db()
    assert (anna.away_since, anna.choice) == (None, AVAILABLE)
    assert received_presences(published, anna) == ["online"]
    assert factories.conversation(vera).operator == anna
    idle(anna)
    assert operators.mark_idle(timezone.now()) == 1


def test_a_mark_that_code_of_the_version_before_did_not_take_away_is_none(berlin, anna):
    idle(anna)
    operators.mark_idle(factories.minutes_ago(-1))
    now = timezone.now() + timedelta(hours=1)
    # The older code ignores the mark: she was active five minutes after it, and then no more.
    Operator.objects.update(active_at=now - timedelta(minutes=31), seen_at=now)

    assert [operators.mark_idle(now), operators.mark_idle(now)] == [1, 0]


def test_a_choice_is_never_overridden(berlin, anna):
    operators.set_presence(factories.actor(anna), choice=BUSY, in_call=False)
    idle(anna)

    operators.mark_idle(timezone.now())
    operators.renew_leases([anna.user_id], [anna.user_id])

    anna.refresh_from_db()
    assert (anna.choice, anna.presence(timezone.now())) == (BUSY, "busy")


@pytest.mark.django_db(transaction=True)
def test_what_a_killed_run_left_the_next_one_does(berlin, anna, ben, published, monkeypatch):
    idle(anna, ben)
    now = timezone.now()
    original = events.presence_changed

    def killed(operator, channels, moment):
        if operator == ben:
            raise KeyboardInterrupt
        original(operator, channels, moment)

    monkeypatch.setattr(events, "presence_changed", killed)
    with pytest.raises(KeyboardInterrupt):
        operators.mark_idle(now)
    monkeypatch.setattr(events, "presence_changed", original)
    marked = list(Operator.objects.order_by("pk").values_list("away_since", flat=True))

    assert marked == [now, None]
    assert operators.mark_idle(now) == 1
    assert (received_presences(published, anna), received_presences(published, ben)) == (
        ["away"],
        ["away"],
    )


@pytest.mark.django_db(transaction=True)
def test_two_concurrent_runs_announce_each_operator_once(berlin, published):
    people = [factories.operator(f"op{number}", berlin) for number in range(6)]
    idle(*people)
    now = timezone.now()
    start = threading.Barrier(2)
    marked: list[int] = []

    def run() -> None:
        try:
            start.wait(5)
            marked.append(operators.mark_idle(now))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert sum(marked) == 6
    assert len(marked) == 2
    assert [received_presences(published, person) for person in people] == [["away"]] * 6


def test_a_run_without_idle_operators_costs_one_query(berlin, anna, ben, django_assert_num_queries):
    with django_assert_num_queries(1):
        operators.mark_idle(timezone.now())


# --- sockets


@pytest.mark.django_db(transaction=True)
async def test_the_operator_and_colleagues_get_presence_events_with_all_fields(
    sockets, berlin, anna, ben
):
    operator_socket, other = await sockets.staff(anna), await sockets.staff(ben)
    await operator_socket.drain()
    await other.drain()
    await sync_to_async(idle)(anna)

    await sync_to_async(operators.mark_idle)(timezone.now())
    received = await other.next("presence.changed")
    frames = [await operator_socket.next("presence.changed") for _ in range(2)]

    colleagues = {
        "type": "presence.changed",
        "operator": str(anna.public_id),
        "name": "Anna",
        "accepting": True,
        "in_call": False,
        "presence": "away",
        "availability": None,
    }
    assert received == colleagues
    assert frames == [colleagues, {**colleagues, "availability": "available"}]
    assert await other.quiet()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("command", "own", "others"),
    [
        ({"accepting": False}, (False, "busy", "busy"), (False, "busy")),
        (
            {"accepting": False, "availability": "invisible"},
            (False, "offline", "invisible"),
            (False, "offline"),
        ),
        ({"accepting": True, "availability": "invisible"}, (True, "online", "available"), None),
        ({"accepting": True}, (True, "online", "available"), None),
    ],
    ids=["the version before", "invisible", "contradictory", "available"],
)
async def test_operators_and_colleagues_get_only_permitted_presence_fields(
    sockets, berlin, anna, ben, command, own, others
):
    operator_socket, tab, other = [await sockets.staff(who) for who in (anna, anna, ben)]
    await other.drain()

    await operator_socket.send("presence.set", client_id=uuid.uuid4(), in_call=True, **command)
    await operator_socket.next("ack")
    received = await other.next("presence.changed")
    mine = await tab.next("presence.changed")
    while mine["availability"] is None:
        mine = await tab.next("presence.changed")

    assert (mine["accepting"], mine["presence"], mine["availability"]) == own
    assert mine["in_call"]
    accepting, presence = others or own[:2]
    assert (received["accepting"], received["presence"]) == (accepting, presence)
    assert received["in_call"] == (presence != "offline")
    assert received["availability"] is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("junk", ["available", "away", "", 1, None, ["busy"]])
async def test_an_invalid_availability_is_rejected(sockets, berlin, anna, junk):
    operator_socket = await sockets.staff(anna)

    await operator_socket.send(
        "presence.set", client_id=uuid.uuid4(), accepting=False, availability=junk
    )
    rejected = await operator_socket.next("rejected")

    assert rejected["code"] == "bad_frame"
    await anna.arefresh_from_db()
    assert anna.choice == AVAILABLE


@pytest.mark.django_db(transaction=True)
async def test_a_connection_that_comes_back_is_no_sign_of_a_person(sockets, berlin, anna):
    await sync_to_async(idle)(anna)

    operator_socket = await sockets.staff(anna)
    await anna.arefresh_from_db()
    before = anna.presence(timezone.now())
    await operator_socket.send("heartbeat", active=True)
    await operator_socket.send("inbox.fetch")
    snapshot = await operator_socket.next("inbox.snapshot")

    assert before == "away"
    assert snapshot["me"]["presence"] == "online"


@pytest.mark.django_db(transaction=True)
async def test_a_heartbeat_carries_the_presence_so_a_lost_event_is_noticed(
    sockets, berlin, anna, monkeypatch
):
    operator_socket = await sockets.staff(anna)
    monkeypatch.setattr("livechat.bus.bus.publish", lambda posts: None)
    await sync_to_async(idle)(anna)
    await sync_to_async(operators.mark_idle)(timezone.now())
    heartbeat_loop = HeartbeatLoop()
    await operator_socket.send("heartbeat")
    await operator_socket.send("inbox.fetch")
    digest = (await operator_socket.next("inbox.snapshot"))["digest"]

    for turn in range(10, 31):
        await heartbeat_loop.beat(turn)
    heartbeat = await operator_socket.next("heartbeat")

    assert heartbeat == {
        "type": "heartbeat",
        "digest": digest,
        "presence": "away",
        "hears_all": True,
    }


@pytest.mark.django_db(transaction=True)
async def test_the_heartbeat_of_a_manager_who_is_no_operator_carries_no_presence(
    sockets, berlin, overseer
):
    operator_socket = await sockets.staff(overseer)
    heartbeat_loop = HeartbeatLoop()
    for turn in range(1, 21):
        await heartbeat_loop.beat(turn)

    assert (await operator_socket.next("heartbeat"))["presence"] is None


@pytest.mark.parametrize("choice", Availability)
@pytest.mark.parametrize("seen", [None, 0, 64, 66, -64, -66])
@pytest.mark.parametrize("active", [None, 0, 1799, 1801])
@pytest.mark.parametrize("enabled", [True, False])
def test_the_database_and_the_domain_agree_which_operators_are_online(
    berlin, anna, choice, seen, active, enabled
):
    now = timezone.now()
    anna.choose(choice)
    anna.is_enabled = enabled
    anna.seen_at = None if seen is None else now - timedelta(seconds=seen)
    anna.active_at = None if active is None else now - timedelta(seconds=active)
    anna.save()

    assert Membership.objects.online(now).exists() == (anna.presence(now) == Presence.ONLINE)
