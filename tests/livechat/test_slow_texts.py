"""Texts made to be slow: every entry point limits their length before superlinear work.

The tests count the standard library's steps: the square of the length, for each run of combining
marks that it sorts, and for each label that it encodes.
"""

import encodings.idna
import encodings.punycode
import sys
import unicodedata
import urllib.parse
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pytest
from django.urls import reverse

from livechat.domain import attributes, files, origins, rules, text, webhook_targets
from livechat.errors import LivechatError
from livechat.models import Message, Webhook

MARKS = "\u0301\u0316" * 8_000
MUSIC = "\U0001d165\U0001d16d" * 8_000
KANA = "\uff9e\u0316" * 8_000
"""NFKC turns the half-width sound marks into combining marks."""
JOINED = ("\u0301\u0316" * 4 + "\u200d") * 2_000
HIDDEN = ("\u0301\u0316" * 4 + "\x01") * 2_000
LETTERS = "ü" * 16_000
WORST = [MARKS, MUSIC, KANA, JOINED, HIDDEN, LETTERS]
NAMES = ["marks", "marks of music", "kana", "marks with joiners", "marks with controls", "letters"]

FEW = 100_000
"""Steps that any client may cause at once; one text of 16,000 marks takes 256 million."""
OF_STAFF = 5_000_000
"""Django's own fields process addresses of 2,048 characters before they validate them."""


class Work:
    """Counts the steps of sorting marks and encoding labels."""

    def __init__(self) -> None:
        self.steps = 0

    def normalize(self, form: Any, value: str) -> str:
        runs = groupby(value, _is_sorted)
        self.steps += sum(len(list(run)) ** 2 for is_sorted, run in runs if is_sorted)
        # Above the limit the test fails anyway, and the real call would take too long.
        return value if self.steps > OF_STAFF else _normalize(form, value)

    def encode(self, label: str) -> bytes:
        self.steps += len(label) ** 2
        return b"x" if self.steps > OF_STAFF else _encode(label)


_idna: Any = encodings.idna
_split: Any = urllib.parse.urlsplit
_normalize = unicodedata.normalize
_encode = encodings.punycode.punycode_encode


def _is_sorted(char: str) -> bool:
    return char > "\u02ff" and bool(unicodedata.combining(_normalize("NFKD", char)[0]))


class _Older:
    """Unicode 3.2, on which IDNA is based."""

    def __init__(self, work: Work, database: Any) -> None:
        self.normalize = work.normalize
        self.bidirectional = database.bidirectional


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Iterator[Work]:
    counted = Work()
    _split.cache_clear()
    monkeypatch.setattr(unicodedata, "normalize", counted.normalize)
    monkeypatch.setattr(encodings.punycode, "punycode_encode", counted.encode)
    older = _Older(counted, _idna.unicodedata)
    monkeypatch.setattr(encodings.idna, "unicodedata", older)
    yield counted
    _split.cache_clear()


ENTRANCES = {
    "a message": text.clean,
    "a line": lambda worst: text.one_line(worst, 300),
    "the address of a page": lambda worst: text.page_url(f"https://{worst}/"),
    "a short address": lambda worst: text.page_url(f"https://{worst[:2_000]}/"),
    "an address for rules": lambda worst: rules.normal_url(f"https://{worst}/"),
    "user info of an address": lambda worst: rules.normal_url(f"https://{worst}@shop.example/"),
    "a website": origins.parse,
    "a short website": lambda worst: origins.parse(worst[:250]),
    "a website of many labels": lambda worst: origins.parse(f"{worst[:60]}." * 200),
    "many websites": lambda worst: origins.parse(f"{worst[:60]}.example\n" * 10_000),
    "a webhook": lambda worst: webhook_targets.parse(f"https://{worst}/", private=False),
    "a short webhook": lambda worst: webhook_targets.parse(
        f"https://{worst[:2_000]}/", private=True
    ),
    "a file's name": lambda worst: files.clean_name(f"{worst}.png", "image/png"),
    "a short file's name": lambda worst: files.clean_name(f"{worst[:1_200]}.png", "image/png"),
    "an attribute": lambda worst: attributes.merge({}, {worst: worst}),
}


@pytest.mark.parametrize("worst", WORST, ids=NAMES)
@pytest.mark.parametrize("entrance", ENTRANCES.values(), ids=ENTRANCES.keys())
def test_the_worst_text_is_little_work(work, entrance, worst):
    try:
        entrance(worst)
    except LivechatError as error:
        refused = error.code
    else:
        refused = ""

    assert work.steps <= FEW
    assert refused in ("", "too_long", "empty", "bad_origin", "bad_target")


# --- marks that are kept


READABLE = {
    "Vietnamese": "a\u0323\u0302\u0301 e\u0302\u0323",
    "Hebrew with cantillation": "\u05e9\u05c1\u05bc\u05b8\u0591\u05bd",
    "Thai": "\u0e17\u0e35\u0e48 \u0e19\u0e49\u0e33",
    "Hindi": "\u0915\u094d\u0937\u093f\u0902",
    "a stack of Tibetan": "\u0f67\u0f90\u0fb5\u0fa8\u0fb3\u0fba\u0fbc\u0fbb\u0f82",
    "an emoji of many": "\U0001f468\u200d\u2764\ufe0f\u200d\U0001f48b\u200d\U0001f468",
    "a key": "1\ufe0f\u20e3",
    "Persian": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "half-width kana": "\uff76\uff9e\uff77\uff9e",
}


@pytest.mark.parametrize("written", READABLE.values(), ids=READABLE.keys())
def test_what_people_write_keeps_its_marks(written):
    assert text.clean(written) == unicodedata.normalize("NFC", written)
    assert text.one_line(written, 300) == written


@pytest.mark.parametrize("between", ["", "\u200d", "\x01"], ids=["", "joiners", "controls"])
def test_a_letter_keeps_eight_marks(between):
    written = "x" + ("\u0316" + between) * 50 + "y"

    cleaned = text.clean(written)

    assert cleaned[0] == "x"
    assert cleaned[-1] == "y"
    assert cleaned.count("\u0316") <= text.MAX_MARKS


def test_every_mark_of_unicode_is_counted_as_one():
    marks = {
        chr(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)).startswith("M")
        or (not 0xD800 <= code < 0xE000 and _is_sorted(chr(code)))
    }

    crowds = {mark for mark in marks if len(text.few_marks("x" + mark * 20)) == 1 + text.MAX_MARKS}

    assert crowds == marks


def test_letters_and_emoji_are_no_marks():
    for written in ("\U0001f600" * 20, "\U00020000" * 20, "\U0001f44d\U0001f3fd" * 20, "漢" * 20):
        assert text.clean(written) == written


def test_cleaning_what_is_clean_changes_nothing():
    # NFC splits this mark into two.
    cleaned = text.clean("x" + "\u0344" * 50 + "\u1ea4" + "\u0344" * 8)

    assert text.clean(cleaned) == cleaned


# --- entry points


FRAMES = {
    "message.post": lambda worst: {"text": worst},
    "page.view": lambda worst: {"page": {"url": f"https://{worst[:2_000]}/"}},
    "attributes.set": lambda worst: {"attributes": {worst[:40]: worst[:200]}},
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("worst", WORST, ids=NAMES)
@pytest.mark.parametrize("frame", FRAMES)
async def test_a_visitors_frame_is_little_work(sockets, berlin, anna, work, frame, worst):
    visitor, conversation = await sockets.chat(berlin)
    named = {"conversation": conversation, "client_id": conversation}

    await visitor.send(frame, **(named if frame == "message.post" else {}), **FRAMES[frame](worst))
    await visitor.post(conversation, "Still here")
    await visitor.next("ack")

    assert work.steps <= FEW


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("worst", WORST, ids=NAMES)
async def test_a_hello_is_little_work(sockets, berlin, work, worst):
    page = {"url": f"https://{worst[:2_000]}/", "title": worst[:300], "referrer": ""}

    visitor = await sockets.visitor(berlin, page=page)
    await visitor.next("welcome")

    assert work.steps <= FEW


@pytest.mark.django_db(transaction=True)
async def test_a_message_is_stored_with_a_readable_number_of_marks(sockets, berlin, anna):
    visitor, conversation = await sockets.chat(berlin)

    await visitor.post(conversation, "H" + "\u0316" * 500 + "i")
    await visitor.next("ack")

    stored = await Message.objects.order_by("-pk").afirst()
    assert stored is not None
    assert stored.text == "H" + "\u0316" * text.MAX_MARKS + "i"


@pytest.mark.django_db
@pytest.mark.parametrize("worst", WORST, ids=NAMES)
def test_signing_in_is_little_work(client, work, worst):
    answer = client.post("/login/", {"username": worst, "password": worst})
    short = client.post("/login/", {"username": worst[:150], "password": worst})

    assert (answer.status_code, short.status_code) == (200, 200)
    assert work.steps <= FEW


@pytest.mark.django_db
@pytest.mark.parametrize("worst", WORST, ids=NAMES)
def test_a_profile_is_little_work(client, anna, work, worst):
    client.force_login(anna.user)

    answer = client.post("/profile/", {"chat_name": worst, "volume": "100"})
    short = client.post("/profile/", {"chat_name": worst[:60], "volume": "100"})

    assert answer.status_code == 200
    assert short.status_code in (200, 302)
    assert work.steps <= FEW


@pytest.mark.django_db
@pytest.mark.parametrize("worst", WORST, ids=NAMES)
def test_headers_are_little_work(client, work, worst):
    said = worst[:4_000].encode().decode("latin-1")

    client.get("/login/", headers={"Accept-Language": said, "Accept": said, "Referer": said})
    answer = client.get("/login/", headers={"Host": said})

    assert answer.status_code == 400
    assert work.steps <= FEW


@pytest.mark.django_db
@pytest.mark.parametrize("worst", WORST, ids=NAMES)
def test_asking_for_a_language_is_little_work(client, berlin, work, worst):
    answer = client.get(f"/widget/{berlin.key}/frame/", {"lang": worst})
    other = client.get(f"/widget/{berlin.key}/frame/", {"lang": "a" * 16_000})

    assert (answer.status_code, other.status_code) == (200, 200)
    assert work.steps <= FEW


@pytest.mark.django_db
@pytest.mark.parametrize("worst", WORST, ids=NAMES)
def test_a_channels_form_is_little_work(client, maria, berlin, work, worst):
    address = reverse("admin:livechat_channel_change", args=[berlin.pk])
    texts = dict.fromkeys(("name", "slug", "allowed_origins"), worst)
    links = {"privacy_link": f"https://{worst}/"}

    for length in (None, 2_000, 200):
        given = {name: text[:length] for name, text in {**texts, **links}.items()}
        answer = client.post(address, {**given, "revision": "0"})
        assert answer.status_code == 200

    assert work.steps <= OF_STAFF


@pytest.mark.django_db
@pytest.mark.parametrize("worst", WORST, ids=NAMES)
def test_a_webhooks_form_is_little_work(client, maria, work, worst):
    address = reverse("admin:livechat_webhook_add")

    for given in (worst, worst[:2_000]):
        form = {"name": given, "url": f"https://{given}/", "events": ["ping"]}
        assert client.post(address, form).status_code == 200

    assert Webhook.objects.count() == 0
    assert work.steps <= OF_STAFF


@pytest.mark.django_db
@pytest.mark.parametrize("worst", WORST, ids=NAMES)
def test_testing_an_address_is_little_work(client, maria, berlin, work, worst):
    address = reverse("admin:livechat_channel_test_a_url", args=[berlin.pk])

    answer = client.get(address, {"url": f"https://{worst}/", "country": ""})

    assert answer.status_code == 200
    assert work.steps <= FEW


SEARCHES = {
    "words": "a " * 2_000,
    "quotes": "'\" " * 2_000,
    "one long word": "a" * 50_001,
    "marks": MARKS,
}


@pytest.mark.django_db
@pytest.mark.parametrize("searched", SEARCHES.values(), ids=SEARCHES.keys())
def test_a_search_that_is_too_long_is_refused(client, maria, work, searched):
    listed = reverse("admin:livechat_tag_changelist")

    answers = [
        client.get(listed, {"q": searched}),
        client.get(reverse("admin:autocomplete"), {"term": searched}),
    ]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert work.steps <= FEW


@pytest.mark.django_db
def test_the_longest_search_is_answered(client, maria):
    for listed in ("tag", "channel", "operator", "conversation", "delivery"):
        address = reverse(f"admin:livechat_{listed}_changelist")

        assert client.get(address, {"q": "a " * 100}).status_code == 200
