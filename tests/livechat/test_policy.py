"""The table of `docs/reference/permissions.md`, cell by cell."""

import uuid
from pathlib import Path

import pytest

from livechat import policy
from livechat.domain.enumerations import State
from livechat.errors import LivechatError, NotAllowed
from livechat.models import Channel, Conversation, Visitor
from livechat.policy import EVERYTHING, NO_PART, PRESENT, Action, Part, StaffActor, VisitorActor

TABLE = Path(__file__).parents[2] / "docs/reference/permissions.md"

BERLIN, PARIS = 1, 2
VERA = uuid.uuid4()

LEFT = Part(left_with=7)

ACTORS: dict[str, tuple[policy.Actor, Part]] = {
    "the visitor": (VisitorActor(VERA, BERLIN), NO_PART),
    "another visitor": (VisitorActor(uuid.uuid4(), BERLIN), NO_PART),
    "the same visitor on another channel": (VisitorActor(VERA, PARIS), NO_PART),
    "operator who takes part": (StaffActor(1, operator=1, channels=frozenset({BERLIN})), PRESENT),
    "operator who takes part, of another channel": (
        StaffActor(1, operator=1, channels=frozenset({PARIS})),
        PRESENT,
    ),
    "operator of the channel": (
        StaffActor(2, operator=2, channels=frozenset({BERLIN})),
        NO_PART,
    ),
    "operator of the channel who has left": (
        StaffActor(2, operator=2, channels=frozenset({BERLIN})),
        LEFT,
    ),
    "operator of another channel who has left": (
        StaffActor(3, operator=3, channels=frozenset({PARIS})),
        LEFT,
    ),
    "operator of another channel": (
        StaffActor(3, operator=3, channels=frozenset({PARIS})),
        NO_PART,
    ),
    "manager who answers": (StaffActor(4, operator=4, is_manager=True), NO_PART),
    "manager who does not answer": (StaffActor(5, is_manager=True), NO_PART),
    "analyst": (StaffActor(6, is_analyst=True), NO_PART),
    "staff without a right": (StaffActor(7), NO_PART),
}
ACTIONS = {
    action.name.lower(): action
    for action in Action
    if action not in (Action.JOIN_CHANNEL, Action.LEAVE_CHANNEL)
}


def rows() -> list[tuple[str, str, str, str]]:
    """Return (state, actor, action, expected) for every cell of the two tables."""
    cells, state, actions = [], "", []
    for line in TABLE.read_text().splitlines():
        if line.startswith("## "):
            state = line.removeprefix("## ").split()[0].lower()
        if not line.startswith("|") or state not in ("open", "closed"):
            continue
        first, *rest = [cell.strip() for cell in line.strip("|").split("|")]
        if first == "actor":
            actions = rest
        elif not first.startswith("---"):
            cells += [
                (state, first, action, cell) for action, cell in zip(actions, rest, strict=True)
            ]
    return cells


def chat(state: str) -> Conversation:
    return Conversation(
        channel_id=BERLIN,
        visitor=Visitor(public_id=VERA),
        state=State.CLOSED if state == "closed" else State.ASSIGNED,
    )


def answer(state: str, actor: str, action: str) -> str:
    who, part = ACTORS[actor]
    try:
        policy.require(who, ACTIONS[action], chat(state), part)
    except LivechatError as error:
        return error.code
    return "yes"


@pytest.mark.parametrize(("state", "actor", "action", "expected"), rows())
def test_the_policy_is_what_the_page_says(state, actor, action, expected):
    assert answer(state, actor, action) == expected


def test_the_page_lists_every_state_actor_and_action():
    documented = {(state, actor, action) for state, actor, action, _ in rows()}

    assert documented == {
        (state, actor, action)
        for state in ("open", "closed")
        for actor in ACTORS
        for action in ACTIONS
    }


@pytest.mark.parametrize("state", ["open", "closed"])
@pytest.mark.parametrize("actor", ACTORS)
def test_readers_read_to_the_end_except_those_who_left_and_lost_the_channel(state, actor):
    who, part = ACTORS[actor]
    may_read = answer(state, actor, "read") == "yes"
    has_an_end = actor == "operator of another channel who has left"

    readable_until = policy.readable_until(who, chat(state), part)

    assert readable_until == (part.left_with if has_an_end else EVERYTHING if may_read else 0)


@pytest.mark.parametrize(
    "who",
    [
        StaffActor(3, channels=frozenset({BERLIN})),
        StaffActor(3, is_analyst=True),
        VisitorActor(uuid.uuid4(), BERLIN),
    ],
)
def test_a_participant_without_the_right_to_answer_may_read_nothing(who):
    assert (
        policy.readable_until(who, chat("open"), LEFT)
        == policy.readable_until(who, chat("open"), PRESENT)
        == 0
    )


@pytest.mark.parametrize(
    ("may_join", "active", "manager", "allowed"),
    [
        (True, True, False, True),
        (False, True, False, False),
        (False, True, True, True),
        (True, False, True, False),
    ],
)
def test_an_operator_may_join_a_channel_that_permits_it(may_join, active, manager, allowed):
    channel = Channel(may_join=may_join, is_active=active)
    who = StaffActor(1, operator=1, is_manager=manager)

    try:
        policy.require_channel(who, Action.JOIN_CHANNEL, channel)
    except LivechatError:
        assert not allowed
    else:
        assert allowed


def test_a_user_who_is_no_operator_joins_no_channel():
    with pytest.raises(NotAllowed):
        policy.require_channel(StaffActor(1, is_manager=True), Action.JOIN_CHANNEL, Channel())
