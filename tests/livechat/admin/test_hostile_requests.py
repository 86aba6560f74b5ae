"""Every staff page with every parameter and with invalid values: no request fails with an error."""

import itertools
from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from livechat.domain import rights
from livechat.models import (
    CannedResponse,
    Channel,
    ChannelRule,
    Delivery,
    Expertise,
    Tag,
)
from tests import factories
from tests.forms import Form
from tests.livechat.admin.test_list_parameters import LISTS, OFFERED

pytestmark = pytest.mark.django_db

HUGE = "9" * 30
IN_ADDRESSES = {
    "nothing": "",
    "NUL": "%00",
    "a huge number": HUGE,
    "more digits than Python reads": "9" * 5_000,
    "a negative number": "-1",
    "a word": "abc",
    "a lone surrogate": "%ED%A0%80",
    "a long text": "x" * 20_000,
    "a moment out of reach": "9999-12-31+23:59:59-23:00",
}
IN_FORMS = {"NUL": "\0", "a huge number": HUGE, "a negative number": "-1", "a word": "abc"}
KEYS = [HUGE, "9" * 5_000, "abc", "_00"]
"""Keys that no row of the Admin has."""

ANSWERS = {200, 302, 400, 403, 404, 405}
OF_LISTS = [("o", "abc"), ("o", HUGE), ("p", "abc"), ("p", HUGE), ("p", "-1"), ("q", HUGE)]
OF_LISTS += [("_to_field", ""), ("_to_field", "abc"), ("all", "abc"), ("_facets", "abc")]
PAGES = {
    "/": ("x",),
    "/login/": ("next",),
    "/admin/login/": ("next",),
    "/admin/": ("x",),
    "/admin/jsi18n/": ("x",),
    "/admin/password_change/": ("x",),
    "/admin/search/?s=tea&extended=1": ("page", "s", "extended"),
    "/admin/autocomplete/?app_label=livechat&model_name=membership&field_name=operator": (
        *("page", "term", "app_label", "model_name", "field_name"),
    ),
    "/dashboard/": ("x",),
    "/profile/": ("x",),
    "/profile/password/": ("next",),
}
TOKENS = ("/files/{}/", "/transcripts/{}/", "/avatars/{}", "/chat/{}/", "/widget/{}/frame/")


@pytest.fixture
def root(client: Client, berlin, anna, vera) -> Client:
    """The browser of a superuser who is also an operator, with a row of every model."""
    user = factories.user("root", group=rights.OPERATORS, is_staff=True, is_superuser=True)
    now = factories.conversation(vera).opened_at
    Delivery.objects.create(
        webhook=factories.webhook(), event="ping", created_at=now, due_at=now, give_up_at=now
    )
    ChannelRule.objects.create(channel=berlin, sequence=1)
    Expertise.objects.create(name="Tea")
    Tag.objects.create(name="Tea")
    CannedResponse.objects.create(shortcut="hi", substitution="Hello", owner=user)
    client.force_login(user)
    client.raise_request_exception = False
    return client


def base(name: str) -> str:
    return reverse(f"admin:{LISTS[name].opts.app_label}_{name}_changelist")


def row(name: str) -> str:
    """Return the address of the first row of a list; of row 1 if the list is empty."""
    first = LISTS[name].model.objects.order_by("pk").first()
    return f"{base(name)}{first.pk if first else 1}"


def failing(client: Client, addresses: Iterator[str]) -> list[tuple[int, str]]:
    results = [(client.get(address).status_code, address[:200]) for address in addresses]
    return [(status, address) for status, address in results if status not in ANSWERS]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_answers_every_value_of_its_parameters(root, page):
    more = "&" if "?" in page else "?"
    asked = itertools.product(PAGES[page], IN_ADDRESSES.values())

    assert failing(root, (f"{page}{more}{key}={value}" for key, value in asked)) == []


@pytest.mark.parametrize("name", LISTS)
def test_a_list_answers_every_value_of_what_it_offers(root, name):
    asked = [*itertools.product(sorted(OFFERED[name]), IN_ADDRESSES.values()), *OF_LISTS]
    twice = [f"{base(name)}?{key}=1&{key}=abc" for key in OFFERED[name]]

    assert failing(root, (f"{base(name)}?{key}={value}" for key, value in asked)) == []
    assert failing(root, iter(twice)) == []


@pytest.mark.parametrize(
    "day", ["9999", "1", "0", "-1", "9999:12", "9999:12:31", "1:1:1", "2026:2:30", "2026::1"]
)
@pytest.mark.parametrize("name", [n for n, owner in LISTS.items() if owner.date_hierarchy])
def test_a_list_answers_for_days_that_are_none(root, name, day):
    column = LISTS[name].date_hierarchy
    parts = zip(("year", "month", "day"), day.split(":"), strict=False)
    query = "&".join(f"{column}__{part}={value}" for part, value in parts)

    assert failing(root, iter([f"{base(name)}?{query}"])) == []


@pytest.mark.parametrize("name", LISTS)
def test_a_row_that_cannot_be_is_not_there(root, name):
    pages = ["change", "history", "delete", "password", "test-url", "qr", "qr.svg", "retry"]
    addresses = [f"{base(name)}{key}/{page}/" for key in KEYS for page in pages]

    assert failing(root, iter(addresses)) == []
    assert {root.post(f"{base(name)}{HUGE}/{page}/").status_code for page in pages} <= ANSWERS


@pytest.mark.parametrize("name", LISTS)
def test_a_form_answers_every_value_of_its_parameters(root, name):
    fields = [field.name for field in LISTS[name].model._meta.get_fields()]
    new = ("&".join(f"{key}={value}" for key in fields) for value in (HUGE, "abc", "-1"))
    addresses = [f"{row(name)}/change/?_to_field={value}" for value in ("", "abc", HUGE)]
    past = [f"{row(name)}/history/?p={value}" for value in ("abc", HUGE)]

    assert failing(root, (f"{base(name)}add/?{query}" for query in new)) == []
    assert failing(root, iter([*addresses, *past])) == []


@pytest.mark.parametrize("name", LISTS)
def test_a_form_answers_values_that_make_no_sense(root, name):
    responses = set()

    for address in (f"{base(name)}add/", f"{row(name)}/change/"):
        opened = root.get(address)
        if opened.status_code != 200 or "adminform" not in (opened.context or {}):
            continue
        sent = Form(opened.content.decode()).data
        fields = opened.context["adminform"].form.fields
        kept = {key: sent[key] for key in sent if key.endswith("_FORMS")}
        rows = [key for key, field in fields.items() if hasattr(field, "queryset")]
        for value in ("\0", HUGE):
            responses.add(root.post(address, {**dict.fromkeys([*fields, *sent], value), **kept}))
        for key, value in itertools.product(rows, (HUGE, "abc")):
            responses.add(root.post(address, {**sent, key: value}))

    assert {response.status_code for response in responses} <= ANSWERS


@pytest.mark.parametrize("name", LISTS)
def test_an_action_is_done_to_rows_that_can_be(root, name):
    asked = itertools.product(("delete_selected", "try_again"), (HUGE, "abc", "9" * 5_000))

    responses = {
        root.post(base(name), {"action": action, "_selected_action": [key], "index": key})
        for action, key in asked
    }

    assert {response.status_code for response in responses} <= ANSWERS


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("TOTAL_FORMS", value) for value in ("", HUGE, "-1")),
        *(("INITIAL_FORMS", value) for value in ("abc", HUGE, "-1", "1000", "0")),
        *(("0-id", value) for value in ("", HUGE, "abc")),
        *(("0-operator", value) for value in (HUGE, "abc", "9" * 5_000, "\0")),
        (f"{'9' * 5_000}-id", "1"),
    ],
)
def test_the_rows_of_a_channel_answer_numbers_that_are_not_theirs(root, berlin, key, value):
    address = reverse("admin:livechat_channel_change", args=[berlin.pk])
    sent = Form(root.get(address).content.decode()).data

    statuses = {
        root.post(address, {**sent, f"{prefix}-{key}": value}).status_code
        for prefix in ("memberships", "rules")
    }

    assert statuses <= ANSWERS


def test_an_operator_is_added_to_a_channel_once(root, berlin, anna):
    address = reverse("admin:livechat_channel_change", args=[berlin.pk])
    sent = Form(root.get(address).content.decode()).data
    twice = {"memberships-TOTAL_FORMS": "2", "memberships-1-operator": str(anna.pk)}

    response = root.post(address, {**sent, **twice})

    assert response.status_code == 200
    assert list(berlin.memberships.values_list("operator", flat=True)) == [anna.pk]


@pytest.mark.parametrize("value", IN_FORMS.values(), ids=IN_FORMS)
@pytest.mark.parametrize("address", ["/profile/", "/profile/password/"])
def test_the_forms_of_a_profile_answer_values_that_make_no_sense(root, address, value):
    opened = root.get(address)
    sent = Form(opened.content.decode()).data

    statuses = {
        root.post(address, {**sent, key: value}).status_code
        for key in opened.context["form"].fields
    }

    assert statuses <= ANSWERS


def test_what_a_profile_does_not_offer_is_refused_at_its_field(root):
    sent = Form(root.get("/profile/").content.decode()).data

    response = root.post("/profile/", {**sent, "expertise": [HUGE]})

    assert "is not one of the available choices" in str(
        response.context["form"].errors["expertise"]
    )


@pytest.mark.parametrize("page", TOKENS)
def test_addresses_with_a_word_of_their_own_answer_every_word(root, page):
    assert failing(root, (page.format(value or "-") for value in IN_ADDRESSES.values())) == []


def test_the_admin_suggests_for_the_fields_that_ask_for_it(root):
    address = "/admin/autocomplete/?term=a"

    statuses = {
        (model._meta.model_name, field.name): root.get(
            address,
            {
                "app_label": model._meta.app_label,
                "model_name": model._meta.model_name,
                "field_name": field.name,
            },
        ).status_code
        for model in (*admin.site._registry, Channel.memberships.rel.related_model)
        for field in model._meta.get_fields(include_hidden=True)
    }

    assert {asked for asked, status in statuses.items() if status == 200} == {
        ("membership", "operator")
    }
    assert set(statuses.values()) == {200, 403}
