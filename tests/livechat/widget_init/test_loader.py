"""The loader: the script that a website embeds, without Django and without a database query."""

import asyncio
import gzip
import ipaddress
import json
import re
from typing import Any

import brotli
import pytest
from django.core.signals import request_started

from config.asgi import application
from livechat import metrics
from livechat.domain import colours
from livechat.limiter import limiter
from livechat.services import widgets
from livechat.widget_init import loader
from livechat.widget_init.snapshot import snapshot
from tests.asgi import Exchange

SITE = {"host": "chat.example"}
DECODERS = {"br": brotli.decompress, "gzip": gzip.decompress}


async def request(key: str, method: str = "GET", query: str = "", **headers: str) -> Exchange:
    """Request a channel's loader; header names have `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await Exchange(
        application,
        method,
        f"/widget/{key}/loader.js",
        query=query.encode(),
        headers=SITE | named,
    ).run()


def get(key: str, *values: str, **headers: str) -> Exchange:
    return asyncio.run(request(key, *values, **headers))


def refresh() -> None:
    """Read the snapshot, as the server does after a change."""
    snapshot.widgets = widgets.snapshot()


def changed(channel: Any, **fields: Any) -> None:
    """Change a channel and refresh."""
    for name, value in fields.items():
        setattr(channel, name, value)
    channel.save()
    refresh()


def config(answer: Exchange) -> dict[str, Any]:
    """Return the settings in the script."""
    found = re.search(r"^\}\)\((\{.*\})\);$", answer.body.decode(), re.MULTILINE)
    assert found
    return json.loads(found[1])  # type: ignore[no-any-return]


@pytest.fixture(autouse=True)
def read(berlin) -> None:
    """Berlin is in the snapshot."""
    refresh()


# --- the script


def test_it_carries_the_channels_look_and_no_secret(berlin):
    answer = get(berlin.key)

    assert answer.status == 200
    assert config(answer) == {
        "key": berlin.key,
        "frame": f"/widget/{berlin.key}/frame/",
        "init": f"/widget/{berlin.key}/init?",
        "panel": "/static/livechat/embed/panel.js",
        "name": "Berlin",
        "theme": berlin.theme,
        "position": berlin.button_position,
        "offset": {"x": berlin.button_offset_x, "y": berlin.button_offset_y},
        "button_background": berlin.button_background_color,
        "button_foreground": berlin.button_text_color,
    }


def test_any_page_may_load_it_and_any_cache_keep_it(berlin):
    headers = get(berlin.key).headers

    assert headers["content-type"] == "text/javascript; charset=utf-8"
    assert headers["cache-control"] == "public, max-age=300, stale-while-revalidate=86400"
    # Not by language or cookie: it is the same for every client.
    assert headers["vary"] == "Accept-Encoding"
    assert headers["access-control-allow-origin"] == "*"
    assert headers["cross-origin-resource-policy"] == "cross-origin"
    assert "set-cookie" not in headers


def test_caches_keep_nothing_of_the_host_it_was_asked_at(berlin):
    usual = get(berlin.key)
    others = [get(berlin.key, host=host) for host in ("chat.example:9", "CHAT.EXAMPLE")]

    assert {other.body for other in others} == {usual.body}
    assert b"chat.example" not in usual.body
    assert get(berlin.key, host="evil.example").status == 400


def test_over_tls_it_says_so_if_a_trusted_proxy_does(berlin, settings):
    assert "secure" not in config(get(berlin.key, x_forwarded_proto="https"))

    settings.TRUSTED_PROXIES = [ipaddress.ip_network("192.0.2.0/24")]

    assert config(get(berlin.key, x_forwarded_proto="https"))["secure"] is True
    assert "secure" not in config(get(berlin.key, x_forwarded_proto="http"))


def test_a_name_full_of_markup_stays_text(berlin):
    changed(berlin, name="</script><script>alert(1)</script>")

    answer = get(berlin.key)

    assert b"</script>" not in answer.body
    assert config(answer)["name"] == berlin.name


@pytest.mark.parametrize(("background", "seen"), [("#ffffff", "#000000"), ("#101010", "#ffffff")])
def test_the_icon_can_be_seen_whatever_colours_were_chosen(berlin, background, seen):
    changed(berlin, button_background_color=background, button_text_color=background)

    assert config(get(berlin.key))["button_foreground"] == seen
    assert colours.contrast(seen, background) >= colours.ICON


def test_on_a_demonstration_a_page_can_pretend_an_address(berlin, settings):
    query = "address=192.0.2.10&address=x"
    settings.DEMO = False
    assert config(get(berlin.key, "GET", query))["init"].endswith("/init?")

    settings.DEMO = True

    assert config(get(berlin.key, "GET", query))["init"].endswith("/init?address=192.0.2.10&")
    junk = config(get(berlin.key, "GET", "address=%22%26" + "x" * 10_000))["init"]
    assert junk.endswith("/init?address=%22%26" + "x" * 43 + "&")


def test_while_developing_the_source_is_read_anew(berlin, settings, monkeypatch, tmp_path):
    settings.DEBUG = True
    monkeypatch.setattr(loader, "SOURCE", tmp_path / "loader.js")
    for text in ("first(__CONFIG__)", "second(__CONFIG__)"):
        loader.SOURCE.write_text(text)

        assert get(berlin.key).body.startswith(text.partition("_")[0].encode())


def test_in_production_it_is_minified_and_names_a_file_that_is_kept_for_ever(
    berlin, settings, tmp_path
):
    hashed = "livechat/embed/panel.0123456789ab.js"
    manifest = {"version": "1.1", "hash": "", "paths": {"livechat/embed/panel.js": hashed}}
    (tmp_path / "staticfiles.json").write_text(json.dumps(manifest))
    (tmp_path / "livechat").mkdir()
    (tmp_path / "livechat/loader.js").write_text("minified(__CONFIG__)")
    settings.STATIC_ROOT = tmp_path
    staticfiles = {"BACKEND": "config.storage.MinifiedStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": staticfiles}
    loader._minified.cache_clear()
    try:
        body = get(berlin.key).body.decode()
    finally:
        loader._minified.cache_clear()

    assert body.startswith("minified({")
    assert f'"panel": "/static/{hashed}"' in body


# --- how it travels


def test_it_travels_compressed_and_only_when_it_changed(berlin):
    plain = get(berlin.key)
    packed = get(berlin.key, accept_encoding="gzip, deflate, br")
    etag = packed.headers["etag"]

    assert brotli.decompress(packed.body) == plain.body
    assert plain.headers["etag"] != etag
    for known in (etag, f'"x", W/{etag}', "*"):
        again = get(berlin.key, accept_encoding="br", if_none_match=known)
        assert (again.status, again.body) == (304, b"")
        assert again.headers["etag"] == etag
        assert again.headers["cache-control"] == packed.headers["cache-control"]
        assert again.headers["vary"] == "Accept-Encoding"
        assert again.headers["cross-origin-resource-policy"] == "cross-origin"
        assert "content-length" not in again.headers
    for other in (plain.headers["etag"], '"x"', "x", '"' * 10_000):
        assert get(berlin.key, accept_encoding="br", if_none_match=other).status == 200


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br", "br"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0.0,gzip;q=0", None),
        ("gzip;q=0.5, br", "br"),
        ("*", None),
        (", ;q=," * 5_000, None),
    ],
)
def test_an_encoding_that_is_refused_is_not_used(berlin, accepted, encoding):
    answer = get(berlin.key, accept_encoding=accepted)

    assert answer.headers.get("content-encoding") == encoding
    body = DECODERS.get(encoding, bytes)(answer.body)
    assert body == get(berlin.key).body


def test_head_is_answered_without_a_body(berlin):
    usual = get(berlin.key)

    answer = get(berlin.key, "HEAD")

    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers == usual.headers


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "DELETE"])
def test_it_can_only_be_read(berlin, method):
    answer = get(berlin.key, method)

    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


# --- what it costs


def test_neither_django_nor_the_database_is_asked(berlin, django_assert_num_queries):
    started: list[Any] = []

    def note(**values: Any) -> None:
        started.append(values)

    request_started.connect(note)
    try:
        with django_assert_num_queries(0):
            statuses = [get(berlin.key, accept_encoding="br").status for _ in range(3)]
            statuses.append(get("nosuch").status)
    finally:
        request_started.disconnect(note)

    assert statuses == [200, 200, 200, 404]
    assert started == []


def test_it_is_compressed_once_however_many_ask(berlin, monkeypatch):
    compressed = []

    def compress(data: bytes) -> bytes:
        compressed.append(data)
        return bytes(brotli.compress(data, quality=1))

    monkeypatch.setitem(loader._ENCODERS, "br", compress)

    async def at_once() -> None:
        await asyncio.gather(*(request(berlin.key, accept_encoding="br") for _ in range(50)))

    asyncio.run(at_once())
    refresh()  # an equal snapshot
    asyncio.run(at_once())
    assert len(compressed) == 1

    changed(berlin, button_background_color="#123456")
    asyncio.run(at_once())
    assert len(compressed) == 2


def test_a_limited_number_is_kept(berlin, settings, monkeypatch):
    settings.DEMO = True
    monkeypatch.setattr(loader, "MAX_SCRIPTS", 3)
    for number in range(10):
        get(berlin.key, "GET", f"address={number}")

    assert [variant.address for variant in loader._scripts] == ["7", "8", "9"]


def test_an_address_that_asks_too_often_is_refused(berlin, settings):
    settings.PEOPLE_PER_ADDRESS = 10
    limiter.forget()

    async def ask_often() -> list[Exchange]:
        return [await request(berlin.key) for _ in range(220)]

    answers = asyncio.run(ask_often())

    assert answers[0].status == 200
    assert answers[-1].status == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert answers[-1].headers["content-type"].startswith("text/javascript")
    assert limiter.refused["address.requests"] > 0


def test_answers_are_counted(berlin):
    metrics.flush()
    get(berlin.key)
    get("nosuch")

    assert dict(metrics._answered) == {("loader", 2): 1, ("loader", 4): 1}


# --- changes, and no channel


def test_it_is_as_the_snapshot_says(berlin):
    changed(berlin, name="Tegel", button_position="left", button_background_color="#123456")
    found = config(get(berlin.key))
    assert (found["name"], found["position"]) == ("Tegel", "left")
    assert found["button_background"] == "#123456"

    changed(berlin, is_active=False)
    assert get(berlin.key).status == 404

    changed(berlin, is_active=True)
    assert get(berlin.key).status == 200


@pytest.mark.parametrize("key", ["nosuchkey", "a" * 300])
def test_without_a_channel_the_answer_is_a_script_too(key):
    answer = get(key)

    assert (answer.status, answer.body) == (404, b"// There is no such channel.\n")
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_request_before_the_first_snapshot_waits_for_it(berlin, monkeypatch):
    first = snapshot.widgets
    monkeypatch.setattr(snapshot, "widgets", None)
    monkeypatch.setattr("livechat.widget_init.snapshot.WAIT_SECONDS", 30)

    async def read(_service: Any, *_values: Any) -> Any:
        return first

    async def ask_then_read() -> int:
        asked = asyncio.create_task(request(berlin.key))
        while not snapshot._waiting:
            await asyncio.sleep(0)
        await snapshot.refresh(read)
        return (await asked).status

    assert asyncio.run(ask_then_read()) == 200


def test_without_a_snapshot_it_says_when_to_come_again(berlin, monkeypatch):
    monkeypatch.setattr(snapshot, "widgets", None)
    monkeypatch.setattr("livechat.widget_init.snapshot.WAIT_SECONDS", 0.01)

    answer = get(berlin.key)

    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert answer.headers["content-type"].startswith("text/javascript")
