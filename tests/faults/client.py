"""A browser in Python: follows the rules of `static/livechat/shared` on an unreliable network.

It repeats and reorders its own frames and loses its connection whenever a server dies. In the end
it must still show what the database holds.
"""

import asyncio
import json
import random
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Origin

from livechat import wire
from tests.faults.checker import TOKEN, Screen, Shown, Written

# The same values as in socket.js, backoff.js, outbox.js and repair.js.
SILENCE = 45.0
WELCOME = 15.0
FLOODING = 30.0
FIRST_WAIT, LONGEST_WAIT = 0.5, 15.0
RETRY = 5.0
GAP_TIMEOUT = 0.5
PASSING = frozenset({"rate_limited", "unavailable"})
FINAL = frozenset({4400, 4403, 4409})

DOUBLED = 0.3
REORDERED = 0.1
HELD_BACK = 0.05
"""Seconds after which a delayed frame is sent even if no later frame has overtaken it."""


class Timeline:
    """A gapless run of entries, entries that arrived too early, and the highest known number."""

    def __init__(self, before: int = 0, head: int = 0) -> None:
        self.before = before
        self.head = head
        self.entries: list[dict[str, Any]] = []
        self._early: dict[int, dict[str, Any]] = {}

    @property
    def last(self) -> int:
        return self.before + len(self.entries)

    @property
    def has_gap(self) -> bool:
        return self.head > self.last

    def add(self, page: Iterable[dict[str, Any]], head: int = 0) -> None:
        """Insert entries at their places; drop duplicates, keep early ones aside."""
        loose = self._early | {entry["seq"]: entry for entry in page}
        while (entry := loose.pop(self.last + 1, None)) is not None:
            self.entries.append(entry)
        while (entry := loose.pop(self.before, None)) is not None:
            self.entries.insert(0, entry)
            self.before -= 1
        self._early = {seq: entry for seq, entry in loose.items() if seq > self.last}
        self.head = max(self.head, head, self.last, *self._early)

    def shown(self) -> tuple[Shown, ...]:
        return tuple(Shown(e["seq"], e["id"], e["kind"], e["text"]) for e in self.entries)


@dataclass
class Outgoing:
    """A text to be sent. `conversation` is empty if it opens one, or waits for one to open."""

    client_id: str
    conversation: str
    text: str
    internal: bool
    state: Literal["waiting", "in_flight", "sent", "failed"] = "waiting"
    acks: list[tuple[str, int]] = field(default_factory=list)
    refusal: str = ""
    written_at: float = 0.0


class Outbox:
    """Texts not yet known to be stored. For each key of `line`, it sends one text at a time."""

    def __init__(self, send: Callable[[Outgoing], None], line: Callable[[Outgoing], str]) -> None:
        self.entries: list[Outgoing] = []
        self.connected = False
        self._resting: set[str] = set()
        self._send = send
        self._line = line

    def add(self, entry: Outgoing) -> None:
        self.entries.append(entry)
        self.pump()

    def up(self) -> None:
        self.connected = True
        self.pump()

    def down(self) -> None:
        self.connected = False
        for entry in self.entries:
            if entry.state == "in_flight":
                entry.state = "waiting"

    def acknowledge(self, ack: dict[str, Any]) -> None:
        if entry := self._find(ack["client_id"]):
            if not entry.conversation:
                self._settle(ack["conversation"])
            entry.state = "sent"
            entry.conversation = entry.conversation or ack["conversation"]
            self.pump()

    def restored(self) -> None:
        """Send acknowledged texts again: the restored database may not hold them."""
        for entry in self.entries:
            if entry.state == "sent":
                entry.state = "waiting"

    def reopen(self, client_id: str | None) -> None:
        """Open a new conversation with a text whose conversation no longer exists.

        Other unsent texts of that conversation go to the new one too.
        """
        entry = self._find(client_id)
        if entry is None or not entry.conversation:
            return
        gone = entry.conversation
        for other in self.entries:
            if other.conversation == gone and other.state not in ("sent", "failed"):
                other.state, other.conversation = "waiting", ""
        self.pump()

    def remove(self, client_id: str | None) -> None:
        self.entries = [entry for entry in self.entries if entry.client_id != client_id]

    def reject(self, rejected: dict[str, Any]) -> Outgoing | None:
        """Return the entry if the rejection is final; otherwise retry it later and return None."""
        entry = self._find(rejected.get("client_id"))
        if entry is None or entry.state == "sent":
            return None
        if rejected["code"] in PASSING or rejected.get("retry_after"):
            wait = rejected.get("retry_after") or RETRY
            entry.state = "waiting"
            self._resting.add(entry.client_id)
            asyncio.get_running_loop().call_later(wait, self._rested, entry.client_id)
            return None
        entry.state, entry.refusal = "failed", rejected["code"]
        self.entries.remove(entry)
        self.pump()
        return entry

    def arrived(self, conversation: str, messages: Iterable[dict[str, Any]]) -> None:
        """Drop messages that are in the timeline: they are stored, even without an ack."""
        if not self.entries:
            return
        ids = {message["client_id"] for message in messages}
        gone = [entry for entry in self.entries if entry.client_id in ids]
        if not gone:
            return
        self.entries = [entry for entry in self.entries if entry.client_id not in ids]
        if any(not entry.conversation for entry in gone):
            self._settle(conversation)
        self.pump()

    def pump(self) -> None:
        if not self.connected:
            return
        held = set()
        for entry in [entry for entry in self.entries if entry.state not in ("sent", "failed")]:
            line = self._line(entry)
            if line in held:
                continue
            held.add(line)
            if entry.state == "waiting" and entry.client_id not in self._resting:
                self._send(entry)
                entry.state = "in_flight"

    def _rested(self, client_id: str) -> None:
        self._resting.discard(client_id)
        self.pump()

    def _settle(self, conversation: str) -> None:
        for entry in self.entries:
            if not entry.conversation and entry.state == "waiting":
                entry.conversation = conversation

    def _find(self, client_id: str | None) -> Outgoing | None:
        return next((entry for entry in self.entries if entry.client_id == client_id), None)


class Client:
    """A tab that stays open: connects, reconnects, repairs. Subclasses implement one audience.

    An `old` client was loaded before the last release. It speaks the previous protocol version and
    ignores newer events, for which `drain` stands as an example.
    """

    is_staff = False

    def __init__(
        self,
        addresses: Sequence[str],
        seed: int,
        *,
        path: str,
        cookie: str = "",
        counts: Counter[str] | None = None,
        old: bool = False,
        connecting: Mapping[str, Any] | None = None,
    ) -> None:
        self.old = old
        self._connecting = connecting or {}
        self.waits: list[float] = []
        """Seconds between the writing of a text and its first ack."""
        self.counts: Counter[str] = Counter() if counts is None else counts
        self.me = ""
        self.epoch = ""
        self.tab = str(uuid.uuid4())
        self.timelines: dict[str, Timeline] = {}
        self.heard: set[str] = set()
        self.gave_up = ""
        self.outbox = Outbox(lambda entry: self.send(self.frame(entry)), self.line)
        self.written: list[Outgoing] = []
        self.random = random.Random(seed)
        self._addresses = addresses
        self._path = path
        self._cookie = cookie
        self._by_id: dict[str, Outgoing] = {}
        self._repairs: dict[str, asyncio.TimerHandle] = {}
        self._attempt = 0
        self._queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._restart = False

    # ------------------------------------------------------------- for subclasses to implement

    def hello(self) -> dict[str, Any]:
        raise NotImplementedError

    def frame(self, entry: Outgoing) -> dict[str, Any]:
        raise NotImplementedError

    def hear(self, event: dict[str, Any]) -> None:
        raise NotImplementedError

    def line(self, entry: Outgoing) -> str:
        """Return a key. Texts with the same key must arrive in the order of writing."""
        raise NotImplementedError

    def opened(self) -> None:
        """React to a new connection, after its `welcome`."""

    def rejected(self, event: dict[str, Any]) -> None:
        """Handle the rejection of a text or another command."""
        self.outbox.reject(event)

    def restored(self) -> None:
        """React to a restored database, which makes everything shown obsolete."""

    def views(self) -> dict[str, tuple[int, str]]:
        """Return conversation -> (revision, state) as shown."""
        raise NotImplementedError

    # ------------------------------------------------------------- for tests to call and read

    def write(self, conversation: str, *, internal: bool = False) -> Outgoing:
        """Write a unique text to `conversation`; if that is empty, open one with the text."""
        token = f"{'note' if internal else 'say'}:{self.random.getrandbits(64):016x}"
        filling = "Grüße, مرحبا, 你好 🙂 " * self.random.choice((1, 1, 1, 2, 5, 60))
        entry = Outgoing(str(uuid.uuid4()), conversation, f"{token} {filling}".strip(), internal)
        entry.written_at = asyncio.get_running_loop().time()
        self.written.append(entry)
        self._by_id[entry.client_id] = entry
        self.outbox.add(entry)
        self.counts["written"] += 1
        return entry

    def history(self) -> list[Written]:
        return [
            Written(
                client_id=entry.client_id,
                writer=self.me,
                tab=self.tab,
                text=entry.text,
                is_staff=self.is_staff,
                internal=entry.internal,
                conversation=entry.conversation,
                acks=tuple(entry.acks),
                refusal=entry.refusal,
            )
            for entry in self.written
        ]

    def screen(self) -> Screen:
        return Screen(
            reader=self.me,
            is_staff=self.is_staff,
            chats=self.views(),
            timelines={key: timeline.shown() for key, timeline in self.timelines.items()},
            heard=frozenset(self.heard),
            unsent=sum(entry.state != "sent" for entry in self.outbox.entries),
            gave_up=self.gave_up,
        )

    def scroll_to_top(self) -> None:
        """Fetch the entries before the oldest one shown, as when a reader scrolls up."""
        for conversation, timeline in self.timelines.items():
            if timeline.before:
                self.ask(conversation, before_seq=timeline.before + 1)

    async def live(self) -> None:
        """Stay connected until cancelled, or until a close code forbids a retry."""
        while not self.gave_up:
            code = await self._connection()
            self.outbox.down()
            if code in FINAL or (code == 4401 and self.is_staff):
                self.gave_up = f"closed with {code}"
                return
            self.counts["waited in vain" if code is None else f"closed {code}"] += 1
            if self._restart:
                self._restart, self._attempt = False, 0
                continue
            ceiling = min(LONGEST_WAIT, FIRST_WAIT * 2**self._attempt)
            self._attempt += 1
            wait = FLOODING if code == 4429 else ceiling * self.random.uniform(0.5, 1.0)
            await asyncio.sleep(wait)

    # ------------------------------------------------------------- frames in and out

    def send(self, command: dict[str, Any]) -> None:
        if self.outbox.connected:
            self._queue.put_nowait(command)

    def ask(self, conversation: str, **where: int) -> None:
        self.send({"type": "timeline.fetch", "conversation": conversation, **where})

    def restart(self) -> None:
        """Reconnect and send `hello` again, because the known state may be outdated."""
        self._restart = True

    def look(self, conversation: str, *, now: bool = False) -> None:
        """Fetch entries missing at the end of a timeline: now, or after GAP_TIMEOUT."""
        timeline = self.timelines.get(conversation)
        timer = self._repairs.get(conversation)
        if timeline is None or not timeline.has_gap:
            if timer is not None:
                timer.cancel()
                del self._repairs[conversation]
        elif now:
            self.counts["gaps"] += 1
            self.ask(conversation, after_seq=timeline.last)
        elif timer is None:
            self._repairs[conversation] = asyncio.get_running_loop().call_later(
                GAP_TIMEOUT, self._overdue, conversation
            )

    def _overdue(self, conversation: str) -> None:
        del self._repairs[conversation]
        self.look(conversation, now=True)

    async def _connection(self) -> int | None:
        """Run one connection until it ends; return its close code.

        Returns 0 when the connection could not be made, None when no response came in time.
        """
        address = self.random.choice(self._addresses)
        try:
            async with connect(
                f"{address}{self._path}",
                origin=Origin(address.replace("ws", "http", 1)),
                additional_headers={"Cookie": self._cookie} if self._cookie else None,
                compression=None,
                ping_interval=None,
                open_timeout=WELCOME,
                close_timeout=5,  # a busy server responds late, and browsers wait for it
                max_size=2**20,
                proxy=None,
                **self._connecting,
            ) as socket:
                return await self._talk(socket)
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006
        except TimeoutError:
            return None
        except (OSError, WebSocketException, EOFError) as failure:
            if isinstance(failure, InvalidStatus) and failure.response.status_code == 503:
                return 503
            self.counts[f"failed with {type(failure).__name__}: {failure}"[:200]] += 1
            return 0

    async def _talk(self, socket: ClientConnection) -> int:
        self._queue = asyncio.Queue()
        await socket.send(json.dumps(self.hello() | {"version": wire.VERSION - self.old}))
        noise = asyncio.create_task(self._send_badly(socket, self._queue))
        moves: list[asyncio.Task[None]] = []
        try:
            while True:
                silence = SILENCE if self.outbox.connected else WELCOME
                async with asyncio.timeout(silence):
                    frame = await socket.recv()
                assert isinstance(frame, str)
                if (wait := self._receive(frame)) is not None and not self.old:
                    moves.append(asyncio.create_task(self._move(socket, wait)))
                if self._restart:
                    return 1000
        finally:
            for task in (noise, *moves):
                task.cancel()
            await asyncio.gather(noise, *moves, return_exceptions=True)

    async def _move(self, socket: ClientConnection, wait: float) -> None:
        """Close the connection after `wait` seconds to reach another process; use it until then."""
        await asyncio.sleep(wait)
        self.counts["moved"] += 1
        self._restart = True
        await socket.close()

    def _receive(self, frame: str) -> float | None:
        """Handle a frame; for `drain`, return the seconds until a reconnect, otherwise None."""
        self.counts["received"] += 1
        self.heard.update(TOKEN.findall(frame))
        event = json.loads(frame)
        match event["type"]:
            case "welcome":
                self._attempt = 0
                self._compare_epochs(event["epoch"])
                self.hear(event)
                self.outbox.up()
                self.opened()
                return None
            case "heartbeat":
                self.send({"type": "heartbeat", "active": True})
            case "ack":
                self._acked(event)
            case "rejected":
                self.counts[f"rejected {event['code']}"] += 1
                self.rejected(event)
            case "drain":
                return float(event["reconnect_in_ms"]) / 1000
        self.hear(event)
        return None

    def _compare_epochs(self, epoch: str) -> None:
        """Start again if the database was restored: earlier acks are no longer valid."""
        before, self.epoch = self.epoch, epoch
        if before in ("", epoch):
            return
        self.counts["restored"] += 1
        self.heard.clear()
        for entry in self.written:
            entry.acks.clear()
        self.outbox.restored()
        self.restored()

    def _acked(self, ack: dict[str, Any]) -> None:
        if entry := self._by_id.get(ack["client_id"]):
            self.counts["acked" if not entry.acks else "acked again"] += 1
            if not entry.acks:
                self.waits.append(asyncio.get_running_loop().time() - entry.written_at)
            entry.acks.append((ack["conversation"], ack["seq"]))
        self.outbox.acknowledge(ack)

    async def _send_badly(
        self, socket: ClientConnection, queue: asyncio.Queue[dict[str, Any]]
    ) -> None:
        """Send queued frames, some of them twice, at once or later, and some after the next one."""
        held: deque[str] = deque()
        while True:
            try:
                async with asyncio.timeout(HELD_BACK if held else None):
                    command = await queue.get()
            except TimeoutError:
                await socket.send(held.popleft())
                continue
            text = self._by_id.get(command.get("client_id", ""))
            if text is not None and text.refusal:
                continue  # a late copy; what was refused for good, no browser sends again
            frame = json.dumps(command)
            self.counts["frames"] += 1
            if not held and self.random.random() < REORDERED:
                held.append(frame)
                self.counts["held back"] += 1
                continue
            await socket.send(frame)
            if held:
                # Not twice as well: a text refused before the frame held back, such as a join,
                # would be accepted after it.
                await socket.send(held.popleft())
            elif self.random.random() < DOUBLED:
                self.counts["sent twice"] += 1
                await self._again(socket, queue, frame)

    async def _again(
        self, socket: ClientConnection, queue: asyncio.Queue[dict[str, Any]], frame: str
    ) -> None:
        if self.random.random() < 0.5:
            await socket.send(frame)
        else:
            asyncio.get_running_loop().call_later(
                self.random.uniform(0.1, 2.0), queue.put_nowait, json.loads(frame)
            )
