"""What operators see besides the chat: statuses, viewers, and details of the visitor."""

import uuid
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from livechat import wire
from livechat.domain.enumerations import Status
from livechat.errors import ConversationClosed, Invalid, NotAllowed, NotFound
from livechat.models import Conversation, Embedding, PageView
from livechat.policy import VisitorActor
from livechat.services import conversations, inbox, messages, response_times, visitors
from livechat.services.messages import Item
from tests import factories

pytestmark = pytest.mark.django_db


def wait_for_customer(who, chat):
    return conversations.set_status(
        factories.actor(who), chat.public_id, Status.WAITING_FOR_CUSTOMER
    )


# --- the status of a conversation


def test_a_status_is_stored_and_announced(
    berlin, anna, vera, published, django_capture_on_commit_callbacks
):
    chat = factories.conversation(vera)

    with django_capture_on_commit_callbacks(execute=True):
        row = wait_for_customer(anna, chat)

    assert (row.status, row.revision) == (Status.WAITING_FOR_CUSTOMER, chat.revision + 1)
    assert any('"waiting_for_customer"' in post.frame for post in published)


def test_the_visitor_gets_no_event_about_a_status(
    berlin, anna, vera, published, django_capture_on_commit_callbacks
):
    chat = factories.conversation(vera)

    with django_capture_on_commit_callbacks(execute=True):
        conversations.set_status(factories.actor(anna), chat.public_id, Status.NEED_HELP)

    public = [post.frame for post in published if any("visitor" in group for group in post.groups)]
    assert public
    assert not any("need_help" in frame for frame in public)


def test_the_same_status_twice_changes_nothing(berlin, anna, vera):
    chat = factories.conversation(vera)
    first = wait_for_customer(anna, chat)

    assert wait_for_customer(anna, chat).revision == first.revision


def test_a_customers_message_ends_waiting_for_the_customer(berlin, anna, vera):
    chat = factories.conversation(vera)
    wait_for_customer(anna, chat)

    messages.post_message(Item(vera, chat.public_id, uuid.uuid4(), "Here I am"))

    assert Conversation.objects.get(pk=chat.pk).status == Status.IN_PROGRESS


def test_only_a_participant_sets_a_status(berlin, anna, vera):
    chat = factories.conversation(vera)
    ben = factories.operator("ben", berlin)
    carl = factories.operator("carl", factories.channel("Paris"))

    with pytest.raises(NotAllowed):
        wait_for_customer(ben, chat)
    with pytest.raises(NotFound):
        wait_for_customer(carl, chat)


def test_an_ended_or_waiting_conversation_gets_no_status(berlin, anna, vera):
    ended = factories.conversation(factories.visitor(berlin))
    conversations.close(factories.actor(anna), ended.public_id)
    with pytest.raises(ConversationClosed):
        wait_for_customer(anna, ended)

    waiting = factories.conversation(vera)
    conversations.leave(factories.actor(anna), waiting.public_id)
    with pytest.raises(NotAllowed):
        wait_for_customer(anna, waiting)


def test_a_status_of_a_conversation_in_nobodys_charge_is_refused(berlin, anna, vera):
    chat = factories.conversation(vera)
    Conversation.objects.filter(pk=chat.pk).update(state="queued", status="", operator=None)

    with pytest.raises(Invalid) as refused:
        wait_for_customer(anna, chat)

    assert refused.value.code == "not_assigned"


# --- viewers


async def test_colleagues_are_informed_which_operator_views_a_conversation(
    sockets, berlin, anna, ben
):
    _visitor, conversation = await sockets.chat(berlin)
    operator_socket, other = await sockets.staff(anna), await sockets.staff(ben)
    await operator_socket.send("conversation.watch", conversation=conversation)
    await other.send("conversation.watch", conversation=conversation)
    await operator_socket.drain()
    await other.drain()

    await other.send("viewing.set", conversation=conversation, active=True)
    seen = await operator_socket.next("viewing.changed")

    assert (seen["operator"], seen["name"], seen["active"]) == (str(ben.public_id), "Ben", True)


async def test_a_visitor_is_never_informed_which_operator_views(sockets, berlin, anna):
    visitor, conversation = await sockets.chat(berlin)
    operator_socket = await sockets.staff(anna)
    await visitor.drain()

    await operator_socket.send("viewing.set", conversation=conversation, active=True)
    await operator_socket.next("viewing.changed")

    assert await visitor.drain() == []


async def test_viewing_an_unreadable_conversation_is_refused(sockets, berlin, anna):
    _visitor, conversation = await sockets.chat(berlin)
    carl = await sync_to_async(factories.operator)(
        "carl", await sync_to_async(factories.channel)("Paris")
    )
    operator_socket = await sockets.staff(carl)

    await operator_socket.send("viewing.set", conversation=conversation, active=True)

    assert (await operator_socket.next("rejected"))["code"] == "not_found"


# --- the visitor


def test_the_trail_and_earlier_chats_are_listed_newest_first(berlin, anna, vera):
    first = factories.conversation(vera, "Where is my tea?\nIt is late.")
    conversations.close(vera, first.public_id)
    second = factories.conversation(vera, "Again")
    for page in ("https://tea.example/a", "https://tea.example/b"):
        visitors.view_page(vera, wire.Page(page, page[-1].upper()))

    details = visitors.details(factories.actor(anna), second.public_id)

    assert [seen.title for seen in details.trail] == ["B", "A"]
    assert [(chat.id, chat.state, chat.text) for chat in details.earlier] == [
        (first.public_id, "closed", "Where is my tea? It is late.")
    ]
    assert details.total == 1


def test_the_trail_begins_with_the_page_on_which_the_visitor_wrote(berlin, anna, vera):
    chat = factories.opened(vera, page_url="https://tea.example/sencha", page_title="Sencha")
    visitors.view_page(vera, wire.Page("https://tea.example/sencha", "Sencha"))

    details = visitors.details(factories.actor(anna), chat.conversation)

    assert [(seen.url, seen.title) for seen in details.trail] == [
        ("https://tea.example/sencha", "Sencha")
    ]


def test_coming_back_to_the_same_page_changes_nothing_and_locks_nothing(
    berlin, vera, published, django_assert_num_queries
):
    page = wire.Page("https://tea.example/sencha", "Sencha")
    factories.opened(vera, page_url=page.url, page_title=page.title)
    visitors.view_page(vera, page)
    published.clear()

    with django_assert_num_queries(2):
        visitors.view_page(vera, page)

    assert not published
    assert PageView.objects.count() == 1


def test_a_page_seen_on_another_channel_is_news_on_this_one(berlin, vera):
    paris = VisitorActor(vera.visitor, factories.channel("Paris").pk)
    chat = factories.opened(vera, page_url="https://tea.example/a", page_title="A")
    there = wire.Page("https://tea.example/b", "B")

    visitors.view_page(paris, there)
    visitors.view_page(vera, there)

    row = Conversation.objects.get(public_id=chat.conversation)
    assert (row.page_url, row.page_title) == (there.url, there.title)


def test_earlier_chats_on_channels_of_others_are_not_listed(berlin, anna, vera):
    paris = factories.channel("Paris")
    factories.conversation(VisitorActor(vera.visitor, paris.pk), "Secret")
    chat = factories.conversation(vera)

    details = visitors.details(factories.actor(anna), chat.public_id)

    assert (details.earlier, details.total) == ([], 0)


def test_a_conversation_that_the_operator_may_not_read_has_no_details(berlin, anna, vera):
    chat = factories.conversation(vera)
    carl = factories.operator("carl", factories.channel("Paris"))

    with pytest.raises(NotFound):
        visitors.details(factories.actor(carl), chat.public_id)


def test_at_most_ten_earlier_chats_are_listed_and_all_are_counted(berlin, anna, vera):
    for _ in range(12):
        conversations.close(vera, factories.conversation(vera).public_id)
    chat = factories.conversation(vera)

    details = visitors.details(factories.actor(anna), chat.public_id)

    assert (len(details.earlier), details.total) == (10, 12)


# --- waiting times, availability, first steps


def answered(berlin, seconds):
    chat = factories.conversation(factories.visitor(berlin))
    opened = timezone.now() - timedelta(hours=1)
    Conversation.objects.filter(pk=chat.pk).update(
        opened_at=opened, answered_at=opened + timedelta(seconds=seconds)
    )


def test_the_time_to_an_answer_is_the_median_of_the_last_ones(berlin, anna):
    for seconds in (10, 20, 30, 40, 5_000):
        answered(berlin, seconds)

    assert response_times.measure(berlin.pk, timezone.now()) == 30


def test_few_answers_give_no_median_and_old_ones_are_ignored(berlin, anna):
    for seconds in (10, 20, 30, 40, 50):
        answered(berlin, seconds)
    now = timezone.now()

    assert response_times.measure(berlin.pk, now + timedelta(days=8)) is None
    Conversation.objects.order_by("pk")[0].delete()
    assert response_times.measure(berlin.pk, now) is None


def test_a_visitor_sees_at_most_three_available_operators(berlin):
    for name in ("anna", "ben", "carl", "dora"):
        factories.operator(name, berlin)
    factories.operator("emil", berlin, accepting=False)

    view = visitors.channel_view(berlin, timezone.now(), "")

    assert len(view.team) == 3
    assert "Emil" not in {person.name for person in view.team}


def test_suggestions_are_at_most_four_lines(berlin):
    berlin.suggestions = "One\n\n  Two  \nThree\nFour\nFive"
    berlin.translations = {"suggestions": {"de": "Eins\nZwei"}}

    assert berlin.suggested() == ["One", "Two", "Three", "Four"]
    assert berlin.suggested("de") == ["Eins", "Zwei"]


def test_the_first_steps_are_ticked_when_they_are_done(berlin, anna, vera):
    newcomer = factories.operator("ben", chat_name="")
    [before] = inbox.snapshot(factories.actor(newcomer))
    Embedding.objects.create(
        channel=berlin,
        origin="https://tea.example",
        first_at=timezone.now(),
        last_at=timezone.now(),
    )
    chat = factories.conversation(vera)
    messages.post_message(Item(factories.actor(anna), chat.public_id, uuid.uuid4(), "Hi!"))
    [after] = inbox.snapshot(factories.actor(anna))

    assert before.steps == wire.FirstSteps(False, False, False, False)
    assert after.steps == wire.FirstSteps(True, True, True, True)


@pytest.mark.django_db(transaction=True)
async def test_a_page_that_is_viewed_while_the_trail_is_read_comes_after_it(
    sockets, berlin, anna, vera, monkeypatch
):
    chat = await sync_to_async(factories.conversation)(vera)
    operator_socket = await sockets.staff(anna)
    await operator_socket.drain()
    read = visitors.details

    def slowly(actor, conversation):
        answer = read(actor, conversation)
        visitors.view_page(vera, wire.Page("https://shop.example/pricing"))
        return answer

    monkeypatch.setattr("livechat.services.visitors.details", slowly)
    await operator_socket.send("visitor.fetch", conversation=chat.public_id)
    answer = await operator_socket.next("visitor.told", "visitor.moved")
    moved = await operator_socket.next("visitor.moved")

    assert (answer["type"], answer["trail"]) == ("visitor.told", [])
    assert moved["page"]["url"] == "https://shop.example/pricing"
