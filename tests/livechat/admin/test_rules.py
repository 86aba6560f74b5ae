"""Rules in the Admin: validated on save, and tested for a page's address."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from livechat.models import ChannelRule
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def test_page(client, berlin):
    client.force_login(factories.user("root", is_staff=True, is_superuser=True))
    address = reverse("admin:livechat_channel_test_a_url", args=[berlin.pk])
    return lambda **query: client.get(address, query)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"regex_url": "/shop("}, "A parenthesis is not closed. At character 1: “/shop(”"),
        ({"regex_url": "a(?=b)"}, "Lookahead and lookbehind are not supported. At character 2"),
        ({"regex_url": "x" * 1_001}, "1000 characters"),
        ({"auto_popup_timer": -1}, "greater than or equal to 0"),
        ({"auto_popup_timer": 10**9}, "less than or equal to 3600"),
        ({"countries": ["XX"]}, "'XX' is not a valid choice"),
        ({"action": "explode"}, "not a valid choice"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(berlin, fields, message):
    with pytest.raises(ValidationError) as error:
        ChannelRule(channel=berlin, **fields).full_clean()

    assert message in str(error.value)


def test_the_page_names_the_rule_that_wins_and_why_the_others_do_not(berlin, test_page):
    ChannelRule.objects.create(channel=berlin, sequence=1, regex_url="/blog")
    ChannelRule.objects.create(channel=berlin, sequence=2, countries="FR", action="hide_button")
    ChannelRule.objects.create(channel=berlin, sequence=3, action="auto_popup")
    ChannelRule.objects.create(channel=berlin, sequence=4)

    verdicts = test_page(url="https://shop.example/cart", country="DE", operator="on").context[
        "verdicts"
    ]
    french = test_page(url="https://shop.example/cart", country="FR").context["winner"]

    assert [str(verdict["reason"]) for verdict in verdicts] == [
        "The URL Regex does not match the address.",
        "This rule is for other countries.",
        "This rule applies.",
        "This rule matches, but another rule comes first.",
    ]
    assert french.action == "hide_button"


@pytest.mark.parametrize(
    ("absence", "operator", "expected"),
    [
        ("keep_button", "", "shown without a notification"),
        ("hide_button", "", "the button is hidden"),
        ("hide_button", "on", ""),
    ],
)
def test_the_page_says_what_happens_while_no_operator_is_available(
    berlin, test_page, absence, operator, expected
):
    ChannelRule.objects.create(channel=berlin, action="auto_popup")
    berlin.absence = absence
    berlin.save()

    page = test_page(url="https://shop.example/", **({"operator": operator} if operator else {}))

    assert expected in page.context["instead"]
    assert bool(page.context["instead"]) is not bool(operator)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "cart", "https://", "\x01", "x" * 100_000])
def test_what_is_no_address_is_said_to_be_none(test_page, url):
    response = test_page(url=url)

    assert response.status_code == 200
    assert "verdicts" not in response.context
    assert response.context["form"].errors["url"]


def test_markup_in_address_and_expression_stays_text(berlin, test_page):
    ChannelRule.objects.create(channel=berlin, regex_url="<img src=x onerror=alert(1)>")

    page = test_page(url="https://shop.example/<script>alert(1)</script>").content.decode()

    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_without_rules_the_button_is_shown(test_page):
    page = test_page(url="https://shop.example/").content.decode()

    assert "No rule applies. The button is shown." in page


def test_a_user_who_may_not_see_channels_may_not_test_them(client, berlin, anna):
    anna.user.is_staff = True
    anna.user.save()
    anna.user.groups.clear()
    client.force_login(anna.user)

    response = client.get(reverse("admin:livechat_channel_test_a_url", args=[berlin.pk]))

    assert response.status_code in (302, 403)
    assert "Test a URL" not in response.content.decode()
