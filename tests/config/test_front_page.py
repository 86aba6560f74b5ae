"""`/`: an operator is redirected to the inbox, others see their links."""

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from livechat.domain import rights
from tests import factories
from tests.config.demo import test_demo

pytestmark = pytest.mark.django_db

PASSWORD = "a long password 42"
MAIN_PAGES = {"/demo/", "/dashboard/", "/admin/"}


@pytest.fixture
def demo(settings) -> None:
    settings.DEMO = True
    settings.ROOT_URLCONF = test_demo.__name__


def main_links(page: str) -> list[str]:
    """Return the main pages that a page links to."""
    found = [unescape(one) for one in re.findall(r'<a href="([^"]+)"', page)]
    return [one for one in found if one in MAIN_PAGES]


def signed_in(client: Client, group: str | None, **fields) -> Client:
    client.force_login(factories.user("yusuf", group=group, **fields))
    return client


def test_a_stranger_sees_inbox_and_admin_and_can_sign_in(client):
    response = client.get("/")

    assert response.status_code == 200
    assert main_links(response.text) == ["/dashboard/", "/admin/"]
    assert 'href="/login/"' in response.text
    assert "demo" not in response.text.lower()


def test_a_stranger_at_the_demo_sees_the_shop_first(client, demo):
    page = client.get("/").text

    assert main_links(page) == ["/demo/", "/dashboard/", "/admin/"]
    assert "The terminal that started the demo shows" in page


def test_a_stranger_learns_no_names(client, berlin, anna):
    page = client.get("/").text

    assert "Berlin" not in page
    assert "anna" not in page.lower()


@pytest.mark.parametrize("group", [rights.OPERATORS, rights.MANAGERS])
def test_operators_and_managers_are_redirected_to_the_inbox(client, group):
    response = signed_in(client, group).get("/")

    assert (response.status_code, response["Location"]) == (302, "/dashboard/")


def test_an_analyst_sees_what_is_theirs_and_no_inbox(client, demo):
    page = signed_in(client, rights.ANALYSTS, is_staff=True).get("/").text

    assert main_links(page) == ["/demo/", "/admin/"]
    assert "You are signed in as yusuf." in page
    assert "Sign out" in page


def test_an_account_that_opens_nothing_sees_that_a_manager_can_help(client):
    page = signed_in(client, None).get("/").text

    assert main_links(page) == []
    assert "Ask a manager for access." in page


def test_the_front_page_is_never_kept_and_takes_no_forms(client):
    assert "no-store" in client.get("/")["Cache-Control"]
    assert client.head("/").status_code == 200
    assert client.post("/").status_code == 405


def test_a_name_full_of_markup_stays_text(client):
    client.force_login(factories.user("<b>yusuf", group=None))

    assert "&lt;b&gt;yusuf" in client.get("/").text


# --- the first page after signing in


def after_signing_in(client: Client, next_page: str = "") -> str:
    query = {"next": next_page} if next_page else None
    response = client.post(
        reverse("login", query=query), {"username": "yusuf", "password": PASSWORD}
    )
    assert response.status_code == 302
    return response["Location"]


@pytest.mark.parametrize(
    ("group", "is_staff", "first"),
    [
        (rights.OPERATORS, False, "/dashboard/"),
        (rights.MANAGERS, True, "/dashboard/"),
        (rights.ANALYSTS, True, "/admin/"),
        (rights.ANALYSTS, False, "/"),
        (None, False, "/"),
    ],
)
@pytest.mark.parametrize("wanted", ["", "/dashboard/", "https://evil.example/", "//evil.example"])
def test_the_first_page_is_one_that_opens(client, group, is_staff, first, wanted):
    factories.user("yusuf", group=group, is_staff=is_staff)

    landed = after_signing_in(client, wanted)

    assert landed == first
    assert client.get(landed).status_code == 200


def test_signing_in_redirects_to_the_requested_page(client):
    factories.user("yusuf", group=rights.ANALYSTS, is_staff=True)

    assert after_signing_in(client, "/profile/password/") == "/profile/password/"


def test_an_operator_comes_back_to_the_conversation_they_left(client):
    factories.user("yusuf", group=rights.OPERATORS)

    assert after_signing_in(client, "/dashboard/#1234") == "/dashboard/#1234"


def test_a_signed_in_user_is_not_asked_for_a_password_again(client):
    client = signed_in(client, rights.ANALYSTS, is_staff=True)

    response = client.get("/login/?next=/dashboard/")

    assert (response.status_code, response["Location"]) == (302, "/admin/")
