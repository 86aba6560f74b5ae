"""The rules in the channel form: their order, validation of each, with and without bots."""

import pytest

from livechat import responder_registry
from livechat.admin.channel_rows import CountriesField, CountriesInput
from livechat.domain.enumerations import ResponderCondition
from livechat.models import ChannelRule
from tests import factories
from tests.forms import Form
from tests.livechat.admin.channels.page import EVIL, errors, with_rules

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"regex_url": "/shop("}, "A parenthesis is not closed. At character 1: “/shop(”"),
        ({"regex_url": "a(?=b)"}, "Lookahead and lookbehind are not supported."),
        ({"regex_url": "x" * 1_001}, "at most 1000 characters"),
        ({"auto_popup_timer": -1}, "greater than or equal to 0"),
        ({"auto_popup_timer": 10**9}, "less than or equal to 3600"),
        ({"auto_popup_timer": "soon"}, "Enter a whole number."),
        ({"countries": "DE, Atlantis"}, "“ATLANTIS” is not a country code"),
        ({"countries": EVIL}, "is not a country code"),
        ({"action": "explode"}, "explode is not one of the available choices"),
        ({"sequence": "first"}, "Enter a whole number."),
        ({"sequence": 10**30}, "less than or equal to"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_at_its_row(
    client, opened, address, berlin, rule, message
):
    response = client.post(address, with_rules(opened(), {}, rule))

    page = errors(response)
    assert message in page
    assert "<script>alert" not in page
    assert response.context["opened"] == "rules"
    rows = page.split('<li class="row">')
    assert message not in rows[-2]
    assert message in rows[-1]
    assert berlin.rules.count() == 0


def test_a_new_rule_is_stored_even_when_nothing_was_changed_in_it(client, opened, address, berlin):
    client.post(address, with_rules(opened(), {}))

    assert berlin.rules.count() == 1


def test_rules_are_stored_in_the_order_they_were_put_into(client, opened, address, berlin):
    for place, expression in enumerate(["/a", "/b", "/c"], 1):
        ChannelRule.objects.create(channel=berlin, sequence=place * 10, regex_url=expression)
    data = opened()

    client.post(
        address, {**data, "rules-0-sequence": 30, "rules-2-sequence": 10, "rules-1-DELETE": "on"}
    )

    assert list(berlin.rules.values_list("regex_url", flat=True)) == ["/c", "/a"]


def test_a_row_added_and_removed_again_is_not_stored(client, opened, address, berlin):
    data = with_rules(opened(), {"regex_url": "/shop(", "DELETE": "on"}, {"regex_url": "/kept"})

    response = client.post(address, data)

    assert response.status_code == 302
    assert berlin.rules.get().regex_url == "/kept"


def test_two_hundred_rules_can_be_stored_and_stored_again(client, opened, address, berlin):
    rules = [{"regex_url": f"/page/{i}", "countries": "DE, AT, CH"} for i in range(200)]

    first = client.post(address, with_rules(opened(), *rules))
    second = client.post(address, data := opened())

    assert (first.status_code, second.status_code) == (302, 302)
    assert berlin.rules.count() == 200
    assert len(data) < 1_500


def test_countries_are_read_however_they_are_written(client, opened, address, berlin):
    client.post(address, with_rules(opened(), {"countries": " de;AT\tde ,,  "}))

    assert [country.code for country in berlin.rules.get().countries] == ["AT", "DE"]


def test_the_field_of_countries_knows_what_changed():
    field = CountriesField(required=False)

    assert not field.has_changed(["DE"], "de")
    assert field.has_changed(["DE"], "AT")
    assert field.has_changed([], "Atlantis")
    assert CountriesInput().value_from_datadict({"c": "DE"}, {}, "c") == "DE"


class Bots:
    def choices(self):
        return [("1", "Welcome <b>Bot</b>"), ("2", "Unready")]

    def ready(self):
        return frozenset({"1"})


@pytest.fixture
def no_bots(monkeypatch):
    monkeypatch.setattr(responder_registry, "_registered", {})


def test_without_bots_there_are_no_columns_for_them(client, maria, address, berlin, no_bots):
    rule = ChannelRule.objects.create(channel=berlin, responder="bot:9")

    page = client.get(address).content.decode()

    assert "Chatbot</span>" not in page
    assert "responder" not in page
    client.post(address, Form(page).data)
    rule.refresh_from_db()
    assert rule.responder == "bot:9"


def test_with_bots_a_rule_can_name_one(client, opened, address, berlin, no_bots):
    responder_registry.register("bot", Bots())
    ChannelRule.objects.create(channel=berlin, responder="bot:9", sequence=1)
    data = opened()
    assert data["rules-0-responder"] == "bot:9"

    condition = ResponderCondition.NO_OPERATOR.value
    rule = {"responder": "bot:1", "responder_condition": condition, "sequence": 20}
    response = client.post(address, with_rules(data, rule))
    page = client.get(address).content.decode()

    assert response.status_code == 302
    assert list(berlin.rules.values_list("responder", "responder_condition")) == [
        ("bot:9", "always"),
        ("bot:1", condition),
    ]
    assert "Welcome &lt;b&gt;Bot&lt;/b&gt;" in page
    assert "Unready (not ready)" in page
    assert "No longer available" in page
    bad = with_rules(opened(), {"responder": "bot:7"})
    assert "bot:7 is not one of the available choices" in errors(client.post(address, bad))


def test_two_hundred_rules_with_bots_can_be_stored(client, opened, address, berlin, no_bots):
    responder_registry.register("bot", Bots())
    rules = [{"responder": "bot:1", "responder_condition": "always"} for i in range(200)]

    assert client.post(address, with_rules(opened(), *rules)).status_code == 302
    assert len(opened()) < 1_800


def test_the_rule_of_another_channel_cannot_be_taken(client, opened, address, berlin):
    theirs = ChannelRule.objects.create(channel=factories.channel("Rome"), regex_url="/theirs")
    ChannelRule.objects.create(channel=berlin)

    response = client.post(
        address, {**opened(), "rules-0-id": str(theirs.pk), "rules-0-regex_url": "/mine"}
    )

    assert response.status_code == 200
    theirs.refresh_from_db()
    assert theirs.regex_url == "/theirs"


def test_rules_that_are_too_much_are_refused_one_by_one_and_together(
    client, maria, address, opened
):
    alone = with_rules(opened(), {"regex_url": "(.?){900}(.?){100}X$"})
    assert "The expression repeats too much" in errors(client.post(address, alone))

    together = with_rules(opened(), *({"regex_url": f"/{'(a|b)' * 150}{n}"} for n in range(60)))
    assert "values of all rules together" in errors(client.post(address, together))

    many = with_rules(opened(), *({"regex_url": f"/{n}"} for n in range(201)))
    assert "at most 200 rules" in errors(client.post(address, many))
    assert not ChannelRule.objects.exists()
