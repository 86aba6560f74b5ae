"""Who may add, change and delete channels, which browsers are notified, and the list."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from livechat import events
from livechat.models import Channel, ChannelRule, Embedding
from tests import factories
from tests.forms import Form
from tests.livechat.admin.channels.page import EVIL, errors, staff

pytestmark = pytest.mark.django_db


def test_the_creator_of_a_channel_becomes_its_operator(client, maria):
    add = reverse("admin:livechat_channel_add")
    page = client.get(add).content.decode()

    response = client.post(add, {**Form(page).data, "name": "Rome", "slug": "rome"})

    assert response.status_code == 302
    assert "You will be added as an operator." in page
    assert "Save the channel to get the line" in page
    rome = Channel.objects.get(slug="rome")
    assert [row.operator for row in rome.memberships.all()] == [maria.operator]
    assert rome.revision == 0


def test_a_creator_without_operator_rights_does_not_become_an_operator(client):
    clerk = factories.user("clerk", is_staff=True)
    clerk.user_permissions.set(
        Permission.objects.filter(codename__in=["add_channel", "change_channel"])
    )
    client.force_login(clerk)
    add = reverse("admin:livechat_channel_add")
    page = client.get(add).content.decode()

    client.post(add, {**Form(page).data, "name": "Rome", "slug": "rome"})

    assert "You will be added" not in page
    assert Channel.objects.get(slug="rome").memberships.count() == 0


def test_saving_and_deleting_channels_notifies_servers_that_show_widgets(
    client, opened, address, berlin, monkeypatch
):
    received = []
    monkeypatch.setattr(events, "widgets_changed", lambda: received.append(Channel.objects.count()))
    listing = reverse("admin:livechat_channel_changelist")
    delete = reverse("admin:livechat_channel_delete", args=[berlin.pk])
    rome = factories.channel("Rome")

    client.post(address, opened())
    client.post(address, {**opened(), "name": ""})
    client.post(delete, {"post": "yes"})
    client.post(
        listing, {"action": "delete_selected", "_selected_action": [rome.pk], "post": "yes"}
    )

    assert received == [2, 1, 0]


def test_a_channel_with_conversations_is_protected(client, maria, berlin, anna, vera):
    factories.conversation(vera)
    delete = reverse("admin:livechat_channel_delete", args=[berlin.pk])

    asked = client.get(delete)
    tried = client.post(delete, {"post": "yes"})

    assert (asked.status_code, tried.status_code) == (200, 200)
    assert "protected" in tried.content.decode()
    assert Channel.objects.filter(pk=berlin.pk).exists()


def test_the_list_counts_and_asks_no_more_often_when_it_is_longer(
    client, maria, berlin, anna, ben, vera
):
    factories.conversation(vera)
    now = timezone.now()
    for days in (1, 2):
        Embedding.objects.create(
            channel=berlin,
            origin=f"https://{days}.example",
            first_at=now - timedelta(days=9),
            last_at=now - timedelta(days=days),
        )
    listing = reverse("admin:livechat_channel_changelist")
    client.get(listing)

    with CaptureQueriesContext(connection) as few:
        row = client.get(listing).context["cl"].result_list[0]
    for i in range(9):
        factories.operator(f"op{i}", factories.channel(f"Channel{i}"))
    with CaptureQueriesContext(connection) as many:
        page = client.get(listing)

    assert (row.operator_count, row.session_count) == (2, 1)
    assert row.seen == now - timedelta(days=1)
    assert len(many) == len(few)
    assert "Never" in page.content.decode()
    for column in range(1, 6):
        assert client.get(listing, {"o": f"-{column}"}).status_code == 200


def test_an_account_that_is_switched_off_keeps_its_row_but_is_not_counted(
    client, maria, address, berlin, anna, ben
):
    anna.user.is_active = False
    anna.user.save()

    [row] = client.get(reverse("admin:livechat_channel_changelist")).context["cl"].result_list
    page = client.get(address).content.decode()

    assert row.operator_count == 1
    assert "anna · account is switched off" in page
    assert "no longer has permission" not in page
    assert f'name="memberships-0-operator" value="{anna.pk}"' in page


def test_an_operator_may_look_at_the_form_but_not_change_it(client, address, berlin, anna):
    berlin.button_background_color = "#123456"
    berlin.save()
    client.force_login(staff(anna))

    page = client.get(address)
    changed = client.post(address, {"name": "Mine", "slug": "mine", "revision": "0"})
    added = client.get(reverse("admin:livechat_channel_add"))

    text = page.content.decode()
    assert page.status_code == 200
    assert 'name="name"' not in text
    assert 'name="revision"' not in text
    assert "--button: #123456" in text
    assert "loader.js" in text
    assert (changed.status_code, added.status_code) == (403, 403)
    berlin.refresh_from_db()
    assert berlin.name == "Berlin"


def test_a_user_who_may_only_view_rules_and_operators_sees_them_as_text(
    client, address, berlin, anna
):
    ChannelRule.objects.create(
        channel=berlin, regex_url=EVIL, countries="DE", action="auto_popup", auto_popup_timer=77
    )
    anna.user.user_permissions.set(
        Permission.objects.filter(codename__in=["view_channelrule", "view_membership"])
    )
    client.force_login(staff(anna))

    text = client.get(address).content.decode()

    assert "Germany" in text
    assert "77" in text
    assert "<script>alert" not in text
    assert 'name="rules-0-regex_url"' not in text
    assert 'name="memberships-0-operator"' not in text


@pytest.mark.parametrize("name", ["change", "qr", "qr_page"])
def test_an_outsider_sees_nothing(client, berlin, name):
    address = reverse(f"admin:livechat_channel_{name}", args=[berlin.pk])
    assert client.get(address).status_code == 302
    client.force_login(factories.user("eve"))
    assert client.get(address).status_code == 302
    client.force_login(factories.user("mallory", is_staff=True))

    assert client.get(address).status_code == 403


def test_a_user_who_may_not_answer_cannot_be_added_to_a_channel(
    client, maria, address, opened, berlin
):
    gone = factories.operator("gone")
    gone.user.groups.clear()
    data = {
        **opened(),
        "memberships-TOTAL_FORMS": "1",
        "memberships-0-id": "",
        "memberships-0-operator": str(gone.pk),
    }

    assert "no permission to answer" in errors(client.post(address, data))
    assert not berlin.operators.exists()
    query = {"app_label": "livechat", "model_name": "membership", "field_name": "operator"}
    assert client.get("/admin/autocomplete/", {**query, "term": "gone"}).json()["results"] == []
