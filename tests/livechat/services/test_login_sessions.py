"""Login sessions end everywhere at once: with their sockets, in every process."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.test import Client

from livechat.bus import Bus, Post, bus
from livechat.consumers.session_watch import SessionWatch
from livechat.domain import rights
from livechat.models import User
from livechat.services import login_sessions
from tests import factories
from tests.sockets import RecordingSubscriber, Sockets, session_cookie

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "a long password 42"
OTHER = "another long password 7"


@pytest.fixture
async def watched(sockets: Sockets):
    """Sockets for which only the session watch runs, not the heartbeat loop."""
    async with watching():
        yield sockets


@asynccontextmanager
async def watching():
    task = asyncio.create_task(SessionWatch().run())
    await asyncio.sleep(0)
    yield
    task.cancel()


def signed_in(user: User) -> Client:
    client = Client()
    assert client.post("/login/", {"username": user.username, "password": PASSWORD})["Location"]
    return client


async def open_dashboard_socket(sockets: Sockets, client: Client):
    """Open the dashboard's socket of the browser `client`."""
    cookie = f"sessionid={client.cookies['sessionid'].value}"
    socket = await sockets.connect("/ws/staff/", cookie=cookie)
    assert socket is not None
    await socket.send("hello", version=1, tab=str(id(socket)))
    await socket.next("welcome")
    return socket


async def expect_inbox(operator_socket) -> None:
    await operator_socket.send("inbox.fetch")
    await operator_socket.next("inbox.snapshot")


async def test_signing_out_ends_the_tabs_of_this_browser_and_no_other(watched, anna):
    here, there = [await sync_to_async(signed_in)(anna.user) for _ in range(2)]
    tabs = [await open_dashboard_socket(watched, here) for _ in range(2)]
    other = await open_dashboard_socket(watched, there)

    await sync_to_async(here.post)("/logout/")

    assert [await tab.closed() for tab in tabs] == [4401, 4401]
    await expect_inbox(other)


async def test_signing_out_in_the_admin_is_the_same(watched, anna):
    await User.objects.filter(pk=anna.user_id).aupdate(is_staff=True)
    here = await sync_to_async(signed_in)(anna.user)
    operator_socket = await open_dashboard_socket(watched, here)

    await sync_to_async(here.post)("/admin/logout/")

    assert await operator_socket.closed() == 4401


async def test_signing_out_everywhere_ends_all_own_login_sessions_and_no_others(watched, anna, ben):
    here, there, bens = [await sync_to_async(signed_in)(who.user) for who in (anna, anna, ben)]
    operator_sockets = [
        await open_dashboard_socket(watched, client) for client in (here, there, bens)
    ]

    answer = await sync_to_async(here.post)("/profile/sign-out/")

    assert answer["Location"] == "/login/"
    assert [await operator_socket.closed() for operator_socket in operator_sockets[:2]] == [
        4401,
        4401,
    ]
    await expect_inbox(operator_sockets[2])
    for client, status in ((here, 302), (there, 302), (bens, 200)):
        assert (await sync_to_async(client.get)("/dashboard/")).status_code == status


async def test_signing_out_everywhere_wants_a_form_of_ours(anna):
    strict = Client(enforce_csrf_checks=True)
    await sync_to_async(strict.force_login)(anna.user)

    assert (await sync_to_async(strict.get)("/profile/sign-out/")).status_code == 405
    assert (await sync_to_async(strict.post)("/profile/sign-out/")).status_code == 403
    assert await Session.objects.acount() == 1


async def test_a_password_changed_by_oneself_ends_all_other_browsers(watched, anna):
    here, there = [await sync_to_async(signed_in)(anna.user) for _ in range(2)]
    other = await open_dashboard_socket(watched, there)

    fields = {"old_password": PASSWORD, "new_password1": OTHER, "new_password2": OTHER}
    await sync_to_async(here.post)("/profile/password/", fields)

    assert await other.closed() == 4401
    assert (await sync_to_async(there.get)("/dashboard/")).status_code == 302
    assert (await sync_to_async(here.get)("/dashboard/")).status_code == 200


async def test_what_an_administrator_does_to_an_account_holds_at_once(watched, anna):
    boss = await sync_to_async(factories.user)("root", is_staff=True, is_superuser=True)
    admin = Client()
    await sync_to_async(admin.force_login)(boss)
    operator_socket = await watched.staff(anna)

    fields = {"password1": OTHER, "password2": OTHER, "usable_password": "true"}
    address = f"/admin/livechat/user/{anna.user_id}/password/"
    answer = await sync_to_async(admin.post)(address, fields)

    assert answer.status_code == 302
    assert await operator_socket.closed() == 4401


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ("is switched off", 4401),
        ("is deleted", 4401),
        ("loses the group", 4403),
        ("is in a group that loses the right", 4403),
    ],
)
async def test_a_user_who_loses_account_or_rights_is_disconnected_at_once(watched, anna, how, code):
    operator_socket = await watched.staff(anna, fetch=False)
    user = await User.objects.aget(pk=anna.user_id)
    group = await Group.objects.aget(name=rights.OPERATORS)

    match how:
        case "is switched off":
            user.is_active = False
            await sync_to_async(user.save)()
        case "is deleted":
            await sync_to_async(user.delete)()
        case "loses the group":
            await sync_to_async(user.groups.clear)()
        case _:
            await sync_to_async(group.permissions.clear)()

    assert await operator_socket.closed() == code


async def test_an_operator_removed_from_a_channel_gets_no_more_events_of_it(berlin, anna, watched):
    # Create Anna before the watch starts: a new right would look like a change of rights.
    operator_socket = await watched.staff(anna)
    await sync_to_async(anna.memberships.all().delete)()
    await operator_socket.next("inbox.changed")

    _visitor, _conversation = await watched.chat(berlin)

    assert not [
        frame for frame in await operator_socket.drain() if frame["type"] != "presence.changed"
    ]


async def test_a_user_who_is_enabled_again_has_to_sign_in_again(anna):
    client = await sync_to_async(signed_in)(anna.user)
    for is_active in (False, True):
        anna.user.is_active = is_active
        await sync_to_async(anna.user.save)()

    assert (await sync_to_async(client.get)("/dashboard/")).status_code == 302


async def test_signing_in_announces_no_change_of_rights(anna, published):
    await sync_to_async(signed_in)(anna.user)

    assert [post for post in published if "access" in post.groups] == []


async def test_the_event_about_a_login_session_contains_no_secret(anna, published):
    cookie = await sync_to_async(session_cookie)(anna.user)

    await sync_to_async(login_sessions.end_all)(anna.user_id)

    [post] = published
    assert (post.groups, post.frame) == (("access",), str(anna.user_id))
    assert cookie.removeprefix("sessionid=") not in post.frame


async def wait_for_bus(listening: Bus, speaking: Bus) -> None:
    """Wait until one bus receives from the other: a subscription takes a moment."""
    subscriber = RecordingSubscriber()
    listening.registry.join(subscriber, "hush")
    async with asyncio.timeout(20):
        while not subscriber.frames:
            speaking.publish([Post(("hush",), "hello")])
            await asyncio.sleep(0.02)
    listening.registry.drop(subscriber)


@pytest.mark.services
async def test_another_process_is_informed_of_an_ended_session(watched, anna, monkeypatch):
    """A separate bus on the same Redis, without sockets, plays the other process."""
    operator_socket = await open_dashboard_socket(
        watched, await sync_to_async(signed_in)(anna.user)
    )
    other = Bus()
    await other.attach()
    try:
        await wait_for_bus(bus, other)
        monkeypatch.setattr("livechat.events.bus", other)
        await sync_to_async(login_sessions.end_all)(anna.user_id)

        assert await operator_socket.closed() == 4401
    finally:
        await other.detach()


async def test_a_new_session_begins_with_every_sign_in(anna):
    client = Client()
    await sync_to_async(client.get)("/login/")
    client.cookies["sessionid"] = "chosen-by-an-attacker-0123456789"
    await sync_to_async(client.post)("/login/", {"username": "anna", "password": PASSWORD})
    first = client.cookies["sessionid"].value
    await sync_to_async(client.post)("/logout/")
    await sync_to_async(client.post)("/login/", {"username": "anna", "password": PASSWORD})

    assert "attacker" not in first
    assert client.cookies["sessionid"].value != first
    assert not await Session.objects.filter(session_key=first).aexists()
