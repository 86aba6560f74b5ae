"""Rows: columns, constraints, QuerySets, and verbs about one row. One noun a file."""

from livechat.models.channel import Channel
from livechat.models.conversation import Author, Conversation, Head, Participant
from livechat.models.installation import Installation
from livechat.models.message import Entry, Message, Name
from livechat.models.operator import Membership, Operator
from livechat.models.rule import ChannelRule
from livechat.models.user import User
from livechat.models.visitor import PageView, Visitor

__all__ = [
    "Author",
    "Channel",
    "ChannelRule",
    "Conversation",
    "Entry",
    "Head",
    "Installation",
    "Membership",
    "Message",
    "Name",
    "Operator",
    "PageView",
    "Participant",
    "User",
    "Visitor",
]
