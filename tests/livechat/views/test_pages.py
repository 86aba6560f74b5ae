"""Pages: the frame, the dashboard, signing in, the Admin."""

import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    user = factories.user("root", is_staff=True, is_superuser=True)
    client.force_login(user)
    return client


def test_a_name_full_of_markup_stays_text_in_the_frame(client, berlin):
    berlin.name = berlin.welcome_message = "</script><img src=x onerror=alert(1)>"
    berlin.save()

    text = client.get(f"/widget/{berlin.key}/frame/").content.decode()

    assert "<img" not in text
    [config] = re.findall(r'id="livechat-config"[^>]*>(.*?)</script>', text, re.S)
    assert json.loads(config)["channel"]["name"] == berlin.name


def test_an_unknown_or_archived_channel_has_no_frame(client, berlin):
    berlin.is_active = False
    berlin.save()

    assert client.get(f"/widget/{berlin.key}/frame/").status_code == 404
    assert client.get("/widget/nosuchkey/frame/").status_code == 404


def test_the_frame_may_be_embedded_where_the_channel_allows_and_has_a_strict_policy(client, berlin):
    anywhere = client.get(f"/widget/{berlin.key}/frame/")
    berlin.allowed_origins = "https://shop.example\nhttps://*.tea.example"
    berlin.save()
    somewhere = client.get(f"/widget/{berlin.key}/frame/")

    assert "frame-ancestors *" in anywhere["Content-Security-Policy"]
    assert (
        "frame-ancestors 'self' https://shop.example https://*.tea.example"
        in somewhere["Content-Security-Policy"]
    )
    assert "unsafe" not in anywhere["Content-Security-Policy"]
    assert "X-Frame-Options" not in anywhere
    assert "no-store" in anywhere["Cache-Control"]
    assert not anywhere.cookies


def test_the_dashboard_asks_to_sign_in(client):
    response = client.get("/dashboard/")

    assert response.status_code == 302
    assert response["Location"] == "/login/?next=/dashboard/"


def test_the_dashboard_is_for_operators_and_managers_only(client, anna):
    client.force_login(anna.user)
    assert client.get("/dashboard/").status_code == 200

    client.force_login(factories.manager())
    assert client.get("/dashboard/").status_code == 200

    client.force_login(factories.user("yusuf", group="Live chat analyst"))
    assert client.get("/dashboard/").status_code == 403


def test_no_page_of_ours_may_be_framed_but_the_frame(client, anna):
    client.force_login(anna.user)

    for address in ("/dashboard/", "/login/?x"):
        response = client.get(address)
        assert response["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in response["Content-Security-Policy"]


def test_signing_in_leads_to_the_dashboard_and_nowhere_else(client, anna):
    fields = {"username": "anna", "password": "a long password 42"}

    response = client.post("/login/?next=https://evil.example/", fields)

    assert response["Location"] == "/dashboard/"


def test_a_wrong_password_says_so_and_does_not_say_which_accounts_exist(client, anna):
    known = client.post("/login/", {"username": "anna", "password": "wrong"})
    unknown = client.post("/login/", {"username": "nobody", "password": "wrong"})

    def message(response):
        return [str(error) for error in response.context["form"].non_field_errors()]

    assert known.status_code == 200
    assert message(known) == message(unknown) != []


def test_the_admin_signs_in_at_the_same_page(client):
    response = client.get("/admin/", follow=True)

    assert response.redirect_chain[-1][0].startswith("/login/")


@pytest.mark.parametrize("model", ["channel", "operator", "visitor", "conversation", "user"])
def test_the_admin_lists_and_shows(admin, berlin, anna, vera, model):
    chat = factories.conversation(vera)
    pk = {
        "channel": berlin.pk,
        "operator": anna.pk,
        "visitor": chat.visitor_id,
        "conversation": chat.pk,
        "user": anna.user_id,
    }[model]

    listed = admin.get(reverse(f"admin:livechat_{model}_changelist"))
    shown = admin.get(reverse(f"admin:livechat_{model}_change", args=[pk]))

    assert (listed.status_code, shown.status_code) == (200, 200)


def test_the_creator_of_a_channel_becomes_its_operator(admin):
    response = admin.post(
        reverse("admin:livechat_channel_add"),
        {
            "name": "Paris",
            "slug": "paris",
            "is_active": "on",
            "button_background_color": "#112233",
            "button_text_color": "#ffffff",
            "header_background_color": "#112233",
            "title_color": "#ffffff",
            "max_sessions_mode": "unlimited",
            "max_sessions": "10",
            "button_position": "right",
            "button_offset_x": "20",
            "button_offset_y": "20",
            "absence": "keep_button",
            "theme": "auto",
            "file_set": "documents",
            "max_file_megabytes": "10",
            "max_files": "5",
            "amber_after": "60",
            "red_after": "180",
            "translations": "{}",
            "memberships-TOTAL_FORMS": "0",
            "memberships-INITIAL_FORMS": "0",
            "rules-TOTAL_FORMS": "0",
            "rules-INITIAL_FORMS": "0",
        },
    )

    from livechat.models import Channel

    assert response.status_code == 302, response.context["errors"]
    paris = Channel.objects.get(slug="paris")
    assert [str(operator) for operator in paris.operators.all()] == ["Root Example"]


def test_a_conversation_cannot_be_changed_in_the_admin(admin, anna, vera):
    chat = factories.conversation(vera)

    response = admin.post(reverse("admin:livechat_conversation_change", args=[chat.pk]), {})

    assert response.status_code == 403


def test_the_direct_link_is_a_page_for_people_and_not_for_search_engines(client, berlin):
    berlin.contact_hint = "mail@shop.example <b>"
    berlin.save()

    response = client.get("/chat/berlin/")

    page = response.content.decode()
    assert response["X-Robots-Tag"] == "noindex"
    assert '<meta property="og:title" content="Chat with Berlin">' in page
    assert "<noscript>" in page
    assert "mailto:mail@shop.example" in page
    assert "&lt;b&gt;" in page
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]


@pytest.mark.parametrize("slug", ["nobody", "rome"])
def test_a_channel_that_is_gone_has_no_direct_link(client, berlin, slug):
    factories.channel("Rome", is_active=False)

    assert client.get(f"/chat/{slug}/").status_code == 404


def test_markup_in_a_channel_stays_text_on_the_direct_link(client, berlin):
    berlin.name = berlin.welcome_message = '"><script>alert(1)</script>'
    berlin.save()

    assert "<script>alert" not in client.get("/chat/berlin/").content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "name__regex=(((((",
        "key=x",
        "slug__iregex=[",
        "operators__user__password__startswith=a",
    ],
)
def test_lists_are_filtered_by_what_they_offer_alone(admin, berlin, query):
    for model in ("channel", "visitor", "expertise", "tag", "cannedresponse"):
        response = admin.get(f"{reverse(f'admin:livechat_{model}_changelist')}?{query}")

        assert response.status_code == 400


@pytest.mark.parametrize("address", ["/?q=%00", "/admin/livechat/channel/?is_active=%00"])
def test_a_nul_in_an_address_is_refused(admin, address):
    assert admin.get(address).status_code == 400


def test_the_demo_is_not_there_unless_asked_for(client):
    assert client.get("/demo/").status_code == 404
