"""The four tabs of the channel form: their fields, and which values are rejected."""

import re

import pytest
from django.apps import apps
from django.contrib.messages import get_messages
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from livechat.admin.channel_form import TranslationsField
from livechat.models import Channel, ChannelRule
from tests import factories
from tests.forms import Form
from tests.livechat.admin.channels.page import errors

pytestmark = pytest.mark.django_db


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
        *("Country", "Other languages", "Live Chat Window", "Other contact"),
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


@pytest.mark.parametrize(("written", "stored"), [("", None), ("1", 1), ("1000", 1000)])
def test_the_limit_for_an_address_is_stored_and_empty_means_none(
    client, opened, address, berlin, written, stored
):
    data = opened()
    assert data["max_chats_per_address"] == ""

    assert client.post(address, {**data, "max_chats_per_address": written}).status_code == 302

    berlin.refresh_from_db()
    assert berlin.max_chats_per_address == stored


@pytest.mark.parametrize("written", ["0", "-1", "1001", "99999999999999999999", "2.5", "two"])
def test_an_impossible_limit_for_an_address_is_refused_and_kept_in_the_form(
    client, opened, address, berlin, written
):
    response = client.post(address, {**opened(), "max_chats_per_address": written})

    assert "max_chats_per_address" in response.context["adminform"].form.errors
    assert f'value="{written}"' in errors(response)
    berlin.refresh_from_db()
    assert berlin.max_chats_per_address is None


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
    assert berlin.text("welcome_message", "de") == "Guten Tag"


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


def test_a_text_keeps_its_own_direction_and_code_runs_from_left_to_right(client, maria, address):
    page = client.get(address)

    fields = page.context["adminform"].form.fields
    assert fields["welcome_message"].widget.attrs["dir"] == "auto"
    assert fields["allowed_origins"].widget.attrs["dir"] == "ltr"
    assert '<code id="widget-snippet" tabindex="0" dir="ltr">' in page.content.decode()


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
    ("written", "message"),
    [
        ("one\ntwo\nthree\nfour\nthe fifth", "“the fifth” is one too many"),
        (f"short\n{'x' * 81}", f"“{'x' * 30}…” has 81 characters. The maximum is 80"),
    ],
)
def test_a_suggestion_too_many_or_too_long_is_named(
    client, opened, address, field, written, message
):
    page = errors(client.post(address, {**opened(), field: written}))

    assert message in page
    assert re.search(r'<span aria-hidden="true">1</span>', page)


def test_four_suggestions_of_eighty_characters_are_allowed(client, opened, address, berlin):
    client.post(address, {**opened(), "suggestions": "\r\n".join(["ä" * 80] * 4)})

    berlin.refresh_from_db()
    assert berlin.suggested() == ["ä" * 80] * 4


@pytest.mark.parametrize(("amber", "red"), [(60, 60), (180, 60)])
def test_a_clock_is_red_after_it_was_amber(client, opened, address, berlin, amber, red):
    page = errors(client.post(address, {**opened(), "amber_after": amber, "red_after": red}))

    assert "“Red after” must be greater than “Amber after”" in page
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


LINKS = [
    (model._meta.label, field.name)
    for model in apps.get_models()
    for field in model._meta.get_fields()
    if isinstance(field, models.URLField)
]


def test_every_field_for_an_address_is_known_here():
    assert LINKS == [("livechat.Channel", "privacy_link"), ("livechat.Channel", "review_link")]


@pytest.mark.parametrize(
    "link",
    [
        "https://good.example@evil.example/",
        "https://good.example:443@evil.example/",
        "https://@evil.example/",
        "https://good.example\\@evil.example/",
    ],
)
def test_a_link_with_a_name_before_its_host_is_refused(client, opened, address, berlin, link):
    response = client.post(address, opened() | {"privacy_link": link})

    berlin.refresh_from_db()
    assert response.status_code == 200
    assert response.context["adminform"].form.errors.keys() == {"privacy_link"}
    assert berlin.privacy_link == ""


def test_a_link_may_have_the_sign_behind_its_host(client, opened, address, berlin):
    client.post(address, opened() | {"privacy_link": "https://maps.example/@52.5,13.4"})

    berlin.refresh_from_db()
    assert berlin.privacy_link == "https://maps.example/@52.5,13.4"


UNREAD = {
    "review_link": "https://reviews.example/",
    "is_published": True,
    "publish_comments": True,
    "see_visitors": True,
}
"""Columns of a channel that no code reads yet."""


def test_what_nothing_reads_yet_cannot_be_set(client, opened, address, berlin):
    page = client.get(address).text

    response = client.post(address, opened() | dict.fromkeys(UNREAD, "on"))

    berlin.refresh_from_db()
    assert response.status_code == 302
    assert [name for name in UNREAD if f'name="{name}"' in page] == []
    assert not any(getattr(berlin, name) for name in UNREAD)


def test_what_an_earlier_release_stored_there_stays(client, opened, address, berlin):
    stored = UNREAD | {"review_link": "https://somebody@reviews.example/"}
    Channel.objects.filter(pk=berlin.pk).update(**stored)

    response = client.post(address, opened())

    berlin.refresh_from_db()
    assert response.status_code == 302
    assert {name: getattr(berlin, name) for name in UNREAD} == stored


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

    assert "Enter a colour as # and six hexadecimal" in page or "This field is required" in page
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
    warnings = [str(message) for message in get_messages(response.wsgi_request)]
    assert any("Header colour" in text and "#616fca" in text and "4.5" in text for text in warnings)
    assert any("Button colour" in text and "3.0 : 1" in text for text in warnings)


@pytest.mark.parametrize("line", ["https://shop.example/page", "null", "ftp://x", "https://*"])
def test_a_bad_origin_is_refused_in_the_tab_where_it_is(client, opened, address, line):
    response = client.post(address, {**opened(), "allowed_origins": f"https://ok.example\n{line}"})

    assert line.removeprefix("https://*") in errors(response)
    assert response.context["opened"] == "widget"
    assert next(tab for tab in response.context["tabs"] if tab.key == "widget").errors == 1


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
