"""Metrics are correct, say nothing about people, and are shown only to authorized clients."""

import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from prometheus_client import REGISTRY, generate_latest

from config.monitoring import gauges, metrics_endpoint
from livechat import metrics
from tests import factories
from tests.asgi import Exchange
from tests.machine.app import ROOT, App

TOKEN = "t" * 32
PAGE = Path(__file__).parents[3] / "docs/how-to/watch-it.md"


@pytest.fixture(autouse=True)
def nothing_is_known(monkeypatch):
    """Count conversations again in each test, however busy the computer is."""
    gauges._live_counts.clear_cache()
    monkeypatch.setattr(gauges._live_counts, "_timeout_seconds", 20)


async def ask(**headers: str) -> tuple[int, str]:
    """Return status and text of /metrics."""
    answer = await Exchange(metrics_endpoint.metrics, path="/metrics", headers=headers).run()
    return answer.status, answer.body.decode()


def value(name: str, **labels: str) -> float:
    metrics.flush()
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.mark.django_db(transaction=True)
async def test_metrics_are_shown_only_to_clients_with_the_token(settings):
    settings.METRICS_TOKEN = TOKEN

    statuses = [
        (await ask())[0],
        (await ask(authorization="Bearer wrong"))[0],
        (await ask(authorization=TOKEN))[0],
        (await ask(authorization="Bearer \u00e4"))[0],
    ]
    status, text = await ask(authorization=f"Bearer {TOKEN}")

    assert statuses == [401] * 4
    assert status == 200
    assert 'livechat_sockets{kind="visitor"} 0.0' in text


@pytest.mark.django_db(transaction=True)
async def test_a_chat_is_counted(sockets, anna, berlin):
    names = {
        "opened": ("livechat_sockets_opened_total", {"kind": "visitor"}),
        "posted": ("livechat_frames_received_total", {"type": "message.post"}),
        "acks": ("livechat_frames_sent_total", {"type": "ack"}),
        "bad": ("livechat_bad_frames_total", {"code": "bad_frame"}),
        "latency": ("livechat_ack_seconds_count", {}),
        "batches": ("livechat_batch_messages_count", {}),
        "commits": ("livechat_commit_seconds_count", {}),
        "repairs": ("livechat_gap_repairs_total", {"kind": "visitor"}),
        "resumes": ("livechat_resumes_total", {"outcome": "whole"}),
        "strangers": ("livechat_sockets_refused_total", {"kind": "visitor", "reason": "origin"}),
        "gone": ("livechat_sockets_closed_total", {"kind": "visitor", "code": "1006"}),
    }
    before = {name: value(metric, **labels) for name, (metric, labels) in names.items()}

    visitor, conversation = await sockets.chat(berlin)
    await visitor.post(conversation, "canary")
    await visitor.next("ack")
    await visitor.send("timeline.fetch", conversation=conversation, after_seq=0)
    await visitor.next("timeline.page")
    await visitor.send_raw("{")
    await visitor.next("rejected")
    again = await sockets.visitor(berlin, conversation=uuid.UUID(conversation), after_seq=0)
    await again.next("welcome")
    await gauges.measure()
    await gauges.measure_conversations()
    assert value("livechat_sockets", kind="visitor") == 2
    assert value("livechat_conversations", state="open") == 1
    assert await sockets.connect(f"/ws/visitor/{berlin.key}/", origin="http://evil") is None
    await visitor.disconnect()

    after = {name: value(metric, **labels) for name, (metric, labels) in names.items()}
    grown = {name: after[name] - before[name] for name in names}
    assert grown["gone"] + value("livechat_sockets_closed_total", kind="visitor", code="1000") >= 1
    assert {name: count for name, count in grown.items() if name != "gone"} == {
        **{"opened": 2, "posted": 1, "acks": 2, "bad": 1, "latency": 1, "batches": 1, "commits": 1},
        **{"repairs": 1, "resumes": 1, "strangers": 1},
    }
    assert "canary" not in generate_latest(REGISTRY).decode()


@pytest.mark.django_db(transaction=True)
async def test_metrics_count_waiting_visitors_and_operators(berlin, anna, vera):
    anna.seen_at = None
    await sync_to_async(anna.save)()
    await sync_to_async(factories.opened)(vera)

    await gauges.measure_conversations()

    assert value("livechat_conversations", state="waiting") == 1
    assert value("livechat_operators_online") == 0
    assert value("livechat_longest_wait_seconds") > 0


COLLECTS_EVERYWHERE = """
import gc
import django

django.setup()
from config.monitoring import gauges

gc.callbacks.append(gauges._count_collection)
gc.set_threshold(1)
for number in range(300):
    gauges.POOL.labels(str(number)).set(number)
gc.set_threshold(0)
before = gauges.COLLECTIONS.labels("0")._value.get()
gauges._publish_collections()
print(gauges.COLLECTIONS.labels("0")._value.get() - before)
"""


def test_garbage_that_is_collected_while_something_is_counted_stops_nothing(tmp_path):
    """With several processes, one lock protects all counters.

    A garbage collection that wanted the lock while its own thread held it stopped the process
    forever.
    """
    environ = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path),
    }

    done = subprocess.run(
        [sys.executable, "-c", COLLECTS_EVERYWHERE],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=100,  # a deadlocked process would never end
    )

    assert float(done.stdout) > 100, done.stderr


def test_close_codes_are_a_closed_set():
    before = value("livechat_sockets_closed_total", kind="visitor", code="other")

    for code in (3000, 4321, 65_000, -1):
        metrics.socket_closed("visitor", code)

    assert value("livechat_sockets_closed_total", kind="visitor", code="other") == before + 4


async def test_without_a_token_there_is_no_such_address(settings, client):
    settings.METRICS_TOKEN = ""

    assert client.get("/metrics").status_code == 404


@pytest.mark.slow
def test_every_process_answers_for_all(migrated, tmp_path):
    folder = tmp_path / "metrics"
    folder.mkdir()
    environ = {"METRICS_TOKEN": TOKEN, "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    apps = [App(migrated.copy(tmp_path / name), environ=environ) for name in "ab"]
    try:
        for app in apps:
            app.start()
            assert app.get("/nosuch")[0] == 404
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        texts = []
        for app in apps:
            # A request updates only the asked server's own values, so ask each server once first.
            app.get("/metrics", **bearer)
        for app in apps:
            status, body = app.get("/metrics", **bearer)
            assert status == 200
            texts.append(body.decode())
        assert apps[0].get("/metrics")[0] == 401
    finally:
        for app in apps:
            app.kill()
    for text in texts:
        assert "livechat_processes 2.0" in text
        assert 'livechat_http_answers_total{entry="django",status="4xx"} 2.0' in text


def test_the_page_lists_every_metric_and_no_other():
    listed = set(re.findall(r"^\| `(livechat_\w+)`", PAGE.read_text(), re.MULTILINE))

    counted = {
        metric.name + ("_total" if metric.type == "counter" else "")
        for metric in REGISTRY.collect()
        if metric.name.startswith("livechat_")
    }

    assert listed == counted
