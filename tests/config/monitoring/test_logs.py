"""A log event is one line, and contains nothing that a person wrote."""

import ast
import io
import json
import logging
import re
from pathlib import Path

import pytest
import structlog
from structlog.contextvars import bound_contextvars

from config.monitoring import logs
from livechat.consumers import thread_pool

ROOT = Path(__file__).parents[3]
FIELDS = {
    *("again_in", "bytes", "code", "command", "error", "kind", "messages", "network", "port"),
    *("posts", "probe", "reason", "seconds", "status"),
    *("attempts", "done", "id", "job", "lag", "load", "memory", "oldest", "process", "successor"),
    *("waiting",),
}
"""The fields that the project's log events may have."""
EVIL = "a\nb\r\x1b[31mred\x07\u202eback\u2028line\x85\ud800\x00"


@pytest.fixture(params=["json", "text"])
def form(request) -> str:
    return str(request.param)


def written(form: str, tell, *, in_full: bool = False) -> str:
    """Return what a logger set up for `form` writes while `tell(logger)` runs."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.LineFormatter(form, in_full=in_full))  # type: ignore[arg-type]
    logger = logging.getLogger("livechat.test")
    logger.addHandler(handler)
    logger.propagate = False
    try:
        tell(structlog.stdlib.get_logger("livechat.test"))
    finally:
        logger.removeHandler(handler)
        logger.propagate = True
    return stream.getvalue()


def test_a_line_is_json_with_time_level_event_and_fields():
    line = written("json", lambda log: log.info("socket.closed", code=4408, seconds=1.5))

    fields = json.loads(line)
    assert list(fields) == ["time", "level", "event", "logger", "code", "seconds"]
    assert (fields["event"], fields["code"], fields["seconds"]) == ("socket.closed", 4408, 1.5)


def test_no_value_can_forge_a_line_or_speak_to_the_terminal(form):
    text = written(form, lambda log: log.info("x", reason=EVIL, **{EVIL: 1}))

    assert text.count("\n") == 1
    printed = json.dumps(json.loads(text), ensure_ascii=False) if form == "json" else text
    assert printed.strip().isprintable()


def test_a_value_is_cut():
    line = written("json", lambda log: log.info("x", reason="a" * 100_000))

    assert len(line) < 1_200


def test_an_exception_is_logged_with_places_and_types_but_without_its_message(form):
    def fail(log):
        try:
            try:
                int("the visitor's text")
            except ValueError as error:
                raise OSError(28, "the visitor's file name") from error
        except OSError:
            log.exception("command.failed")

    text = written(form, fail)

    assert "Traceback" in text
    assert "test_logs.py" in text
    assert "ValueError" in text
    assert "OSError ENOSPC" in text
    assert "visitor" not in text


def test_a_developer_sees_what_an_exception_says(form):
    def fail(log):
        try:
            raise ValueError("why\nit failed")
        except ValueError:
            log.exception("command.failed")

    text = written(form, fail, in_full=True)

    assert "why" in text
    assert "\nit failed" not in text


def test_of_other_peoples_sentences_the_words_and_numbers_stay(form):
    def tell(_log):
        other = logging.getLogger("livechat.test")
        other.warning("%s asked for %s, answered %d in %.2f", "1.2.3.4", "/?token=x", 404, 0.1)
        other.warning("Task failed\nfuture: <ValueError('secret')>")
        other.warning("%(user)s has %(count)d", {"user": "anna", "count": 3})
        other.warning("%d of %s", "no number", "secret")
        other.warning(ValueError("secret"))

    text = written(form, tell)

    assert "answered 404 in 0.10" in text
    assert "Task failed" in text
    assert "has 3" in text
    assert "ValueError" in text
    assert text.count("\n") == 5
    for quoted in ("1.2.3.4", "token", "secret", "anna"):
        assert quoted not in text


@pytest.mark.django_db  # the thread still handles a connection of an earlier test
async def test_the_id_of_a_request_reaches_the_thread_of_a_service():
    def serve() -> str:
        return written("json", lambda log: log.info("file.refused"))

    with bound_contextvars(request="abc-1"):
        line = await thread_pool.run(serve)
    after = await thread_pool.run(serve)

    assert json.loads(line)["request"] == "abc-1"
    assert "request" not in json.loads(after)


def calls() -> list[tuple[str, ast.Call]]:
    """Return every call of a `logger` in the project's code, with its place."""
    found = []
    for app in ("config", "livechat", "chatbot", "ratings", "reports"):
        for path in sorted((ROOT / app).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                match node:
                    case ast.Call(func=ast.Attribute(value=ast.Name(id="logger" | "log"))):
                        found.append((f"{path.relative_to(ROOT)}:{node.lineno}", node))
    return found


def test_log_calls_name_an_event_and_use_only_permitted_fields():
    assert len(calls()) > 10
    for place, call in calls():
        assert len(call.args) == 1, place
        event = call.args[0]
        assert isinstance(event, ast.Constant), place
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", str(event.value)), place
        names = {keyword.arg for keyword in call.keywords if keyword.arg}
        assert names <= FIELDS, (place, names - FIELDS)
