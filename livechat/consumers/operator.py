"""The dashboard's socket: one per tab, for the whole inbox of a signed-in user."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, assert_never
from uuid import UUID

from livechat import auth, events, metrics, wire
from livechat.bus import bus
from livechat.consumers.base import BaseConsumer, number_or_none
from livechat.consumers.command_limits import CommandLimits
from livechat.consumers.thread_pool import run
from livechat.database import database_time
from livechat.domain import availability
from livechat.domain import text as texts
from livechat.domain.enumerations import Presence, Status
from livechat.errors import LivechatError, NotAllowed, NotFound
from livechat.policy import StaffActor
from livechat.services import (
    attachments,
    canned_responses,
    conversations,
    inbox,
    installation,
    login_sessions,
    operators,
    read_marks,
    response_times,
    timeline,
    transcripts,
    visitors,
)
from livechat.services.messages import Item
from livechat.wire import Close

MAX_HELD = 500
"""Maximum frames held back while data is read for a socket; see `reading`."""


class OperatorConsumer(BaseConsumer):
    """One tab of one user."""

    kind = "staff"
    decode = staticmethod(wire.decode_staff)  # type: ignore[assignment]
    is_staff = True
    actor: StaffActor

    async def enter(self) -> bool:
        user = await auth.staff_user_id(self.scope)
        if user is None:
            return False
        self.user: int = user
        self.login = auth.login_of(self.scope, user)
        self.access: login_sessions.Access | None = None
        self.active = False
        """Whether the operator gave input since their lease was last renewed."""
        self.answered = True
        """Whether the client answered a heartbeat since then."""
        self.presence: Presence | None = None
        """How others see the operator, as last read; None for users who are no operators."""
        self.renewed_at: datetime | None = None
        """When this socket last renewed the operator's lease."""
        self.own: dict[UUID, int] = {}
        """Open conversations the operator takes part in (id -> pk), cached for typing."""
        self.watched: dict[UUID, int] = {}
        self._rights = asyncio.Lock()
        """Held while the operator's rights are read, and groups are joined or left for them."""
        self._held: list[str] | None = None
        """Frames held back while data is read, else None; see `reading`."""
        try:
            self.actor = await run(operators.staff_actor, user)
        except LivechatError:
            return False
        return self.actor.may_enter

    async def handle_hello(self, hello: wire.StaffHello) -> None:
        if isinstance(hello, wire.VisitorHello):
            raise NotFound
        self.take_tab(f"user.{self.user}")
        self.quota = CommandLimits("operator", str(self.user), self.limits)
        await self.renew_lease(active=False)
        epoch = await run(installation.epoch)
        self.send_event(
            wire.StaffWelcome(version=wire.VERSION, epoch=epoch, now=database_time.now())
        )

    async def leave(self) -> None:
        user = getattr(self, "user", None)
        tabs = [other for other in self.live if isinstance(other, OperatorConsumer)]
        # Clients of a stopping server have already connected to another one.
        is_last = user is not None and all(other.user != user for other in tabs)
        if is_last and self.renewed_at is not None and not self.draining:
            await run(operators.left, user, self.renewed_at)

    async def handle(self, command: Any) -> None:
        match command:
            case wire.StaffPostMessage():
                text = texts.clean(command.text, optional=bool(command.files))
                self.post(
                    Item(
                        self.actor,
                        command.conversation,
                        command.client_id,
                        text,
                        command.internal,
                        tuple(command.files),
                    )
                )
            case wire.FetchInbox():
                await self.fetch_inbox()
            case wire.TakeConversation():
                await self.change(conversations.take, command)
            case wire.JoinConversation():
                await self.change(conversations.join, command)
            case wire.LeaveConversation():
                await self.change(conversations.leave, command)
            case wire.CloseConversation():
                await self.change(conversations.close, command)
            case wire.SetStatus():
                await self.wait_until_posted()
                await run(
                    conversations.set_status,
                    self.actor,
                    command.conversation,
                    Status(command.status),
                )
                self.acknowledge(command.client_id, command.conversation)
            case wire.SetViewing():
                await self.view(command)
            case wire.FetchVisitor():
                with self.reading():
                    self.send_event(await run(visitors.details, self.actor, command.conversation))
            case wire.OpenFile():
                self.send_event(await run(attachments.opened, self.actor, command.file))
            case wire.OpenTranscript():
                self.send_event(
                    await run(transcripts.opened, self.actor, command.conversation, command.format)
                )
            case wire.WatchConversation():
                await self.watch(command.conversation)
            case wire.UnwatchConversation():
                await self.unwatch(command.conversation)
            case wire.JoinChannel():
                await run(operators.join_channel, self.actor, command.channel)
                await self.refresh()
                self.acknowledge(command.client_id)
            case wire.LeaveChannel():
                await run(operators.leave_channel, self.actor, command.channel)
                await self.refresh()
                self.acknowledge(command.client_id)
            case wire.SetPresence():
                self.presence = await run(
                    operators.set_presence,
                    self.actor,
                    choice=availability.choice(
                        accepting=command.accepting, availability=command.availability
                    ),
                    in_call=command.in_call,
                )
                self.acknowledge(command.client_id)
            case wire.FetchCanned():
                await self.stream(await run(canned_responses.listed, self.actor))
            case wire.UseCanned():
                await run(canned_responses.use, self.actor, command.response)
            case wire.FetchAnswers():
                self.send_event(await run(response_times.average_since, self.actor, command.since))
            case wire.SeeMessages():
                await run(read_marks.see, self.actor, command.conversation, command.up_to)
            case wire.SetTyping():
                await self.type(command)
            case wire.FetchTimeline():
                _row, page = await run(
                    timeline.page,
                    self.actor,
                    command.conversation,
                    after_seq=number_or_none(command.after_seq),
                    before_seq=number_or_none(command.before_seq),
                    limit=command.limit,
                )
                if number_or_none(command.after_seq) is not None:
                    metrics.GAP_REPAIRS.labels(self.kind).inc()
                self.send_event(page)
            case wire.StaffHello():
                self.reject(command, "hello_again")
            case wire.Heartbeat():
                self.heartbeat(command)
                if command.active and self.presence == Presence.AWAY:
                    await self.renew_lease(active=True)  # the heartbeat loop may take 10 s
            case _:
                assert_never(command)

    async def change(self, service: Any, command: Any) -> None:
        """Call a service that changes a conversation, and acknowledge the command."""
        await self.wait_until_posted()
        row = await run(service, self.actor, command.conversation)
        self.own.pop(row.public_id, None)  # the next typing reads it again
        self.acknowledge(command.client_id, row.public_id)

    async def fetch_inbox(self) -> None:
        """Join all groups, then send the inbox. Start and repair both use this."""
        with self.reading():
            await self.refresh()
            await self.stream(await run(inbox.snapshot, self.actor))

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Hold back frames from the bus until the result that is being read has been sent.

        Otherwise the page would apply a newer event first and then overwrite it with the older
        result; in an inbox, only the heartbeats would repair that.
        """
        self._held = []
        try:
            yield
        finally:
            self._release()

    def deliver(self, frame: str) -> None:
        if self._held is None:
            super().deliver(frame)
            return
        self._held.append(frame)
        if len(self._held) >= MAX_HELD:  # too many: stop holding them back
            self._release()

    def _release(self) -> None:
        held, self._held = self._held or [], None
        for frame in held:
            super().deliver(frame)

    async def refresh(self) -> None:
        """Read the user's rights again, and join exactly the groups that they allow.

        Raises NotAllowed and closes the socket when the user may no longer open the dashboard.
        """
        async with self._rights:
            await self._refresh()

    async def _refresh(self) -> None:
        try:
            self.actor = await run(operators.staff_actor, self.user)
        except NotFound:
            self.close(Close.IDENTITY)
            raise NotAllowed from None
        if not self.actor.may_enter:
            self.close(Close.FORBIDDEN)
            raise NotAllowed
        # First the user's own group: a conversation assigned from now on joins this socket by
        # itself (`Post.join`), so none is missed between reading the list and joining the groups.
        bus.registry.join(self, events.user_group(self.user))
        self.own = await run(inbox.own_conversations, self.actor)
        self.watched = await run(inbox.readable_among, self.actor, list(self.watched))
        wanted = {events.user_group(self.user)}
        wanted |= {events.channel_group(channel) for channel in self.actor.channels}
        wanted |= {events.staff_group(pk) for pk in (*self.own.values(), *self.watched.values())}
        if self.actor.is_manager:
            wanted.add(events.MANAGERS)
        for group in bus.registry.groups_of(self) - wanted:
            bus.registry.leave(self, group)
        for group in wanted:
            bus.registry.join(self, group)

    async def rights_changed(self) -> bool:
        """Apply changed rights or channels, and make the client fetch the inbox.

        Return whether the rights could be read.
        """
        is_read = await self._guarded(lambda _command: self.refresh(), wire.FetchInbox())
        self.send_event(wire.InboxChanged())
        return is_read

    async def watch(self, conversation: UUID) -> None:
        async with self._rights:
            row = await run(timeline.watchable, self.actor, conversation)
            self.watched[row.public_id] = row.pk
            bus.registry.join(self, events.staff_group(row.pk))

    async def unwatch(self, conversation: UUID) -> None:
        async with self._rights:
            pk = self.watched.pop(conversation, None)
            self.own = await run(inbox.own_conversations, self.actor)
            if pk is not None and conversation not in self.own:
                bus.registry.leave(self, events.staff_group(pk))

    def group_pk(self, conversation: UUID) -> int | None:
        """Return the pk of a conversation whose group this socket is in, else None.

        `own` may still hold a conversation that another tab has left.
        """
        pk = self.own.get(conversation) or self.watched.get(conversation)
        is_heard = pk is not None and bus.registry.is_in(self, events.staff_group(pk))
        return pk if is_heard else None

    async def type(self, command: wire.SetTyping) -> None:
        """Announce that the operator is typing. Raises NotFound unless they take part."""
        if self.actor.operator_id is None:
            raise NotAllowed
        if command.conversation not in self.own or self.group_pk(command.conversation) is None:
            self.own = await run(inbox.own_conversations, self.actor)
        pk = self.own.get(command.conversation)
        if pk is None:
            raise NotFound
        events.typing_changed(
            pk,
            command.conversation,
            who=self.actor.operator_id,
            name=self.actor.name,
            public_name=self.actor.public_name,
            active=command.active,
        )

    async def view(self, command: wire.SetViewing) -> None:
        """Announce to colleagues whether the operator views a conversation."""
        if self.actor.operator_id is None:
            raise NotAllowed
        pk = self.group_pk(command.conversation)
        if pk is None:
            row = await run(timeline.watchable, self.actor, command.conversation)
            pk = row.pk
        events.viewing_changed(
            pk,
            command.conversation,
            who=self.actor.operator_id,
            name=self.actor.name,
            avatar=self.actor.avatar,
            active=command.active,
        )

    def heartbeat(self, command: wire.Heartbeat) -> None:
        self.answered = True
        self.active = self.active or command.active

    async def renew_lease(self, *, active: bool) -> None:
        """Renew the operator's lease. `active`: there was input; a reconnect alone is none."""
        presences = await run(operators.renew_leases, [self.user], [self.user] if active else [])
        self.presence = presences.get(self.user)
        self.renewed_at = database_time.now()

    def acknowledge(self, client_id: UUID, conversation: UUID | None = None) -> None:
        self.send_event(wire.Ack(client_id, database_time.now(), conversation=conversation))
