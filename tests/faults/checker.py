"""The checker: compares what was written, stored and shown, and reports every difference.

Pure. It knows the promises of the chat (`docs/explanation/faults.md`), but not their
implementation. It compares the responses that clients received with the rows of the database and
with what the clients show. It ignores times; the numbers define the order.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

TOKEN = re.compile(r"\b(?:say|note):[0-9a-f]{16}\b")
"""Every text begins with a unique token, so that it can be found in any frame."""

TOO_LATE = {False: frozenset({"closed"}), True: frozenset({"closed", "forbidden"})}
"""Rejections that a visitor (False) or an operator (True) must expect.

The conversation had ended, or the operator had left it.
"""


@dataclass(frozen=True)
class Written:
    """A text that a person wrote, and the server's responses to it.

    `writer` is the visitor's or operator's id, `tab` the page in which it was written.
    `conversation` is empty while the client does not know it. `acks` holds (conversation, seq) of
    every ack, in the numbering of the writer's audience; `refusal` the code of a final rejection.
    """

    client_id: str
    writer: str
    text: str
    is_staff: bool = False
    internal: bool = False
    conversation: str = ""
    acks: tuple[tuple[str, int], ...] = ()
    refusal: str = ""
    tab: str = ""

    @property
    def token(self) -> str:
        return self.text.partition(" ")[0]


@dataclass(frozen=True)
class Entry:
    """A row of the timeline; `writer` and `client_id` are empty for system lines."""

    conversation: str
    seq: int
    public_seq: int | None
    id: str
    kind: str
    text: str
    writer: str = ""
    client_id: str = ""


@dataclass(frozen=True)
class Chat:
    """A row of the conversations. `present`: the operators who take part now."""

    id: str
    visitor: str
    seq: int
    public_seq: int
    revision: int
    state: str
    present: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Shown:
    """An entry as a client shows it, with the number of its audience."""

    seq: int
    id: str
    kind: str
    text: str


@dataclass(frozen=True)
class Screen:
    """What a client shows at the end, and the tokens of all texts it ever received.

    `chats` maps a conversation to the (revision, state) shown. `unsent` counts the texts left in
    the outbox. `gave_up` is the reason why the client stopped reconnecting.
    """

    reader: str
    is_staff: bool
    chats: Mapping[str, tuple[int, str]]
    timelines: Mapping[str, Sequence[Shown]]
    heard: frozenset[str] = frozenset()
    unsent: int = 0
    gave_up: str = ""


@dataclass(frozen=True)
class History:
    """All data about one run.

    `written` is in the order of writing in each tab, `chats` in the order of opening.
    """

    written: Sequence[Written]
    chats: Sequence[Chat]
    entries: Sequence[Entry]
    screens: Sequence[Screen]


def violations(history: History) -> list[str]:
    """Return every broken promise in words; an empty list without faults."""
    return [
        *_storage(history),
        *_numbers(history),
        *_order(history),
        *_openings(history),
        *_screens(history),
        *_secrets(history),
    ]


def _storage(history: History) -> Iterator[str]:
    """Check that each acknowledged text is stored once, unchanged, under the number of the ack."""
    stored: defaultdict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in history.entries:
        if entry.client_id:
            stored[entry.writer, entry.client_id].append(entry)
    for written in history.written:
        rows = stored.pop((written.writer, written.client_id), [])
        yield from _one(written, rows)
    for rows in stored.values():
        yield f"{_name(rows[0])} is stored, and nobody wrote it"


def _one(written: Written, rows: Sequence[Entry]) -> Iterator[str]:
    token = written.token
    if len(set(written.acks)) > 1:
        yield f"{token} was acked with different answers: {sorted(set(written.acks))}"
    if len(rows) > 1:
        yield f"{token} is stored {len(rows)} times"
    if written.acks and not rows:
        yield f"{token} was acked and is not stored"
    if written.refusal and rows:
        yield f"{token} was refused ({written.refusal}) and is stored"
    if written.refusal and written.refusal not in TOO_LATE[written.is_staff]:
        yield f"{token} was refused: {written.refusal}"
    for row in rows:
        if row.text != written.text:
            yield f"{token} is stored with another text"
        if (row.kind == "note") != written.internal:
            yield f"{token} is stored as {row.kind}"
        if written.conversation and row.conversation != written.conversation:
            yield f"{token} is stored in another conversation than it was written in"
    if len(rows) == 1:
        [row] = rows
        for conversation, seq in set(written.acks):
            number = row.seq if written.is_staff else row.public_seq
            if (conversation, seq) != (row.conversation, number):
                yield f"{token} was acked as {seq} and is stored as {number}"


def _numbers(history: History) -> Iterator[str]:
    """Check that both numberings are 1..n without a hole and in the same order."""
    rows: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in history.entries:
        rows[entry.conversation].append(entry)
    for chat in history.chats:
        entries = sorted(rows.pop(chat.id, []), key=lambda entry: entry.seq)
        seqs = [entry.seq for entry in entries]
        if seqs != list(range(1, len(seqs) + 1)):
            yield f"{_short(chat.id)}: seq is not 1..{len(seqs)}: {_runs(seqs)}"
        public = [entry.public_seq for entry in entries if entry.kind != "note"]
        numbers = [number for number in public if number is not None]
        if sorted(numbers) != list(range(1, len(public) + 1)):
            yield f"{_short(chat.id)}: public_seq is not 1..{len(public)}: {_runs(numbers)}"
        elif numbers != sorted(numbers):
            yield f"{_short(chat.id)}: public_seq orders the entries in another way than seq"
        for entry in entries:
            if entry.kind == "note" and entry.public_seq is not None:
                yield f"{_name(entry)} is a note with a public number"
        if chat.seq != len(seqs) or chat.public_seq != len(public):
            yield (
                f"{_short(chat.id)}: counts {chat.seq}/{chat.public_seq},"
                f" has {len(seqs)}/{len(public)} entries"
            )
    for conversation in rows:
        yield f"{_short(conversation)}: entries without a conversation"


def _order(history: History) -> Iterator[str]:
    """Check that texts of one tab in one conversation are stored in the order of writing."""
    rows = {(entry.writer, entry.client_id): entry for entry in history.entries if entry.client_id}
    newest: dict[tuple[str, str], Entry] = {}
    for written in history.written:
        row = rows.get((written.writer, written.client_id))
        if row is None:
            continue
        before = newest.setdefault((written.tab, row.conversation), row)
        if row.seq < before.seq:
            yield f"{written.token} is stored before {_name(before)}, written earlier"
        else:
            newest[written.tab, row.conversation] = row


def _openings(history: History) -> Iterator[str]:
    """Check that each visitor has at most one open conversation."""
    for visitor, count in Counter(c.visitor for c in history.chats if c.state != "closed").items():
        if count > 1:
            yield f"visitor {_short(visitor)} has {count} open conversations"


def _screens(history: History) -> Iterator[str]:
    """Check that every client shows all that its audience may see, and nothing else."""
    everything: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in sorted(history.entries, key=lambda entry: entry.seq):
        everything[entry.conversation].append(entry)
    for screen in history.screens:
        who = f"{'operator' if screen.is_staff else 'visitor'} {_short(screen.reader)}"
        if screen.gave_up:
            yield f"{who} gave up: {screen.gave_up}"
        if screen.unsent:
            yield f"{who} still has {screen.unsent} texts to send"
        for problem in (_staff if screen.is_staff else _visitor)(screen, history, everything):
            yield f"{who} {problem}"


def _visitor(
    screen: Screen, history: History, everything: Mapping[str, Sequence[Entry]]
) -> Iterator[str]:
    own = [chat for chat in history.chats if chat.visitor == screen.reader]
    newest = own[-1:]
    expected = {chat.id: (chat.revision, chat.state) for chat in newest}
    if dict(screen.chats) != expected:
        yield f"shows {_views(screen.chats)} instead of {_views(expected)}"
    for chat in newest:
        wanted = [
            Shown(entry.public_seq, entry.id, entry.kind, entry.text)
            for entry in everything.get(chat.id, [])
            if entry.kind != "note" and entry.public_seq is not None
        ]
        yield from _compare(chat.id, screen.timelines.get(chat.id, []), wanted)


def _staff(
    screen: Screen, history: History, everything: Mapping[str, Sequence[Entry]]
) -> Iterator[str]:
    for chat in history.chats:
        shown = screen.chats.get(chat.id)
        if shown is None and chat.state != "closed":
            yield f"does not show {_short(chat.id)}"
        elif shown is not None and shown != (chat.revision, chat.state):
            yield f"shows {_short(chat.id)} as {shown}, it is {(chat.revision, chat.state)}"
        wanted = [
            Shown(entry.seq, entry.id, entry.kind, entry.text)
            for entry in everything.get(chat.id, [])
        ]
        timeline = screen.timelines.get(chat.id, [])
        takes_part = screen.reader in chat.present
        if takes_part and (shown is not None or chat.state != "closed"):
            yield from _compare(chat.id, timeline, wanted)
        elif not set(timeline) <= set(wanted):
            yield f"shows what is not in {_short(chat.id)}"
    for unknown in screen.chats.keys() - {chat.id for chat in history.chats}:
        yield f"shows {_short(unknown)}, which does not exist"


def _compare(conversation: str, shown: Sequence[Shown], wanted: Sequence[Shown]) -> Iterator[str]:
    if list(shown) == list(wanted):
        return
    seen, stored = set(shown), set(wanted)
    missing = [entry.seq for entry in wanted if entry not in seen]
    strange = [entry.seq for entry in shown if entry not in stored]
    what = [
        *([f"lacks {_runs(missing)}"] if missing else []),
        *([f"has {_runs(strange)} that are not stored so"] if strange else []),
    ]
    yield f"in {_short(conversation)} {' and '.join(what) or 'has another order'}"


def _secrets(history: History) -> Iterator[str]:
    """Check that no visitor ever received a note, or a text from another visitor's conversation."""
    written = {item.token: item for item in history.written}
    owners = {chat.id: chat.visitor for chat in history.chats}
    for screen in history.screens:
        if screen.is_staff:
            continue
        for token in sorted(screen.heard):
            item = written.get(token)
            if token.startswith("note:") or (item is not None and item.internal):
                yield f"visitor {_short(screen.reader)} received a note: {token}"
            elif item is not None and screen.reader not in (
                item.writer,
                owners.get(item.conversation),
            ):
                yield f"visitor {_short(screen.reader)} received somebody else's {token}"


def _name(entry: Entry) -> str:
    return entry.text.partition(" ")[0] or f"entry {entry.seq} of {_short(entry.conversation)}"


def _short(key: str) -> str:
    return key[:8]


def _views(chats: Mapping[str, tuple[int, str]]) -> dict[str, tuple[int, str]]:
    return {_short(key): view for key, view in chats.items()}


def _runs(numbers: Sequence[int]) -> str:
    """Return numbers as runs, such as 1-4,7,9-12; at most ten runs."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    words = [str(a) if a == b else f"{a}-{b}" for a, b in runs]
    return ",".join(words[:10]) + (",…" if len(words) > 10 else "")
