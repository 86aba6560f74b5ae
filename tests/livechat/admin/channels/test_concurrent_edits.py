"""Two concurrent administrators, rows deleted in the meantime, and manipulated forms."""

import pytest

from livechat.models import ChannelRule, Membership
from tests.forms import Form
from tests.livechat.admin.channels.page import errors, with_rules

pytestmark = pytest.mark.django_db


def test_the_second_of_two_admins_sees_the_other_ones_name_and_may_then_insist(
    client, opened, address, berlin
):
    mine, theirs = opened(), opened()
    client.post(address, {**theirs, "name": "Theirs"})

    refused = client.post(address, {**mine, "name": "Mine"})

    page = errors(refused)
    assert "Maria Example saved this channel on" in page
    assert "Changed Channel Name." in page
    assert 'value="Mine"' in page
    berlin.refresh_from_db()
    assert (berlin.name, berlin.revision) == ("Theirs", 1)
    again = client.post(address, Form(page).data)
    assert again.status_code == 302
    berlin.refresh_from_db()
    assert (berlin.name, berlin.revision) == ("Mine", 2)


@pytest.mark.parametrize("revision", ["", "7", "x", "-1", "9" * 40])
def test_a_revision_that_is_not_the_stored_one_is_refused(
    client, opened, address, berlin, revision
):
    page = errors(client.post(address, {**opened(), "revision": revision, "name": "Mine"}))

    assert "Another user saved this channel while you had it open." in page
    berlin.refresh_from_db()
    assert berlin.name == "Berlin"


def test_a_rule_deleted_meanwhile_is_said_to_be_gone_and_can_be_kept(
    client, opened, address, berlin
):
    rules = [
        ChannelRule.objects.create(channel=berlin, sequence=i, regex_url=f"/{i}") for i in (1, 2, 3)
    ]
    data = with_rules(opened(), {"regex_url": "/new"})
    rules[0].delete()

    refused = client.post(address, {**data, "rules-1-regex_url": "/changed"})

    page = errors(refused)
    assert "Another user deleted this row while you had it open." in page
    again = client.post(address, Form(page).data)
    assert again.status_code == 302
    assert set(berlin.rules.values_list("regex_url", flat=True)) == {"/1", "/changed", "/3", "/new"}
    assert {rules[1].pk, rules[2].pk} < set(berlin.rules.values_list("pk", flat=True))


def test_a_rule_that_both_deleted_is_simply_gone(client, opened, address, berlin):
    rules = [ChannelRule.objects.create(channel=berlin, sequence=i) for i in (1, 2)]
    data = opened()
    rules[0].delete()

    response = client.post(address, {**data, "rules-0-DELETE": "on"})

    assert response.status_code == 302
    assert berlin.rules.get() == rules[1]


def test_an_operator_who_left_meanwhile_is_reported_as_gone(
    client, opened, address, berlin, anna, ben
):
    data = opened()
    Membership.objects.filter(operator=anna).delete()

    page = errors(client.post(address, data))

    assert "Another user deleted this row while you had it open." in page
    sent = Form(page).data
    row = next(key for key, value in sent.items() if value == str(anna.pk) and "operator" in key)
    response = client.post(address, {**sent, row.replace("operator", "DELETE"): "on"})
    assert response.status_code == 302
    assert berlin.memberships.get().operator == ben


@pytest.mark.parametrize(
    "fields",
    [
        {"rules-INITIAL_FORMS": "5", "rules-TOTAL_FORMS": "5"},
        {"rules-INITIAL_FORMS": "x"},
        {"rules-TOTAL_FORMS": str(10**9), "rules-INITIAL_FORMS": str(10**9)},
        {"rules-0-id": "junk"},
        {"rules-0-id": "99999999"},
        {"memberships-0-operator": "junk"},
        {"memberships-0-operator": "99999999"},
        {"memberships-TOTAL_FORMS": ""},
    ],
)
def test_a_form_that_was_tampered_with_is_refused(client, opened, address, berlin, anna, fields):
    ChannelRule.objects.create(channel=berlin)

    assert client.post(address, {**opened(), **fields}).status_code == 200


def test_a_channel_deleted_while_its_form_was_open_leads_away_with_a_word(
    client, opened, address, berlin
):
    data = opened()
    berlin.delete()

    response = client.post(address, data, follow=True)

    assert response.redirect_chain
    assert "Perhaps it was deleted?" in response.content.decode()


def test_the_same_operator_twice_is_refused(client, opened, address, berlin, anna):
    data = {**opened(), "memberships-1-operator": str(anna.pk), "memberships-TOTAL_FORMS": "2"}

    response = client.post(address, data)

    assert "duplicate" in errors(response)
    assert response.context["opened"] == "operators"
