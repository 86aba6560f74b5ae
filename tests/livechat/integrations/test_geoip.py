"""Countries, from a file that may be replaced, broken, old or missing while the server runs."""

import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from config.checks import configuration
from config.demo.countries import COUNTRIES, FILE
from livechat.integrations import geoip
from livechat.integrations.geoip import Countries

GERMANY = next(country.address for country in COUNTRIES if country.code == "DE")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return Path(shutil.copy(FILE, tmp_path / "countries.mmdb"))


@pytest.fixture(autouse=True)
def at_every_question(monkeypatch):
    """Check the file at each look-up, instead of every few seconds."""
    monkeypatch.setattr(geoip, "LOOK_SECONDS", 0)


def test_an_address_is_in_its_country(file):
    countries = Countries(file)

    assert countries.of(GERMANY) == "DE"
    assert countries.of("2001:db8:81::1") == "JP"


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.1", "", "unknown", "1.2.3", "a.b"])
def test_an_address_that_is_not_in_the_file_is_nowhere(file, address):
    assert Countries(file).of(address) == ""


def test_without_a_file_every_country_is_unknown(tmp_path):
    assert Countries("").of(GERMANY) == ""
    assert Countries(tmp_path / "none.mmdb").of(GERMANY) == ""
    assert Countries(tmp_path).of(GERMANY) == ""


def test_a_file_that_comes_later_is_noticed(tmp_path):
    countries = Countries(tmp_path / "countries.mmdb")
    assert countries.of(GERMANY) == ""

    shutil.copy(FILE, tmp_path / "countries.mmdb")

    assert countries.of(GERMANY) == "DE"


def test_a_file_that_is_cut_short_while_it_is_used_does_no_harm(file):
    countries = Countries(file)
    assert countries.of(GERMANY) == "DE"

    os.truncate(file, 100)

    assert countries.of(GERMANY) == ""

    shutil.copy(FILE, file)
    assert countries.of(GERMANY) == "DE"


def test_a_file_that_is_taken_away_leaves_countries_unknown(file):
    countries = Countries(file)
    assert countries.of(GERMANY) == "DE"

    file.unlink()

    assert countries.of(GERMANY) == ""


@pytest.mark.parametrize("content", [b"", b"not a database", os.urandom(4_096)])
def test_a_broken_file_is_reported_by_a_check_and_breaks_nothing(file, content, settings):
    file.write_bytes(content)
    settings.GEOIP_PATH = str(file)

    assert Countries(file).of(GERMANY) == ""
    assert [found.id for found in configuration.countries_are_known()] == ["config.W003"]


def test_a_file_whose_description_is_of_another_kind_breaks_nothing(file):
    content = file.read_bytes()
    file.write_bytes(content.replace(b"database_type", b"databasE_type"))

    assert Countries(file).of(GERMANY) == ""


def test_a_missing_file_is_reported_by_a_check(tmp_path, settings):
    settings.GEOIP_PATH = str(tmp_path / "none.mmdb")

    assert [found.id for found in configuration.countries_are_known()] == ["config.W002"]


def test_an_old_file_is_reported_by_a_check(file, settings, monkeypatch):
    settings.GEOIP_PATH = str(file)
    settings.DEMO = False
    made = timezone.now() - geoip.age(geoip.open_file(file), timezone.now())
    monkeypatch.setattr(timezone, "now", lambda: made + timedelta(days=89))
    assert configuration.countries_are_known() == []

    monkeypatch.setattr(timezone, "now", lambda: made + timedelta(days=91))

    assert [found.id for found in configuration.countries_are_known()] == ["config.W004"]


def test_no_file_is_no_fault(settings):
    settings.GEOIP_PATH = ""

    assert configuration.countries_are_known() == []
