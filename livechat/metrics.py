"""The metrics of a process. `docs/how-to/watch-it.md` explains each.

The event loop counts frames in plain numbers, which is nearly free; `flush` adds them to the
Prometheus client once a second and before each scrape. Everything else goes directly to the
Prometheus client, from any thread.

Label values are closed sets that we define: never an id, a name or a value that a client chose.
"""

from collections import defaultdict

import msgspec
from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
GONE = frozenset({1000, 1001, 1005, 1006, 1009, 1011, 1012})
"""Close codes of browsers and servers that get their own label; others become "other"."""
OURS = range(4400, 4600)


# --- sockets and frames

SOCKETS_OPENED = Counter("livechat_sockets_opened", "Sockets accepted.", ["kind"])
SOCKETS_REFUSED = Counter(
    "livechat_sockets_refused", "Sockets refused before they were accepted.", ["kind", "reason"]
)
SOCKETS_CLOSED = Counter("livechat_sockets_closed", "Sockets that ended.", ["kind", "code"])
SOCKETS = Gauge(
    "livechat_sockets", "Sockets that have said hello.", ["kind"], multiprocess_mode="livesum"
)
OUTBOX = Gauge(
    "livechat_outbox_bytes", "Bytes that wait for slow readers.", multiprocess_mode="livesum"
)
FRAMES_RECEIVED = Counter("livechat_frames_received", "Commands understood.", ["type"])
FRAMES_SENT = Counter("livechat_frames_sent", "Frames handed to sockets.", ["type"])
BAD_FRAMES = Counter("livechat_bad_frames", "Frames that were not understood.", ["code"])
LIMIT_HITS = Counter("livechat_limit_hits", "What was more than is allowed.", ["rule"])
COMMANDS_FAILED = Counter(
    "livechat_commands_failed", "Commands that ended in an error of ours.", ["type"]
)
RESUMES = Counter(
    "livechat_resumes", "Visitors' sockets that came back to a conversation.", ["outcome"]
)
GAP_REPAIRS = Counter(
    "livechat_gap_repairs", "Times a browser fetched what it had missed.", ["kind"]
)

# --- messages

ACK_SECONDS = Histogram(
    "livechat_ack_seconds", "From a message's arrival to its acknowledgement.", buckets=SECONDS
)
COMMIT_SECONDS = Histogram(
    "livechat_commit_seconds", "Transactions of the writer.", buckets=SECONDS
)
BATCH = Histogram(
    "livechat_batch_messages", "Messages written in one transaction.", buckets=BATCHES
)
WRITER_QUEUE = Gauge(
    "livechat_writer_queue", "Messages that wait for the writer.", multiprocess_mode="livesum"
)
WRITES_FAILED = Counter("livechat_writes_failed", "Batches that could not be written.")
SERVICES_WAITING = Gauge(
    "livechat_services_waiting", "Services that wait for a thread.", multiprocess_mode="livesum"
)

# --- the bus

BUS_PUBLISHED = Counter("livechat_bus_publishes", "Messages sent through Redis.")
BUS_FAILED = Counter("livechat_bus_failures", "Messages that Redis did not take.")
BUS_DROPPED = Counter("livechat_bus_dropped_posts", "Posts given up while Redis was away.")
BUS_RECONNECTS = Counter("livechat_bus_reconnects", "Times the subscription was lost.")
BUS_ECHO_AGE = Gauge(
    "livechat_bus_echo_age_seconds",
    "Since a process last heard itself through Redis; the worst of all.",
    multiprocess_mode="livemax",
)

# --- HTTP

HTTP_ANSWERS = Counter("livechat_http_answers", "Answers to HTTP requests.", ["entry", "status"])
HTTP_SECONDS = Histogram(
    "livechat_http_seconds", "Answers of Django, to their last byte.", buckets=SECONDS
)

_received: defaultdict[type, int] = defaultdict(int)
_sent: defaultdict[str, int] = defaultdict(int)
_answered: defaultdict[tuple[str, int], int] = defaultdict(int)


def received(command: msgspec.Struct) -> None:
    """Count a decoded command."""
    _received[type(command)] += 1


def sent(frame: str) -> None:
    """Count an encoded frame for one socket. Every frame begins with its type."""
    _sent[frame[9 : frame.find('"', 9)]] += 1


def answered(entry: str, status: int) -> None:
    """Count an HTTP response by its entry point and status class."""
    _answered[entry, status // 100] += 1


def socket_closed(kind: str, code: int) -> None:
    """Count the end of a socket by its close code."""
    label = str(code) if code in GONE or code in OURS else "other"
    SOCKETS_CLOSED.labels(kind, label).inc()


def tag(command: type[msgspec.Struct]) -> str:
    """Return the type of a command on the wire."""
    return str(command.__struct_config__.tag)


def flush() -> None:
    """Add the event loop's counts to the Prometheus client. Call it on the event loop."""
    for command, count in _received.items():
        FRAMES_RECEIVED.labels(tag(command)).inc(count)
    for name, count in _sent.items():
        FRAMES_SENT.labels(name).inc(count)
    for (entry, hundreds), count in _answered.items():
        HTTP_ANSWERS.labels(entry, f"{hundreds}xx").inc(count)
    _received.clear()
    _sent.clear()
    _answered.clear()
