"""The channel form of the Admin: four tabs, two admins at once, and what is refused."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from livechat import events, responders
from livechat.admin.channel_form import TranslationsField
from livechat.admin.channel_rows import CountriesField, CountriesInput
from livechat.domain.states import ResponderCondition
from livechat.models import Channel, ChannelRule, Embedding, Membership
from tests import factories

pytestmark = pytest.mark.django_db

EVIL = "\"><script>alert(1)</script>'"


class Form(HTMLParser):
    """What a browser would send of a page's forms, and the ids that it saw."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.data: dict[str, str] = {}
        self.ids: list[str] = []
        self._select = self._textarea = ""
        self._in_template = 0
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids.append(given.get("id") or "")
        name = given.get("name") or ""
        self._in_template += tag == "template"
        if self._in_template or "disabled" in given:
            return
        kind = given.get("type")
        if tag == "input" and name and kind not in ("submit", "button"):
            if kind not in ("checkbox", "radio") or "checked" in given:
                self.data[name] = given.get("value") or ("on" if kind == "checkbox" else "")
        elif tag == "textarea":
            self._textarea = name
            self.data[name] = ""
        elif tag == "select":
            self._select = name
            self.data[name] = ""
        elif tag == "option" and self._select and "selected" in given:
            self.data[self._select] = given.get("value") or ""

    def handle_endtag(self, tag):
        self._in_template -= tag == "template"
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""

    def handle_data(self, data):
        if self._textarea and not self._in_template:
            self.data[self._textarea] += data.removeprefix("\n")


@pytest.fixture
def maria(client):
    """A manager who is signed in to the Admin."""
    person = factories.manager()
    person.is_staff = True
    person.save()
    client.force_login(person)
    return person


@pytest.fixture
def address(berlin):
    return reverse("admin:livechat_channel_change", args=[berlin.pk])


@pytest.fixture
def opened(client, maria, address):
    """Return what the form of Berlin would send now."""

    def open_form() -> dict[str, str]:
        response = client.get(address)
        assert response.status_code == 200
        return Form(response.content.decode()).data

    return open_form


def with_rules(data: dict[str, str], *rules: Mapping[str, object]) -> dict[str, str]:
    """Return the form with these rules added at the end."""
    first = int(data["rules-TOTAL_FORMS"])
    added = {
        f"rules-{first + i}-{name}": str(value)
        for i, rule in enumerate(rules)
        for name, value in {
            "id": "",
            "sequence": (first + i + 1) * 10,
            "action": "display_button",
            "regex_url": "",
            "auto_popup_timer": 0,
            "countries": "",
            **rule,
        }.items()
    }
    return {**data, **added, "rules-TOTAL_FORMS": str(first + len(rules))}


def errors(response) -> str:
    assert response.status_code == 200, response.status_code
    page: str = response.content.decode()
    return page


def test_there_are_exactly_four_tabs_and_name_address_and_switch_are_above_them(
    client, maria, address
):
    for page in (client.get(address), client.get(reverse("admin:livechat_channel_add"))):
        text = page.content.decode()

        assert [str(tab.label) for tab in page.context["tabs"]] == [
            "Operators",
            "Options",
            "Channel Rules",
            "Widget",
        ]
        assert text.count('role="tab"') == 4
        assert page.context["head"].fields == ("name", "slug", "is_active")
        assert text.index('name="slug"') < text.index('role="tablist"') < text.index("may_join")


@pytest.mark.parametrize(
    "label",
    [
        *(
            "Notification text",
            "Welcome Message",
            "Chat Input Placeholder",
            "Sessions per Operator",
        ),
        *("No Chats During Call", "Live Chat Button", "URL Regex", "Open automatically timer"),
        *("Country", "Other languages", "Live Chat Window", "Beyond the chat"),
    ],
)
def test_the_labels_are_those_of_the_reference(client, maria, address, label):
    assert label in client.get(address).content.decode()


def test_every_panel_is_in_the_page_and_no_id_is_there_twice(client, maria, address, berlin, anna):
    ChannelRule.objects.create(channel=berlin)

    ids = [name for name in Form(client.get(address).content.decode()).ids if name]

    assert {"panel-operators", "panel-options", "panel-rules", "panel-widget"} <= set(ids)
    ours = [name for name in ids if re.match("id_|panel-|tab-|widget-", name)]
    assert len(ours) == len(set(ours))


def test_what_is_saved_unchanged_stays_as_it_is(client, opened, address, berlin, anna):
    ChannelRule.objects.create(channel=berlin, regex_url="/shop", countries="AT,DE")
    berlin.translations = {"button_text": {"de": "Fragen?", "tlh": "nuqneH"}, "other": {"de": "x"}}
    berlin.save()
    before = Channel.objects.filter(pk=berlin.pk).values().get()

    response = client.post(address, opened())

    assert response.status_code == 302
    after = Channel.objects.filter(pk=berlin.pk).values().get()
    assert after == {**before, "revision": before["revision"] + 1}
    assert [str(c.code) for c in berlin.rules.get().countries] == ["AT", "DE"]
    assert [row.operator for row in berlin.memberships.all()] == [anna]


def test_texts_in_other_languages_are_kept_as_the_widget_reads_them(
    client, opened, address, berlin
):
    data = opened()
    data["translations-de-welcome_message"] = "  Guten Tag  "
    data["translations-ar-button_text"] = "مرحبا"
    data["translations-xx-button_text"] = "nobody asked"

    client.post(address, data)

    berlin.refresh_from_db()
    assert berlin.translations == {
        "welcome_message": {"de": "Guten Tag"},
        "button_text": {"ar": "مرحبا"},
    }
    assert berlin.text("welcome_message", "de-AT") == "Guten Tag"


def test_a_text_that_is_emptied_is_left_out(client, opened, address, berlin):
    berlin.translations = {"button_text": {"de": "Fragen?"}}
    berlin.save()
    data = opened()
    assert data["translations-de-button_text"] == "Fragen?"

    client.post(address, {**data, "translations-de-button_text": " "})

    berlin.refresh_from_db()
    assert berlin.translations == {}


def test_a_translation_too_long_or_with_a_null_is_refused_and_kept_in_the_form(
    client, opened, address
):
    long = {**opened(), "translations-de-button_text": "ä" * 151}
    null = {**opened(), "translations-de-welcome_message": "a\x00b"}

    assert "Notification text (Deutsch): Ensure this value has at most 150" in errors(
        page := client.post(address, long)
    )
    assert "ä" * 151 in page.content.decode()
    assert "Welcome Message (Deutsch): Null characters" in errors(client.post(address, null))


def test_suggestions_are_kept_line_by_line_in_every_language(client, opened, address, berlin):
    data = opened()
    data["suggestions"] = "\r\n  Where is my parcel?  \r\n\r\nCan I exchange it?\r\n"
    data["translations-de-suggestions"] = "Wo ist mein Paket?\r\n\r\nKann ich umtauschen?"

    client.post(address, data)

    berlin.refresh_from_db()
    assert berlin.suggestions == "Where is my parcel?\nCan I exchange it?"
    assert berlin.suggested("ar") == ["Where is my parcel?", "Can I exchange it?"]
    assert berlin.suggested("de") == ["Wo ist mein Paket?", "Kann ich umtauschen?"]
    page = client.get(address).content.decode()
    assert "<li>Where is my parcel?</li><li>Can I exchange it?</li>" in page


@pytest.mark.parametrize("field", ["suggestions", "translations-de-suggestions"])
@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("one\ntwo\nthree\nfour\nthe fifth", "“the fifth” is one too many"),
        (f"short\n{'x' * 81}", f"“{'x' * 30}…” has 81 characters, at most 80 are shown"),
    ],
)
def test_a_suggestion_too_many_or_too_long_is_named(client, opened, address, field, written, told):
    page = errors(client.post(address, {**opened(), field: written}))

    assert told in page
    assert re.search(r'<span aria-hidden="true">1</span>', page)


def test_four_suggestions_of_eighty_characters_are_allowed(client, opened, address, berlin):
    client.post(address, {**opened(), "suggestions": "\r\n".join(["ä" * 80] * 4)})

    berlin.refresh_from_db()
    assert berlin.suggested() == ["ä" * 80] * 4


@pytest.mark.parametrize(("amber", "red"), [(60, 60), (180, 60)])
def test_a_clock_is_red_after_it_was_amber(client, opened, address, berlin, amber, red):
    page = errors(client.post(address, {**opened(), "amber_after": amber, "red_after": red}))

    assert "A clock turns red later than amber" in page
    berlin.refresh_from_db()
    assert (berlin.amber_after, berlin.red_after) == (60, 180)


def test_files_look_and_privacy_are_among_the_options(client, opened, address, berlin):
    data = opened() | {
        "theme": "dark",
        "language": "ar",
        "file_set": "images",
        "max_file_megabytes": 3,
        "max_files": 2,
        "privacy_link": "https://shop.example/privacy",
        "amber_after": 30,
        "red_after": 90,
    }

    response = client.post(address, data)

    assert response.status_code == 302
    berlin.refresh_from_db()
    assert (berlin.theme, berlin.language) == ("dark", "ar")
    assert (berlin.file_set, berlin.max_file_bytes, berlin.max_files) == ("images", 3 << 20, 2)
    assert (berlin.privacy_link, berlin.red_after) == ("https://shop.example/privacy", 90)


@pytest.mark.parametrize(
    "stored", [[], "text", {"button_text": "text"}, {"button_text": {"de": 1}}]
)
def test_junk_among_the_stored_translations_breaks_nothing(client, opened, address, berlin, stored):
    Channel.objects.filter(pk=berlin.pk).update(translations=stored)

    assert client.post(address, opened()).status_code == 302


def test_a_field_of_translations_knows_what_changed():
    field = TranslationsField()

    assert not field.has_changed({"button_text": {"de": "a"}}, {("button_text", "de"): "a "})
    assert field.has_changed({"button_text": {"de": "a"}}, {("button_text", "de"): "b"})
    assert not field.has_changed(None, {})


@pytest.mark.parametrize(
    "colour", ["red;background:url(//evil)", "#fff", "#12345g", "", "#3451d1;", "javascript:0"]
)
def test_what_is_no_colour_is_refused_and_never_reaches_a_style(client, opened, address, colour):
    page = errors(client.post(address, {**opened(), "button_background_color": colour}))

    assert "A colour is # and six hexadecimal digits" in page or "This field is required" in page
    styles = "".join(re.findall(r'style="[^"]*"', page))
    assert "--button: #3451d1" in styles
    assert "evil" not in styles
    assert page.count('data-opened="options"') == 1


def test_a_pair_hard_to_see_is_stored_with_a_warning_that_names_the_nearest_colour(
    client, opened, address, berlin
):
    data = opened()
    data |= {"header_background_color": "#7a8cff", "button_background_color": "#ffffff"}

    response = client.post(address, data)

    berlin.refresh_from_db()
    assert berlin.header_background_color == "#7a8cff"
    told = [str(message) for message in get_messages(response.wsgi_request)]
    assert any("Header colour" in text and "#616fca" in text and "4.5" in text for text in told)
    assert any("Button colour" in text and "3.0 : 1" in text for text in told)


@pytest.mark.parametrize("line", ["https://shop.example/page", "null", "ftp://x", "https://*"])
def test_a_bad_origin_is_refused_in_the_tab_where_it_is(client, opened, address, line):
    response = client.post(address, {**opened(), "allowed_origins": f"https://ok.example\n{line}"})

    assert line.removeprefix("https://*") in errors(response)
    assert response.context["opened"] == "widget"
    assert next(tab for tab in response.context["tabs"] if tab.key == "widget").errors == 1


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"regex_url": "/shop("}, "A parenthesis is not closed. At character 1: “/shop(”"),
        ({"regex_url": "a(?=b)"}, "Looking ahead or behind is not possible here."),
        ({"regex_url": "x" * 1_001}, "at most 1000 characters"),
        ({"auto_popup_timer": -1}, "greater than or equal to 0"),
        ({"auto_popup_timer": 10**9}, "less than or equal to 3600"),
        ({"auto_popup_timer": "soon"}, "Enter a whole number."),
        ({"countries": "DE, Atlantis"}, "“ATLANTIS” is not the code of a country"),
        ({"countries": EVIL}, "is not the code of a country"),
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
    monkeypatch.setattr(responders, "_registered", {})


def test_without_bots_there_are_no_columns_for_them(client, maria, address, berlin, no_bots):
    rule = ChannelRule.objects.create(channel=berlin, responder="bot:9")

    page = client.get(address).content.decode()

    assert "Chatbot</span>" not in page
    assert "responder" not in page
    client.post(address, Form(page).data)
    rule.refresh_from_db()
    assert rule.responder == "bot:9"


def test_with_bots_a_rule_can_name_one(client, opened, address, berlin, no_bots):
    responders.register("bot", Bots())
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
    assert "No longer there" in page
    bad = with_rules(opened(), {"responder": "bot:7"})
    assert "bot:7 is not one of the available choices" in errors(client.post(address, bad))


def test_two_hundred_rules_with_bots_can_be_stored(client, opened, address, berlin, no_bots):
    responders.register("bot", Bots())
    rules = [{"responder": "bot:1", "responder_condition": "always"} for i in range(200)]

    assert client.post(address, with_rules(opened(), *rules)).status_code == 302
    assert len(opened()) < 1_800


# --- two at once


def test_the_second_of_two_admins_is_told_who_was_faster_and_may_then_insist(
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

    assert "Somebody else saved this channel while you had it open." in page
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
    assert "Somebody deleted this while you had it open." in page
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


def test_an_operator_who_left_meanwhile_is_said_to_be_gone(
    client, opened, address, berlin, anna, ben
):
    data = opened()
    Membership.objects.filter(operator=anna).delete()

    page = errors(client.post(address, data))

    assert "Somebody deleted this while you had it open." in page
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


def test_the_rule_of_another_channel_cannot_be_taken(client, opened, address, berlin):
    theirs = ChannelRule.objects.create(channel=factories.channel("Rome"), regex_url="/theirs")
    ChannelRule.objects.create(channel=berlin)

    response = client.post(
        address, {**opened(), "rules-0-id": str(theirs.pk), "rules-0-regex_url": "/mine"}
    )

    assert response.status_code == 200
    theirs.refresh_from_db()
    assert theirs.regex_url == "/theirs"


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


# --- adding, deleting, telling the widgets


def test_who_makes_a_channel_answers_on_it(client, maria):
    add = reverse("admin:livechat_channel_add")
    page = client.get(add).content.decode()

    response = client.post(add, {**Form(page).data, "name": "Rome", "slug": "rome"})

    assert response.status_code == 302
    assert "You yourself will be one of them." in page
    assert "as soon as the channel is saved" in page
    rome = Channel.objects.get(slug="rome")
    assert [row.operator for row in rome.memberships.all()] == [maria.operator]
    assert rome.revision == 0


def test_a_creator_who_is_no_operator_is_not_made_one(client):
    clerk = factories.user("clerk", is_staff=True)
    clerk.user_permissions.set(
        Permission.objects.filter(codename__in=["add_channel", "change_channel"])
    )
    client.force_login(clerk)
    add = reverse("admin:livechat_channel_add")
    page = client.get(add).content.decode()

    client.post(add, {**Form(page).data, "name": "Rome", "slug": "rome"})

    assert "You yourself" not in page
    assert Channel.objects.get(slug="rome").memberships.count() == 0


def test_whoever_shows_widgets_hears_of_saving_and_deleting(
    client, opened, address, berlin, monkeypatch
):
    heard = []
    monkeypatch.setattr(events, "widgets_changed", lambda: heard.append(Channel.objects.count()))
    listing = reverse("admin:livechat_channel_changelist")
    delete = reverse("admin:livechat_channel_delete", args=[berlin.pk])
    rome = factories.channel("Rome")

    client.post(address, opened())
    client.post(address, {**opened(), "name": ""})
    client.post(delete, {"post": "yes"})
    client.post(
        listing, {"action": "delete_selected", "_selected_action": [rome.pk], "post": "yes"}
    )

    assert heard == [2, 1, 0]


def test_a_channel_with_conversations_is_protected(client, maria, berlin, anna, vera):
    factories.conversation(vera)
    delete = reverse("admin:livechat_channel_delete", args=[berlin.pk])

    asked = client.get(delete)
    tried = client.post(delete, {"post": "yes"})

    assert (asked.status_code, tried.status_code) == (200, 200)
    assert "protected" in tried.content.decode()
    assert Channel.objects.filter(pk=berlin.pk).exists()


# --- the list


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


# --- who may


def staff(operator):
    operator.user.is_staff = True
    operator.user.save()
    return operator.user


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


def test_who_may_only_look_at_rules_and_operators_sees_them_as_text(client, address, berlin, anna):
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


# --- text stays text


def test_markup_stays_text_in_every_field_the_preview_and_the_history(
    client, opened, address, berlin
):
    data = opened()
    fields = ("name", "button_text", "welcome_message", "input_placeholder", "contact_hint")
    data |= dict.fromkeys(fields, EVIL)
    data |= {"translations-de-button_text": EVIL}

    saved = client.post(address, with_rules(data, {"regex_url": EVIL}), follow=True)
    page = client.get(address).content.decode()
    berlin.refresh_from_db()
    refused = errors(client.post(address, {**data, "slug": "no slug!"}))
    clash = errors(client.post(address, {**data, "revision": "99"}))

    assert berlin.welcome_message == EVIL
    assert Form(page).data["name"] == EVIL
    assert Form(page).data["rules-0-regex_url"] == EVIL
    for text in (page, refused, clash, saved.content.decode()):
        assert "<script>alert" not in text


def test_the_qr_code_is_an_image_that_says_where_it_leads(client, maria, berlin):
    berlin.name = EVIL + "]]>&\x07"
    berlin.save()
    address = reverse("admin:livechat_channel_qr", args=[berlin.pk])

    shown, kept = client.get(address), client.get(address + "?download")

    assert shown["Content-Type"] == "image/svg+xml"
    assert "Content-Disposition" not in shown
    assert kept["Content-Disposition"] == 'attachment; filename="chat-berlin.svg"'
    drawing = ET.fromstring(shown.content.decode())  # noqa: S314  our own drawing
    assert drawing.findtext("{http://www.w3.org/2000/svg}title") == EVIL + "]]>&"
    assert not list(drawing.iter("{http://www.w3.org/2000/svg}script"))


def test_the_page_to_print_has_name_code_and_link_as_text(client, maria, berlin):
    berlin.name = EVIL
    berlin.save()

    page = client.get(reverse("admin:livechat_channel_qr_page", args=[berlin.pk])).content.decode()

    assert "<script>alert" not in page
    assert "http://testserver/chat/berlin/" in page
    assert reverse("admin:livechat_channel_qr", args=[berlin.pk]) in page


@pytest.mark.parametrize("name", ["qr", "qr_page"])
def test_there_is_no_code_for_a_channel_that_is_not_there(client, maria, name):
    assert client.get(reverse(f"admin:livechat_channel_{name}", args=[99_999])).status_code == 404


def test_the_widget_tab_has_everything_a_website_needs(client, maria, address, berlin):
    told = client.get(address, headers={"host": "localhost:9"}).context["widget"]

    assert told["snippet"] == (
        f'<script async src="http://localhost:9/widget/{berlin.key}/loader.js"></script>'
    )
    assert told["link"] == "http://localhost:9/chat/berlin/"
    assert told["policy"] == [
        "script-src http://localhost:9;",
        "connect-src http://localhost:9;",
        "frame-src http://localhost:9;",
    ]


def test_it_is_told_whether_the_widget_is_installed(client, maria, address, berlin):
    empty = client.get(address).content.decode()
    now = timezone.now()
    for i in range(25):
        at = now - timedelta(hours=i + 2)
        Embedding.objects.create(
            channel=berlin, origin=f"https://shop{i}.example", first_at=at, last_at=at
        )

    page = client.get(address)

    assert "No page has asked for it yet." in empty
    assert "A page of https://shop0.example asked for it" in page.content.decode()
    shown = [row.origin for row in page.context["widget"]["embeddings"]]
    assert shown == [f"https://shop{i}.example" for i in range(20)]


def test_opening_the_form_asks_no_more_often_with_more_rows(client, opened, address, berlin):
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            opened()
        return len(queries)

    opened()
    few = count()
    for i in range(10):
        factories.operator(f"op{i}", berlin)
        ChannelRule.objects.create(channel=berlin)

    assert count() <= few + 1


def test_rules_that_are_too_much_are_refused_one_by_one_and_together(
    client, maria, address, opened
):
    alone = with_rules(opened(), {"regex_url": "(.?){900}(.?){100}X$"})
    assert "The expression repeats too much" in errors(client.post(address, alone))

    together = with_rules(opened(), *({"regex_url": f"/{'(a|b)' * 150}{n}"} for n in range(60)))
    assert "expressions of all rules together" in errors(client.post(address, together))

    many = with_rules(opened(), *({"regex_url": f"/{n}"} for n in range(201)))
    assert "at most 200 rules" in errors(client.post(address, many))
    assert not ChannelRule.objects.exists()


def test_who_may_not_answer_cannot_be_put_into_a_channel(client, maria, address, opened, berlin):
    gone = factories.operator("gone")
    gone.user.groups.clear()
    data = {
        **opened(),
        "memberships-TOTAL_FORMS": "1",
        "memberships-0-id": "",
        "memberships-0-operator": str(gone.pk),
    }

    assert "may not answer" in errors(client.post(address, data))
    assert not berlin.operators.exists()
    query = {"app_label": "livechat", "model_name": "membership", "field_name": "operator"}
    assert client.get("/admin/autocomplete/", {**query, "term": "gone"}).json()["results"] == []
