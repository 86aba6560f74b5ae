"""Changing a password: who may, what is rejected, and the effect on login sessions."""

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.test import Client

from config import settings as production
from livechat.domain.login_lockout import MAX_OF_NAME, WINDOW
from livechat.models import User
from tests import factories

pytestmark = pytest.mark.django_db

PAGE = "/profile/password/"
PASSWORD = "a long password 42"
OTHER = "another long password 7"


def test_a_password_is_kept_as_an_argon2_hash(settings):
    settings.PASSWORD_HASHERS = production.PASSWORD_HASHERS

    assert make_password("a long password 42").startswith("argon2$argon2id$")


def signed_in(name: str = "anna") -> Client:
    client = Client()
    assert client.post("/login/", {"username": name, "password": PASSWORD}).status_code == 302
    return client


def change(client: Client, old: str = PASSWORD, new: str = OTHER, again: str | None = None):
    fields = {"old_password": old, "new_password1": new, "new_password2": again or new}
    return client.post(PAGE, fields)


def has_password(password: str, name: str = "anna") -> bool:
    return User.objects.get(username=name).check_password(password)


def marked(answer) -> set[str]:
    """Return the fields marked as invalid, with an error text that screen readers find."""
    html = answer.content.decode()
    names = ("old_password", "new_password1", "new_password2")
    found = {name for name in names if f'id="id_{name}_error"' in html}
    for name in found:
        [field] = [tag for tag in html.split("<input ") if f'name="{name}"' in tag]
        assert f"id_{name}_error" in field.partition(">")[0]
        assert 'aria-invalid="true"' in field.partition(">")[0]
    return found


def test_a_user_who_is_not_signed_in_has_to_sign_in_first(client, anna):
    for answer in (client.get(PAGE), change(client)):
        assert answer.headers["Location"] == f"/login/?next={PAGE}"
    assert has_password(PASSWORD)


def test_a_new_password_holds_and_leaves_this_session_alone(anna, ben):
    here, there, bens = signed_in(), signed_in(), signed_in("ben")
    before = here.cookies["sessionid"].value

    answer = change(here)

    assert answer.headers["Location"] == PAGE
    assert has_password(OTHER)
    for client, status in ((here, 200), (there, 302), (bens, 200)):
        assert client.get("/dashboard/").status_code == status
    assert not Session.objects.filter(session_key=before).exists()
    page = here.get(PAGE).content.decode()
    assert page.count("Your password was changed.") == 1
    assert "Your password was changed." not in here.get(PAGE).content.decode()
    assert OTHER not in page


def test_a_wrong_old_password_is_reported_at_its_field_and_changes_nothing(anna):
    client = signed_in()

    answer = change(client, old="not her password")

    assert (answer.status_code, marked(answer)) == (200, {"old_password"})
    assert has_password(PASSWORD)
    assert "not her password" not in answer.content.decode()
    assert OTHER not in answer.content.decode()


@pytest.mark.parametrize(
    ("new", "again"),
    [("short", None), ("password1234", None), ("738295017364", None), (OTHER, "mistyped again 7")],
)
def test_an_unsuitable_new_password_is_reported_at_its_field(anna, new, again):
    client = signed_in()

    answer = change(client, new=new, again=again)

    assert (answer.status_code, marked(answer)) == (200, {"new_password2"})
    assert has_password(PASSWORD)
    assert client.get("/dashboard/").status_code == 200


def test_the_requirements_of_a_password_are_shown_in_advance(anna):
    page = signed_in().get(PAGE).content.decode()

    assert "at least 12 characters" in page
    assert 'aria-describedby="id_new_password1_helptext"' in page
    assert 'id="id_new_password1_helptext"' in page


def test_the_first_field_that_is_wrong_has_the_focus(anna):
    html = change(signed_in(), new="short").content.decode()

    [field] = [tag for tag in html.split("<input ") if "autofocus" in tag.partition(">")[0]]
    assert 'name="new_password2"' in field


def test_the_old_password_is_not_to_be_guessed(anna):
    client = signed_in()
    guesses = [change(client, old=f"guess {number}") for number in range(MAX_OF_NAME)]
    assert [answer.status_code for answer in guesses] == [200] * MAX_OF_NAME

    answer = change(client)

    assert (answer.status_code, marked(answer)) == (429, {"old_password"})
    assert 0 < int(answer["Retry-After"]) <= WINDOW.total_seconds()
    assert "Try again in 15 minutes." in answer.content.decode()
    assert has_password(PASSWORD)


def test_guesses_here_and_at_the_sign_in_are_the_same(anna):
    client = signed_in()
    for number in range(MAX_OF_NAME - 1):
        change(client, old=f"guess {number}")
    Client().post("/login/", {"username": "anna", "password": "one more guess"})

    assert change(client).status_code == 429
    assert Client().post("/login/", {"username": "anna", "password": PASSWORD}).status_code == 429


def test_a_correct_old_password_resets_the_count_of_guesses(anna):
    client = signed_in()
    for number in range(MAX_OF_NAME - 1):
        change(client, old=f"guess {number}")

    assert marked(change(client, new="short")) == {"new_password2"}

    assert not AccessAttempt.objects.filter(username="anna").exists()
    assert change(client).status_code == 302


def test_a_field_that_was_left_empty_is_no_guess(anna):
    client = signed_in()
    for _ in range(MAX_OF_NAME + 1):
        assert marked(change(client, old="")) == {"old_password"}

    assert change(client).status_code == 302


@pytest.mark.parametrize("group", ["Live chat analyst", None])
def test_a_user_who_is_no_operator_changes_their_password_and_gets_only_permitted_links(group):
    factories.user("yusuf", group=group)
    client = signed_in("yusuf")

    page = client.get(PAGE).content.decode()

    assert 'href="/profile/"' not in page
    assert 'href="/admin/"' not in page
    assert change(client).status_code == 302
    assert has_password(OTHER, "yusuf")


def test_a_user_of_the_admin_without_a_profile_is_led_back_there():
    factories.user("yusuf", group="Live chat analyst", is_staff=True)

    page = signed_in("yusuf").get(PAGE).content.decode()

    assert 'href="/admin/"' in page
    assert 'href="/profile/"' not in page


def test_the_profile_leads_there_and_back(anna):
    client = signed_in()

    assert f'href="{PAGE}"' in client.get("/profile/").content.decode()
    assert 'href="/profile/"' in client.get(PAGE).content.decode()


def test_the_admins_address_behaves_the_same(anna):
    User.objects.filter(pk=anna.user_id).update(is_staff=True)
    client = signed_in()
    fields = {"old_password": PASSWORD, "new_password1": OTHER, "new_password2": OTHER}

    answers = [
        client.get("/admin/password_change/"),
        client.post("/admin/password_change/", fields),
    ]

    assert [answer.headers["Location"] for answer in answers] == [PAGE, PAGE]
    assert has_password(PASSWORD)


def test_another_site_cannot_post(anna):
    client = Client(enforce_csrf_checks=True)
    client.force_login(anna.user)

    assert change(client).status_code == 403
    assert has_password(PASSWORD)


@pytest.mark.parametrize(
    ("language", "message"), [("de", "Ihr Passwort wurde geändert"), ("ar", "تم تغيير كلمة مرورك")]
)
def test_the_confirmation_is_in_the_users_language(anna, language, message):
    client = signed_in()
    User.objects.filter(pk=anna.user_id).update(language=language)

    change(client)
    page = client.get(PAGE).content.decode()

    assert message in page
    assert "Change password" not in page
