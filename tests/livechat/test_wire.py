"""The protocol's definition: its types, its fields, its two audiences."""

import msgspec
import pytest
from django.conf import settings
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from livechat import wire
from livechat.errors import Invalid

FIELDS = {
    "PublicChannel": "name welcome placeholder button_text colours "
    "available theme privacy_link contact_hint suggestions "
    "answers_in team files",
    "PublicOperator": "id name avatar",
    "PublicConversation": "id revision state operators opened_at closed_at head seen seen_by_staff",
    "PublicMessage": "seq id client_id author author_id author_name kind text line at files",
    "VisitorWelcome": "version epoch token visitor channel conversation messages more now "
    "heartbeat_seconds",
    "File": "id name content_type family size width height url thumbnail",
    "FileRules": "accept max_bytes max_files max_pixels max_side",
    "FileOpened": "file",
    "TranscriptOpened": "conversation format url",
    "PageKeyMade": "conversation key",
    "PublicMessagePosted": "conversation message",
    "PublicConversationChanged": "conversation",
    "PublicMessagesSeen": "conversation by up_to",
    "PublicTypingChanged": "conversation name active",
    "PublicTimelinePage": "conversation messages head more",
    "VisitorHeartbeat": "conversation head revision",
    "Ack": "client_id at seq conversation",
    "Rejected": "code client_id retry_after command",
    "Drain": "reconnect_in_ms",
    "Line": "event name",
}
"""Every field that can ever be sent to a visitor, so that a new one is a visible decision."""


def structs_in(struct: type[msgspec.Struct]) -> set[type[msgspec.Struct]]:
    found = {struct}
    for field in msgspec.structs.fields(struct):
        for part in msgspec.inspect.multi_type_info([field.type]):
            found |= _nested(part)
    return found


def _nested(node: msgspec.inspect.Type) -> set[type[msgspec.Struct]]:
    match node:
        case msgspec.inspect.StructType():
            return structs_in(node.cls)
        case msgspec.inspect.ListType():
            return _nested(node.item_type)
        case msgspec.inspect.UnionType():
            return set().union(*map(_nested, node.types))
    return set()


def test_a_visitor_is_sent_these_fields_and_no_others():
    reachable = set().union(*map(structs_in, wire.VisitorEvent.__args__))

    assert {struct.__name__: " ".join(struct.__struct_fields__) for struct in reachable} == FIELDS


def test_no_staff_struct_is_reachable_by_a_visitor():
    reachable = set().union(*map(structs_in, wire.VisitorEvent.__args__))

    assert not [struct for struct in reachable if struct.__name__.startswith("Staff")]


@pytest.mark.parametrize("union", [wire.VisitorCommand, wire.StaffCommand])
def test_every_command_is_frozen_and_refuses_unknown_fields(union):
    for struct in union.__args__:
        config = struct.__struct_config__
        assert config.frozen
        assert config.forbid_unknown_fields, struct


@pytest.mark.parametrize(
    "union", [wire.VisitorCommand, wire.StaffCommand, wire.VisitorEvent, wire.StaffEvent]
)
def test_every_type_is_named_once_in_its_direction(union):
    tags = [struct.__struct_config__.tag for struct in union.__args__]

    assert len(tags) == len(set(tags))


def test_every_event_is_sent_by_something():
    packages = (settings.BASE_DIR / name for name in ("config", "livechat"))
    source = "".join(path.read_text() for package in packages for path in package.rglob("*.py"))

    events = {*wire.VisitorEvent.__args__, *wire.StaffEvent.__args__}
    unsent = {event.__name__ for event in events if f"wire.{event.__name__}(" not in source}
    assert unsent == set()


def test_the_browsers_types_are_what_the_protocol_says():
    call_command("generate_wire", "--check")


@given(
    st.one_of(st.text(), st.binary(), st.none(), st.text(alphabet='{}[]":,0123456789truefalsn\\'))
)
def test_whatever_comes_in_is_a_command_or_invalid(frame):
    for decode in (wire.decode_visitor, wire.decode_staff):
        with pytest.raises(Invalid):
            decode(frame)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_any_json_for_a_field_is_a_command_or_invalid(value):
    frame = msgspec.json.encode(
        {"type": "message.post", "conversation": value, "client_id": value, "text": value}
    )

    with pytest.raises(Invalid):
        wire.decode_visitor(frame.decode())
