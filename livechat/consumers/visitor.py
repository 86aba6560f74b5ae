"""The visitor's socket. A signed token identifies the visitor; cookies are never read."""

import contextlib
import uuid
from typing import Any, assert_never

from livechat import auth, events, languages, metrics, wire
from livechat.bus import bus
from livechat.consumers.base import BaseConsumer, number_or_none
from livechat.consumers.command_limits import CommandLimits, LimitGroup
from livechat.consumers.thread_pool import run
from livechat.database import database_time
from livechat.domain import text as texts
from livechat.domain.attributes import Value, merge
from livechat.domain.enumerations import State
from livechat.domain.limits import SharedLimits
from livechat.errors import LivechatError, NotFound, TokenInvalid, Unavailable
from livechat.integrations.geoip import countries
from livechat.limiter import Cost, Refusal, limiter
from livechat.models import Channel
from livechat.policy import VisitorActor
from livechat.services import (
    attachments,
    conversations,
    page_keys,
    read_marks,
    timeline,
    transcripts,
    visitors,
)
from livechat.services.messages import Item
from livechat.wire import Close


class VisitorConsumer(BaseConsumer):
    """One tab of one visitor on one channel."""

    kind = "visitor"
    decode = staticmethod(wire.decode_visitor)  # type: ignore[assignment]
    __slots__ = (
        "actor",
        "attributes",
        "channel",
        "heartbeat_at",
        "hello",
        "known",
        "known_pk",
        "language",
        "name",
        "page",
        "presence",
    )

    async def enter(self) -> bool:
        self.name = uuid.uuid4()
        """Id of the socket in frames for staff."""
        self.heartbeat_at = 0.0
        """When the last heartbeat was sent, in monotonic time."""
        self.presence: events.VisitorTab | None = None
        """Announced to staff while the socket is open; None without an open conversation."""
        try:
            key = self.scope["url_route"]["kwargs"]["key"]
            self.channel = await run(visitors.channel_of, key)
        except LivechatError:
            return False
        return True

    async def handle_hello(self, hello: wire.VisitorHello) -> None:
        if isinstance(hello, wire.StaffHello):
            raise NotFound
        channel = self.channel
        del self.channel  # a whole row per idle socket; from now on the pk is enough
        limits = limiter.limits()
        if not hello.token and (refusal := self._count_newcomer(limits.address)):
            self.reject(hello, refusal.code, refusal.retry_after)
            self.close(Close.FLOODING)
            return
        try:
            known = await self._known_visitor(hello, channel)
        except TokenInvalid:
            self.reject(hello, TokenInvalid.code)
            self.close(Close.IDENTITY)
            return
        visitor = known or uuid.uuid4()
        self.quota = CommandLimits(
            "visitor",
            f"{channel.pk} {visitor}",
            self.limits,
            LimitGroup("address", self.source, limits.address),
            LimitGroup("channel", str(channel.pk), limits.channel),
        )
        self.actor = VisitorActor(visitor, channel.pk)
        self.hello = hello
        self.page = visitors.clean_page(hello.page)
        self.language = languages.chat_language(
            channel.language, hello.language, auth.accept_language(self.scope)
        )
        self.attributes: dict[str, Value] = {}
        self.known: uuid.UUID | None = None
        """The conversation that this socket last joined; its pk saves a query when typing."""
        self.known_pk = 0
        self.take_tab(f"visitor.{visitor}.{channel.pk}")
        bus.registry.join(self, events.visitor_group(visitor, channel.pk))
        # Join, then read: an entry committed in between may arrive twice, and the client drops
        # the second. In the other order, it could be missed.
        current = await run(visitors.newest, self.actor)
        if current is not None:
            self.follow_conversation(current.id, current.pk, current.state)
        state = await run(
            visitors.state_of,
            self.actor,
            channel,  # as read when the socket opened, at most some seconds ago
            conversation=hello.conversation,
            after_seq=hello.after_seq,
            language=self.language.shown,
        )
        if hello.conversation is not None:
            metrics.RESUMES.labels("in_parts" if state.more else "whole").inc()
        self.send_event(
            wire.VisitorWelcome(
                version=wire.VERSION,
                epoch=state.epoch,
                token=auth.visitor_token(visitor, channel.key),
                visitor=visitor,
                channel=state.channel,
                conversation=state.conversation,
                messages=state.messages,
                more=state.more,
                now=database_time.now(),
            )
        )
        if self.presence is not None:
            events.visitors_present([self.presence], present=True)
        if self.page.url and known:
            with contextlib.suppress(Unavailable):  # the welcome does not depend on it
                await run(visitors.view_page, self.actor, self.page)

    async def leave(self) -> None:
        # Clients of a stopping server connect to another one at once.
        # After an idle time-out, the time of departure is unknown.
        is_known = not self.draining and self._send_buffer.closing != Close.IDLE
        if self.presence is not None and is_known:
            events.visitors_present([self.presence], present=False)

    async def _known_visitor(self, hello: wire.VisitorHello, channel: Channel) -> uuid.UUID | None:
        """Return whom the token or the page's key identifies; None for a new visitor."""
        if hello.token:
            return auth.visitor_of(hello.token, channel.key)
        if hello.page_key:
            return await run(page_keys.resume, channel, hello.page_key, hello.origin)
        return None

    def _count_newcomer(self, address: SharedLimits) -> Refusal | None:
        cost = Cost("address.newcomers", f"newcomers {self.source}", address.newcomers)
        return limiter.take([cost], self.received_at)

    async def handle(self, command: Any) -> None:
        match command:
            case wire.PostMessage():
                text = texts.clean(command.text, optional=bool(command.files))
                self.post(
                    Item(
                        self.actor,
                        command.conversation,
                        command.client_id,
                        text,
                        files=tuple(command.files),
                    )
                )
            case wire.OpenConversation():
                await self.open(command)
            case wire.CloseConversation():
                await self.wait_until_posted()
                await run(conversations.close, self.actor, command.conversation)
                self.send_event(
                    wire.Ack(
                        command.client_id, database_time.now(), conversation=command.conversation
                    )
                )
            case wire.MakePageKey():
                key = await run(page_keys.make, self.actor, command.conversation, command.origin)
                self.send_event(wire.PageKeyMade(command.conversation, key))
            case wire.SeeMessages():
                await run(read_marks.see, self.actor, command.conversation, command.up_to)
            case wire.SetTyping():
                await self.type(command)
            case wire.ViewPage():
                self.page = visitors.clean_page(command.page)
                await run(visitors.view_page, self.actor, self.page)
            case wire.SetAttributes():
                await self.set_attributes(command)
            case wire.FetchTimeline():
                await self.fetch(command)
            case wire.OpenFile():
                self.send_event(await run(attachments.opened, self.actor, command.file))
            case wire.OpenTranscript():
                self.send_event(
                    await run(transcripts.opened, self.actor, command.conversation, command.format)
                )
            case wire.VisitorHello():
                self.reject(command, "hello_again")
            case wire.Heartbeat():
                self.heartbeat(command)
            case _:
                assert_never(command)

    async def open(self, command: wire.OpenConversation) -> None:
        text = texts.clean(command.text, optional=bool(command.files))
        page = visitors.clean_page(command.page) if command.page else self.page
        await self.wait_until_posted()
        opened = await run(
            conversations.open_conversation,
            self.actor,
            client_id=command.client_id,
            text=text,
            files=command.files,
            arrival=conversations.Arrival(
                language=self.language.reads,
                time_zone=texts.one_line(self.hello.time_zone, 64),
                browser=texts.one_line(auth.user_agent(self.scope), 300),
                country=countries.of(auth.client_address(self.scope)),
                page_url=page.url,
                page_title=page.title,
                referrer=page.referrer,
                attributes=self.attributes,
                source=auth.source_of_visitor(self.scope),
            ),
        )
        self.join_group(opened.conversation, opened.pk)  # a repeat may name an earlier one
        self.follow_conversation(opened.conversation, opened.pk, opened.state)
        self.send_event(wire.Ack(command.client_id, opened.at, opened.seq, opened.conversation))
        if self.presence is not None:
            events.visitors_present([self.presence], present=True)

    async def set_attributes(self, command: wire.SetAttributes) -> None:
        self.attributes = merge(self.attributes, command.attributes)
        await run(visitors.set_attributes, self.actor, command.attributes)

    async def fetch(self, command: wire.FetchTimeline) -> None:
        row, page = await run(
            timeline.page,
            self.actor,
            command.conversation,
            after_seq=number_or_none(command.after_seq),
            before_seq=number_or_none(command.before_seq),
            limit=command.limit,
        )
        if number_or_none(command.after_seq) is not None:
            metrics.GAP_REPAIRS.labels(self.kind).inc()
        self.join_group(row.public_id, row.pk)
        self.send_event(page)

    async def type(self, command: wire.SetTyping) -> None:
        if command.conversation != self.known:
            row = await run(timeline.watchable, self.actor, command.conversation)
            self.join_group(row.public_id, row.pk)
        events.typing_changed(self.known_pk, command.conversation, active=command.active)

    def follow_conversation(self, conversation: uuid.UUID, pk: int, state: str) -> None:
        """Join the visitor's newest conversation, and be shown as present while it is open."""
        if self.presence is not None and pk < self.presence.conversation_pk:
            return  # outdated: read before a newer conversation was opened
        self.join_group(conversation, pk)
        self.presence = None
        if state != State.CLOSED:
            self.presence = events.VisitorTab(
                socket=self.name,
                conversation=conversation,
                conversation_pk=pk,
                channel=self.actor.channel,
                is_waiting=state == State.QUEUED,
            )

    def join_group(self, conversation: uuid.UUID, pk: int) -> None:
        if conversation != self.known:
            self.known, self.known_pk = conversation, pk
            bus.registry.join(self, events.public_group(pk))
