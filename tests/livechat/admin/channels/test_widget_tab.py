"""What a website gets: snippet, direct link, QR code; and names that never become HTML."""

import xml.etree.ElementTree as ET
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from livechat.models import Embedding
from tests.forms import Form
from tests.livechat.admin.channels.page import EVIL, errors, with_rules

pytestmark = pytest.mark.django_db


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
    name = EVIL + "]]>& \u0645\u06cc\u200c\u0634\u0648\u062f \U0001fae9"
    berlin.name = name + "\x07\uffff"
    berlin.save()
    address = reverse("admin:livechat_channel_qr", args=[berlin.pk])

    shown, kept = client.get(address), client.get(address + "?download")

    assert shown["Content-Type"] == "image/svg+xml"
    assert "Content-Disposition" not in shown
    assert kept["Content-Disposition"] == 'attachment; filename="chat-berlin.svg"'
    drawing = ET.fromstring(shown.content.decode())  # noqa: S314  our own drawing
    assert drawing.findtext("{http://www.w3.org/2000/svg}title") == name
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
    context = client.get(address, headers={"host": "localhost:9"}).context["widget"]

    assert context["snippet"] == (
        f'<script async src="http://localhost:9/widget/{berlin.key}/loader.js"></script>'
    )
    assert context["link"] == "http://localhost:9/chat/berlin/"
    assert context["policy"] == [
        "script-src http://localhost:9;",
        "connect-src http://localhost:9;",
        "frame-src http://localhost:9;",
    ]


def test_the_tab_lists_the_websites_that_loaded_the_widget(client, maria, address, berlin):
    empty = client.get(address).content.decode()
    now = timezone.now()
    for i in range(25):
        at = now - timedelta(hours=i + 2)
        Embedding.objects.create(
            channel=berlin, origin=f"https://shop{i}.example", first_at=at, last_at=at
        )

    page = client.get(address)

    assert "No page has loaded the chat yet." in empty
    assert "A page on https://shop0.example loaded the chat" in page.content.decode()
    shown = [row.origin for row in page.context["widget"]["embeddings"]]
    assert shown == [f"https://shop{i}.example" for i in range(20)]
