"""The demo: a shop with a page for every rule, another company's site, simulated countries."""

import asyncio
import json
import re
import signal
import socket
import urllib.error
import urllib.request
from contextlib import closing
from html import unescape
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import geoip2.database
import PIL.Image
import PIL.ImageChops
import pytest
from django.core.management import CommandError, call_command
from django.urls import include, path
from geoip2.errors import AddressNotFoundError

import config.urls
from config.demo import catalogue, countries, data, demo_bar, second_site
from config.demo.second_site import SecondSite
from docs.tools import demo_countries, demo_portraits
from livechat.domain.enumerations import ButtonAction
from livechat.models import (
    CannedResponse,
    Channel,
    ChannelRule,
    Expertise,
    Operator,
    User,
    file_storage,
)
from livechat.services.operators import picture_file
from tests.asgi import Exchange
from tests.machine.app import App
from tests.machine.ports import free_port

urlpatterns = [*config.urls.urlpatterns, path("demo/", include("config.demo.urls"))]
"""The URL patterns of `config.urls` with DEMO=1."""

PAGES = (
    *("/demo/", "/demo/shop/", "/demo/pricing/", "/demo/contact/", "/demo/checkout/"),
    *("/demo/thanks/", "/demo/finder/", "/demo/finder/mood", "/demo/finder/strength"),
    "/demo/finder/result?time=morning&mood=calm&strength=light",
    *(f"/demo/shop/{tea.slug}/" for tea in catalogue.TEAS),
)


@pytest.fixture
def demo(db, tmp_path, settings) -> Channel:
    settings.VAR_DIR = tmp_path
    files = settings.STORAGES["files"]
    options = {**files["OPTIONS"], "location": tmp_path / "files"}
    settings.STORAGES = {**settings.STORAGES, "files": {**files, "OPTIONS": options}}
    settings.ROOT_URLCONF = __name__
    data.load()
    return Channel.objects.get(slug=data.CHANNEL_SLUG)


@pytest.mark.parametrize("address", PAGES)
def test_every_page_answers_and_has_the_snippet_and_nothing_inline(demo, client, address):
    response = client.get(address)

    html = response.content.decode()
    assert response.status_code == 200
    assert html.count('<script async src="http://testserver/widget/kettleandleaf/loader.js">') == 1
    assert not re.search(r"<script(?![^>]* src=)|<style| style=| on\w+=", html)
    assert "script-src 'self';" in response["Content-Security-Policy"] + ";"


def test_every_link_of_every_page_leads_somewhere(demo, client):
    found = {
        unescape(link)
        for page in PAGES
        for link in re.findall(r' href="(/[^"]*)"', client.get(page).content.decode())
        if not link.startswith("/static/")
    }

    assert {link for link in found if client.get(link).status_code not in (200, 302)} == set()


@pytest.mark.parametrize("address", ["/demo/shop/coffee/", "/demo/finder/price"])
def test_what_the_shop_does_not_have_is_not_found(demo, client, address):
    assert client.get(address).status_code == 404


@pytest.mark.django_db
def test_without_the_demo_none_of_its_pages_is_there(client):
    assert {client.get(page).status_code for page in PAGES} == {404}


def test_one_element_of_the_contact_page_opens_the_chat(demo, client):
    assert client.get("/demo/contact/").content.count(b"data-livechat-open") == 1


def test_without_a_channel_the_shop_has_no_chat(demo, client):
    Channel.objects.update(is_active=False)

    html = client.get("/demo/").content.decode()

    assert "loader.js" not in html
    assert "there is no chat" in html


# --- the basket


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?item=cloud-sencha&count=2", ["2 × Cloud Sencha", "€ 29.00", "€ 3.90", "€ 32.90"]),
        ("?item=first-flush&count=3", ["3 × First Flush", "€ 54.00", "free"]),
        ("?item=taster", ["1 × Taster", "€ 12.00", "free"]),
        ("?item=cloud-sencha&count=junk", ["1 × Cloud Sencha"]),
        ("?item=cloud-sencha&count=999999", ["1 × Cloud Sencha"]),
        ("?item=cloud-sencha&count=0", ["1 × Cloud Sencha"]),
        ("?item=coffee", ["basket was empty", "1 × Morning Assam"]),
    ],
)
def test_the_basket_is_what_the_address_says(demo, client, query, expected):
    html = client.get(f"/demo/checkout/{query}").content.decode()

    assert [text for text in expected if text not in html] == []


def test_the_order_form_sends_nothing_that_was_typed(demo, client):
    html = client.get("/demo/checkout/?from=JP").content.decode()
    form = html[html.index('action="/demo/thanks/"') : html.index("</form>", html.index("thanks"))]

    assert re.findall(r' name="(\w+)"', form) == ["from"]
    assert "No order was placed" in client.get("/demo/thanks/").content.decode()


# --- countries


def test_a_pretended_country_is_in_the_snippet_and_on_every_link_of_the_shop(demo, client):
    for page in PAGES:
        html = client.get(page, {"from": "JP"}).content.decode()
        links = {unescape(link) for link in re.findall(r' href="(/demo/[^"]*)"', html)}

        assert "/loader.js?address=192.0.2.10" in html
        assert {link for link in links if "from=JP" not in link} == set(), page


@pytest.mark.parametrize("junk", ["<script>", "jp", "XX", "JP&address=1.2.3.4", "'\"", "\x01"])
def test_junk_is_no_country(demo, client, junk):
    html = client.get("/demo/", {"from": junk}).content.decode()

    assert 'loader.js">' in html
    assert "from=" not in html
    assert "<script>" not in html


def test_changing_the_country_keeps_what_else_the_address_says(demo, client):
    page = client.get('/demo/checkout/?item="><b>&from=JP').content.decode()

    assert '<input type="hidden" name="item" value="&quot;&gt;&lt;b&gt;">' in page
    assert '<option value="JP" selected>Japan</option>' in page


def test_the_shipped_file_holds_what_the_table_says():
    with geoip2.database.Reader(str(countries.FILE)) as file:
        assert file.metadata().database_type == "GeoLite2-Country"
        for country in countries.COUNTRIES:
            networks = [ip_network(network) for network in country.networks]
            ends = [end for network in networks for end in (network[0], network[-1])]
            for address in (*map(str, ends), country.address):
                found = file.country(address).country
                assert (found.iso_code, found.name) == (country.code, country.name), address
            assert any(ip_address(country.address) in network for network in networks)
        for stranger in ("127.0.0.1", "::1", "10.0.0.1", "8.8.8.8", "192.0.3.1", "2001:db9::1"):
            with pytest.raises(AddressNotFoundError):
                file.country(stranger)
    assert countries.FILE.stat().st_size < 20_000


def test_the_file_is_what_its_maker_makes(tmp_path):
    made = tmp_path / "countries.mmdb"
    demo_countries.write(made)

    with (
        geoip2.database.Reader(str(made)) as new,
        geoip2.database.Reader(str(countries.FILE)) as old,
    ):
        assert dict(new._db_reader) == dict(old._db_reader)


# --- rules


@pytest.mark.parametrize(
    ("page", "code", "action", "seconds"),
    [
        ("/demo/", "", ButtonAction.SHOW, 0),
        ("/demo/shop/", "", ButtonAction.SHOW, 0),
        ("/demo/shop/", "DE", ButtonAction.SHOW, 0),
        ("/demo/shop/", "JP", ButtonAction.OPEN_AUTOMATICALLY, 2),
        ("/demo/pricing/", "JP", ButtonAction.SHOW_WITH_NOTIFICATION, 0),
        ("/demo/contact/", "", ButtonAction.OPEN_AUTOMATICALLY, 3),
        ("/demo/finder/mood", "", ButtonAction.SHOW, 0),
        ("/demo/finder/result?time=morning", "", ButtonAction.SHOW_WITH_NOTIFICATION, 0),
        ("/demo/checkout/", "", ButtonAction.HIDE, 0),
        ("/demo/thanks/", "", ButtonAction.SHOW, 0),
    ],
)
def test_the_bar_shows_what_the_rules_decide(demo, page, code, action, seconds):
    behaviour = demo_bar.behaviour(demo, f"http://127.0.0.1:8000{page}", countries.country(code))

    assert behaviour.what == demo_bar._what(action, seconds)
    # No operator is online: nothing draws attention to a chat without operators.
    assert bool(behaviour.but) == (action not in demo_bar.QUIET)


def test_the_demo_shows_every_action(demo):
    assert {rule.action for rule in demo.rules.all()} == set(ButtonAction)


def test_loading_again_changes_nothing(demo):
    models = (Channel, ChannelRule, User, Operator, Expertise, CannedResponse)

    def everything() -> list[Any]:
        rows = [list(model.objects.values()) for model in models]
        return [rows, sorted(Path(file_storage().path("avatars")).iterdir())]

    before = everything()
    data.load()

    assert everything() == before


def test_operators_have_the_pictures_that_their_maker_draws(demo, tmp_path):
    demo_portraits.write(tmp_path / "anew")

    for name in ("anna", "ben"):
        operator = Operator.objects.get(user__username=name)
        with file_storage().open(picture_file(operator.avatar)) as kept:
            assert kept.read() == (data.PICTURES / f"{name}.webp").read_bytes()
        anew = PIL.Image.open(tmp_path / f"anew/{name}.webp").convert("L")
        shipped = PIL.Image.open(data.PICTURES / f"{name}.webp").convert("L")
        differences = PIL.ImageChops.difference(anew, shipped).tobytes()
        assert max(differences) < 16  # other encoders round differently


def test_a_picture_that_an_operator_chose_is_kept(demo):
    Operator.objects.filter(user__username="anna").update(avatar="hers.webp")

    data.load()

    assert Operator.objects.get(user__username="anna").avatar == "hers.webp"


@pytest.mark.parametrize("language", ["en", "de", "ar"])
def test_visitors_choose_from_suggestions_in_their_language(demo, language):
    demo.full_clean()
    lines = demo.suggested(language)

    assert len(lines) == 3
    assert (lines == list(data.SUGGESTIONS)) == (language == "en")


def test_an_older_demo_gets_suggestions_unless_an_administrator_saved_it(demo):
    for revision, expected in ((0, list(data.SUGGESTIONS)), (1, [])):
        Channel.objects.update(suggestions="", revision=revision)
        data.load()
        demo.refresh_from_db()
        assert demo.suggested() == expected


def test_the_team_shares_canned_responses(demo):
    for name in ("anna", "ben", "admin"):
        user = User.objects.get(username=name)
        usable = CannedResponse.objects.usable_by(user.pk)
        assert {row.shortcut for row in usable} == set(data.CANNED)
    for response in CannedResponse.objects.all():
        response.full_clean()


def test_an_older_demo_gets_the_rules_and_keeps_its_own_as_the_last(demo):
    _as_before(demo)
    only = demo.rules.get()

    data.load()

    demo.refresh_from_db()
    assert demo.rules.count() == len(data.RULES) + 1
    assert demo.rules.last() == only
    assert demo.text("button_text", "de") == data.TRANSLATIONS["button_text"]["de"]
    assert demo.contact_hint == data.CONTACT_HINT


@pytest.mark.parametrize(
    "change",
    [
        {"action": "hide_button"},
        {"regex_url": "/shop"},
        {"countries": ["FR"]},
        {"auto_popup_timer": 7},
    ],
)
def test_rules_that_an_administrator_changed_are_kept(demo, change):
    _as_before(demo)
    rule = demo.rules.get()
    for name, value in change.items():
        setattr(rule, name, value)
    rule.save()

    data.load()

    demo.refresh_from_db()
    assert demo.rules.get() == rule
    assert demo.translations == {}


def test_a_channel_whose_rules_were_all_deleted_stays_without(demo):
    demo.rules.all().delete()

    data.load()

    assert not demo.rules.exists()


def _as_before(channel: Channel) -> None:
    """Make the channel as the demo made it before there were rules."""
    channel.rules.all().delete()
    ChannelRule.objects.create(channel=channel)
    channel.translations, channel.contact_hint = {}, ""
    channel.save()


# --- another company's site

CHAT = "http://127.0.0.1:8000"


def ask(site: SecondSite, target: str, *, method: str = "GET", body: bytes = b""):
    """Call the site without a server; return status, headers and body."""
    answer = asyncio.run(Exchange(site, method, target, body=body).run())
    return answer.status, answer.headers, answer.body.decode()


def test_the_second_site_lets_in_the_chat_by_three_lines_and_nothing_else():
    status, headers, html = ask(SecondSite(CHAT, "kettleandleaf"), "/")

    assert status == 200
    assert headers["content-security-policy"] == (
        f"default-src 'none'; script-src {CHAT}; connect-src {CHAT}; frame-src {CHAT}; "
        "style-src 'self'; img-src 'self'; report-uri /csp-report"
    )
    assert f'<script async src="{CHAT}/widget/kettleandleaf/loader.js"></script>' in html
    assert "__" not in html


def test_only_the_hostile_page_may_run_its_own_script():
    site = SecondSite(CHAT, "kettleandleaf")

    assert f"script-src {CHAT} 'self';" in ask(site, "/hostile")[1]["content-security-policy"]
    assert ask(site, "/hostile")[2].index("/hostile.js") < ask(site, "/hostile")[2].index("loader")
    assert ask(site, "/hostile.js")[1]["content-type"].startswith("text/javascript")


@pytest.mark.parametrize("target", sorted(second_site.PAGES))
def test_the_second_site_has_all_its_files(target):
    status, headers, body = ask(SecondSite(CHAT, "key"), target)

    assert status == 200
    assert int(headers["content-length"]) == len(body.encode())


def test_the_second_site_keeps_a_hundred_reports_and_shows_them():
    site = SecondSite(CHAT, "key")
    assert ask(site, "/csp-reports")[2] == "[]"

    for number in range(101):
        report = json.dumps({"csp-report": {"number": number}}).encode()
        assert ask(site, "/csp-report", method="POST", body=report)[0] == 204
    ask(site, "/csp-report", method="POST", body=b"\xff" * 100_000)

    reports = json.loads(ask(site, "/csp-reports")[2])
    assert len(reports) == 100
    assert reports[-2] == {"csp-report": {"number": 100}}
    assert set(reports[-1]) == {"unreadable"}


@pytest.mark.parametrize(
    ("method", "target", "status"), [("GET", "/elsewhere", 404), ("POST", "/", 405)]
)
def test_the_second_site_has_nothing_else(method, target, status):
    assert ask(SecondSite(CHAT, "key"), target, method=method)[0] == status


def test_the_second_site_belongs_to_the_demo():
    with pytest.raises(CommandError, match="DEMO"):
        call_command("serve", "--second-site-port", "8001")


@pytest.mark.slow
def test_the_second_site_comes_and_goes_with_the_first(with_demo, tmp_path):
    beside = free_port()
    site = f"http://localhost:{beside}/"
    shop = _server(with_demo.copy(tmp_path), beside)
    shop.start()
    try:
        policy, _ = _fetch(site)
        _, home = _fetch(f"{shop.url}/demo/")
    finally:
        code = shop.stop(signal.SIGINT)

    assert f"script-src {shop.url};" in policy
    assert f'href="{site}"' in home
    assert code == 0
    assert "Traceback" not in shop.log.read_text()
    with pytest.raises(urllib.error.URLError):
        _fetch(site)


@pytest.mark.slow
def test_without_its_port_the_second_site_stays_away(with_demo, tmp_path):
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        taken = other.getsockname()[1]
        shop = _server(with_demo.copy(tmp_path), taken)
        shop.start()
        try:
            _, home = _fetch(f"{shop.url}/demo/")
        finally:
            code = shop.stop(signal.SIGINT)

    assert "another company" not in home
    assert code == 0
    assert shop.log.read_text().count(f"Port {taken} is in use") == 1
    assert "Traceback" not in shop.log.read_text()


def _server(var: Path, beside: int) -> App:
    """Return a server of the demo that serves the second site on the port `beside`."""
    port = f"sys.argv += ['--second-site-port', '{beside}'] * (sys.argv[1] == 'serve')"
    entry = ("-c", f"import manage, sys; {port}; manage.main()")
    return App(var, environ={"DEMO": "1"}, entry=entry)


def _fetch(address: str) -> tuple[str, str]:
    """Return the security policy and the text of a page."""
    with urllib.request.urlopen(address, timeout=10) as response:  # noqa: S310
        return response.headers["Content-Security-Policy"], response.read().decode()


def test_loading_the_demo_prints_addresses_and_the_rights_of_each_account(
    db, tmp_path, settings, capsys
):
    settings.VAR_DIR, settings.DEMO = tmp_path, True
    files = settings.STORAGES["files"]
    options = {**files["OPTIONS"], "location": tmp_path / "files"}
    settings.STORAGES = {**settings.STORAGES, "files": {**files, "OPTIONS": options}}

    call_command("load_demo", "--port", "9000")

    output = capsys.readouterr().out
    passwords = json.loads((tmp_path / data.ACCOUNTS_FILE).read_text())
    for place in ("", "demo/", "dashboard/", "admin/"):
        assert f"http://127.0.0.1:9000/{place} " in output
    assert "http://localhost:9001/ " in output
    for name, password in passwords.items():
        assert re.search(rf"^ +{name} +{re.escape(password)} +\w", output, re.M)
    assert str(tmp_path / data.ACCOUNTS_FILE) in output
    assert max(map(len, output.replace(str(tmp_path), "").splitlines())) <= 90
