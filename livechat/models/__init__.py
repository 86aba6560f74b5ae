"""Rows: columns, constraints, QuerySets, and verbs about one row. One noun a file."""

from livechat.models.channel import Channel
from livechat.models.conversation import Advance, Conversation, Participant
from livechat.models.installation import Installation
from livechat.models.message import Message
from livechat.models.operator import Membership, Operator
from livechat.models.rule import ChannelRule
from livechat.models.user import User
from livechat.models.visitor import PageView, Visitor

__all__ = [
    "Advance",
    "Channel",
    "ChannelRule",
    "Conversation",
    "Installation",
    "Membership",
    "Message",
    "Operator",
    "PageView",
    "Participant",
    "User",
    "Visitor",
]
