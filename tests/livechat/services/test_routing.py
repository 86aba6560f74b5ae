"""Which operator gets a conversation, with the rows that the decision is made of."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.db.models import Count
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from livechat import outbox
from livechat.domain.deliveries import EventType
from livechat.domain.enumerations import State
from livechat.domain.routing import Wanted
from livechat.models import Channel, Conversation, Expertise, Operator, Participant
from livechat.policy import VisitorActor
from livechat.services import assignment, conversations, queues
from tests import factories

pytestmark = pytest.mark.django_db

NEVER = timezone.now() - timedelta(days=365)


@pytest.fixture
def clara(berlin) -> Operator:
    """Nobody has waited longer for a chat: Clara gets it if nothing else decides."""
    return factories.operator("clara", berlin, languages=["en"], last_assigned_at=NEVER)


def end(conversation: Conversation, *, ago: timedelta) -> None:
    """End a conversation whose last message is that old."""
    conversations.close(
        VisitorActor(conversation.visitor.public_id, conversation.channel_id),
        conversation.public_id,
    )
    Conversation.objects.filter(pk=conversation.pk).update(last_message_at=timezone.now() - ago)


# --- what is wanted


@pytest.mark.parametrize("spoken", [["de"], ["fr", "de-AT"], ["DE"]])
def test_a_visitor_gets_an_operator_who_speaks_their_language(berlin, clara, vera, spoken):
    dora = factories.operator("dora", berlin, languages=spoken, last_assigned_at=timezone.now())

    assert factories.conversation(vera, language="de-CH").operator == dora


def test_an_operator_without_chat_languages_speaks_the_one_of_their_account(berlin, clara, vera):
    dora = factories.operator("dora", berlin, last_assigned_at=timezone.now())
    dora.user.language = "de"
    dora.user.save()

    assert factories.conversation(vera, language="de").operator == dora


def test_an_account_in_the_language_of_the_browser_speaks_no_known_one(berlin, clara, vera):
    factories.operator("dora", berlin, last_assigned_at=timezone.now())

    assert factories.conversation(vera, language="").operator == clara


def test_a_visitor_gets_an_operator_of_their_country_if_nobody_speaks_their_language(
    berlin, clara, vera
):
    dora = factories.operator("dora", berlin, country="BE", last_assigned_at=timezone.now())

    assert factories.conversation(vera, language="nl", country="BE").operator == dora


def test_a_returning_visitor_gets_the_operator_they_had(berlin, clara, vera):
    dora = factories.operator("dora", berlin, languages=["fr"])
    Operator.objects.filter(pk=clara.pk).update(accepting=False)
    first = factories.conversation(vera, language="en")
    assert first.operator == dora
    Operator.objects.update(accepting=True)
    end(first, ago=timedelta(days=6))

    assert factories.conversation(vera, language="en").operator == dora


def test_an_operator_of_more_than_seven_days_ago_is_forgotten(berlin, clara, vera):
    dora = factories.operator("dora", berlin, languages=["fr"])
    first = factories.conversation(vera, language="fr")
    assert first.operator == dora
    end(first, ago=timedelta(days=8))

    assert factories.conversation(vera, language="en").operator == clara


def test_the_operator_of_another_channel_is_chosen_only_if_they_answer_here(berlin, clara, vera):
    paris = factories.channel("Paris")
    pierre = factories.operator("pierre", paris)
    there = replace(vera, channel=paris.pk)
    assert factories.conversation(there).operator == pierre

    assert factories.conversation(vera).operator == clara


def test_wanted_expertise_decides_between_operators(berlin, clara):
    dora = factories.operator("dora", berlin, languages=["en"], last_assigned_at=timezone.now())
    fields = [Expertise.objects.create(name=name) for name in ("Dogs", "Cats")]
    dora.expertise.add(*fields)
    wanted = Wanted(expertise=frozenset(field.pk for field in fields))

    assert assignment.choose_operator(berlin, wanted, timezone.now()) == dora

    fields[0].delete()
    assert assignment.choose_operator(berlin, wanted, timezone.now()) == dora
    fields[1].delete()
    assert assignment.choose_operator(berlin, wanted, timezone.now()) == clara


# --- what counts


def test_an_operator_who_takes_part_is_loaded_too(berlin, anna, ben, vera):
    berlin.max_sessions_mode, berlin.max_sessions = "limited", 1
    berlin.save()
    row = factories.conversation(vera)
    assert row.operator == anna
    conversations.join(factories.actor(ben), row.public_id)

    assert factories.conversation(factories.visitor(berlin)).state == State.QUEUED


@pytest.mark.parametrize("ending", ["close", "leave"])
def test_a_conversation_that_is_over_for_them_frees_the_place_at_once(berlin, anna, vera, ending):
    berlin.max_sessions_mode, berlin.max_sessions = "limited", 1
    berlin.save()
    row = factories.conversation(vera)

    getattr(conversations, ending)(factories.actor(anna), row.public_id)

    assert not Participant.objects.current().exists()
    late = factories.conversation(factories.visitor(berlin))
    queues.fill_all(timezone.now())
    late.refresh_from_db()
    assert late.operator == anna


@pytest.mark.parametrize(("minutes", "state"), [(14, State.QUEUED), (16, State.ASSIGNED)])
def test_a_place_is_free_again_after_a_quarter_of_an_hour_without_a_message(
    berlin, anna, vera, minutes, state
):
    berlin.max_sessions_mode, berlin.max_sessions = "limited", 1
    berlin.save()
    factories.conversation(vera)
    Conversation.objects.update(last_message_at=timezone.now() - timedelta(minutes=minutes))

    assert factories.conversation(factories.visitor(berlin)).state == state


def test_the_operator_who_was_not_given_a_chat_just_now_gets_the_next(berlin, anna, ben, vera):
    """Ben has a chat of some minutes ago; Anna has none that is active, but joined one just now."""
    earlier = factories.conversation(vera)
    assert earlier.operator == anna
    Participant.objects.update(joined_at=timezone.now() - timedelta(minutes=3))
    assert factories.conversation(factories.visitor(berlin)).operator == ben

    assert factories.conversation(factories.visitor(berlin)).operator == anna


def test_five_agents_share_25_conversations_in_blocks_of_five(berlin):
    agents = {factories.operator(f"agent{n}", berlin).pk for n in range(5)}

    got = [factories.conversation(factories.visitor(berlin)).operator_id for _ in range(25)]

    assert [set(got[start : start + 5]) for start in range(0, 25, 5)] == [agents] * 5


def test_participations_that_the_previous_version_left_behind_do_not_count(berlin, anna, vera):
    """It closes and leaves without changing `is_current`."""
    berlin.max_sessions_mode, berlin.max_sessions = "limited", 1
    berlin.save()
    row = factories.conversation(vera)
    conversations.close(factories.actor(anna), row.public_id)
    Participant.objects.update(is_current=True)

    assert factories.conversation(factories.visitor(berlin)).operator == anna


# --- what it costs


def statements(act) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        act()
    sql = [query["sql"] for query in queries.captured_queries]
    return [one for one in sql if not one.startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"))]


def cost(visitor, **arrival) -> tuple[int, int]:
    """Return the statements of an opening, and how many of them are made under the lock on the
    operators, which is the first of these."""
    outbox.listeners.of(EventType.CONVERSATION_CREATED)  # read every five seconds
    ran = statements(lambda: factories.opened(visitor, **arrival))
    if connection.vendor != "postgresql":
        return len(ran), 0
    [place] = [n for n, sql in enumerate(ran) if "FOR UPDATE" in sql and "_operator" in sql]
    return len(ran), len(ran) - place


PAGE = {"page_url": "https://shop.example/", "page_title": "Shop", "language": "de"}


@pytest.mark.services
def test_an_opening_takes_few_statements_and_fewer_under_the_lock(berlin, anna, ben, vera):
    newcomer = cost(vera, **PAGE)
    conversations.close(vera, Conversation.objects.get().public_id)
    returning = cost(vera, **{**PAGE, "page_url": "https://shop.example/basket/"})

    assert newcomer == (7, 4)
    assert returning == (11, 4)


@pytest.mark.services
def test_an_opening_on_a_channel_with_all_limits_takes_no_statement_more(berlin, anna, vera):
    Channel.objects.update(max_sessions_mode="limited", max_sessions=3, max_chats_per_address=2)

    assert cost(vera, **PAGE, source="192.0.2.1") == (7, 4)


def test_the_statements_of_an_opening_grow_neither_with_operators_nor_with_chats(berlin, anna):
    before = cost(factories.visitor(berlin), **PAGE)
    for n in range(6):
        factories.operator(f"op{n}", berlin, languages=["de"])
    for _ in range(8):
        factories.conversation(factories.visitor(berlin))

    assert cost(factories.visitor(berlin), **PAGE) == before


# --- at once


@pytest.mark.django_db(transaction=True)
def test_of_a_hundred_visitors_at_once_each_place_gets_one_and_the_others_wait(berlin):
    Channel.objects.update(max_sessions_mode="limited", max_sessions=4)
    agents = [factories.operator(f"agent{n}", berlin) for n in range(5)]

    def open_one(_n: int) -> None:
        try:
            factories.opened(factories.visitor(berlin), **PAGE)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(16) as pool:  # a server has fewer threads for its services
        list(pool.map(open_one, range(100)))  # raises what an opening raised

    states = dict(Conversation.objects.values_list("state").annotate(Count("pk")).order_by())
    assert states == {State.ASSIGNED: 20, State.QUEUED: 80}
    for agent in agents:
        assert Conversation.objects.filter(operator=agent).count() == 4
        assert Participant.objects.current().filter(operator=agent).count() == 4
