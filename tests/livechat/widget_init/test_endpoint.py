"""`init`: what a page of a customer's website receives, without a database query."""

import asyncio
import uuid
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import OperationalError

from config.asgi import application
from config.demo.countries import COUNTRIES
from livechat import events, responder_registry
from livechat.bus import bus
from livechat.domain.enumerations import Absence, Availability, ButtonAction, ResponderCondition
from livechat.domain.rules import Rule
from livechat.errors import Unavailable
from livechat.integrations.geoip import Countries
from livechat.models import Channel, ChannelRule, Embedding, Operator
from livechat.services import widgets
from livechat.services.widgets import Look, Widget
from livechat.widget_init import endpoint
from livechat.widget_init.snapshot import MAX_OF_A_CHANNEL, MAX_PENDING_WEBSITES, snapshot
from tests import factories
from tests.asgi import Exchange

SHOP = "https://shop.example"
LOOK = Look("Berlin", "auto", "right", 20, 20, "#0b5fff", "#ffffff")
ADDRESSES = {country.code: country.address for country in COUNTRIES}


async def ask(
    key: str = "berlin",
    url: str = f"{SHOP}/",
    *,
    origin: str | None = SHOP,
    method: str = "GET",
    host: str = "chat.example",
    client: str = "127.0.0.1",
    raw: bytes | None = None,
    **query: str,
) -> tuple[int, Any, dict[str, str]]:
    """Return status, body and headers."""
    answer = await Exchange(
        application,
        method,
        f"/widget/{key}/init",
        query=raw if raw is not None else urlencode({"url": url, **query}).encode(),
        headers={"host": host} if origin is None else {"host": host, "origin": origin},
        client=client,
    ).run()
    return answer.status, answer.json, answer.headers


def widget(*rules: Rule, **fields: Any) -> Widget:
    """Return Berlin's widget after putting it into the snapshot."""
    made = Widget(
        **{
            "channel": 1,
            "key": "berlin",
            "look": LOOK,
            "language": "",
            "texts": {"en": "Need help?", "de": "Brauchen Sie Hilfe?", "ar": "Need help?"},
            "origins": (),
            "rules": rules,
            "absence": Absence.KEEP,
            "available": True,
            "by_country": any(rule.countries for rule in rules),
            **fields,
        }
    )
    snapshot.widgets = {**(snapshot.widgets or {}), made.key: made}
    return made


def rule(action: ButtonAction, pattern: str = "", **fields: Any) -> Rule:
    return Rule(pk=1, sequence=1, action=action, pattern=pattern, **fields)


# --- responses; these tests have no database


async def test_without_rules_the_button_is_shown():
    widget()

    status, answer, _headers = await ask()

    assert status == 200
    assert answer == {
        "action": "display_button",
        "timer": 0,
        "text": "Need help?",
        "available": True,
        "again_in": 120,
        "labels": {"open": "Open chat", "close": "Close chat", "dismiss": "Dismiss"},
    }


@pytest.mark.parametrize(
    ("language", "label"),
    [("de-AT", "Chat öffnen"), ("xx", "Open chat"), ("", "Open chat"), ("\x00", "Open chat")],
)
async def test_the_labels_speak_the_pages_language(language, label):
    widget()

    assert (await ask(lang=language))[1]["labels"]["open"] == label


@pytest.mark.parametrize("action", list(ButtonAction))
async def test_a_rule_decides_on_its_pages_only(action):
    widget(rule(action, "/cart$", timer_seconds=7))

    _, here, _ = await ask(url=f"{SHOP}/cart")
    _, elsewhere, _ = await ask(url=f"{SHOP}/cart/checkout")

    assert here["action"] == action
    assert here["timer"] == (7 if action == ButtonAction.OPEN_AUTOMATICALLY else 0)
    assert elsewhere["action"] == "display_button"


@pytest.mark.parametrize("action", list(ButtonAction))
@pytest.mark.parametrize("absence", list(Absence))
async def test_while_no_operator_is_available_nothing_draws_attention(action, absence):
    widget(rule(action, timer_seconds=3), available=False, absence=absence)

    _, answer, _ = await ask()

    hidden = absence == Absence.HIDE or action == ButtonAction.HIDE
    assert answer["action"] == ("hide_button" if hidden else "display_button")
    assert (answer["available"], answer["timer"], answer["again_in"]) == (False, 0, 60)


async def test_a_responder_is_available_when_no_operator_is():
    ready = rule(
        ButtonAction.SHOW_WITH_NOTIFICATION,
        responder="bot:1",
        condition=ResponderCondition.NO_OPERATOR,
    )
    widget(ready, available=False, absence=Absence.HIDE)

    _, answer, _ = await ask()

    assert (answer["action"], answer["available"]) == ("display_button_and_text", True)


@pytest.mark.parametrize(
    ("language", "text"),
    [("de", "Brauchen Sie Hilfe?"), ("de-AT", "Brauchen Sie Hilfe?"), ("fr", "Need help?")],
)
async def test_the_notification_speaks_the_pages_language(language, text):
    widget()

    assert (await ask(lang=language))[1]["text"] == text


async def test_the_country_is_the_addresss(monkeypatch, settings):
    settings.DEMO = False
    monkeypatch.setattr(
        endpoint, "countries", Countries(settings.BASE_DIR / "config/demo/countries.mmdb")
    )
    widget(rule(ButtonAction.HIDE, countries=frozenset({"JP"})))

    assert (await ask(client=ADDRESSES["JP"]))[1]["action"] == "hide_button"
    assert (await ask(client="::ffff:" + ADDRESSES["JP"]))[1]["action"] == "hide_button"
    assert (await ask(client=ADDRESSES["FR"]))[1]["action"] == "display_button"
    assert (await ask(client="127.0.0.1"))[1]["action"] == "display_button"
    # An address claimed by the client has no effect outside the demo.
    assert (await ask(address=ADDRESSES["JP"]))[1]["action"] == "display_button"


async def test_on_a_demonstration_one_can_pretend(monkeypatch, settings):
    settings.DEMO = True
    monkeypatch.setattr(
        endpoint, "countries", Countries(settings.BASE_DIR / "config/demo/countries.mmdb")
    )
    widget(rule(ButtonAction.HIDE, countries=frozenset({"JP"})))

    assert (await ask(address=ADDRESSES["JP"]))[1]["action"] == "hide_button"
    for junk in ("<script>", "::1%" + "x" * 10_000, "1" * 100, ADDRESSES["JP"] + "%0"):
        assert (await ask(address=junk))[1]["action"] == "display_button"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "https://shop.example/" + "a" * 100_000,
        "https://shop.example/\x00\x01\u202e",
        "https://bücher.example/straße?q=ü#/weg",
        "http://[broken",
        "https://user:secret@shop.example/",
    ],
)
async def test_whatever_address_a_page_claims_it_gets_an_answer(url):
    widget(rule(ButtonAction.HIDE, "secret"), rule(ButtonAction.HIDE, "(a+)+$x"))

    status, answer, _ = await ask(url=url)

    assert (status, answer["action"]) == (200, "display_button")


@pytest.mark.parametrize("raw", [b"", b"url=%", b"&" * 5_000, b"\xff\xfe=1", b"url=a&url=b&lang"])
async def test_a_query_that_makes_no_sense_is_answered_too(raw):
    widget()

    assert (await ask(raw=raw))[0] == 200


# --- who may send requests


async def test_the_answer_is_for_the_website_that_asked():
    widget()

    _, _, headers = await ask(origin=SHOP)

    assert headers["access-control-allow-origin"] == SHOP
    assert headers["vary"] == "Origin"
    assert headers["cache-control"] == "no-store"
    assert "set-cookie" not in headers


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "https://evil.example",
        "https://shop.example.evil.com",
        "http://shop.example",
        "https://shop.example:8443",
        "https://evil-shop.example",
        "https://shop.example, https://evil.example",
        "\xe9vil",
    ],
)
async def test_a_website_that_is_not_on_the_list_gets_no_data(origin):
    widget(origins=(SHOP, "https://*.trade.example"))

    status, answer, headers = await ask(origin=origin)

    assert (status, answer) == (403, {"error": {"code": "website_not_allowed"}})
    assert "access-control-allow-origin" not in headers
    assert snapshot._sightings == {}


@pytest.mark.parametrize("origin", [SHOP, "https://eu.trade.example", None])
async def test_a_website_on_the_list_and_our_own_pages_are_answered(origin):
    widget(origins=(SHOP, "https://*.trade.example"))

    assert (await ask(origin=origin))[0] == 200


async def test_a_page_of_our_own_host_is_always_allowed():
    widget(origins=(SHOP,))

    assert (await ask(origin="https://chat.example", host="chat.example"))[0] == 200


@pytest.mark.parametrize(
    "origin",
    [
        "https://" + "a" * 291 + " bcd",
        "https://" + "a" * 400,
        "https://shop.example\x01",
        "https://b\xfccher.example",
        "chrome-extension://abc",
        "",
    ],
)
async def test_what_is_no_origin_is_never_echoed_nor_cut(origin):
    widget()

    status, _, headers = await ask(origin=origin)

    assert status == 403
    assert "access-control-allow-origin" not in headers
    assert snapshot._sightings == {}


async def test_null_is_refused_even_where_any_website_may_ask():
    widget()

    assert (await ask(origin="null"))[0] == 403


@pytest.mark.parametrize("key", ["nobody", "BERLIN", "a" * 32])
async def test_there_is_no_such_channel(key):
    widget()

    assert (await ask(key))[:2] == (404, {"error": {"code": "no_such_channel"}})


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "DELETE"])
async def test_it_can_only_be_read(method):
    widget()

    status, _, headers = await ask(method=method)

    assert (status, headers["allow"]) == (405, "GET, HEAD")


async def test_head_is_answered_without_a_body():
    widget()

    assert (await ask(method="HEAD"))[:2] == (200, None)


async def test_without_a_snapshot_it_says_so(monkeypatch):
    monkeypatch.setattr(snapshot, "widgets", None)
    monkeypatch.setattr("livechat.widget_init.snapshot.WAIT_SECONDS", 0.01)

    status, _, headers = await ask()

    assert (status, headers["retry-after"]) == (503, "5")


# --- the snapshot


async def run(service, *values):
    """Run in this thread, in this test's transaction."""
    return service(*values)


def test_it_holds_active_channels_with_rules_operators_and_texts(berlin, anna):
    berlin.translations = {"button_text": {"de": "Hilfe?"}, "welcome_message": 7}
    berlin.save()
    factories.channel("Paris")
    factories.channel("Rome", is_active=False)
    ChannelRule.objects.create(channel=berlin, sequence=20, regex_url="/b", countries="DE")
    ChannelRule.objects.create(channel=berlin, sequence=10, regex_url="/a")

    found = {found.channel: found for found in widgets.snapshot().values()}

    paris = Channel.objects.get(name="Paris")
    assert set(found) == {berlin.pk, paris.pk}
    assert [rule.pattern for rule in found[berlin.pk].rules] == ["/a", "/b"]
    assert (found[berlin.pk].available, found[paris.pk].available) == (True, False)
    assert (found[berlin.pk].by_country, found[paris.pk].by_country) == (True, False)
    assert found[berlin.pk].texts["de"] == "Hilfe?"


def test_it_takes_as_many_queries_for_many_channels_as_for_one(
    berlin, anna, django_assert_num_queries
):
    with django_assert_num_queries(3):
        widgets.snapshot()
    for number in range(20):
        made = factories.channel(f"c{number}")
        factories.operator(f"o{number}", made)
        ChannelRule.objects.create(channel=made)

    with django_assert_num_queries(3):
        assert len(widgets.snapshot()) == 21


def test_a_full_channel_is_not_available(berlin, anna):
    Channel.objects.update(max_sessions_mode="limited", max_sessions=1)
    assert widgets.snapshot()[berlin.key].available

    factories.opened(factories.visitor(berlin))

    assert not widgets.snapshot()[berlin.key].available


def test_a_warm_answer_asks_the_database_nothing(berlin, django_assert_num_queries):
    ChannelRule.objects.create(channel=berlin, regex_url="/cart", countries="DE")
    snapshot.widgets = widgets.snapshot()

    async def often() -> None:
        for _ in range(50):
            assert (await ask(berlin.key, f"{SHOP}/cart"))[0] == 200

    with django_assert_num_queries(0):
        asyncio.run(often())


async def test_while_the_database_is_away_it_says_what_it_last_knew():
    widget(rule(ButtonAction.HIDE, "/cart"))
    snapshot.note_website(1, SHOP)

    async def away(_service, *_values):
        raise Unavailable from OperationalError("gone")

    await snapshot.refresh(away)

    assert (await ask(url=f"{SHOP}/cart"))[1]["action"] == "hide_button"
    assert list(snapshot._sightings) == [(1, SHOP)]


async def test_requests_before_the_first_snapshot_wait_for_it(monkeypatch):
    readings = 0

    async def read(_service, *_values):
        nonlocal readings
        readings += 1
        if readings == 1:
            raise Unavailable from OperationalError("not yet")
        return {"berlin": widget()}

    monkeypatch.setattr("livechat.widget_init.snapshot.FIRST_SECONDS", 0.01)
    monkeypatch.setattr("livechat.widget_init.snapshot.WAIT_SECONDS", 30)
    await bus.attach()
    monkeypatch.setattr(snapshot, "widgets", None)
    keeping = asyncio.create_task(snapshot.refresh_forever(read))

    statuses = [status for status, *_ in await asyncio.gather(*(ask() for _ in range(50)))]

    assert statuses == [200] * 50
    assert readings == 2
    assert not snapshot._waiting
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    await bus.detach()


async def test_of_too_many_requests_without_a_snapshot_few_wait(monkeypatch):
    monkeypatch.setattr(snapshot, "widgets", None)
    monkeypatch.setattr("livechat.widget_init.snapshot.WAIT_SECONDS", 30)
    monkeypatch.setattr("livechat.widget_init.snapshot.MAX_WAITING", 2)
    waiting = [asyncio.create_task(ask()) for _ in range(2)]
    while len(snapshot._waiting) < 2:
        await asyncio.sleep(0)

    assert (await ask())[0] == 503

    await snapshot.refresh(empty)
    assert [status for status, *_ in await asyncio.gather(*waiting)] == [404, 404]


async def empty(_service, *_values) -> dict[str, Widget]:
    return {}


async def test_an_announced_change_is_answered_at_once(monkeypatch):
    readings = []

    async def read(service, *_values):
        readings.append(service)
        return {}

    monkeypatch.setattr("livechat.widget_init.snapshot.GATHER_SECONDS", 0.01)
    await bus.attach()
    keeping = asyncio.create_task(snapshot.refresh_forever(read))
    await asyncio.sleep(0.05)
    assert len(readings) == 0

    bus.publish([events._WIDGETS_CHANGED])
    bus.publish([events._WIDGETS_CHANGED])
    await asyncio.sleep(0.1)

    assert len(readings) == 1
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    await bus.detach()


def test_changes_by_operators_and_services_are_announced(
    berlin, anna, published, django_capture_on_commit_callbacks
):
    from livechat.services import operators

    with django_capture_on_commit_callbacks(execute=True):
        operators.set_presence(factories.actor(anna), choice=Availability.BUSY, in_call=False)
        operators.leave_channel(factories.actor(anna), berlin.public_id)
        operators.join_channel(factories.actor(anna), berlin.public_id)

    assert [post.groups for post in published].count((events.WIDGETS,)) == 3


# --- is the widget installed?


async def test_websites_that_asked_are_noted_down_once_a_minute(monkeypatch):
    widget(channel=7)

    for origin in (SHOP, SHOP, "https://other.example", None):
        await ask(origin=origin)

    assert set(snapshot._sightings) == {(7, SHOP), (7, "https://other.example")}
    snapshot._sightings = {}
    await ask(origin=SHOP)
    assert snapshot._sightings == {}


def test_they_are_stored_with_their_first_and_last_time(berlin):
    early, late = factories.minutes_ago(10), factories.minutes_ago(1)
    gone = 10**6

    widgets.remember({(berlin.pk, SHOP): early, (gone, SHOP): early})
    widgets.remember({(berlin.pk, SHOP): late})

    row = Embedding.objects.get()
    assert (row.channel, row.origin, row.first_at, row.last_at) == (berlin, SHOP, early, late)


def test_only_the_newest_fifty_are_kept(berlin):
    widgets.remember(
        {
            (berlin.pk, f"https://shop{number}.example"): factories.minutes_ago(number)
            for number in range(60)
        }
    )

    kept = set(Embedding.objects.values_list("origin", flat=True))
    assert len(kept) == 50
    assert "https://shop0.example" in kept
    assert "https://shop59.example" not in kept


async def test_many_claimed_origins_fill_no_memory_while_the_database_is_away():
    async def away(_service, *_values):
        raise Unavailable

    for _ in range(3):
        for channel in range(300):
            for number in range(20):
                snapshot.note_website(channel, f"https://{uuid.UUID(int=number)}.example")
        await snapshot.refresh(away)

    assert len(snapshot._sightings) == MAX_PENDING_WEBSITES


async def test_of_one_channel_few_are_noted_between_two_snapshots():
    for number in range(200):
        snapshot.note_website(1, f"https://{uuid.UUID(int=number)}.example")

    assert len(snapshot._sightings) == MAX_OF_A_CHANNEL


async def test_a_sighting_that_cannot_be_stored_does_not_come_again():
    widget()
    snapshot.note_website(1, SHOP)

    async def broken(service, *_values):
        if service is widgets.remember:
            raise ValueError("a row that no database takes")
        return {}

    await snapshot.refresh(broken)

    assert snapshot._sightings == {}


# --- responders


class Helpers:
    """An app that registers a responder, as other apps do."""

    def choices(self) -> list[tuple[str, str]]:
        return [("1", "Ready"), ("2", "Not ready")]

    def ready(self) -> frozenset[str]:
        return frozenset({"1"})


@pytest.fixture
def helpers(monkeypatch) -> None:
    monkeypatch.setattr(responder_registry, "_registered", {})
    responder_registry.register("helper", Helpers())


def test_a_rule_whose_responder_is_not_ready_is_passed_over(berlin, helpers):
    ChannelRule.objects.create(
        channel=berlin, sequence=1, action="hide_button", responder="helper:2"
    )
    ChannelRule.objects.create(channel=berlin, sequence=2, action="hide_button", responder="gone:1")
    ChannelRule.objects.create(channel=berlin, sequence=3, responder="helper:1")

    ready = [rule.responder_ready for rule in widgets.snapshot()[berlin.key].rules]

    assert ready == [False, False, True]
    assert responder_registry.choices() == [("helper:1", "Ready"), ("helper:2", "Not ready")]
    assert [responder_registry.is_ready(key) for key in ("helper:1", "helper:2", "x")] == [
        True,
        False,
        False,
    ]


def test_operators_without_the_right_or_at_rest_are_not_available(berlin, anna):
    for change in (
        {"accepting": False},
        {"active_at": factories.minutes_ago(31)},
        {"seen_at": None},
        {"is_enabled": False},
    ):
        before = {name: getattr(anna, name) for name in change}
        Operator.objects.filter(pk=anna.pk).update(**change)
        assert not widgets.snapshot()[berlin.key].available, change
        Operator.objects.filter(pk=anna.pk).update(**before)
    assert widgets.snapshot()[berlin.key].available
