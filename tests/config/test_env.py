"""The environment is read once, and errors in it name the variable."""

import re
import stat

import pytest

from config import env
from config.demo import data
from livechat.models import Channel, User


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "maybe"),
        ("DB_THREADS", "many"),
        ("DB_THREADS", "0"),
        ("MESSAGES_PER_SECOND", "-1"),
        ("TRUSTED_PROXIES", "10.0.0.0/99"),
        ("TRUSTED_PROXIES", "::ffff:10.0.0.1/8"),
        ("PROXY_HEADERS", "both"),
        ("PROXY_HEADERS", "forwarded"),  # without TRUSTED_PROXIES
    ],
)
def test_a_wrong_value_is_named(tmp_path, name, value):
    with pytest.raises(env.EnvError, match=name):
        env.load({"VAR_DIR": str(tmp_path), name: value})


def test_mapped_networks_of_proxies_are_ipv4_networks(tmp_path):
    words = "10.0.0.0/8, ::ffff:10.0.0.0/104, ::ffff:0:0/96, 2001:db8::/32, ::/0"
    loaded = env.load({"VAR_DIR": str(tmp_path), "TRUSTED_PROXIES": words})

    networks = [str(network) for network in loaded.trusted_proxies]

    assert networks == ["10.0.0.0/8", "10.0.0.0/8", "0.0.0.0/0", "2001:db8::/32", "::/0"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [("", "x-forwarded"), ("X-Forwarded", "x-forwarded"), (" forwarded ", "forwarded")],
)
def test_the_headers_of_proxies_are_chosen(tmp_path, value, expected):
    environ = {"VAR_DIR": str(tmp_path), "TRUSTED_PROXIES": "10.0.0.1", "PROXY_HEADERS": value}

    assert env.load(environ).proxy_headers == expected


def test_a_database_of_another_kind_is_refused(tmp_path):
    loaded = env.load({"VAR_DIR": str(tmp_path), "DATABASE_URL": "mysql://x/y"})

    with pytest.raises(env.EnvError, match="DATABASE_URL"):
        loaded.database()


def test_a_postgres_address_is_taken_apart(tmp_path):
    url = "postgres://us%40er:p%3Aw@db:5433/chat?sslmode=require"
    database = env.load({"VAR_DIR": str(tmp_path), "DATABASE_URL": url}).database()

    assert (database["USER"], database["PASSWORD"]) == ("us@er", "p:w")
    assert (database["HOST"], database["PORT"], database["NAME"]) == ("db", "5433", "chat")
    options = database["OPTIONS"]
    assert isinstance(options, dict)
    assert options["sslmode"] == "require"


def test_nothing_set_is_the_embedded_default(tmp_path):
    loaded = env.load({"VAR_DIR": str(tmp_path)})

    assert not loaded.database_url
    assert not loaded.redis_url
    assert not loaded.debug
    assert not loaded.demo


def test_the_secret_is_made_once_and_readable_by_its_owner_alone(tmp_path):
    first = env.load({"VAR_DIR": str(tmp_path)}).secret_key
    second = env.load({"VAR_DIR": str(tmp_path)}).secret_key

    assert first == second
    assert len(first) >= 50
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


@pytest.mark.django_db
def test_loading_the_demo_twice_changes_nothing(tmp_path, settings):
    settings.VAR_DIR = tmp_path
    first = data.load()
    counts = User.objects.count(), Channel.objects.count()

    second = data.load()

    assert first == second
    assert counts == (User.objects.count(), Channel.objects.count()) == (4, 1)
    assert all(User.objects.get(username=name).check_password(word) for name, word in first.items())
    assert stat.S_IMODE((tmp_path / data.ACCOUNTS_FILE).stat().st_mode) == 0o600


@pytest.mark.django_db
def test_every_installation_makes_its_own_demo_passwords(tmp_path, settings):
    settings.VAR_DIR = tmp_path / "one"
    one = data._passwords()
    settings.VAR_DIR = tmp_path / "two"

    assert not set(one.values()) & set(data._passwords().values())


def test_the_page_on_the_environment_names_every_variable_and_no_other():
    page = (env.BASE_DIR / "docs/reference/environment.md").read_text()
    source = (env.BASE_DIR / "config/env.py").read_text()

    documented = set(re.findall(r"^\| `(\w+)` \|", page, re.M))
    read = set(re.findall(r'environ(?:\.get\(|, )"([A-Z_]+)"', source))

    assert documented == read
