"""Visitors: their state and missed messages for the browser, their page trail and attributes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from livechat import events, wire
from livechat.database import database_time
from livechat.domain import text as texts
from livechat.domain.attributes import Value, merge
from livechat.errors import NotFound
from livechat.models import Channel, Conversation, Message, PageView, Visitor
from livechat.policy import StaffActor, VisitorActor
from livechat.serializers import for_visitors
from livechat.services import assignment, inbox, installation, response_times, timeline

TRAIL_LENGTH = 15
MAX_FACES = 3
MAX_EARLIER = 10
EARLIER_LENGTH = 120
"""Characters of an earlier conversation's first message."""
MARKED_FOR = timedelta(minutes=1)
"""How long a visitor who is connected and waits is not marked again."""
REMEMBER_CLOSED = timedelta(days=7)
"""How long a closed conversation is still shown to a returning visitor."""


@dataclass(frozen=True, slots=True)
class VisitorState:
    """The state of a visitor on a channel, for the first frame of their socket."""

    epoch: UUID
    channel: wire.PublicChannel
    conversation: wire.PublicConversation | None
    messages: list[wire.PublicMessage]
    more: bool


def channel_of(key: str) -> Channel:
    """Return the active channel with this widget key; raises NotFound."""
    channel = Channel.objects.active().filter(key=key).first()
    if channel is None:
        raise NotFound
    return channel


def state_of(
    actor: VisitorActor,
    channel: Channel,
    *,
    conversation: UUID | None,
    after_seq: int,
    language: str,
) -> VisitorState:
    """Return the visitor's state, with the messages of `conversation` after `after_seq`.

    `language`: the one that the chat is shown in.
    If their newest conversation is another one, or ends before `after_seq`, returns its newest
    page.
    """
    now = database_time.now()
    view = channel_view(channel, now, language)
    epoch = installation.epoch()
    row = (
        Conversation.objects.filter(visitor__public_id=actor.visitor, channel=channel)
        .order_by("-pk")
        .first()
    )
    if row is None or (row.closed_at is not None and row.closed_at < now - REMEMBER_CLOSED):
        return VisitorState(epoch, view, None, [], False)
    known = after_seq if row.public_id == conversation and after_seq <= row.public_seq else None
    messages, _head, more = timeline.public_slice(row, after_seq=known, limit=wire.PAGE_SIZE)
    operators = row.participants.present().operators().select_related("operator")
    return VisitorState(epoch, view, for_visitors.conversation(row, operators), messages, more)


def channel_view(channel: Channel, now: datetime, language: str) -> wire.PublicChannel:
    """Return a channel as a visitor sees it now, with its texts in `language`."""
    online = assignment.online_operators(channel, now)
    return for_visitors.channel(
        channel,
        available=online.is_available,
        team=online.present[:MAX_FACES],
        answers_in=response_times.answers_in(channel.pk, now),
        language=language,
    )


class Newest(NamedTuple):
    """The newest conversation of a visitor on a channel, as their sockets need it."""

    id: UUID
    pk: int
    head: int
    """In the visitor's numbering."""
    revision: int
    state: str


_NEWEST = ("public_id", "pk", "public_seq", "revision", "state")


def newest(actor: VisitorActor) -> Newest | None:
    """Return the visitor's newest conversation on their channel, or None."""
    rows = Conversation.objects.filter(visitor__public_id=actor.visitor, channel=actor.channel)
    row = rows.order_by("-pk").values_list(*_NEWEST).first()
    return Newest._make(row) if row else None


def newest_of(visitors: Sequence[tuple[UUID, int]]) -> dict[tuple[UUID, int], Newest]:
    """Return (visitor, channel pk) -> the visitor's newest conversation there.

    One query for all sockets whose heartbeat is due.
    """
    rows = Conversation.objects.filter(visitor__public_id__in={visitor for visitor, _ in visitors})
    found = rows.order_by("pk").values_list("visitor__public_id", "channel_id", *_NEWEST)
    return {(visitor, channel): Newest._make(row) for visitor, channel, *row in found}


@transaction.atomic
def mark_present(conversations: Iterable[int]) -> None:
    """Store that the visitors of waiting conversations, by pk, are connected now.

    Those are left out that were marked within `MARKED_FOR`, wait no longer, or are locked by
    another transaction.
    """
    now = database_time.now()
    rows = Conversation.objects.waiting().filter(pk__in=list(conversations))
    rows = rows.exclude(visitor_present_at__gte=now - MARKED_FOR).order_by()
    due = list(rows.lock(waits=False).values_list("pk", flat=True))
    Conversation.objects.filter(pk__in=due).update(visitor_present_at=now)


def view_page(actor: VisitorActor, page: wire.Page) -> None:
    """Add a page to the visitor's trail, and show it to the operators of their open conversation.

    Stores nothing for visitors who never wrote, nor the same page twice in a row.
    """
    page = clean_page(page)
    if page.url and not _is_current_page(actor, page):
        _store_page_view(actor, page, database_time.now())


def _is_current_page(actor: VisitorActor, page: wire.Page) -> bool:
    """Return whether this page is already stored as the visitor's current one. Locks nothing.

    The browser reports the page again after each reconnect.
    """
    views = PageView.objects.filter(visitor__public_id=actor.visitor)
    if views.order_by("-pk").values_list("url", flat=True).first() != page.url:
        return False
    rows = Conversation.objects.open().filter(visitor__public_id=actor.visitor)
    pages = rows.filter(channel=actor.channel).values_list("page_url", "page_title", "referrer")
    return pages.first() in (None, (page.url, page.title, page.referrer))


@transaction.atomic
def _store_page_view(actor: VisitorActor, page: wire.Page, now: datetime) -> None:
    visitor = Visitor.objects.filter(public_id=actor.visitor).first()
    if visitor is None:
        return
    newest = visitor.page_views.first()
    if newest is None or newest.url != page.url:
        PageView.objects.create(
            visitor=visitor, url=page.url, title=page.title, referrer=page.referrer, at=now
        )
        kept = visitor.page_views.order_by("-pk").values_list("pk", flat=True)[:TRAIL_LENGTH]
        visitor.page_views.exclude(pk__in=list(kept)).delete()
    row = (
        Conversation.objects.open().filter(visitor=visitor, channel_id=actor.channel).lock().first()
    )
    if row is not None:
        row.page_url, row.page_title, row.referrer = page.url, page.title, page.referrer
        row.save(update_fields=["page_url", "page_title", "referrer"])
        events.visitor_moved(row, page, now)


@transaction.atomic
def set_attributes(actor: VisitorActor, changes: Mapping[str, Value | None]) -> None:
    """Store the website's data about a visitor; show it to the operators of their conversation.

    Stores nothing for visitors who never wrote. Safe to repeat. Raises Invalid.
    """
    visitor = Visitor.objects.filter(public_id=actor.visitor).select_for_update().first()
    if visitor is None:
        return
    attributes = merge(visitor.attributes, changes)
    if attributes == visitor.attributes:
        return
    visitor.attributes = attributes
    visitor.save(update_fields=["attributes"])
    rows = Conversation.objects.open().filter(visitor=visitor, channel_id=actor.channel)
    row = rows.select_related("visitor", "channel", "operator__user").lock().first()
    if row is not None:
        row.revision += 1
        row.save(update_fields=["revision"])
        operators = row.participants.present().operators().select_related("operator__user")
        events.conversation_changed(row, list(operators), timeline.newest_entry(row))


def details(actor: StaffActor, conversation: UUID) -> wire.VisitorTold:
    """Return what is known of the visitor: their page trail and their other conversations.

    Raises NotFound for a conversation that `actor` may not read. Other conversations that `actor`
    may not read are neither shown nor counted. Page views after the last entry that they may read
    are not shown.
    """
    row, last = timeline.readable(actor, conversation)
    views = row.visitor.page_views.all()
    until = timeline.ends_at(row, last)
    if until is not None:
        views = views.filter(at__lte=until)
    others = inbox.visible(actor, Conversation.objects.filter(visitor=row.visitor))
    others = others.exclude(pk=row.pk)
    earlier = list(others.select_related("channel").order_by("-pk")[:MAX_EARLIER])
    first = dict(
        Message.objects.filter(conversation__in=earlier, seq=1).values_list("conversation", "text")
    )
    return wire.VisitorTold(
        conversation=row.public_id,
        trail=[wire.PageSeen(view.url, view.title, view.at) for view in views[:TRAIL_LENGTH]],
        earlier=[
            wire.EarlierConversation(
                id=other.public_id,
                channel=other.channel.name,
                state=other.state,  # type: ignore[arg-type]  # one of the choices
                opened_at=other.opened_at,
                text=texts.one_line(first.get(other.pk, ""), EARLIER_LENGTH),
            )
            for other in earlier
        ],
        total=others.count(),
    )


def clean_page(page: wire.Page | None) -> wire.Page:
    """Return a page without query, credentials and control characters; empty for None."""
    if page is None:
        return wire.Page(url="")
    return wire.Page(
        url=texts.page_url(page.url),
        title=texts.one_line(page.title, 300),
        referrer=texts.page_url(page.referrer),
    )
