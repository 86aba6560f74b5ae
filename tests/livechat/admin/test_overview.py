"""The Admin's start page: what waits, for which reader, and what is still to be set up."""

import re
from datetime import timedelta
from html import unescape

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from livechat.admin.overview import MAX_CHANNELS, MAX_WAITING
from livechat.domain import rights
from livechat.domain.login_lockout import MAX_OF_ADDRESS, MAX_OF_NAME, WINDOW
from livechat.models import Channel, Conversation, Delivery, Embedding, User, Visitor, Webhook
from livechat.services import conversations, login_attempts
from tests import factories

pytestmark = pytest.mark.django_db


def account(client: Client) -> User:
    user = client.get(reverse("admin:index")).wsgi_request.user
    assert isinstance(user, User)
    return user


def reader(name: str, group: str | None, **fields) -> Client:
    client = Client()
    client.force_login(factories.user(name, group=group, is_staff=True, **fields))
    return client


@pytest.fixture
def maria() -> Client:
    """A manager who is not an operator."""
    client = reader("maria", rights.MANAGERS)
    operator = account(client).operator
    operator.delete()
    return client


def shown(client: Client):
    return client.get(reverse("admin:index")).context["overview"]


def links(client: Client) -> list[str]:
    """Return the links of the page's overview."""
    page = client.get(reverse("admin:index")).text
    return [
        unescape(one)
        for one in re.findall(r'href="([^"]+)"', page.partition('class="overview"')[2])
    ]


def waiting_in(channel: Channel, minutes: float = 5, name: str = "") -> Conversation:
    row = factories.conversation(factories.visitor(channel))
    since = factories.minutes_ago(minutes)
    Conversation.objects.filter(pk=row.pk).update(opened_at=since, waiting_since=since)
    Visitor.objects.filter(pk=row.visitor_id).update(name=name)
    return row


def steps(client: Client) -> dict[str, bool]:
    return {step.title: step.is_done for step in shown(client).steps}


# --- channels and waiting visitors


def test_a_manager_sees_every_channel_with_the_busiest_first(maria, berlin, anna, ben):
    factories.conversation(factories.visitor(berlin))
    ben.choose(ben.choice.BUSY)
    ben.save()
    paris = factories.channel("Paris")
    waiting_in(paris)
    factories.channel("Archived", is_active=False)

    lines = shown(maria).channels

    assert [(one.name, one.waiting, one.open, one.online, one.operators) for one in lines] == [
        ("Paris", 1, 0, 0, 0),
        ("Berlin", 0, 1, 1, 2),
    ]


def test_visitors_with_the_longest_wait_come_first_and_lead_into_the_inbox(maria, berlin):
    waiting_in(berlin, 0.2)
    vera = waiting_in(berlin, 95, name="Vera")

    lines = shown(maria).waiting

    assert [(one.visitor, one.channel, one.waited) for one in lines] == [
        ("Vera", "Berlin", "1\xa0hour"),
        (f"Visitor #{Visitor.objects.latest('pk').pk - 1}", "Berlin", "less than a minute"),
    ]
    assert lines[0].address == f"/dashboard/#{vera.public_id}"


def test_an_operator_sees_their_own_channels_and_nothing_of_others(berlin):
    paris = factories.channel("Paris")
    waiting_in(paris, name="Pierre")
    waiting_in(berlin, name="Vera")
    client = reader("anna", rights.OPERATORS)
    berlin.memberships.create(operator=account(client).operator)

    page = client.get(reverse("admin:index"))

    assert [one.name for one in page.context["overview"].channels] == ["Berlin"]
    assert [one.visitor for one in page.context["overview"].waiting] == ["Vera"]
    assert "Pierre" not in page.text
    assert "Paris" not in page.text


def test_an_operator_of_no_channel_is_led_to_those_they_can_join():
    client = reader("anna", rights.OPERATORS)

    assert "You are not an operator of any channel yet." in client.get("/admin/").text
    assert "/dashboard/#channels" in links(client)


def test_an_analyst_sees_how_much_there_is_to_read_but_no_waiting_visitors(berlin, vera):
    waiting_in(berlin, name="Vera")
    ended = factories.conversation(vera)
    conversations.close(factories.actor(factories.manager("maria")), ended.public_id)
    client = reader("analyst", rights.ANALYSTS)

    page = client.get(reverse("admin:index"))

    assert page.context["overview"].ended == 1
    assert "ended in the last seven days" in page.text
    assert "Vera" not in page.text
    assert "Berlin" not in page.text


def test_an_account_without_rights_sees_that_a_manager_can_help(berlin):
    waiting_in(berlin, name="Vera")

    page = reader("otto", None).get(reverse("admin:index")).text

    assert "Your account has no access yet" in page
    assert "Vera" not in page
    assert "Berlin" not in page


def test_the_right_to_see_channels_alone_shows_nothing_of_their_chats(berlin):
    waiting_in(berlin, name="Vera")
    client = reader("otto", None)
    user = account(client)
    user.user_permissions.add(Permission.objects.get(codename="view_channel"))

    page = client.get(reverse("admin:index"))

    assert page.context["overview"].channels == []
    assert "Vera" not in page.text


def test_names_are_text_whatever_they_say(maria):
    evil = factories.channel("<script>alert(1)</script>", slug="evil")
    waiting_in(evil, name='<img src=x onerror="alert(1)">')

    page = maria.get(reverse("admin:index")).text

    assert "<script>alert(1)" not in page
    assert "<img src=x" not in page


def test_an_overview_without_tasks_says_so(maria, berlin):
    assert "No visitors are waiting" in maria.get(reverse("admin:index")).text


# --- long lists


def test_of_very_many_the_first_are_shown_and_the_rest_counted(maria):
    for number in range(MAX_CHANNELS + 3):
        factories.channel(f"Channel {number:02}", slug=f"c{number}")
    busy = Channel.objects.get(slug="c14")
    for _number in range(MAX_WAITING + 2):
        waiting_in(busy)

    seen = shown(maria)

    assert (len(seen.channels), seen.more_channels) == (MAX_CHANNELS, 3)
    assert (len(seen.waiting), seen.more_waiting) == (MAX_WAITING, 2)
    assert seen.channels[0].name == busy.name
    page = maria.get(reverse("admin:index")).text
    assert "3 more channels" in page
    assert "2 more visitors are waiting" in page


def queries(client: Client) -> int:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(reverse("admin:index")).status_code == 200
    return len(seen)


def test_forty_channels_cost_as_many_queries_as_one(maria, berlin, monkeypatch):
    monkeypatch.setattr("config.start_page.findings", list)  # cached, so their queries vary
    waiting_in(berlin)
    one = queries(maria)
    for number in range(40):
        more = factories.channel(f"Channel {number}", slug=f"c{number}")
        waiting_in(more)
        factories.operator(f"o{number}", more)

    assert queries(maria) == one
    assert one <= 25


# --- deliveries and sign-ins


def delivery(state: str, failure: str = "") -> None:
    now = timezone.now()
    Delivery.objects.create(
        webhook=Webhook.objects.first() or factories.webhook(),
        event="ping",
        state=state,
        failure=failure,
        created_at=now,
        due_at=now,
        give_up_at=now,
        finished_at=None if state == "pending" else now,
    )


def locked(name: str = "anna", count: int = MAX_OF_NAME, **fields) -> AccessAttempt:
    made: AccessAttempt = AccessAttempt.objects.create(
        **{"username": name, "ip_address": "203.0.113.9", "user_agent": ""}
        | {"failures_since_start": count, **fields}
    )
    return made


def test_a_manager_sees_failed_deliveries_and_locked_sign_ins(maria, berlin):
    for _time in range(2):
        delivery("given_up", "timeout")
    delivery("pending", "timeout")
    delivery("pending")
    delivery("done")
    locked()

    notices = shown(maria).notices

    assert [(one.text, one.action) for one in notices] == [
        ("2 webhook deliveries failed.", "Deliveries"),
        ("1 webhook delivery is being retried.", "Deliveries"),
        ("1 sign-in is locked after too many wrong passwords.", "Failed sign-ins"),
    ]


def test_an_operator_sees_neither_failed_deliveries_nor_locked_sign_ins(berlin):
    delivery("given_up", "timeout")
    locked()

    assert shown(reader("anna", rights.OPERATORS)).notices == []


@pytest.mark.parametrize(
    ("name", "count", "since"),
    [
        ("anna", MAX_OF_NAME - 1, timedelta()),
        ("", MAX_OF_ADDRESS - 1, timedelta()),
        ("anna", MAX_OF_NAME, WINDOW),
        ("anna", MAX_OF_NAME, timedelta()),
        ("", MAX_OF_ADDRESS, timedelta()),
    ],
)
def test_a_sign_in_counts_as_locked_exactly_while_it_is(name, count, since):
    now = timezone.now()
    row = locked(name, count)
    AccessAttempt.objects.filter(pk=row.pk).update(attempt_time=now - since)
    row.refresh_from_db()

    is_locked = login_attempts.locked_until(row, now) is not None

    assert login_attempts.locked(now).exists() is is_locked


# --- what is still to be set up


def test_an_empty_installation_shows_the_way_to_the_first_chat(maria):
    page = maria.get(reverse("admin:index"))

    assert "Set up your first chat" in page.text
    assert page.context["overview"].channels == []
    assert links(maria)[0] == reverse("admin:livechat_channel_add")
    assert steps(maria) == {
        "Add an operator": False,
        "Create a channel": False,
        "Add operators to every channel": False,
        "Add the chat to your website": False,
        "Try a first chat": False,
    }


def test_a_step_that_cannot_be_done_yet_leads_nowhere(maria):
    assert [bool(step.address) for step in shown(maria).steps] == [False, True] + [False] * 3


def test_a_superuser_makes_themselves_an_operator_and_a_manager_asks_one(maria):
    root = reader("root", None, is_superuser=True)

    own, asked = shown(root).steps[0], shown(maria).steps[0]

    assert own.address == reverse("admin:livechat_user_change", args=[account(root).pk])
    assert root.get(own.address).status_code == 200
    assert "Ask a superuser" in asked.text


def test_steps_are_done_one_by_one_until_there_is_nothing_to_set_up(maria, berlin):
    alone = shown(maria).steps[2]
    assert alone.text == "Channels without operators: Berlin"
    assert alone.address.endswith(f"/channel/{berlin.pk}/change/#show-operators")

    factories.operator("anna", berlin)
    assert steps(maria)["Add operators to every channel"] is True

    now = timezone.now()
    Embedding.objects.create(
        channel=berlin, origin="https://shop.example", first_at=now, last_at=now
    )
    assert steps(maria)["Add the chat to your website"] is True

    row = factories.conversation(factories.visitor(berlin))
    Conversation.objects.filter(pk=row.pk).update(answered_at=now)
    assert all(steps(maria).values())
    assert "Remaining set-up steps" not in maria.get(reverse("admin:index")).text


def test_an_operator_without_the_right_does_not_count(maria, berlin, anna):
    anna.is_enabled = False
    anna.save()

    assert steps(maria)["Add operators to every channel"] is False


def test_of_many_channels_without_operators_some_are_named(maria):
    for name in "abcde":
        factories.channel(name)

    assert shown(maria).steps[2].text == "Channels without operators: a, b, c, …"


def test_an_operator_is_asked_for_a_name_and_a_picture(berlin):
    client = reader("anna", rights.OPERATORS)
    anna = account(client).operator
    berlin.memberships.create(operator=anna)
    assert steps(client) == {"Complete your profile": False}

    anna.chat_name = "Anna"
    anna.save()

    assert steps(client) == {"Complete your profile": True}


def test_the_only_account_that_may_enter_is_advised_to_let_another_one_in():
    root = reader("root", None, is_superuser=True)
    second = "Give a second person access to the Admin"
    assert steps(root)[second] is False

    factories.user("gone", is_staff=True, is_active=False)
    assert steps(root)[second] is False

    factories.user("ben", is_staff=True)
    assert steps(root)[second] is True


# --- targets of the links


@pytest.mark.parametrize("who", ["root", "maria", "anna", "analyst", "otto"])
def test_every_line_opens_for_each_user_who_sees_it(berlin, anna, who):
    groups = {"maria": rights.MANAGERS, "anna": rights.OPERATORS, "analyst": rights.ANALYSTS}
    waiting_in(factories.channel("Paris"))
    waiting_in(berlin)
    delivery("given_up", "timeout")
    delivery("pending", "timeout")
    locked("somebody")
    client = reader(f"{who}2", groups.get(who), is_superuser=who == "root")
    if who == "anna":
        berlin.memberships.create(operator=account(client).operator)

    found = [one.partition("#")[0] for one in links(client) if not one.startswith("/static/")]

    assert {one: client.get(one).status_code for one in found} == dict.fromkeys(found, 200)
    assert len(found) > {"analyst": 0, "otto": -1}.get(who, 5)


def test_without_staff_status_there_is_no_start_page(client, anna):
    client.force_login(anna.user)

    assert client.get(reverse("admin:index")).status_code == 302
