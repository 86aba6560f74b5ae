"""Every entrance to a chat is in the same language, and operators are told what the visitor reads.

Button and notification (`init`), window (frame), direct link, channel texts over the socket,
transcript, and the pages that come instead of the window.
"""

import json
import re
import uuid
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.test import Client

from config.http.responses import reject_over_limit
from livechat import signed_links
from livechat.limiter import Refusal
from livechat.models import Channel, Conversation
from livechat.services import widgets
from livechat.signed_links import Audience, Thing
from livechat.widget_init.endpoint import init
from livechat.widget_init.snapshot import snapshot
from tests.asgi import Exchange
from tests.livechat.files.samples import body

pytestmark = pytest.mark.django_db(transaction=True)

OPEN = {"en": "Open chat", "de": "Chat öffnen", "ar": "فتح الدردشة"}
HELLO = {"en": "Hello", "de": "Guten Tag", "ar": "أهلًا", "fr": "Bonjour"}
BUSY = {"en": "High demand", "de": "Gerade", "ar": "الإقبال"}


class Case(NamedTuple):
    """A page's language, a browser's languages, a channel's own; and what follows from them."""

    page: str
    browser: str
    channel: str
    shown: str
    reads: str


CASES = [
    Case("de_DE", "en-GB", "", "de", "de-DE"),
    Case("DE", "en-GB", "", "de", "de"),
    Case("de-x-formal", "en", "", "de", "de"),
    Case("de-" + "a" * 4_000, "en", "", "de", "de"),
    Case("zh-Hant-TW", "zh-TW,de;q=0.8", "", "de", "zh-Hant-TW"),
    Case("fr", "fr-FR,fr;q=0.9,en;q=0.8,de;q=0.7", "", "en", "fr"),
    Case("fr", "fr", "", "en", "fr"),
    Case("iw", "ar", "", "ar", "he"),
    Case("no", "nb", "", "en", "nb"),
    Case("", "de-CH,en;q=0.5", "", "de", "de-CH"),
    Case(" ", "ar", "", "ar", "ar"),
    Case("C", "en;q=0.5,de", "", "de", "de"),
    Case("en-US-POSIX", "de", "", "en", "en-US"),
    Case("<nonsense>", "de;q=0,ar;q=0.1", "", "ar", "ar"),
    Case("", "", "", "en", ""),
    Case("fr", "en", "de", "de", "de"),
    Case("ar", "en", "de", "de", "de"),
]


@pytest.fixture(autouse=True)
def fresh_snapshot(monkeypatch) -> None:
    monkeypatch.setattr(snapshot, "widgets", {})


@pytest.fixture
def berlin(db) -> Channel:
    others = {code: text for code, text in HELLO.items() if code != "en"}
    return Channel.objects.create(
        name="Berlin",
        slug="berlin",
        welcome_message=HELLO["en"],
        button_text=HELLO["en"],
        translations={"welcome_message": others, "button_text": others},
    )


def ask(client: Client, path: str, case: Case) -> str:
    query = {"lang": case.page} if case.page else {}
    return client.get(path, query, headers={"accept-language": case.browser}).content.decode()


def settings_of(page: str) -> dict[str, Any]:
    [config] = re.findall(r'id="livechat-config"[^>]*>(.*?)</script>', page, re.S)
    found: dict[str, Any] = json.loads(config)
    return found


@pytest.mark.parametrize("case", CASES)
async def test_every_entrance_makes_the_same_decision(client, berlin, anna, sockets, case):
    berlin.language = case.channel
    await berlin.asave()
    snapshot.widgets = await sync_to_async(widgets.snapshot)()
    headers = {"accept-language": case.browser, "accept": "text/html"}
    query = urlencode({"url": "https://shop.example/", "lang": case.page}).encode()

    # The button and its notification.
    exchange = Exchange(lambda *asgi: init(*asgi, key=berlin.key), query=query, headers=headers)
    answer = (await exchange.run()).json
    assert answer["labels"]["open"] == OPEN[case.shown]
    assert answer["text"] == HELLO[case.shown]

    # The window, and the same as a page of its own.
    for path in (f"/widget/{berlin.key}/frame/", f"/chat/{berlin.slug}/"):
        page = await sync_to_async(ask)(client, path, case)
        assert f'<html lang="{case.shown}" dir="{"rtl" if case.shown == "ar" else "ltr"}"' in page
        config = settings_of(page)
        assert config["channel"]["welcome"] == HELLO[case.shown]

    # The channel's texts as the socket sends them again, and what operators are told.
    visitor = await sockets.visitor(berlin, language=config["languages"])
    welcome = await visitor.next("welcome")
    assert welcome["channel"]["welcome"] == HELLO[case.shown]
    await visitor.send("conversation.open", client_id=uuid.uuid4(), text="Hi")
    await visitor.next("ack")
    row = await Conversation.objects.select_related("visitor").aget()
    assert (row.language, row.visitor.language) == (case.reads, case.reads)
    inbox = await sockets.staff(anna)
    snapshots = [frame for frame in inbox.received if frame["type"] == "inbox.snapshot"]
    assert [chat["visitor"]["language"] for chat in snapshots[0]["conversations"]] == [case.reads]

    # The transcript.
    path = signed_links.transcript_path(row.public_id, Audience.PUBLIC, Thing.HTML)
    page = await sync_to_async(lambda: body(client.get(path, headers=headers)).decode())()
    assert f'<html lang="{case.shown}"' in page


NO_CHANNEL = [case for case in CASES if not case.channel]


@pytest.mark.parametrize("case", NO_CHANNEL)
def test_the_page_that_comes_instead_of_the_window_is_in_the_same_language(client, case):
    page = ask(client, "/widget/nosuchkey/frame/", case)

    assert f'<html lang="{case.shown}"' in page


@pytest.mark.parametrize("case", NO_CHANNEL)
async def test_so_is_the_text_when_the_server_has_too_much_to_do(case):
    async def reject(scope, receive, send):
        await reject_over_limit(scope, receive, send, Refusal("load", 1, is_busy=True))

    headers = {"accept-language": case.browser, "accept": "text/html"}
    query = urlencode({"lang": case.page}).encode()
    answer = await Exchange(reject, query=query, headers=headers).run()

    assert answer.body.decode().startswith(BUSY[case.shown])


async def test_an_address_that_no_parser_accepts_is_answered(client):
    """`of_query` reads the query itself: Django raises for more fields than it allows."""
    query = b"&".join([b"a"] * 2_000) + b"&lang=de&lang=ar&lang=%ff%00"
    answer = await Exchange(ASGIHandler(), "GET", "/chat/nobody/", query=query).run()

    assert answer.status in (400, 404)
    assert b'lang="de"' in answer.body


@pytest.mark.parametrize("language", ["de_DE", "de", "fr, de", "de;q=0.1"])
async def test_a_page_of_the_release_before_is_understood(berlin, sockets, language):
    """It sends the page's own words."""
    visitor = await sockets.visitor(berlin, language=language)

    assert (await visitor.next("welcome"))["channel"]["welcome"] == HELLO["de"]


async def test_a_client_that_says_nothing_is_asked_by_its_header(berlin, sockets):
    socket = await sockets.connect(f"/ws/visitor/{berlin.key}/", languages="fr,ar;q=0.5")
    await socket.send("hello", version=1, tab="x")

    assert (await socket.next("welcome"))["channel"]["welcome"] == HELLO["ar"]


def test_texts_of_the_product_that_were_never_changed_are_translated(client, berlin):
    """A new channel has them. The website's own are never translated by us."""
    paris = Channel.objects.create(name="Paris", slug="paris", welcome_message="Salut !")

    case = Case("ar", "en", "", "ar", "ar")
    shown = settings_of(ask(client, f"/widget/{paris.key}/frame/", case))["channel"]

    assert shown["placeholder"] == "اكتب شيئًا…"
    assert shown["button_text"] == "هل تحتاج إلى مساعدة؟ تحدّث معنا."
    assert shown["welcome"] == "Salut !"
    assert widgets.snapshot()[paris.key].texts["ar"] == shown["button_text"]
    assert widgets.snapshot()[paris.key].texts["en"] == paris.button_text


def test_the_loader_is_the_same_for_every_language(client, berlin):
    before = client.get(f"/widget/{berlin.key}/loader.js").content
    Channel.objects.update(language="de")

    assert client.get(f"/widget/{berlin.key}/loader.js").content == before
