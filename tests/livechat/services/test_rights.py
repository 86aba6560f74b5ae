"""Groups, rights, and the effect of losing them."""

import asyncio
import json
import threading
import uuid

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from livechat import events
from livechat.bus import bus
from livechat.consumers import session_watch
from livechat.consumers.base import BaseConsumer
from livechat.consumers.heartbeat import HeartbeatLoop
from livechat.consumers.operator import OperatorConsumer
from livechat.domain import rights
from livechat.domain.routing import Wanted
from livechat.errors import NotAllowed, NotFound, Unavailable
from livechat.models import Membership, Operator, Participant, User
from livechat.services import (
    assignment,
    conversations,
    inbox,
    login_sessions,
    operators,
    timeline,
)
from livechat.services.assignment import OnlineOperators
from tests import factories
from tests.sockets import session_cookie

pytestmark = pytest.mark.django_db


def test_the_groups_are_there_after_migrate_and_have_their_rights():
    for name, codenames in rights.GROUPS.items():
        held = Group.objects.get(name=name).permissions.values_list("codename", flat=True)
        assert set(codenames) <= set(held)


def test_migrating_again_takes_nothing_away_that_an_admin_added():
    group = Group.objects.get(name=rights.ANALYSTS)
    group.permissions.add(Permission.objects.get(codename="view_visitor"))

    operators.ensure_groups()

    assert group.permissions.filter(codename="view_visitor").exists()


def test_joining_the_group_makes_an_operator_and_leaving_it_ends_the_memberships(berlin, anna):
    group = Group.objects.get(name=rights.OPERATORS)

    anna.user.groups.remove(group)
    anna.refresh_from_db()
    assert not anna.is_enabled
    assert not Membership.objects.exists()

    anna.user.groups.add(group)
    anna.refresh_from_db()
    assert anna.is_enabled
    assert not Membership.objects.exists()


def switch(operator, *, on: bool) -> None:
    operator.user.is_active = on
    operator.user.save()
    operator.refresh_from_db()


def test_an_account_that_is_switched_off_and_on_keeps_its_channels(berlin, anna):
    now = timezone.now()

    switch(anna, on=False)
    assert not anna.is_enabled
    assert assignment.choose_operator(berlin, Wanted(), now) is None
    assert assignment.online_operators(berlin, now) == OnlineOperators((), is_available=False)
    assert assignment.available_channels([berlin], now) == frozenset()
    assert not Membership.objects.online(now).exists()

    switch(anna, on=True)
    assert anna.is_enabled
    assert factories.actor(anna).channels == {berlin.pk}
    assert assignment.choose_operator(berlin, Wanted(), now) == anna


def test_colleagues_no_longer_see_an_account_that_is_switched_off(berlin, anna, ben):
    switch(anna, on=False)
    [snapshot] = inbox.snapshot(factories.actor(ben))
    assert snapshot.colleagues == []
    assert [channel.online for channel in snapshot.channels] == [1]

    switch(anna, on=True)
    [snapshot] = inbox.snapshot(factories.actor(ben))
    assert [(one.name, one.channels) for one in snapshot.colleagues] == [
        ("Anna", [berlin.public_id])
    ]


def test_colleagues_and_websites_learn_at_once_that_an_account_is_switched_off(
    berlin, anna, ben, published, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        switch(anna, on=False)

    seen = [
        frame
        for post in published
        if f"channel.{berlin.pk}.staff" in post.groups
        and (frame := json.loads(post.frame))["type"] == "presence.changed"
    ]
    assert [(frame["name"], frame["presence"]) for frame in seen] == [("Anna", "offline")]
    assert "widgets" in {group for post in published for group in post.groups}


@pytest.mark.parametrize("first", ["account", "group"])
def test_an_account_that_also_loses_the_right_loses_its_channels(berlin, anna, first):
    group = Group.objects.get(name=rights.OPERATORS)
    if first == "account":
        switch(anna, on=False)
        anna.user.groups.remove(group)
    else:
        anna.user.groups.remove(group)
        switch(anna, on=False)

    switch(anna, on=True)
    anna.user.groups.add(group)

    anna.refresh_from_db()
    assert anna.is_enabled
    assert not Membership.objects.exists()


def test_taking_the_right_from_the_group_takes_it_from_everybody_in_it(berlin, anna):
    group = Group.objects.get(name=rights.OPERATORS)

    group.permissions.remove(Permission.objects.get(codename="operate_livechat"))

    anna.refresh_from_db()
    assert not anna.is_enabled


def test_a_superuser_can_answer_from_the_start():
    call_command("createsuperuser", "--noinput", username="root", email="root@example.com")

    assert Operator.objects.get(user__username="root").is_enabled


def test_two_accounts_cannot_share_an_address():
    factories.user("one", email="Same@example.com")

    with pytest.raises(Exception, match=r"user_email_unique|UNIQUE"):
        factories.user("two", email="same@Example.com")


def test_the_visitor_never_sees_the_account_name():
    made = factories.operator("zoe@example.com", chat_name="", first_name="")
    made.user.first_name = made.user.last_name = ""

    assert made.name == "zoe"


@pytest.mark.parametrize(
    "how", ["signs out", "is switched off", "changes the password", "loses the group"]
)
@pytest.mark.django_db(transaction=True)
async def test_a_user_who_may_no_longer_be_connected_is_disconnected(sockets, berlin, anna, how):
    operator_socket = await sockets.staff(anna)
    heartbeat_loop = HeartbeatLoop()
    await heartbeat_loop.beat(10)
    user = await User.objects.aget(pk=anna.user_id)

    match how:
        case "signs out":
            [socket] = BaseConsumer.live
            assert isinstance(socket, OperatorConsumer)
            await sync_to_async(_delete_session)(socket.login.session)
        case "is switched off":
            user.is_active = False
            await sync_to_async(user.save)()
        case "changes the password":
            await sync_to_async(user.set_password)("another long password")
            await sync_to_async(user.save)()
        case "loses the group":
            await sync_to_async(user.groups.clear)()
    await heartbeat_loop.beat(20)

    assert await operator_socket.closed() == (4403 if how == "loses the group" else 4401)


@pytest.mark.django_db(transaction=True)
async def test_a_new_channel_is_heard_of_without_reloading(sockets, berlin, anna):
    operator_socket = await sockets.staff(anna)
    heartbeat_loop = HeartbeatLoop()
    await heartbeat_loop.beat(10)
    paris = await sync_to_async(factories.channel)("Paris")
    await Membership.objects.acreate(channel=paris, operator=anna)
    anna.accepting = False
    await anna.asave()

    await heartbeat_loop.beat(20)
    await operator_socket.next("inbox.changed")
    _visitor, conversation = await sockets.chat(paris)

    assert (await operator_socket.next("conversation.changed"))["conversation"][
        "id"
    ] == conversation


def login(operator) -> login_sessions.Login:
    key = session_cookie(operator.user).removeprefix("sessionid=")
    return login_sessions.Login(key, operator.user_id, operator.user.get_session_auth_hash())


def test_access_costs_the_same_queries_for_any_number_of_logins(berlin, django_assert_num_queries):
    logins = [login(factories.operator(f"op{n}", berlin)) for n in range(12)]

    with django_assert_num_queries(5):
        found = login_sessions.access(logins)

    assert set(found) == set(logins)
    assert all(access.channels == {berlin.pk} for access in found.values())
    assert all("operate_livechat" in access.permissions for access in found.values())


def test_an_account_deleted_while_its_rights_are_read_is_no_account_without_rights(berlin, anna):
    valid = login(anna)
    is_deleted = False

    def meanwhile(execute, sql, params, many, context):
        nonlocal is_deleted
        if "auth_permission" in sql and not is_deleted:
            is_deleted = True
            anna.user.delete()
        return execute(sql, params, many, context)

    with connection.execute_wrapper(meanwhile):
        assert login_sessions.access([valid]) == {}

    assert is_deleted


def _delete_session(key: str) -> None:
    from django.contrib.sessions.models import Session

    Session.objects.filter(session_key=key).delete()


# --- rights lost after they were read


def test_an_operator_who_lost_the_channel_takes_and_joins_nothing(berlin, vera):
    waiting = factories.conversation(factories.visitor(berlin))
    factories.operator("anna", berlin)
    taken = factories.conversation(vera)
    ben = factories.operator("ben", berlin)
    before = factories.actor(ben)
    berlin.memberships.filter(operator=ben).delete()

    for act, row in [(conversations.join, taken), (conversations.take, waiting)]:
        with pytest.raises(NotFound):
            act(before, row.public_id)

    assert not Participant.objects.filter(operator=ben).exists()


def test_an_operator_who_lost_the_right_joins_no_channel(anna):
    paris = factories.channel("Paris", may_join=True)
    before = factories.actor(anna)
    anna.user.groups.clear()

    with pytest.raises(NotAllowed):
        operators.join_channel(before, paris.public_id)

    assert not Membership.objects.exists()


def test_deleting_the_group_takes_the_right_from_everybody_in_it(
    berlin, anna, published, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        Group.objects.get(name=rights.OPERATORS).delete()

    anna.refresh_from_db()
    assert not anna.is_enabled
    assert not Membership.objects.exists()
    assert str(anna.user_id) in [post.frame for post in published]


@pytest.mark.django_db(transaction=True)
async def test_rights_that_could_not_be_read_are_read_again(
    sockets, berlin, anna, vera, monkeypatch
):
    operator_socket = await sockets.staff(anna)
    [socket] = session_watch.staff()
    socket.slot = 1  # a heartbeat reads conversations too, but its turn is in none of these beats
    heartbeat_loop = HeartbeatLoop()
    await heartbeat_loop.beat(10)
    await berlin.memberships.filter(operator=anna).adelete()

    def failing(_actor):
        raise Unavailable

    with monkeypatch.context() as patch:
        patch.setattr("livechat.services.inbox.own_conversations", failing)
        await heartbeat_loop.beat(20)
    await heartbeat_loop.beat(30)
    await operator_socket.next("inbox.changed")
    await sync_to_async(factories.opened)(vera, "Not for Anna")

    assert "Not for Anna" not in str(await operator_socket.drain())


@pytest.mark.django_db(transaction=True)
async def test_an_operator_who_watches_while_losing_the_channel_gets_no_events(
    sockets, berlin, anna, vera, monkeypatch
):
    chat = await sync_to_async(factories.conversation)(vera)
    ben = await sync_to_async(factories.operator)("ben", berlin)
    operator_socket = await sockets.staff(ben)
    [socket] = session_watch.staff()
    read = timeline.watchable
    is_read, may_go_on = threading.Event(), threading.Event()

    def slowly(actor, conversation):
        row = read(actor, conversation)
        is_read.set()
        assert may_go_on.wait(30)
        return row

    monkeypatch.setattr("livechat.services.timeline.watchable", slowly)
    await operator_socket.send("conversation.watch", conversation=chat.public_id)
    await asyncio.to_thread(is_read.wait, 30)
    await berlin.memberships.filter(operator=ben).adelete()
    looking = asyncio.create_task(session_watch.check_access([socket], changed=True))
    await asyncio.wait({looking}, timeout=1)  # it is done, or waits for the watch command
    may_go_on.set()
    await looking
    await operator_socket.next("inbox.changed")
    await operator_socket.send("timeline.fetch", conversation=chat.public_id)
    await operator_socket.next("rejected")  # so the command before it is done

    assert events.staff_group(chat.pk) not in bus.registry.groups_of(socket)


@pytest.mark.django_db(transaction=True)
async def test_an_operator_who_left_in_another_tab_no_longer_types_or_views_there(
    sockets, berlin, anna
):
    visitor, conversation = await sockets.chat(berlin)
    await berlin.memberships.all().adelete()
    one, other = await sockets.staff(anna), await sockets.staff(anna)
    await other.send("typing.set", conversation=conversation, active=True)
    await visitor.next("typing.changed")

    await one.send("conversation.leave", client_id=uuid.uuid4(), conversation=conversation)
    await other.next("conversation.changed")
    await visitor.drain()
    for command in ("typing.set", "viewing.set"):
        await other.send(command, conversation=conversation, active=True)

    refused = [await other.next("rejected") for _ in range(2)]
    assert [answer["code"] for answer in refused] == ["not_found", "forbidden"]
    assert "typing.changed" not in str(await visitor.drain())
