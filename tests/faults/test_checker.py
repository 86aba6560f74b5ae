"""Each rule of the checker on a small history written by hand: it can pass, and it can fail."""

from dataclasses import replace

import pytest

from tests.faults.checker import Chat, Entry, History, Screen, Shown, Written, violations

VERA, WALT, ANNA, BEN = "vera", "walt", "anna", "ben"

ENTRIES = (
    Entry("chat", 1, 1, "e1", "text", "say:0000000000000001 Hello", VERA, "c1"),
    Entry("chat", 2, 2, "e2", "system", ""),
    Entry("chat", 3, None, "e3", "note", "note:0000000000000003 Angry?", ANNA, "c3"),
    Entry("chat", 4, 3, "e4", "text", "say:0000000000000004 Hello Vera", ANNA, "c4"),
)
HELLO = Written("c1", VERA, ENTRIES[0].text, conversation="chat", acks=(("chat", 1),))
NOTE = Written("c3", ANNA, ENTRIES[2].text, True, True, "chat", (("chat", 3),))
ANSWER = Written("c4", ANNA, ENTRIES[3].text, True, False, "chat", (("chat", 4),))
CHAT = Chat("chat", VERA, 4, 3, 2, "assigned", frozenset({ANNA}))
FOR_STAFF = tuple(Shown(e.seq, e.id, e.kind, e.text) for e in ENTRIES)
FOR_VERA = tuple(
    Shown(e.public_seq, e.id, e.kind, e.text) for e in ENTRIES if e.public_seq is not None
)
VERAS = Screen(
    VERA,
    False,
    {"chat": (2, "assigned")},
    {"chat": FOR_VERA},
    heard=frozenset({HELLO.token, ANSWER.token}),
)
ANNAS = Screen(ANNA, True, {"chat": (2, "assigned")}, {"chat": FOR_STAFF})
BENS = Screen(BEN, True, {"chat": (2, "assigned")}, {"chat": FOR_STAFF[:2]})


def history(
    *, written=(HELLO, NOTE, ANSWER), chats=(CHAT,), entries=ENTRIES, screens=(VERAS, ANNAS, BENS)
):
    return History(written, chats, entries, screens)


def stored(number, **changes):
    """Return the entries, one of them changed."""
    return tuple(replace(entry, **changes) if entry.seq == number else entry for entry in ENTRIES)


def test_what_is_as_promised_is_not_reported():
    assert violations(history()) == []


def test_a_text_without_acknowledgement_may_be_stored_or_not():
    lost = Written("c9", VERA, "say:0000000000000009 Bye", conversation="chat")

    assert violations(history(written=(replace(HELLO, acks=()), NOTE, ANSWER, lost))) == []


def test_a_text_that_came_too_late_may_be_refused():
    late = Written("c9", VERA, "say:0000000000000009 Bye", conversation="chat", refusal="closed")

    assert violations(history(written=(HELLO, NOTE, ANSWER, late))) == []


def test_moments_play_no_part():
    assert not [name for name in Entry.__dataclass_fields__ if "at" in name.split("_")]


TWICE = replace(ENTRIES[3], seq=5, public_seq=4, id="e5")
CLOSED = replace(CHAT, id="older", seq=0, public_seq=0, state="closed")
BROKEN = {
    "say:0000000000000004 was acked and is not stored": history(entries=ENTRIES[:3]),
    "say:0000000000000004 is stored 2 times": history(entries=(*ENTRIES, TWICE)),
    "say:0000000000000004 is stored with another text": history(
        entries=stored(4, text="say:0000000000000004 Hello Walt")
    ),
    "note:0000000000000003 is stored as text": history(entries=stored(3, kind="text")),
    "say:0000000000000001 is stored in another conversation": history(
        written=(replace(HELLO, conversation="other"), NOTE, ANSWER)
    ),
    "say:0000000000000001 was acked as 2 and is stored as 1": history(
        written=(replace(HELLO, acks=(("chat", 2),)), NOTE, ANSWER)
    ),
    "say:0000000000000004 was acked as 3 and is stored as 4": history(
        written=(HELLO, NOTE, replace(ANSWER, acks=(("chat", 3),)))
    ),
    "say:0000000000000001 was acked with different answers": history(
        written=(replace(HELLO, acks=(("chat", 1), ("chat", 2))), NOTE, ANSWER)
    ),
    "say:0000000000000001 was refused (closed) and is stored": history(
        written=(replace(HELLO, acks=(), refusal="closed"), NOTE, ANSWER)
    ),
    "say:0000000000000009 was refused: id_conflict": history(
        written=(
            *(HELLO, NOTE, ANSWER),
            Written("c9", VERA, "say:0000000000000009 Bye", refusal="id_conflict"),
        )
    ),
    "say:0000000000000009 was refused: forbidden": history(
        written=(
            *(HELLO, NOTE, ANSWER),
            Written("c9", VERA, "say:0000000000000009 Bye", refusal="forbidden"),
        )
    ),
    "say:0000000000000004 is stored, and nobody wrote it": history(written=(HELLO, NOTE)),
    "seq is not 1..4: 1-3,5": history(entries=stored(4, seq=5)),
    "public_seq is not 1..3: 1-2,4": history(entries=stored(4, public_seq=4)),
    "seq is not 1..4: 1-2,2,4": history(entries=stored(3, seq=2)),
    "public_seq orders the entries in another way": history(
        entries=(
            replace(ENTRIES[0], public_seq=2),
            replace(ENTRIES[1], public_seq=1),
            *ENTRIES[2:],
        )
    ),
    "say:0000000000000004 is stored before note:0000000000000003, written earlier": history(
        entries=(*ENTRIES[:2], replace(ENTRIES[2], seq=4), replace(ENTRIES[3], seq=3))
    ),
    "is a note with a public number": history(entries=stored(3, public_seq=4)),
    "counts 5/3, has 4/3 entries": history(chats=(replace(CHAT, seq=5),)),
    "nochat: entries without a conversation": history(
        entries=(*ENTRIES, Entry("nochat", 1, 1, "e9", "system", ""))
    ),
    "visitor vera has 2 open conversations": history(chats=(replace(CLOSED, state="queued"), CHAT)),
    "visitor vera in chat lacks 3": history(
        screens=(replace(VERAS, timelines={"chat": FOR_VERA[:2]}), ANNAS)
    ),
    "visitor vera in chat has 4 that are not stored so": history(
        screens=(replace(VERAS, timelines={"chat": (*FOR_VERA, Shown(4, "x", "text", ""))}),)
    ),
    "visitor vera in chat has another order": history(
        screens=(replace(VERAS, timelines={"chat": FOR_VERA[::-1]}),)
    ),
    "visitor vera shows {'older'": history(
        chats=(CLOSED, CHAT), screens=(replace(VERAS, chats={"older": (2, "closed")}), ANNAS)
    ),
    "visitor vera shows {'chat': (1, 'queued')} instead": history(
        screens=(replace(VERAS, chats={"chat": (1, "queued")}),)
    ),
    "operator anna in chat lacks 3": history(
        screens=(VERAS, replace(ANNAS, timelines={"chat": FOR_STAFF[:2] + FOR_STAFF[3:]}))
    ),
    "operator anna shows chat as (1, 'queued')": history(
        screens=(VERAS, replace(ANNAS, chats={"chat": (1, "queued")}))
    ),
    "operator anna does not show chat": history(screens=(VERAS, replace(ANNAS, chats={}))),
    "operator anna shows other, which does not exist": history(
        screens=(replace(ANNAS, chats={**ANNAS.chats, "other": (1, "queued")}),)
    ),
    "operator ben shows what is not in chat": history(
        screens=(replace(BENS, timelines={"chat": (Shown(1, "x", "text", "?"),)}),)
    ),
    "visitor vera received a note: note:0000000000000003": history(
        screens=(replace(VERAS, heard=VERAS.heard | {NOTE.token}),)
    ),
    "visitor walt received somebody else's say:0000000000000001": history(
        screens=(Screen(WALT, False, {}, {}, heard=frozenset({HELLO.token})),)
    ),
    "visitor vera still has 1 texts to send": history(screens=(replace(VERAS, unsent=1),)),
    "visitor vera gave up: closed with 4400": history(
        screens=(replace(VERAS, gave_up="closed with 4400"),)
    ),
}


@pytest.mark.parametrize("words", BROKEN)
def test_a_broken_promise_is_reported(words):
    found = violations(BROKEN[words])

    assert any(words in violation for violation in found), found
