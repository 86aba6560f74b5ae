"""Transcripts: a conversation as a text or an HTML page, for readers who may read it."""

import hashlib
import zoneinfo
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any, Literal
from uuid import UUID

from django.db.models import Count
from django.db.models.functions import Length
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from livechat import languages, signed_links, wire
from livechat.domain.enumerations import Kind, SystemEvent
from livechat.errors import NotFound
from livechat.models import Attachment, Conversation, Message, Participant
from livechat.policy import EVERYTHING, Actor, StaffActor, VisitorActor
from livechat.services import timeline
from livechat.services.upload_limits import Allowance
from livechat.signed_links import Audience, Link, Thing

PAGE = 200
"""Entries read and written at a time, for any length of a conversation."""
MAX_ENTRIES = 5_000
MAX_CHARACTERS = 2_000_000
"""A transcript holds at most this much, the newest entries: some megabytes, 20 MB at worst."""
EXTRA_CHARACTERS = 200
"""Counted for each entry in addition to its text, and for each of its files: names and times."""
WRITINGS = Allowance("transcripts", 10, 60)
"""How often one transcript may be written for one reader."""
INDENT = "    "


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader of staff, with their own language and time zone; "" is the server's time zone."""

    actor: StaffActor
    language: str
    time_zone: str = ""


@dataclass(frozen=True, slots=True)
class Transcript:
    """A conversation that `write` may write for one reader.

    `readable_until` is the number of the last entry that they may read, `until` the time of
    that entry, or None if they may read on. `reader` is the user, None for a visitor.
    `file_name` is plain ASCII.
    """

    conversation: Conversation
    readable_until: int
    until: datetime | None
    audience: Audience
    thing: Thing
    reader: int | None
    language: str
    zone: tzinfo
    file_name: str

    @property
    def number(self) -> str:
        """The column that numbers the entries that the reader sees, without gaps."""
        return "public_seq" if self.audience is Audience.PUBLIC else "seq"

    @property
    def last(self) -> int:
        """The number of the last entry to write, fixed although the conversation may continue."""
        return min(int(getattr(self.conversation, self.number)), self.readable_until)


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as it is written. `day` is set on the first entry of each day, else empty."""

    day: str
    time: str
    at: datetime
    side: str
    name: str
    text: str
    is_note: bool = False
    is_event: bool = False
    files: tuple[tuple[str, str], ...] = ()
    """Names and sizes."""


def opened(
    actor: Actor, conversation: UUID, kind: Literal["text", "html"]
) -> wire.TranscriptOpened:
    """Return the URL of the transcript for `actor`; raises NotFound if they may not read it."""
    row, _last = timeline.readable(actor, conversation)
    audience = Audience.PUBLIC if isinstance(actor, VisitorActor) else Audience.STAFF
    return wire.TranscriptOpened(
        conversation=row.public_id,
        format=kind,
        url=signed_links.transcript_path(row.public_id, audience, Thing(kind)),
    )


def linked(link: Link, reader: Reader | None, browser: str = "") -> Transcript:
    """Return the transcript that a signed link names; `reader` is the signed-in user, if any.

    A public link needs no sign-in. Its transcript holds what the visitor sees, in the language of
    the chat; `browser` is an ``Accept-Language`` header. Raises NotFound.
    """
    if link.thing not in (Thing.TEXT, Thing.HTML):
        raise NotFound
    if link.audience is Audience.STAFF:
        if reader is None:
            raise NotFound
        row, readable_until = timeline.readable(reader.actor, link.id)
        language, zone = reader.language, _zone(reader.time_zone)
    else:
        found = Conversation.objects.filter(public_id=link.id)
        visitors = found.select_related("visitor", "channel").first()
        if visitors is None:
            raise NotFound
        row, readable_until = visitors, EVERYTHING
        language = languages.chat_language(row.channel.language, row.language, browser).shown
        zone = _zone(row.visitor.time_zone)
    day = row.opened_at.astimezone(zone)
    ending = "txt" if link.thing is Thing.TEXT else "html"
    return Transcript(
        conversation=row,
        readable_until=readable_until,
        until=timeline.ends_at(row, readable_until),
        audience=link.audience,
        thing=link.thing,
        reader=reader.actor.user if link.audience is Audience.STAFF and reader else None,
        language=language,
        zone=zone,
        file_name=f"chat-{row.channel.slug}-{day:%Y-%m-%d}.{ending}",
    )


def version(transcript: Transcript) -> str:
    """Return a hash that changes whenever the transcript changes. Writes nothing."""
    row = transcript.conversation
    with translation.override(transcript.language), timezone.override(transcript.zone):
        facts = (
            row.public_id,
            transcript.thing,
            transcript.language,
            transcript.last,
            row.revision if transcript.until is None else 0,
            _facts(transcript),
        )
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:32]


def write(transcript: Transcript, out: Callable[[bytes], object]) -> None:
    """Write a transcript to `out` in UTF-8, with at most one page of entries in memory.

    Of a very long conversation only the newest entries are written, and the transcript says so.
    Raises RateLimited for a reader who repeats it too often, Unavailable when that cannot be
    counted.
    """
    reader = "visitor" if transcript.reader is None else transcript.reader
    WRITINGS.take(f"{transcript.conversation.pk}:{reader}")
    parts = _text if transcript.thing is Thing.TEXT else _html
    with translation.override(transcript.language), timezone.override(transcript.zone):
        for part in parts(transcript):
            out(part.encode())


def system_line(message: Message) -> str:
    """Return the text of a system entry as the dashboard shows it, in the active language."""
    words = {
        SystemEvent.ASSIGNED.value: _("%(name)s is answering"),
        SystemEvent.JOINED.value: _("%(name)s joined"),
        SystemEvent.LEFT.value: _("%(name)s left"),
        SystemEvent.CLOSED_BY_VISITOR.value: _("The visitor ended the chat"),
        SystemEvent.CLOSED_BY_OPERATOR.value: _("%(name)s ended the chat"),
        SystemEvent.CLOSED_SILENT.value: _("The chat ended after a day without messages"),
        SystemEvent.LOST.value: _("%(name)s lost the connection"),
    }
    if message.event not in words:
        return str(message.get_event_display())
    name = message.subject.display_name if message.subject else ""
    return str(words[message.event]) % {"name": name or gettext("An operator")}


def name_of(person: Participant | None) -> str:
    """Return the participant's name in the conversation, else their role; "" for None."""
    if person is None:
        return ""
    return person.display_name or str(person.get_role_display())


def _zone(name: str) -> tzinfo:
    try:
        return zoneinfo.ZoneInfo(name or timezone.get_default_timezone_name())
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return timezone.get_default_timezone()


def _left_out(transcript: Transcript) -> int:
    """Return how many of the oldest entries do not fit into a transcript."""
    end = transcript.last
    left_out = max(0, end - MAX_ENTRIES)
    rows = transcript.conversation.messages.filter(
        **{f"{transcript.number}__gt": left_out, f"{transcript.number}__lte": end}
    )
    newest_first = (
        rows.order_by(f"-{transcript.number}")
        .values(transcript.number)
        .annotate(characters=Length("text"), attached=Count("files"))
        .values_list(transcript.number, "characters", "attached")
    )
    room = MAX_CHARACTERS
    for number, characters, attached in newest_first:
        room -= characters + EXTRA_CHARACTERS * (1 + attached)
        if room < 0 and number < end:
            return int(number)
    return left_out


def _pages(transcript: Transcript, left_out: int) -> Iterator[list[Line]]:
    """Yield the timeline in pages as the reader sees it, up to `transcript.last`."""
    number, end = transcript.number, transcript.last
    rows = transcript.conversation.messages.select_related("author", "subject")
    before: date | None = None
    for start in range(left_out, end, PAGE):
        bounds = {f"{number}__gt": start, f"{number}__lte": min(start + PAGE, end)}
        messages = list(rows.filter(**bounds).order_by(number))
        # Not prefetched: a reference cycle would keep each message until garbage collection.
        files: dict[int | None, list[Attachment]] = {}
        for file in Attachment.objects.filter(message__in=[message.pk for message in messages]):
            files.setdefault(file.message_id, []).append(file)
        lines = []
        for message in messages:
            day = timezone.localdate(message.created_at)
            lines.append(_line(message, files.get(message.pk, ()), is_first=day != before))
            before = day
        yield lines


def _line(message: Message, files: Iterable[Attachment], *, is_first: bool) -> Line:
    is_event = message.kind == Kind.SYSTEM
    at = timezone.localtime(message.created_at)
    return Line(
        day=date_format(at, "DATE_FORMAT") if is_first else "",
        time=date_format(at, "TIME_FORMAT"),
        at=at,
        side=message.author.role if message.author else "",
        name=name_of(message.author),
        text=system_line(message) if is_event else message.text,
        is_note=message.kind == Kind.NOTE,
        is_event=is_event,
        files=tuple((file.name, filesizeformat(file.size)) for file in files),
    )


def _facts(transcript: Transcript) -> dict[str, Any]:
    row, until = transcript.conversation, transcript.until
    people = row.participants.order_by("pk")
    if until is not None:
        people = people.filter(joined_at__lte=until)
    has_ended = row.closed_at is not None and (until is None or row.closed_at <= until)
    return {
        "channel": row.channel.name,
        "people": list(dict.fromkeys(name_of(person) for person in people)),
        "begun": date_format(timezone.localtime(row.opened_at), "DATETIME_FORMAT"),
        "ended": (
            date_format(timezone.localtime(row.closed_at), "DATETIME_FORMAT") if has_ended else ""
        ),
        "zone": str(transcript.zone),
        "is_internal": transcript.audience is Audience.STAFF,
    }


def _cut(transcript: Transcript, left_out: int) -> str:
    """Return a sentence that says where an incomplete transcript begins; "" for a complete one."""
    if not left_out:
        return ""
    text = _(
        "The conversation is too long for one transcript. This transcript begins with entry "
        "%(first)s of %(all)s."
    )
    return str(text) % {"first": left_out + 1, "all": transcript.last}


def _html(transcript: Transcript) -> Iterator[str]:
    facts = _facts(transcript)
    left_out = _left_out(transcript)
    context = {
        **facts,
        "cut": _cut(transcript, left_out),
        "language": transcript.language,
        "direction": "rtl" if translation.get_language_bidi() else "ltr",
    }
    yield render_to_string("livechat/transcript/head.html", context)
    for lines in _pages(transcript, left_out):
        yield render_to_string("livechat/transcript/entries.html", {"lines": lines})
    yield render_to_string("livechat/transcript/foot.html")


def _text(transcript: Transcript) -> Iterator[str]:
    facts = _facts(transcript)
    yield f"{_one_line(facts['channel'])}\n"
    yield f"{gettext('Participants')}: {', '.join(_one_line(name) for name in facts['people'])}\n"
    yield f"{gettext('Opened')}: {facts['begun']}\n"
    if facts["ended"]:
        yield f"{gettext('Closed')}: {facts['ended']}\n"
    yield gettext("All times are in the time zone %(zone)s.") % facts + "\n"
    if facts["is_internal"]:
        yield gettext("Contains internal notes. Do not share it with visitors.") + "\n"
    left_out = _left_out(transcript)
    if left_out:
        yield _cut(transcript, left_out) + "\n"
    for lines in _pages(transcript, left_out):
        yield "".join(_as_text(line) for line in lines)


def _as_text(line: Line) -> str:
    """Return an entry as text. A message is indented, so that it cannot look like another
    entry."""
    day = f"\n--- {line.day} ---\n" if line.day else ""
    if line.is_event:
        return f"{day}\n[{line.time}] * {_one_line(line.text)}\n"
    note = f" ({gettext('Note')})" if line.is_note else ""
    rows = [INDENT + row for row in line.text.splitlines()]
    rows += [f"{INDENT}[{gettext('File')}] {name} ({size})" for name, size in line.files]
    return "\n".join([f"{day}\n[{line.time}] {_one_line(line.name)}{note}:", *rows, ""])


def _one_line(text: str) -> str:
    return " ".join(text.split())
