"""Query parameters of the Admin's lists: those that the page offers work, others are rejected."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qsl

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import reverse

from livechat.domain import rights
from livechat.models import Delivery, User
from tests import factories

pytestmark = pytest.mark.django_db

ACCOUNTS = ("superuser", "manager", "operator", "analyst", "auditor")
GROUPS = {"manager": rights.MANAGERS, "operator": rights.OPERATORS, "analyst": rights.ANALYSTS}
SECRETS = ("password", "secret", "old_secret", "key")
LEVELS = 3
"""The number of relations that are followed."""

DAYS = ("year", "month", "day")
OFFERED = {
    "accessattempt": set(),
    "cannedresponse": set(),
    "channel": {"is_active__exact", "is_active__isnull"},
    "conversation": {
        *("state__exact", "state__isnull", "outcome__exact", "outcome__isnull"),
        *("channel", "operator", "opened_at__gte", "opened_at__lt"),
        *(f"opened_at__{part}" for part in DAYS),
    },
    "delivery": {
        *("state__exact", "state__isnull", "event__exact", "event__isnull"),
        *("webhook__id__exact", "webhook__isnull", "created_at__gte", "created_at__lt"),
        *(f"created_at__{part}" for part in DAYS),
    },
    "expertise": set(),
    "group": set(),
    "operator": {
        *("is_enabled__exact", "is_enabled__isnull", "availability__exact"),
        *("availability__isnull", "channels__id__exact", "channels__isnull"),
    },
    "tag": set(),
    "user": {
        *("is_active__exact", "is_active__isnull", "is_staff__exact", "is_staff__isnull"),
        *("is_superuser__exact", "is_superuser__isnull", "groups__id__exact", "groups__isnull"),
    },
    "visitor": {f"created_at__{part}" for part in DAYS},
    "webhook": {
        *("is_enabled__exact", "is_enabled__isnull", "channel__id__exact", "channel__isnull"),
    },
}
"""Model -> every parameter that filters its list."""

LISTS = {str(model._meta.model_name): owner for model, owner in admin.site._registry.items()}


def account(kind: str) -> User:
    if kind == "superuser":
        return factories.user(kind, is_staff=True, is_superuser=True)
    made = factories.user(kind, group=GROUPS.get(kind), is_staff=True)
    if kind == "auditor":
        made.user_permissions.set(factories.permissions("view_user"))
    return made


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def asked_by(user: User):
    request = RequestFactory().get("/")
    request.user = user
    return request


def address(name: str) -> str:
    options = LISTS[name].opts
    return reverse(f"admin:{options.app_label}_{name}_changelist")


def opened_by(client: Client) -> list[str]:
    """Return the lists that the signed-in account may open."""
    return [name for name in LISTS if client.get(address(name)).status_code == 200]


def paths(model: type[Model], levels: int) -> Iterator[str]:
    """Return the lookup paths of `model`.

    These are all fields of the model and of related models in both directions, each with every
    lookup.
    """
    for field in model._meta.get_fields():
        lookups = field.get_lookups() if hasattr(field, "get_lookups") else {}
        yield field.name
        yield from (f"{field.name}__{lookup}" for lookup in [*lookups, "isnull", "in"])
        if field.is_relation and field.related_model and levels > 1:
            for rest in paths(field.related_model, levels - 1):
                yield f"{field.name}__{rest}"


def leading_to_secrets(model: type[Model]) -> set[str]:
    """Return the shortest path to each kind of secret, for each relation it begins with."""
    found: dict[tuple[str, str], str] = {}
    for path in sorted(paths(model, LEVELS), key=len):
        parts = path.split("__")
        if parts[-1] in SECRETS:
            found.setdefault((parts[0], parts[-1]), path)
    return {f"{path}__gte" for path in found.values()} | {
        f"{path}__regex" for path in found.values()
    }


def test_every_list_is_known_here():
    assert set(OFFERED) == set(LISTS)


@pytest.mark.parametrize("kind", ACCOUNTS)
def test_a_list_is_filtered_by_what_it_offers_and_by_nothing_else(kind):
    request = asked_by(account(kind))

    allowed = {
        name: {
            path
            for path in {*paths(owner.model, LEVELS), *OFFERED[name], "pk", "pk__in", "nonsense"}
            if owner.lookup_allowed(path, "1", request)
        }
        for name, owner in LISTS.items()
    }

    assert allowed == OFFERED


@pytest.mark.parametrize("kind", ACCOUNTS)
def test_an_answer_does_not_depend_on_what_a_list_does_not_offer(kind, berlin, anna, vera):
    factories.conversation(vera)
    factories.webhook()
    client = signed_in(account(kind))
    results = set()

    for name in opened_by(client):
        for path in leading_to_secrets(LISTS[name].model):
            low, high = (client.get(address(name), {path: value}) for value in ("!", "~"))
            results.add((low.status_code, high.status_code, low.content == high.content))

    assert results <= {(400, 400, True)}


@pytest.mark.parametrize("kind", ACCOUNTS)
def test_a_popup_refers_to_rows_by_their_key_alone(kind):
    client = signed_in(account(kind))
    fields_by_status: dict[int, set[str]] = {}

    for name in opened_by(client):
        for field in LISTS[name].model._meta.get_fields():
            response = client.get(address(name), {"_to_field": field.name, "_popup": "1"})
            fields_by_status.setdefault(response.status_code, set()).add(field.name)

    assert fields_by_status.pop(200, set()) <= {"id"}
    assert set(fields_by_status) <= {400}


@pytest.mark.parametrize("name", LISTS)
def test_no_list_sorts_or_searches_by_a_secret(name):
    owner, request = LISTS[name], asked_by(account("superuser"))
    shown = owner.get_changelist_instance(request)

    columns = [shown.get_ordering_field(column) for column in shown.list_display]
    used = [str(one) for one in (*columns, *owner.get_search_fields(request)) if one]

    fields = [path.removesuffix("__search_text").strip("-^=@").split("__")[-1] for path in used]
    assert not set(SECRETS) & set(fields)


@pytest.mark.parametrize("name", LISTS)
def test_every_list_searches_texts_in_the_same_way(name):
    fields = LISTS[name].get_search_fields(asked_by(account("superuser")))

    others = {field for field in fields if not field.endswith("__search_text")}
    # An address is no text, and these two search in a function of their own.
    assert others <= {"ip_address", "event", "visitor__name"}


def links(page: str) -> set[str]:
    """Return the links of a list to itself."""
    return {unescape(link) for link in re.findall(r'href="(\?[^"]*)"', page)}


@pytest.mark.parametrize("name", LISTS)
def test_every_address_that_a_list_offers_opens(name, berlin, anna, vera):
    chat = factories.conversation(vera)
    now = chat.opened_at
    Delivery.objects.create(
        webhook=factories.webhook(), event="ping", created_at=now, due_at=now, give_up_at=now
    )
    client = signed_in(account("superuser"))

    offered = {
        frozenset(dict(parse_qsl(link[1:]))): link
        for link in links(client.get(address(name)).content.decode())
    }

    assert set().union(*offered) - {"o", "_facets"} <= OFFERED[name]
    for link in offered.values():
        assert client.get(address(name) + link).status_code == 200, link
