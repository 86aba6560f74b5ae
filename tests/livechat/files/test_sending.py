"""Files are sent with their message: once, all of them, and only by their owner."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from livechat import signed_links
from livechat.errors import FileGone, IdConflict, Invalid
from livechat.models import Attachment
from livechat.policy import VisitorActor
from livechat.services import conversations, messages
from livechat.services.messages import Item, Posted, Refused, Repeated
from livechat.signed_links import Audience
from tests import factories
from tests.livechat.files.samples import bring, kept, png, says

pytestmark = pytest.mark.django_db


def test_a_file_goes_with_its_message_and_to_both_audiences(
    berlin, anna, vera, published, django_capture_on_commit_callbacks
):
    chat = factories.conversation(vera)
    first, second = kept(vera, berlin, png(), "a.png"), kept(vera, berlin)
    published.clear()

    with django_capture_on_commit_callbacks(execute=True):
        messages.post_message(says(vera, chat, "", first, second))

    row = chat.messages.get(seq=chat.messages.count())
    assert [file.pk for file in row.attachments] == [first.pk, second.pk]
    frames = [json.loads(post.frame) for post in published if '"message.posted"' in post.frame]
    addresses = [frame["message"]["files"][0]["url"] for frame in frames]
    audiences = {
        signed_links.read(address.removeprefix("/files/").rstrip("/")).audience
        for address in addresses
    }
    assert audiences == {Audience.PUBLIC, Audience.STAFF}


def test_a_repeat_with_files_is_answered_the_same(berlin, anna, vera):
    chat = factories.conversation(vera)
    file, other = kept(vera, berlin), kept(vera, berlin)
    item = says(vera, chat, "Look", file)
    changed = Item(vera, chat.public_id, item.client_id, "Look", files=(other.public_id,))

    first = messages.post_message(item)
    again = messages.post_message(item)

    assert isinstance(again, Repeated)
    assert (again.seq, again.at) == (first.seq, first.at)
    with pytest.raises(IdConflict):
        messages.post_message(changed)
    assert Attachment.objects.get(pk=other.pk).message is None


def test_a_file_goes_with_one_message_only(berlin, anna, vera):
    chat = factories.conversation(vera)
    file = kept(vera, berlin)

    outcomes = messages.post_messages(
        [
            says(vera, chat, "First", file),
            says(vera, chat, "Second", file),
            says(vera, chat, "Third"),
        ]
    )
    with pytest.raises(FileGone):
        messages.post_message(says(vera, chat, "Later", file))

    assert [type(outcome) for outcome in outcomes] == [Posted, Refused, Posted]
    assert isinstance(outcomes[1], Refused)
    assert outcomes[1].error.code == "file_gone"
    chat.refresh_from_db()
    assert list(chat.messages.order_by("seq").values_list("seq", flat=True)) == list(
        range(1, chat.seq + 1)
    )


@pytest.mark.django_db(transaction=True)
def test_of_two_messages_at_once_one_gets_the_file(berlin, anna, vera):
    chat = factories.conversation(vera)
    file = kept(vera, berlin)
    items = [says(vera, chat, f"Text {number}", file) for number in range(2)]

    def post(item: Item) -> str:
        try:
            messages.post_message(item)
        except FileGone:
            return "gone"
        finally:
            connections.close_all()
        return "sent"

    with ThreadPoolExecutor(2) as pool:
        done = sorted(pool.map(post, items))

    assert done == ["gone", "sent"]


def test_only_the_uploader_of_a_file_can_send_it(berlin, anna, ben, vera):
    chat = factories.conversation(vera)
    hamburg = factories.channel("Hamburg")
    elsewhere = VisitorActor(vera.visitor, hamburg.pk)
    files = [kept(factories.visitor(berlin), berlin), kept(anna, berlin), kept(elsewhere, hamburg)]

    for file in files:
        with pytest.raises(FileGone):
            messages.post_message(says(vera, chat, "Mine", file))
    with pytest.raises(FileGone):
        messages.post_message(says(vera, chat, "Mine", Attachment(public_id=uuid.uuid4())))

    assert not Attachment.objects.exclude(message=None).exists()


def test_more_files_than_the_channel_allows_are_refused(berlin, anna, vera):
    berlin.max_files = 2
    berlin.save()
    chat = factories.conversation(vera)
    files = [kept(vera, berlin) for _ in range(3)]

    with pytest.raises(Invalid, match="too_many_files"):
        messages.post_message(says(vera, chat, "", *files))
    messages.post_message(says(vera, chat, "", *files[:2]))


def test_after_the_end_a_file_is_taken_but_the_old_chat_is_closed(client, berlin, anna, vera):
    chat = factories.conversation(vera)
    conversations.close(vera, chat.public_id)

    answer = bring(client, vera, berlin, b"text")
    file = Attachment.objects.get()
    [outcome] = messages.post_messages([says(vera, chat, "", file)])
    opened = conversations.open_conversation(
        vera,
        client_id=uuid.uuid4(),
        text="",
        files=[file.public_id],
        arrival=conversations.Arrival(),
    )

    assert answer.status_code == 201
    assert isinstance(outcome, Refused)
    assert outcome.error.code == "closed"
    file.refresh_from_db()
    assert file.message is not None
    assert file.message.conversation.public_id == opened.conversation != chat.public_id


def test_a_batch_of_several_with_files_costs_a_fixed_number_of_queries(berlin, anna, vera):
    chat = factories.conversation(vera)

    def cost(count: int) -> int:
        items = [says(vera, chat, "", kept(vera, berlin), kept(vera, berlin)) for _ in range(count)]
        with CaptureQueriesContext(
            connection,
        ) as queries:
            messages.post_messages(items)
        return len(queries)

    assert cost(1) == cost(4)


def test_a_text_without_files_asks_nothing_about_files(berlin, anna, vera):
    chat = factories.conversation(vera)

    with CaptureQueriesContext(connection) as queries:
        messages.post_message(says(vera, chat, "Text"))

    assert not [query for query in queries if "livechat_attachment" in query["sql"]]
