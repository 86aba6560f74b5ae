"""Pure decisions: no database, no sockets."""

import random
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livechat.domain import availability, inbox_digest, numbering, text
from livechat.domain.enumerations import Availability, Presence
from livechat.domain.token_bucket import Bucket, Buckets, Rate
from livechat.errors import Invalid

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


# --- addresses of pages


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("https://p\u0430ypal.com/login", "https://xn--pypal-4ve.com/login"),
        ("https://B\u00fccher.example:8443/", "https://xn--bcher-kva.example:8443/"),
        ("https://Shop.example/\u00fc", "https://shop.example/\u00fc"),
        ("https://good.example@evil.example/", "https://evil.example/"),
        (f"https://{'ü' * 64}.example/", ""),
    ],
)
def test_the_host_of_a_page_is_named_as_browsers_name_it(sent, stored):
    assert text.page_url(sent) == stored


# --- presence


@pytest.mark.parametrize(
    ("seen", "active", "choice", "expected"),
    [
        (0, 0, Availability.AVAILABLE, Presence.ONLINE),
        (64, 29 * 60, Availability.AVAILABLE, Presence.ONLINE),
        (65, 30 * 60, Availability.AVAILABLE, Presence.ONLINE),
        (66, 0, Availability.AVAILABLE, Presence.OFFLINE),
        (0, 31 * 60, Availability.AVAILABLE, Presence.AWAY),
        (None, 0, Availability.AVAILABLE, Presence.OFFLINE),
        (0, None, Availability.AVAILABLE, Presence.AWAY),
        (0, 0, Availability.BUSY, Presence.BUSY),
        (0, 31 * 60, Availability.BUSY, Presence.BUSY),
        (66, 0, Availability.BUSY, Presence.OFFLINE),
        (0, 0, Availability.INVISIBLE, Presence.OFFLINE),
    ],
)
def test_presence(seen, active, choice, expected):
    def ago(seconds):
        return None if seconds is None else NOW - timedelta(seconds=seconds)

    found = availability.presence(now=NOW, seen_at=ago(seen), active_at=ago(active), choice=choice)

    assert found == expected


@pytest.mark.parametrize(
    ("accepting", "stored", "expected"),
    [
        (True, "available", Availability.AVAILABLE),
        (False, "busy", Availability.BUSY),
        (False, "invisible", Availability.INVISIBLE),
        (True, "invisible", Availability.AVAILABLE),
        (True, "busy", Availability.AVAILABLE),
        (False, "available", Availability.BUSY),
    ],
)
def test_what_the_version_before_wrote_decides_over_what_it_does_not_know(
    accepting, stored, expected
):
    assert availability.choice(accepting=accepting, availability=stored) == expected


# --- numbering a batch


def test_thirty_per_cent_doubles_notes_and_two_conversations_leave_no_hole():
    dice = random.Random(7)
    entries = [(key % 2, key, key % 7 == 0) for key in range(140)]
    repeated = [*entries, *dice.sample(entries, 60)]
    dice.shuffle(repeated)
    items = [(index, *entry) for index, entry in enumerate(repeated)]
    heads = {0: numbering.Heads(5, 3), 1: numbering.Heads(0, 0)}

    numbered, duplicates = numbering.number(items, heads)

    assert (len(numbered), len(duplicates)) == (140, 60)
    by_index = {index: (conversation, internal) for index, conversation, _, internal in items}
    for conversation, (first, first_public) in {0: (6, 4), 1: (1, 1)}.items():
        mine = [n for n in numbered if by_index[n.index][0] == conversation]
        public = [n.public_seq for n in mine if n.public_seq is not None]
        assert [n.seq for n in mine] == list(range(first, first + len(mine)))
        assert public == list(range(first_public, first_public + len(public)))
        assert all((n.public_seq is None) == by_index[n.index][1] for n in mine)


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 6), st.booleans()), max_size=60),
    st.integers(0, 59),
)
def test_numbering_in_two_batches_is_numbering_in_one(rows, cut):
    items = [(index, *row) for index, row in enumerate(rows)]
    whole = {pk: numbering.Heads(0, 0) for pk in range(3)}
    parts = {pk: numbering.Heads(0, 0) for pk in range(3)}

    numbered, duplicates = numbering.number(items, whole)
    first, _ = numbering.number(items[:cut], parts)
    known = {(items[n.index][1], items[n.index][2]) for n in first}
    rest = [item for item in items[cut:] if (item[1], item[2]) not in known]
    second, _ = numbering.number(rest, parts)

    assert [*first, *second] == numbered
    assert whole == parts
    assert all(duplicate.of < duplicate.index for duplicate in duplicates)


# --- text


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("  Hello \n", "Hello"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("e\u0301", "é"),
        ("bell\x07", "bell"),
        ("  indented\n  twice", "indented\n  twice"),
        ("مرحبا", "مرحبا"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
    ],
)
def test_text_is_normalised(written, stored):
    assert text.clean(written) == stored


@given(st.text(max_size=300))
def test_clean_text_stays_as_it_is(written):
    try:
        once = text.clean(written)
    except Invalid:
        return
    assert text.clean(once) == once
    assert "\r" not in once


@pytest.mark.parametrize(
    ("url", "stored"),
    [
        ("https://shop.example/a?b=c#d", "https://shop.example/a"),
        ("https://u:p@shop.example:8443/a", "https://shop.example:8443/a"),
        ("http://[::1]:80/x", "http://[::1]:80/x"),
        ("HTTPS://Shop.Example/A", "https://shop.example/A"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//evil.example", ""),
        ("https://", ""),
        ("https://[bad", ""),
        ("https://shop.example:99999/", ""),
        ("", ""),
    ],
)
def test_a_page_address_keeps_host_and_path_only(url, stored):
    assert text.page_url(url) == stored


def test_one_line_has_no_breaks_and_a_limit():
    assert text.one_line("a\n\tb  c\x00d", 5) == "a b c"


# --- rate limits


def test_a_bucket_lets_a_burst_pass_and_then_the_rate():
    bucket = Bucket(burst=3, per_second=2)

    assert [bucket.take(10.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert bucket.take(10.0) == pytest.approx(0.5)
    assert bucket.take(10.5) == 0.0
    assert bucket.take(10.5) > 0


def test_a_clock_that_runs_backwards_gives_nothing_away():
    bucket = Bucket(burst=1, per_second=1)

    assert bucket.take(100.0) == 0.0
    assert bucket.take(50.0) > 0


def test_asking_how_long_to_wait_takes_nothing():
    bucket = Bucket(burst=1, per_second=2)

    assert [bucket.wait(1.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    bucket.take(1.0)
    assert bucket.wait(1.0) == pytest.approx(0.5)


def test_buckets_are_kept_by_name_and_the_full_ones_go_first():
    buckets, rate = Buckets(most=100), Rate(burst=2, per_second=1)
    buckets.of("anna", rate, 0.0).take(0.0)
    for number in range(99):
        buckets.of(f"idle {number}", rate, 0.0)

    buckets.of("ben", rate, 0.1)

    assert len(buckets) == 2
    assert buckets.of("anna", rate, 0.1).level == pytest.approx(1.1)


def test_invented_names_do_not_fill_the_memory():
    buckets, rate = Buckets(most=100), Rate(burst=2, per_second=1e-6)

    for number in range(10_000):
        buckets.of(f"made up {number}", rate, 1.0).take(1.0)

    assert len(buckets) <= 100
    assert buckets.of("made up 9999", rate, 1.0).level == pytest.approx(1.0)


# --- digest


def test_the_digest_does_not_depend_on_the_order():
    rows = [(uuid.UUID(int=number), number, 2 * number) for number in range(5)]

    assert inbox_digest.of_inbox(rows) == inbox_digest.of_inbox(reversed(rows))
    assert inbox_digest.of_inbox(rows) != inbox_digest.of_inbox(rows[1:])


def test_the_digest_is_that_of_the_browser():
    rows = [
        (uuid.UUID("00000000-0000-4000-8000-000000000001"), 3, 7),
        (uuid.UUID("00000000-0000-4000-8000-000000000002"), 1, 0),
    ]

    assert inbox_digest.of_inbox([]) == "811c9dc5"
    assert inbox_digest.of_inbox(rows) == "cea2106a"
