"""The archive in the Admin: the list, the transcript, and the pages of visitors."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from livechat.admin import conversations as archive
from livechat.domain.enumerations import Kind, State, SystemEvent
from livechat.models import Conversation, Message, PageView
from livechat.services import conversations, messages, transcripts
from livechat.services.messages import Item
from tests import factories

pytestmark = pytest.mark.django_db

LIST = reverse("admin:livechat_conversation_changelist")
EVIL = "<script>alert(1)</script>"


def page(row: Conversation) -> str:
    return reverse("admin:livechat_conversation_change", args=[row.pk])


def say(actor, row: Conversation, text: str, *, internal: bool = False) -> None:
    messages.post_message(Item(actor, row.public_id, uuid.uuid4(), text, internal))


def written(row: Conversation, count: int) -> None:
    """Add `count` messages of the visitor quickly, and update the row's counters."""
    author = row.participants.get(role="visitor")
    Message.objects.bulk_create(
        Message(
            conversation=row,
            seq=row.seq + number,
            public_seq=row.public_seq + number,
            kind=Kind.TEXT,
            author=author,
            client_id=uuid.uuid4(),
            text=f"line {row.seq + number}.",
            created_at=timezone.now(),
        )
        for number in range(1, count + 1)
    )
    row.seq += count
    row.public_seq += count
    row.save()


def test_the_list_shows_labels_times_and_numbers_of_messages(
    client, maria, anna, vera, monkeypatch
):
    chat = factories.conversation(vera)
    say(factories.actor(anna), chat, "Good morning")
    say(factories.actor(anna), chat, "A note", internal=True)
    now = timezone.now()
    monkeypatch.setattr("livechat.admin.conversations.database_time.now", lambda: now)
    chat.opened_at = now - timedelta(hours=1, minutes=2, seconds=3)
    chat.save(update_fields=["opened_at"])

    response = client.get(LIST)

    text = response.content.decode()
    assert "Assigned" in text
    assert "Success" in text
    assert "1:02:03" in text
    assert [row.texts for row in response.context["cl"].result_list] == [2]


def test_a_long_list_costs_the_same_queries_as_a_short_one(
    client, maria, berlin, anna, django_assert_max_num_queries
):
    def count() -> int:
        with django_assert_max_num_queries(100) as queries:
            assert client.get(LIST).status_code == 200
        return len(queries)

    for _ in range(2):
        factories.conversation(factories.visitor(berlin))
    short = count()
    for name in "cdefgh":
        factories.operator(f"{name}{name}", berlin)
    for _ in range(18):
        factories.conversation(factories.visitor(berlin))

    assert count() == short


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("Véra", True),
        ("VERA", True),
        ("vera@EXAMPLE", True),
        ("grüner", True),
        ("GRUNER", True),
        ("ＧＲÜＮＥＲ", True),
        ("sencha", True),
        ("se", False),
        ("oolong", False),
        ("   ", True),
        ("x" * 200, False),
        ("100%", False),
        ("0fadbdf6-da3e-4bb9-b626-2a97202f09c0", False),
    ],
)
def test_one_searches_for_names_addresses_and_words(client, maria, vera, query, found):
    chat = factories.conversation(vera, "Do you have Sencha? Grüner Tee?")
    chat.visitor.name, chat.visitor.email = "Véra", "vera@example.com"
    chat.visitor.save()

    result = client.get(LIST, {"q": query}).context["cl"].result_list

    assert list(result) == ([chat] if found else [])


def test_numbers_of_conversations_and_visitors_are_found_exactly(client, maria, berlin, vera):
    chat = factories.conversation(vera)
    factories.conversation(factories.visitor(berlin))

    for number in (chat.public_id, chat.visitor.public_id):
        assert list(client.get(LIST, {"q": str(number)}).context["cl"].result_list) == [chat]


def test_words_are_looked_for_in_the_newest_entries_only(client, maria, vera, monkeypatch):
    factories.conversation(vera, "Do you have Sencha?")
    monkeypatch.setattr(archive, "SEARCHED", 0)

    assert not client.get(LIST, {"q": "Sencha"}).context["cl"].result_list


def test_an_operator_does_not_find_what_they_may_not_read(client, berlin, anna):
    paris = factories.channel("Paris")
    factories.conversation(factories.visitor(paris), "A secret about Sencha")
    anna.user.is_staff = True
    anna.user.save()
    client.force_login(anna.user)

    response = client.get(LIST, {"q": "Sencha"})

    assert not response.context["cl"].result_list
    assert "Paris" not in response.content.decode()


@pytest.mark.parametrize("column", ["channel", "operator"])
def test_the_list_is_filtered_by_channel_and_operator(client, maria, berlin, anna, column):
    paris = factories.channel("Paris")
    chloe = factories.operator("chloe", paris)
    here = factories.conversation(factories.visitor(berlin))
    factories.conversation(factories.visitor(paris))
    keys = {"channel": (berlin.pk, paris.pk), "operator": (anna.pk, chloe.pk)}[column]

    assert list(client.get(LIST, {column: keys[0]}).context["cl"].result_list) == [here]
    for junk in ("x", "0", "9" * 30, "-1", "\x01"):
        response = client.get(LIST, {column: junk})
        assert response.status_code == 200
        assert not response.context["cl"].result_list


@pytest.mark.parametrize(
    "query",
    [
        {"state__exact": "assigned"},
        {"outcome__exact": "no_answer"},
        {"opened_at__gte": "2020-01-01 00:00:00+00:00"},
    ],
)
def test_the_list_is_filtered_by_state_outcome_and_day(client, maria, anna, vera, query):
    chat = factories.conversation(vera)

    assert list(client.get(LIST, query).context["cl"].result_list) == [chat]


def test_the_transcript_names_the_authors_and_marks_notes(client, maria, anna, vera):
    chat = factories.conversation(vera, "First line\nsecond line")
    say(factories.actor(anna), chat, "He is a regular", internal=True)
    conversations.close(factories.actor(anna), chat.public_id)

    response = client.get(page(chat))

    text = response.content.decode()
    assert "First line\nsecond line" in text
    assert 'class="archive-label">Note</strong>' in text
    assert "Anna is answering" in text
    assert "Anna ended the chat" in text
    assert [entry["side"] for entry in response.context["entries"]] == [
        *("visitor", "system", "operator", "system"),
    ]


def test_system_lines_are_worded_in_the_readers_language_even_without_a_name(vera, berlin):
    chat = factories.conversation(vera)
    shown = {
        event: transcripts.system_line(Message(conversation=chat, kind=Kind.SYSTEM, event=event))
        for event in [*SystemEvent, "something_new"]
    }

    assert shown == {
        SystemEvent.ASSIGNED: "An operator is answering",
        SystemEvent.JOINED: "An operator joined",
        SystemEvent.LEFT: "An operator left",
        SystemEvent.CLOSED_BY_VISITOR: "The visitor ended the chat",
        SystemEvent.CLOSED_BY_OPERATOR: "An operator ended the chat",
        SystemEvent.CLOSED_SILENT: "The chat ended after a day without messages",
        SystemEvent.LOST: "An operator lost the connection",
        "something_new": "something_new",
    }


def test_markup_of_visitors_and_operators_stays_text(client, maria, anna, vera):
    chat = factories.conversation(vera, f"{EVIL} & <b>bold</b>")
    anna.chat_name = EVIL
    anna.save()
    chat.participants.filter(role="operator").update(display_name=EVIL)
    chat.visitor.name = EVIL
    chat.visitor.save()
    Conversation.objects.filter(pk=chat.pk).update(
        page_url=f"https://shop.example/{EVIL}", page_title=EVIL, referrer=EVIL
    )
    PageView.objects.create(visitor=chat.visitor, url=EVIL, title=EVIL, at=timezone.now())

    visitor = reverse("admin:livechat_visitor_change", args=[chat.visitor_id])
    pages = [LIST, page(chat), visitor, reverse("admin:livechat_visitor_changelist")]

    for address in pages:
        text = client.get(address).content.decode()
        assert EVIL not in text
        assert "<b>bold" not in text
        assert "&lt;script&gt;alert(1)" in text


@pytest.mark.parametrize(
    ("asked", "number", "first", "last"),
    [
        ("", 1, 1, 200),
        ("1", 1, 1, 200),
        ("2", 2, 201, 302),
        ("99", 2, 201, 302),
        ("0", 1, 1, 200),
        ("-1", 1, 1, 200),
        ("x", 1, 1, 200),
        ("٢", 2, 201, 302),
        ("²", 1, 1, 200),
        ("9" * 400, 1, 1, 200),
    ],
)
def test_a_long_conversation_has_pages(client, maria, anna, vera, asked, number, first, last):
    chat = factories.conversation(vera)
    written(chat, 300)

    context = client.get(page(chat), {"page": asked} if asked else {}).context

    seqs = [entry["message"].seq for entry in context["entries"]]
    assert (context["page_number"], context["pages"]) == (number, 2)
    assert (seqs[0], seqs[-1], len(seqs)) == (first, last, last - first + 1)
    assert (context["older"], context["newer"]) == ((None, 2) if number == 1 else (1, None))


def test_a_transcript_costs_the_same_queries_however_long(
    client, maria, anna, vera, django_assert_max_num_queries
):
    chat = factories.conversation(vera)

    def count() -> int:
        with django_assert_max_num_queries(100) as queries:
            assert client.get(page(chat)).status_code == 200
        return len(queries)

    short = count()
    written(chat, 150)

    assert count() == short


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("", "11:30 p.m."),
        ("Asia/Tokyo", "8:30 a.m."),
        ("No/Where", "11:30 p.m."),
        ("../../etc/passwd", "11:30 p.m."),
    ],
)
def test_times_are_those_of_the_reader(client, maria, anna, vera, zone, expected):
    chat = factories.conversation(vera)
    Message.objects.filter(conversation=chat).update(
        created_at=datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    )
    maria.time_zone = zone
    maria.save()

    text = client.get(page(chat)).content.decode()

    assert expected in text
    assert timezone.get_current_timezone_name() == "UTC"


def test_the_list_also_shows_the_readers_time(client, maria, anna, vera):
    chat = factories.conversation(vera)
    chat.opened_at = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    chat.save(update_fields=["opened_at"])
    maria.time_zone = "Asia/Tokyo"
    maria.save()

    assert "03/02/2026 8:30 a.m." in client.get(LIST).content.decode()


def test_pages_are_mirrored_for_readers_of_arabic(client, maria, anna, vera):
    chat = factories.conversation(vera, "مرحبا")

    text = client.get(page(chat), headers={"accept-language": "ar"}).content.decode()

    assert 'dir="rtl"' in text
    assert '<p class="archive-bubble" dir="auto">مرحبا</p>' in text


def test_nothing_is_added_changed_or_deleted_here(client, maria, anna, vera):
    chat = factories.conversation(vera)

    answers = [
        client.post(page(chat), {"state": "closed"}),
        client.get(reverse("admin:livechat_conversation_add")),
        client.post(reverse("admin:livechat_conversation_add"), {}),
        client.post(reverse("admin:livechat_conversation_delete", args=[chat.pk]), {"post": "yes"}),
    ]
    client.post(LIST, {"action": "delete_selected", "_selected_action": [chat.pk], "post": "yes"})

    assert [answer.status_code for answer in answers] == [403] * 4
    chat.refresh_from_db()
    assert chat.state == State.ASSIGNED


@pytest.mark.parametrize("key", ["0", "999999", "x", "9" * 30, "1;drop"])
def test_what_does_not_exist_is_said_not_to(client, maria, key):
    response = client.get(f"{LIST}{key}/change/")

    assert (response.status_code, response["Location"]) == (302, reverse("admin:index"))


def test_names_survive_in_transcripts_when_the_person_is_renamed(client, maria, anna, vera):
    chat = factories.conversation(vera)
    say(factories.actor(anna), chat, "Good morning")
    anna.chat_name = "Chloe"
    anna.save()
    anna.user.is_active = False
    anna.user.save()

    entries = client.get(page(chat)).context["entries"]

    assert [entry["name"] for entry in entries][-1] == "Anna"


def test_a_visitors_page_links_their_conversations_and_lists_their_page_views(client, maria, vera):
    chat = factories.conversation(vera)
    PageView.objects.create(
        visitor=chat.visitor, url="https://shop.example/tea", title="Tea", at=timezone.now()
    )

    text = client.get(
        reverse("admin:livechat_visitor_change", args=[chat.visitor_id])
    ).content.decode()

    assert page(chat) in text
    assert "https://shop.example/tea" in text


def test_an_operator_sees_of_a_visitor_only_conversations_on_their_own_channels(
    client, berlin, anna
):
    paris = factories.channel("Paris")
    who = factories.visitor(berlin)
    here = factories.conversation(who)
    elsewhere = Conversation.objects.create(
        channel=paris,
        visitor=here.visitor,
        opening_id=uuid.uuid4(),
        state=State.QUEUED,
        opened_at=timezone.now(),
        last_message_at=timezone.now(),
    )
    anna.user.is_staff = True
    anna.user.save()
    client.force_login(anna.user)
    address = reverse("admin:livechat_visitor_change", args=[here.visitor_id])

    text = client.get(address).content.decode()
    listed = client.get(reverse("admin:livechat_visitor_changelist")).context["cl"].result_list

    assert page(here) in text
    assert page(elsewhere) not in text
    assert [row.chats for row in listed] == [1]
    assert client.post(address, {"name": "X", "email": ""}).status_code == 403


def test_a_manager_corrects_a_visitors_name_and_touches_nothing_else(client, maria, vera):
    chat = factories.conversation(vera)

    client.post(
        reverse("admin:livechat_visitor_change", args=[chat.visitor_id]),
        {"name": "Vera Neu", "email": "vera@example.com", "country": "XX", "browser": "X"},
    )

    chat.visitor.refresh_from_db()
    assert (chat.visitor.name, chat.visitor.email) == ("Vera Neu", "vera@example.com")
    assert (chat.visitor.country, chat.visitor.browser) == ("", "")


@pytest.mark.parametrize("rows", ["conversation", "visitor"])
@pytest.mark.parametrize("column", range(1, 10))
def test_a_list_counts_for_the_rows_of_its_page_alone(client, maria, vera, rows, column):
    factories.conversation(vera)
    address = reverse(f"admin:livechat_{rows}_changelist")

    listing = client.get(address, {"o": str(column)}).context["cl"].queryset.query

    assert listing.group_by is None  # grouping would count for all rows, not the page's
    assert not {str(name).lstrip("-") for name in listing.order_by} & {"texts", "chats"}
