"""The Admin's searches ignore case and accents: lists, fields that suggest, and the menu."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from livechat.models import CannedResponse, Channel, Tag, User
from tests import factories

pytestmark = pytest.mark.django_db

OPERATORS = {"app_label": "livechat", "model_name": "membership", "field_name": "operator"}


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(factories.user("admin", is_staff=True, is_superuser=True))
    return client


def found(client: Client, model: str, query: str) -> list[str]:
    response = client.get(f"/admin/livechat/{model}/", {"q": query})
    return [str(row) for row in response.context["cl"].result_list]


@pytest.mark.parametrize("query", ["strasse", "STRASSE", "kolner straße", "\uff2b\u00d6LN"])
def test_lists_ignore_case_and_accents(admin, query):
    Tag.objects.create(name="Kölner Straße")
    Tag.objects.create(name="Other")

    assert found(admin, "tag", query) == ["Kölner Straße"]


def test_every_column_of_a_list_is_searched_alike(admin, berlin):
    Channel.objects.filter(pk=berlin.pk).update(name="ПОДДЕРЖКА")
    User.objects.filter(username="admin").update(last_name="Özdemir", first_name="Jiří")
    CannedResponse.objects.create(
        owner=User.objects.get(), shortcut="gruss", substitution="Schöne GRÜẞE!"
    )

    assert found(admin, "channel", "поддержка") == ["ПОДДЕРЖКА"]
    assert len(found(admin, "user", "jiri ozdemir")) == 1
    assert len(found(admin, "cannedresponse", "schone grüße")) == 1


def test_operators_are_suggested_whatever_their_accents(admin):
    factories.operator("anna", chat_name="Ánna Łukasiewicz")
    factories.operator("ben")

    results = admin.get("/admin/autocomplete/", {**OPERATORS, "term": "anna luk"}).json()["results"]

    assert [one["text"] for one in results] == ["Ánna Łukasiewicz"]


def test_a_longer_query_needs_no_more_queries(admin):
    def queries(text: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            found(admin, "operator", text)
        return len(captured)

    queries("nobody")

    assert queries("nobody") == queries("österreich " * 18)


def test_the_menu_is_searched_alike(admin):
    response = admin.get("/admin/search/", {"s": "CHANNÉLS"})

    assert "/admin/livechat/channel/" in response.content.decode()
    assert "/admin/livechat/tag/" not in response.content.decode()
    assert admin.get("/admin/search/", {"s": "CHANNÉLS"}).content == response.content  # cached
