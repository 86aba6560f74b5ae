"""Visitors and operators: what they do, and how their pages follow the server's events."""

import asyncio
import uuid
from typing import Any

from livechat.domain import inbox_digest
from tests.faults.client import Client, Outgoing, Timeline

NOTES = 0.2
"""Share of the operators' texts that are notes."""
AT_ONCE_SECONDS = 15.0
"""Shorter than the heartbeat interval of 20 s, so that an event cannot come from a heartbeat."""


class Visitor(Client):
    """A widget: one conversation at a time, with its whole timeline."""

    def __init__(self, *args: Any, channel: str, **kwargs: Any) -> None:
        super().__init__(*args, path=f"/ws/visitor/{channel}/", **kwargs)
        self.token: str | None = None
        self.conversation: dict[str, Any] | None = None
        self.dismissed = False

    async def chat(self, pause: float) -> None:
        """Write about every `pause` seconds; sometimes close the conversation and open another."""
        while True:
            await asyncio.sleep(self.random.uniform(0.5, 1.5) * pause)
            if self.random.random() < 0.01 and (current := self.current()):
                self.send(
                    {"type": "conversation.close", "client_id": _id(), "conversation": current}
                )
            else:
                self.post()

    def post(self) -> Outgoing:
        if self.conversation and self.conversation["state"] == "closed":
            self.dismissed = True
        return self.write(self.current())

    def current(self) -> str:
        """Return the id of the conversation that accepts texts, or ""."""
        if self.conversation is None or self.dismissed or self.conversation["state"] == "closed":
            return ""
        return str(self.conversation["id"])

    @property
    def shown(self) -> str:
        return self.conversation["id"] if self.conversation else ""

    def hello(self) -> dict[str, Any]:
        command = {"type": "hello", "tab": self.tab, "token": self.token}
        if not self.conversation:
            return command
        after = self.timelines[self.shown].last
        return command | {"conversation": self.shown, "after_seq": after}

    def frame(self, entry: Outgoing) -> dict[str, Any]:
        if entry.conversation:
            place = {"type": "message.post", "conversation": entry.conversation}
        else:
            place = {"type": "conversation.open"}
        return place | {"client_id": entry.client_id, "text": entry.text}

    def line(self, entry: Outgoing) -> str:
        return ""

    def views(self) -> dict[str, tuple[int, str]]:
        if self.conversation is None:
            return {}
        return {self.shown: (self.conversation["revision"], self.conversation["state"])}

    def hear(self, event: dict[str, Any]) -> None:
        match event["type"]:
            case "welcome":
                self.token, self.me = event["token"], uuid.UUID(event["visitor"]).hex
                self._welcomed(event)
            case "conversation.changed":
                self._changed(event["conversation"])
            case "message.posted" if event["conversation"] == self.shown:
                self.timelines[self.shown].add([event["message"]])
            case "timeline.page" if event["conversation"] == self.shown:
                self.timelines[self.shown].add(event["messages"], event["head"])
            case "heartbeat" if event["conversation"] == (self.shown or None):
                if self.conversation and event["revision"] > self.conversation["revision"]:
                    self.restart()
                if self.shown:
                    self.timelines[self.shown].add([], event["head"])
            case "heartbeat":
                self.restart()
            case "rejected" if event["code"] == "closed":
                self._too_late(event)
                return
            case _:
                return
        if self.shown:
            self.outbox.arrived(self.shown, self.timelines[self.shown].entries)
            self.look(self.shown, now=event["type"] in ("timeline.page", "welcome"))

    def _welcomed(self, event: dict[str, Any]) -> None:
        view, messages = event["conversation"], event["messages"]
        same = self.shown == (view["id"] if view else "")
        self.conversation = view
        self.dismissed = self.dismissed and same
        if view is None:
            return
        if not same:
            before = messages[0]["seq"] - 1 if messages else view["head"]
            self.timelines = {view["id"]: Timeline(before, view["head"])}
        self.timelines[view["id"]].add(messages, view["head"])

    def _changed(self, view: dict[str, Any]) -> None:
        known = self.conversation
        if known is None or (known["id"] != view["id"] and known["opened_at"] < view["opened_at"]):
            self.conversation, self.dismissed = view, False
            self.timelines = {view["id"]: Timeline(0, view["head"])}
        elif known["id"] == view["id"] and view["revision"] >= known["revision"]:
            self.conversation = view
            self.timelines[view["id"]].add([], view["head"])

    def restored(self) -> None:
        self.conversation, self.timelines, self.dismissed = None, {}, False

    def rejected(self, event: dict[str, Any]) -> None:
        if event["code"] == "not_found" and event.get("command") != "conversation.open":
            self.outbox.reopen(event.get("client_id"))
        else:
            super().rejected(event)

    def _too_late(self, rejected: dict[str, Any]) -> None:
        """Repeat a text in a new conversation after its own has ended."""
        refused = next((e for e in self.written if e.client_id == rejected.get("client_id")), None)
        if refused is not None and refused.refusal and not refused.acks:
            self.counts["too late"] += 1
            self.post()


class Operator(Client):
    """A dashboard: the inbox, and the timelines of the conversations of this operator."""

    is_staff = True

    def __init__(self, *args: Any, session: str, **kwargs: Any) -> None:
        super().__init__(*args, path="/ws/staff/", cookie=session, **kwargs)
        self.conversations: dict[str, dict[str, Any]] = {}
        self.hears_all: bool | None = None
        """Whether the server receives events of the other servers, from the last heartbeat."""
        self._parts: list[dict[str, Any]] = []
        self._differs = 0

    async def work(self, pause: float) -> None:
        """Take, join and leave conversations; write to each about every `pause` seconds."""
        while True:
            own = self.own()
            await asyncio.sleep(self.random.uniform(0.5, 1.5) * pause / max(1, len(own)))
            for view in [v for v in self.conversations.values() if v["state"] == "queued"]:
                self._do("conversation.take", view["id"])
            chance = self.random.random()
            others = [v["id"] for v in self.conversations.values() if v["state"] == "assigned"]
            if chance < 0.01 and others:
                self._do("conversation.join", self.random.choice(others))
            elif chance < 0.015 and own:
                self._do("conversation.leave", self.random.choice(own))
            elif own:
                note = self.random.random() < NOTES
                self.write(self.random.choice(own), internal=note)

    def own(self) -> list[str]:
        """Return the open conversations in which this operator takes part."""
        return [
            key
            for key, view in self.conversations.items()
            if view["state"] != "closed" and self._takes_part(view)
        ]

    def hello(self) -> dict[str, Any]:
        return {"type": "hello", "tab": self.tab}

    def frame(self, entry: Outgoing) -> dict[str, Any]:
        return {
            "type": "message.post",
            "conversation": entry.conversation,
            "client_id": entry.client_id,
            "text": entry.text,
            "internal": entry.internal,
        }

    def line(self, entry: Outgoing) -> str:
        return entry.conversation

    def views(self) -> dict[str, tuple[int, str]]:
        return {key: (view["revision"], view["state"]) for key, view in self.conversations.items()}

    def opened(self) -> None:
        self.send({"type": "inbox.fetch"})

    def restored(self) -> None:
        self.conversations, self.timelines = {}, {}

    def rejected(self, event: dict[str, Any]) -> None:
        super().rejected(event)
        name = event.get("client_id")
        lost = next((entry for entry in self.written if entry.client_id == name), None)
        if event["code"] == "not_found" and lost and lost.conversation not in self.conversations:
            # The page drops the text together with its conversation.
            self.counts["lost with its chat"] += 1
            self.written.remove(lost)
            self.outbox.remove(name)

    def hear(self, event: dict[str, Any]) -> None:
        match event["type"]:
            case "inbox.snapshot":
                self._snapshot(event)
            case "inbox.changed":
                self.send({"type": "inbox.fetch"})
            case "conversation.changed":
                view = event["conversation"]
                self.conversations[view["id"]] = _merged(self.conversations.get(view["id"]), view)
                self._follow(view["id"])
            case "message.posted" if event["conversation"] in self.conversations:
                view = self.conversations[event["conversation"]]
                view["head"] = max(view["head"], event["message"]["seq"])
                self._add(event["conversation"], [event["message"]])
            case "timeline.page":
                self._add(event["conversation"], event["messages"], event["head"])
                self.look(event["conversation"], now=event["more"])
            case "heartbeat":
                self._compare(event["digest"])
                self.hears_all = event.get("hears_all", True)
                # The digest covers heads only, so a rejected fetch must be repeated.
                for conversation in self.timelines:
                    self.look(conversation)

    def _snapshot(self, event: dict[str, Any]) -> None:
        self._parts = [event] if event["part"] == 1 else [*self._parts, event]
        if len(self._parts) != event["part"] or event["part"] < event["parts"]:
            return
        self.me = uuid.UUID(event["me"]["id"]).hex
        self.conversations = {
            view["id"]: _merged(self.conversations.get(view["id"]), view)
            for part in self._parts
            for view in part["conversations"]
        }
        self.timelines = {k: t for k, t in self.timelines.items() if k in self.conversations}
        self._parts, self._differs = [], 0
        for key in self.conversations:
            self._follow(key)
            self.look(key, now=True)

    def _follow(self, conversation: str) -> None:
        """Load the timeline if this operator takes part; update the head of a loaded one."""
        view = self.conversations[conversation]
        timeline = self.timelines.get(conversation)
        if timeline is not None:
            timeline.add([], view["head"])
            self.look(conversation)
        elif self._takes_part(view):
            self.timelines[conversation] = Timeline(view["head"], view["head"])
            self.ask(conversation, before_seq=view["head"] + 1)

    def _add(self, conversation: str, messages: list[dict[str, Any]], head: int = 0) -> None:
        timeline = self.timelines.get(conversation)
        if timeline is None:
            return
        timeline.add(messages, head)
        self.outbox.arrived(conversation, timeline.entries)
        self.look(conversation)

    def _compare(self, theirs: str) -> None:
        """Fetch the inbox when two digests in a row differ, because an event was lost."""
        ours = inbox_digest.of_inbox(
            (
                uuid.UUID(key),
                view["revision"],
                view["head"] if view["state"] == "queued" or self._takes_part(view) else 0,
            )
            for key, view in self.conversations.items()
            if view["state"] != "closed"
        )
        self._differs = 0 if ours == theirs else self._differs + 1
        if self._differs >= 2:
            self._differs = 0
            self.counts["inbox differs"] += 1
            self.send({"type": "inbox.fetch"})

    def _takes_part(self, view: dict[str, Any]) -> bool:
        return any(uuid.UUID(person["id"]).hex == self.me for person in view["operators"])

    def _do(self, command: str, conversation: str) -> None:
        self.counts[command] += 1
        self.send({"type": command, "client_id": _id(), "conversation": conversation})


def _merged(known: dict[str, Any] | None, view: dict[str, Any]) -> dict[str, Any]:
    """Return the view with the higher revision and the higher head of both."""
    if known is None:
        return dict(view)
    newer = view if view["revision"] >= known["revision"] else known
    return newer | {"head": max(known["head"], view["head"])}


def _id() -> str:
    return str(uuid.uuid4())


def says(client: Client, text: str) -> bool:
    """Return whether `client` shows this text."""
    return any(
        entry["text"] == text
        for timeline in client.timelines.values()
        for entry in timeline.entries
    )
