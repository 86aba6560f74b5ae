"""Password guessing: who is locked out, who is not, and what is reported."""

import threading
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from livechat.domain import login_lockout
from livechat.domain.login_lockout import MAX_OF_ADDRESS, MAX_OF_NAME, WINDOW, FailedAttempts
from livechat.errors import RateLimited
from livechat.models import User
from livechat.services import login_attempts
from tests import factories

PASSWORD = "a long password 42"
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def sign_in(name="anna", password="wrong", address="203.0.113.9", client=None, **headers):
    return (client or Client()).post(
        "/login/", {"username": name, "password": password}, REMOTE_ADDR=address, **headers
    )


def guess(times=MAX_OF_NAME, **options):
    return [sign_in(**options).status_code for _ in range(times)]


def later(monkeypatch, by: timedelta) -> None:
    now = timezone.now() + by
    monkeypatch.setattr("livechat.services.login_attempts.timezone.now", lambda: now)


@given(st.integers(0, 99), st.integers(0, 3600), st.integers(1, 60))
def test_a_lockout_is_never_longer_than_the_window_and_starts_at_the_limit(count, seconds, most):
    waiting = login_lockout.wait(
        FailedAttempts(count, NOON), most, NOON + timedelta(seconds=seconds)
    )

    assert timedelta(0) <= waiting <= WINDOW
    assert bool(waiting) == (count >= most and seconds < WINDOW.total_seconds())


@pytest.mark.django_db
def test_after_five_wrong_passwords_even_the_right_one_has_to_wait(anna):
    assert guess() == [200] * MAX_OF_NAME

    answer = sign_in(password=PASSWORD)

    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= WINDOW.total_seconds()
    assert "Try again in 15 minutes." in answer.content.decode()
    assert answer["Cache-Control"] == "private, no-store"
    assert not Session.objects.exists()


@pytest.mark.django_db
def test_the_owner_of_the_account_gets_in_from_elsewhere(anna):
    guess(MAX_OF_NAME + 1)

    assert sign_in(password=PASSWORD, address="198.51.100.7").status_code == 302


@pytest.mark.django_db
def test_colleagues_at_the_same_address_get_in(anna, ben):
    guess(MAX_OF_NAME + 1)

    assert sign_in("ben", PASSWORD).status_code == 302


@pytest.mark.django_db
def test_names_guessed_one_after_the_other_stop_the_address_and_no_other(anna):
    for number in range(MAX_OF_ADDRESS):
        assert sign_in(f"name{number}").status_code == 200

    assert sign_in(password=PASSWORD).status_code == 429
    assert sign_in(password=PASSWORD, address="203.0.113.10").status_code == 302


@pytest.mark.django_db
def test_a_household_has_one_address_in_ipv6(anna):
    for number in range(MAX_OF_NAME):
        sign_in(address=f"2001:db8:1:1::{number:x}")

    assert sign_in(password=PASSWORD, address="2001:db8:1:1:ffff::1").status_code == 429
    assert sign_in(password=PASSWORD, address="2001:db8:1:2::1").status_code == 302


@pytest.mark.django_db
def test_an_account_of_ones_own_does_not_wash_off_guesses_at_others(anna, ben):
    for _ in range(MAX_OF_NAME):
        sign_in("anna")
        assert sign_in("ben", PASSWORD).status_code == 302

    assert sign_in("anna", PASSWORD).status_code == 429


@pytest.mark.django_db
def test_a_correct_password_resets_the_count_of_failures(anna):
    guess(MAX_OF_NAME - 1)
    assert sign_in(password=PASSWORD).status_code == 302

    assert guess(MAX_OF_NAME) == [200] * MAX_OF_NAME
    assert sign_in().status_code == 429


@pytest.mark.django_db
def test_a_claimed_address_is_believed_of_trusted_proxies_alone(anna, settings):
    for number in range(MAX_OF_NAME):
        sign_in(HTTP_X_FORWARDED_FOR=f"192.0.2.{number}")
    assert sign_in(password=PASSWORD, HTTP_X_FORWARDED_FOR="192.0.2.99").status_code == 429

    settings.TRUSTED_PROXIES = (ip_network("203.0.113.9"),)
    spoofed = "192.0.2.99, 198.51.100.7"
    assert sign_in(password=PASSWORD, HTTP_X_FORWARDED_FOR=spoofed).status_code == 302
    assert AccessAttempt.objects.filter(ip_address="198.51.100.7").exists()


@pytest.mark.django_db
def test_all_spellings_of_an_address_share_its_attempts(anna, settings):
    settings.TRUSTED_PROXIES = (ip_network("203.0.113.9"),)
    sign_in(address="198.51.100.7")
    sign_in(address="::ffff:198.51.100.7")
    sign_in(HTTP_X_FORWARDED_FOR="198.51.100.7:5678")
    sign_in(HTTP_X_FORWARDED_FOR="::ffff:198.51.100.7", address="::ffff:203.0.113.9")
    settings.PROXY_HEADERS = "forwarded"
    sign_in(HTTP_FORWARDED='for="198.51.100.7:80"', HTTP_X_FORWARDED_FOR="192.0.2.99")

    counted = AccessAttempt.objects.exclude(username=login_attempts.ANY_NAME)

    assert list(counted.values_list("ip_address", "failures_since_start")) == [("198.51.100.7", 5)]


@pytest.mark.django_db
def test_responses_do_not_reveal_which_accounts_exist(anna):
    def answers_for(name):
        client = Client()
        answers = [sign_in(name, client=client) for _ in range(MAX_OF_NAME + 2)]
        return [
            (a.status_code, a.content.decode().replace(name, "NAME").partition("csrf")[0])
            for a in answers
        ]

    assert answers_for("anna") == answers_for("anne")


@pytest.mark.django_db
def test_known_and_unknown_names_cost_the_same_queries(anna):
    def cost(name):
        with CaptureQueriesContext(connection) as queries:
            sign_in(name)
        return len(queries)

    sign_in("ben")
    known, unknown = ([cost(name) for _ in range(MAX_OF_NAME + 2)] for name in ("anna", "anne"))

    assert known == unknown


@pytest.mark.django_db
def test_unknown_names_and_passwords_are_not_stored(anna):
    sign_in("my secret password", "another secret")

    kept = [str(value) for row in AccessAttempt.objects.values() for value in row.values()]

    assert not [text for text in kept if "secret" in text]


@pytest.mark.django_db
def test_after_a_quarter_of_an_hour_one_may_try_again_and_nothing_is_kept(anna, monkeypatch):
    guess(MAX_OF_NAME + 1)
    sign_in("ben", address="198.51.100.7")
    later(monkeypatch, WINDOW)

    assert sign_in(password=PASSWORD).status_code == 302
    assert [row.ip_address for row in AccessAttempt.objects.all()] == ["203.0.113.9"]


@pytest.mark.django_db
def test_waiting_is_not_prolonged_by_trying(anna, monkeypatch):
    guess(MAX_OF_NAME)
    later(monkeypatch, WINDOW - timedelta(seconds=30))

    assert int(sign_in()["Retry-After"]) <= 30
    assert "Try again in a minute." in sign_in().content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "said"), [("de", "15 Minuten"), ("ar", "15 دقيقة"), ("fr", "15 minutes")]
)
def test_the_lockout_page_is_in_the_language_of_the_browser(anna, language, said):
    guess()

    answer = sign_in(HTTP_ACCEPT_LANGUAGE=language)

    assert said in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_many_at_once_get_no_more_tries_than_one_after_the_other(berlin):
    begun, refused = [], []

    def one() -> None:
        try:
            login_attempts.begin("anna", "203.0.113.9")
            begun.append(1)
        except RateLimited:
            refused.append(1)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(4 * MAX_OF_NAME)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(begun), len(refused)) == (MAX_OF_NAME, 3 * MAX_OF_NAME)


@pytest.mark.django_db
def test_the_admins_address_behaves_the_same(anna):
    guess()
    User.objects.filter(pk=anna.user_id).update(is_staff=True)

    there = Client().get("/admin/", follow=True)
    answer = Client().post(
        "/admin/login/", {"username": "anna", "password": PASSWORD}, REMOTE_ADDR="203.0.113.9"
    )

    assert there.redirect_chain[-1][0].startswith("/login/")
    assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/login/")


@pytest.mark.django_db
def test_a_manager_sees_locked_accounts_and_can_unlock_them(anna, client):
    guess(MAX_OF_NAME + 1)
    guess(1, name="nobody")
    boss = factories.user("maria", group="Live chat manager", is_staff=True)
    client.force_login(boss)

    page = client.get(reverse("admin:axes_accessattempt_changelist")).content.decode()
    row = AccessAttempt.objects.get(username="anna")
    client.post(reverse("admin:axes_accessattempt_delete", args=[row.pk]), {"post": "yes"})

    assert "5 / 5" in page
    assert "Unknown user name" in page
    assert "6 / 50" in page
    assert sign_in(password=PASSWORD).status_code == 302


@pytest.mark.django_db
def test_operators_do_not_see_failed_sign_ins(anna, client):
    User.objects.filter(pk=anna.user_id).update(is_staff=True)
    client.force_login(anna.user)

    assert client.get(reverse("admin:axes_accessattempt_changelist")).status_code == 403
