"""Who sees what in the Admin: the table of `docs/reference/permissions.md`, page by page."""

import uuid
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from livechat import policy
from livechat.admin import visibility
from livechat.domain import rights
from livechat.models import (
    CannedResponse,
    Channel,
    Conversation,
    Expertise,
    Tag,
    User,
)
from livechat.services import conversations, operators
from tests import factories

pytestmark = pytest.mark.django_db

PAGE = Path(__file__).parents[3] / "docs/reference/permissions.md"
GROUPS = {
    "manager": rights.MANAGERS,
    "operator": rights.OPERATORS,
    "analyst": rights.ANALYSTS,
    "outsider": None,
}


def cells() -> list[tuple[str, str, str]]:
    """Return (actor, model, expected) for every cell of the page's table."""
    text = PAGE.read_text().partition("## In the Admin")[2]
    head, _line, *rows = [line for line in text.splitlines() if line.startswith("|")]
    models = [cell.strip() for cell in head.strip("|").split("|")][1:]
    found = []
    for row in rows:
        actor, *values = [cell.strip() for cell in row.strip("|").split("|")]
        found += [(actor, model, cell) for model, cell in zip(models, values, strict=True)]
    return found


def signed_in(who: str, *channels: Channel) -> tuple[Client, User]:
    user = factories.user(who, group=GROUPS[who], is_staff=True)
    for channel in channels:
        channel.memberships.create(operator=user.operator)
    client = Client()
    client.force_login(user)
    return client, user


def closed(channel: Channel) -> Conversation:
    row = factories.conversation(factories.visitor(channel))
    conversations.close(
        factories.actor(factories.manager(f"m{uuid.uuid4().hex[:8]}")), row.public_id
    )
    row.refresh_from_db()
    return row


def things(who: str, user: User, berlin: Channel) -> dict[str, tuple[int | None, int]]:
    """Return, for every model, the key of an object of the user and of one that is not theirs."""
    paris = factories.channel("Paris")
    theirs = factories.conversation(factories.visitor(paris))
    own = closed(berlin) if who == "analyst" else factories.conversation(factories.visitor(berlin))
    stranger = factories.operator("stranger", paris, online=False)
    profile = getattr(user, "operator", None)
    response = CannedResponse.objects.create(shortcut="hers", substitution="x", owner=stranger.user)
    mine = CannedResponse.objects.create(shortcut="his", substitution="x", owner=user)
    webhook = factories.webhook()
    delivery = webhook.deliveries.create(
        event="ping", created_at=own.opened_at, due_at=own.opened_at, give_up_at=own.opened_at
    )
    return {
        "channel": (berlin.pk, paris.pk),
        "conversation": (own.pk, theirs.pk),
        "visitor": (own.visitor_id, theirs.visitor_id),
        "operator": (profile.pk if profile else None, stranger.pk),
        "cannedresponse": (mine.pk, response.pk),
        "expertise": (Expertise.objects.create(name="Tea").pk,) * 2,
        "tag": (Tag.objects.create(name="Delivery").pk,) * 2,
        "webhook": (webhook.pk,) * 2,
        "delivery": (delivery.pk,) * 2,
    }


@pytest.mark.parametrize(("who", "model", "expected"), cells())
def test_everybody_sees_in_the_admin_what_the_page_says(berlin, who, model, expected):
    client, user = signed_in(who, *([berlin] if who == "operator" else []))
    his, other = things(who, user, berlin)[model]

    listed = client.get(reverse(f"admin:livechat_{model}_changelist"))
    shown = client.get(reverse(f"admin:livechat_{model}_change", args=[his or other]))
    foreign = client.get(reverse(f"admin:livechat_{model}_change", args=[other]))
    past = client.get(reverse(f"admin:livechat_{model}_history", args=[other]))

    if expected == "no":
        assert {listed.status_code, shown.status_code, foreign.status_code} <= {302, 403}
        assert listed.status_code == past.status_code == 403 or past.status_code == 302
        assert listed.status_code == 403
        return
    assert (listed.status_code, shown.status_code) == (200, 200)
    keys = {row.pk for row in listed.context["cl"].result_list}
    if expected.startswith("own"):
        assert keys == {his}
        assert (foreign.status_code, foreign["Location"]) == (302, reverse("admin:index"))
        assert (past.status_code, past["Location"]) == (302, reverse("admin:index"))
    else:
        assert {his, other} - {None} <= keys
        assert foreign.status_code == 200
    if model != "conversation":
        assert shown.context["has_change_permission"] == ("change" in expected)


@pytest.mark.parametrize("who", GROUPS)
def test_the_page_lists_every_actor_and_every_model(who):
    assert [model for actor, model, _cell in cells() if actor == who] == [
        *("channel", "conversation", "visitor", "operator"),
        *("cannedresponse", "expertise", "tag", "webhook", "delivery"),
    ]


@pytest.mark.parametrize("who", GROUPS)
def test_websites_have_no_pages_of_their_own(who):
    client, _user = signed_in(who)

    assert client.get("/admin/livechat/embedding/").status_code in (302, 404)
    assert client.get("/admin/livechat/embedding/1/change/").status_code in (302, 404)


@pytest.mark.parametrize("group", [*GROUPS.values(), "twice"])
def test_the_archive_is_what_the_policy_lets_read(berlin, group):
    paris = factories.channel("Paris")
    rows = [closed(berlin), closed(paris)]
    rows += [factories.conversation(factories.visitor(channel)) for channel in (berlin, paris)]
    user = factories.user("someone", group=rights.OPERATORS if group == "twice" else group)
    if group in (rights.OPERATORS, "twice"):
        berlin.memberships.create(operator=user.operator)
    if group == "twice":
        user.user_permissions.add(_permission("analyse_livechat"))
    actor = operators.staff_actor(user.pk)

    seen = set(visibility.readable(actor).values_list("pk", flat=True))

    assert seen == {row.pk for row in rows if policy.may_read(actor, row)}
    assert seen == {row.pk for row in rows if visibility.may_read(actor, row)}


def _permission(codename):
    from django.contrib.auth.models import Permission

    return Permission.objects.get(codename=codename)


def test_a_former_participant_keeps_what_they_could_read(berlin, anna, vera):
    chat = factories.conversation(vera)
    anna.memberships.all().delete()
    actor = factories.actor(anna)

    assert chat.operator == anna
    assert list(visibility.readable(actor)) == [chat]
    assert visibility.may_read(actor, chat)


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (
            "manager",
            [
                *("Channels", "Sessions", "Visitors", "Dashboard", "Your profile"),
                *("Chatbots", "Canned Responses", "Expertise", "Tags", "Webhooks", "Deliveries"),
                *("Report", "Operators", "Failed sign-ins"),
            ],
        ),
        (
            "operator",
            [
                *("Channels", "Sessions", "Visitors", "Dashboard", "Your profile"),
                *("Canned Responses", "Expertise", "Tags", "Operators"),
            ],
        ),
        ("analyst", ["Sessions", "Report"]),
        ("outsider", []),
    ],
)
def test_the_menu_shows_what_opens_and_nothing_else(who, expected):
    client, _user = signed_in(who)

    groups = client.get("/admin/").context["sidebar_navigation"]

    entries = [item for group in groups for item in group["items"]]
    assert [str(item["title"]) for item in entries] == expected
    assert all(client.get(item["link"]).status_code == 200 for item in entries)


def test_a_superuser_finds_accounts_and_groups_too(client):
    client.force_login(factories.user("root", is_staff=True, is_superuser=True))

    groups = client.get("/admin/").context["sidebar_navigation"]

    assert [str(item["title"]) for item in groups[-1]["items"]] == [
        *("Operators", "Users", "Groups", "Failed sign-ins")
    ]


def test_without_staff_status_the_admin_stays_closed(client, anna):
    client.force_login(anna.user)

    for name in ("index", "livechat_conversation_changelist", "reports_report"):
        assert client.get(reverse(f"admin:{name}")).status_code == 302


def test_a_lost_right_is_lost_at_once(client, berlin, anna, vera):
    chat = factories.conversation(vera)
    anna.user.is_staff = True
    anna.user.save()
    client.force_login(anna.user)
    address = reverse("admin:livechat_conversation_change", args=[chat.pk])
    assert client.get(address).status_code == 200

    anna.user.groups.clear()

    assert client.get(address).status_code == 302
    assert client.get(reverse("admin:livechat_conversation_changelist")).status_code == 403
