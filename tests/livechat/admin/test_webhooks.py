"""Webhooks and deliveries in the Admin: created, tested, viewed, sent again."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from livechat.domain.deliveries import CHOSEN, DeliveryState, Failure
from livechat.models import Delivery, User, Webhook
from livechat.models.delivery import LEASE
from tests import factories, receiver
from tests.receiver import receiving

pytestmark = pytest.mark.django_db

ADDED = {
    "name": "Shop",
    "url": "https://hooks.example.com/livechat",
    "events": ["message.created", "conversation.created"],
    "channel": "",
    "is_enabled": "on",
}


@pytest.fixture
def maria(client: Client, maria: User) -> Client:
    """The browser of the manager."""
    return client


def address(name: str, *args: object) -> str:
    return reverse(f"admin:livechat_{name}", args=args)


def delivery(webhook: Webhook, **fields) -> Delivery:
    now = timezone.now()
    fields = {"event": "ping", "created_at": now, "due_at": now, "give_up_at": now, **fields}
    if fields.get("state", DeliveryState.PENDING) != DeliveryState.PENDING:
        fields["finished_at"] = now
    return Delivery.objects.create(webhook=webhook, **fields)


def messages_of(response) -> str:
    return " ".join(str(message) for message in response.context["messages"])


# --- webhooks


def test_a_manager_makes_one_and_is_shown_its_secret(maria):
    maria.post(address("webhook_add"), ADDED)
    made = Webhook.objects.get()

    page = maria.get(address("webhook_change", made.pk)).content.decode()

    assert made.events == ["message.created", "conversation.created"]
    assert made.secret.startswith("whsec_")
    assert made.secret in page
    assert "No deliveries yet." in page


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("url", "http://hooks.example.com/", "begin with https://"),
        ("url", "https://127.0.0.1/", "private network"),
        ("url", "https://2130706433/", "not a valid host"),
        ("url", "https://a:b@hooks.example.com/", "name or password"),
        ("url", "https://hooks.example.com:25/", "443 or 8443"),
        ("url", "https://hooks.example.com/" + "a" * 2_050, "at most 2048"),
        ("url", "nonsense", "begin with https://"),
        ("events", [], "required"),
        ("events", ["ping"], "not one of the available choices"),
        ("channel", "99", "not one of the available choices"),
        ("name", "", "required"),
    ],
)
def test_what_makes_no_sense_is_said_beside_the_field(maria, field, value, message):
    page = maria.post(address("webhook_add"), {**ADDED, field: value})

    assert page.status_code == 200
    assert message in str(page.context["adminform"].form.errors[field])
    assert not Webhook.objects.exists()


def test_saving_leaves_secrets_alone_and_switching_on_forgets_that_it_was_gone(maria):
    row = factories.webhook(is_enabled=False, gone_at=timezone.now(), old_secret="whsec_b2xk")
    page = maria.get(address("webhook_change", row.pk)).content.decode()
    assert "Webhook disabled" in page

    maria.post(address("webhook_change", row.pk), {**ADDED, "events": CHOSEN})

    after = Webhook.objects.get()
    assert (after.secret, after.old_secret) == (row.secret, "whsec_b2xk")
    assert (after.is_enabled, after.gone_at) == (True, None)


def test_the_history_names_what_changed_and_no_secret(maria):
    row = factories.webhook()
    maria.post(address("webhook_change", row.pk), {**ADDED, "name": "Till"})
    maria.post(address("webhook_change_secret", row.pk))
    secret = Webhook.objects.get().secret

    page = maria.get(address("webhook_history", row.pk)).content.decode()

    assert "“Shop” → “Till”" in page
    assert "Secret: changed" in page
    assert secret not in page
    assert row.secret not in page


def test_a_secret_is_changed_by_two_buttons(maria):
    row = factories.webhook()

    page = maria.post(address("webhook_change_secret", row.pk), follow=True)
    between = Webhook.objects.get()
    assert between.old_secret == row.secret
    assert "signed with both secrets" in messages_of(page)
    assert address("webhook_forget_old_secret", row.pk) in page.content.decode()

    page = maria.post(address("webhook_forget_old_secret", row.pk), follow=True)
    after = Webhook.objects.get()
    assert (after.secret, after.old_secret) == (between.secret, "")
    assert "signed with the new secret only" in messages_of(page)


@pytest.mark.django_db(transaction=True)
def test_a_test_shows_what_was_answered(maria, settings):
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    with receiving(receiver.status(204), receiver.status(500)) as place:
        row = factories.webhook(place.url)
        first = maria.post(address("webhook_test", row.pk), follow=True)
        second = maria.post(address("webhook_test", row.pk), follow=True)

    assert "The test event was delivered: 204" in messages_of(first)
    assert "The test event was not delivered: 500 · Rejected by the receiver" in messages_of(second)
    assert "secret of the inside" not in second.content.decode()
    assert place.events() == ["ping", "ping"]


BUTTONS = [
    ("webhook_test", "webhook"),
    ("webhook_change_secret", "webhook"),
    ("webhook_forget_old_secret", "webhook"),
    ("delivery_retry", "delivery"),
    ("delivery_retry_all", ""),
]


@pytest.mark.parametrize(("name", "of"), BUTTONS)
@pytest.mark.parametrize("who", ["operator", "analyst", "outsider", "viewer"])
def test_other_users_cannot_use_the_buttons(client, berlin, name, of, who):
    row = factories.webhook()
    sent = delivery(row, state=DeliveryState.GIVEN_UP)
    args = {"webhook": [row.pk], "delivery": [sent.pk], "": []}[of]
    group = {"operator": "Live chat operator", "analyst": "Live chat analyst"}.get(who)
    person = factories.user(who, group=group, is_staff=True)
    if who == "viewer":
        person.user_permissions.set(factories.permissions("view_webhook", "view_delivery"))
    client.force_login(person)

    assert client.post(address(name, *args)).status_code == 403
    sent.refresh_from_db()
    row_after = Webhook.objects.get()
    assert (row_after.secret, row_after.old_secret) == (row.secret, "")
    assert sent.state == DeliveryState.GIVEN_UP
    assert Delivery.objects.count() == 1


@pytest.mark.parametrize(("name", "of"), BUTTONS)
def test_a_link_presses_no_button_and_neither_does_another_website(maria, name, of):
    row = factories.webhook()
    sent = delivery(row, state=DeliveryState.GIVEN_UP)
    args = {"webhook": [row.pk], "delivery": [sent.pk], "": []}[of]
    elsewhere = Client(enforce_csrf_checks=True)
    elsewhere.cookies = maria.cookies

    assert maria.get(address(name, *args)).status_code == 405
    assert elsewhere.post(address(name, *args)).status_code == 403


@pytest.mark.parametrize("name", ["webhook_test", "webhook_change_secret"])
def test_a_button_of_what_is_gone(maria, name):
    assert maria.post(address(name, 99)).status_code == 404


# --- deliveries


def test_the_list_shows_the_state_of_deliveries_and_what_was_given_up(maria, berlin):
    row = factories.webhook()
    delivery(row, state=DeliveryState.DONE, status=204, latency_ms=12, attempts=1)
    delivery(row, status=500, failure=Failure.STATUS, attempts=2)
    delivery(row, state=DeliveryState.GIVEN_UP, failure=Failure.TIMEOUT, attempts=10)

    page = maria.get(address("delivery_changelist")).content.decode()

    assert "204 · 12 ms" in page
    assert "500 · Rejected by the receiver" in page
    assert "Retrying" in page
    assert "No response in time" in page
    assert "1 delivery failed." in page
    only = maria.get(address("delivery_changelist") + "?state__exact=given_up")
    assert [row.failure for row in only.context["cl"].result_list] == ["timeout"]


def test_one_several_or_all_are_sent_again(maria):
    row = factories.webhook()
    failed = [delivery(row, state=DeliveryState.GIVEN_UP, attempts=9) for _ in range(4)]

    page = maria.post(address("delivery_retry", failed[0].pk), follow=True)
    assert "1 delivery will be retried" in messages_of(page)
    maria.post(
        address("delivery_changelist"),
        {"action": "try_again", "_selected_action": [failed[1].pk]},
    )
    states = list(Delivery.objects.order_by("pk").values_list("state", "attempts"))
    assert states == [("pending", 0)] * 2 + [("given_up", 9)] * 2

    page = maria.post(address("delivery_retry_all"), follow=True)
    assert "2 deliveries will be retried" in messages_of(page)
    assert not Delivery.objects.given_up().exists()
    assert "no deliveries to retry" in messages_of(
        maria.post(address("delivery_retry_all"), follow=True)
    )


def test_what_is_being_sent_is_left_alone(maria):
    sent = delivery(factories.webhook(), leased_until=timezone.now() + LEASE, attempts=1)

    page = maria.post(address("delivery_retry", sent.pk), follow=True)

    sent.refresh_from_db()
    assert sent.attempts == 1
    assert "no deliveries to retry" in messages_of(page)


def test_a_delivery_is_found_by_its_ids_alone(maria, berlin, vera):
    row = factories.webhook()
    chat = factories.conversation(vera)
    ours = Delivery.objects.filter(conversation=chat.public_id)
    other = delivery(row)

    def found(term: str) -> set[int]:
        page = maria.get(address("delivery_changelist"), {"q": term})
        return {one.pk for one in page.context["cl"].result_list}

    assert found(str(chat.public_id)) == set(ours.values_list("pk", flat=True))
    assert found(other.message_id) == {other.pk}
    for junk in ("ping", "msg_", "%", "x" * 200):
        assert found(junk) == set()


def test_the_page_leads_to_webhook_and_conversation_and_shows_no_form(maria, berlin, vera):
    row = factories.webhook()
    chat = factories.conversation(vera)
    sent = Delivery.objects.earliest("pk")

    page = maria.get(address("delivery_change", sent.pk))

    text = page.content.decode()
    assert address("webhook_change", row.pk) in text
    assert address("conversation_change", chat.pk) in text
    assert sent.message_id in text
    assert "Pending" in text
    assert "(&#x27;" not in text
    assert not page.context["has_change_permission"]
    assert maria.post(address("delivery_change", sent.pk), {}).status_code == 403
    assert maria.post(address("delivery_delete", sent.pk), {"post": "yes"}).status_code == 403


def test_a_delivery_outlives_its_webhook_on_the_page_too(maria):
    row = factories.webhook()
    sent = delivery(row)
    Webhook.objects.filter(pk=row.pk)._raw_delete("default")

    assert maria.get(address("delivery_change", sent.pk)).status_code == 200
    assert maria.get(address("delivery_changelist")).status_code == 200


@pytest.mark.parametrize("language", ["de", "ar"])
def test_it_speaks_the_readers_language(client, language):
    person = factories.manager()
    person.is_staff, person.language = True, language
    person.save()
    client.force_login(person)
    delivery(factories.webhook(), state=DeliveryState.GIVEN_UP, failure=Failure.TIMEOUT)

    page = client.get(address("delivery_changelist")).content.decode()

    with translation.override("en"):
        assert "No response in time" not in page
        assert "delivery failed" not in page
