"""Models: columns, constraints, QuerySets, and methods that change one row. One noun per file."""

from livechat.database import lookups, search_lookup  # the import registers them
from livechat.models.attachment import Attachment, file_storage
from livechat.models.canned_response import CannedResponse
from livechat.models.channel import Channel
from livechat.models.conversation import Author, Conversation, Head, Participant
from livechat.models.delivery import Delivery
from livechat.models.embedding_site import Embedding
from livechat.models.expertise import Expertise
from livechat.models.installation import Installation
from livechat.models.job import Job, Lease
from livechat.models.message import Entry, Message, Name
from livechat.models.operator import Membership, Operator
from livechat.models.rule import ChannelRule
from livechat.models.tag import Tag
from livechat.models.user import User
from livechat.models.visitor import PageView, Visitor
from livechat.models.webhook import Webhook
