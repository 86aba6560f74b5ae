"""Preferences: stored values are read back, and invalid stored data does no harm."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livechat.domain import preferences
from livechat.domain.preferences import DEFAULTS, Preferences, Quiet, Sounds
from livechat.errors import Invalid

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["sounds", "volume", "quiet", "from", "to", "waiting", "shortcuts"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
SWITCHES = st.booleans()
CLOCKS = st.times().map(lambda time: f"{time:%H:%M}")
CHOSEN = st.builds(
    Preferences,
    sounds=st.builds(Sounds, SWITCHES, SWITCHES, SWITCHES),
    volume=st.floats(0, 1),
    quiet=st.none()
    | st.tuples(CLOCKS, CLOCKS).filter(lambda two: two[0] != two[1]).map(lambda two: Quiet(*two)),
    notifications=SWITCHES,
    notification_text=SWITCHES,
    shortcuts=SWITCHES,
)


@given(CHOSEN)
def test_what_was_chosen_is_read_back(chosen):
    assert preferences.read(json.loads(json.dumps(chosen.plain()))) == chosen


@given(JSON)
def test_whatever_lies_there_gives_preferences_that_the_browser_understands(value):
    found = preferences.read(value)

    assert 0 <= found.volume <= 1
    assert preferences.read(found.plain()) == found


def test_default_preferences_play_all_sounds_and_hide_the_text_in_notifications():
    assert preferences.read({}).plain() == {
        "sounds": {"waiting": True, "message": True, "mention": True},
        "volume": 1.0,
        "quiet": None,
        "notifications": True,
        "notification_text": False,
        "shortcuts": True,
    }


def test_one_wrong_value_leaves_the_others_as_they_are():
    found = preferences.read(
        {
            "sounds": {"waiting": "no", "message": False, "trumpet": True},
            "volume": 0.25,
            "quiet": {"from": "22:00", "to": "25:00"},
            "notifications": 0,
            "shortcuts": False,
            "colour": "green",
        }
    )

    assert found == Preferences(sounds=Sounds(message=False), volume=0.25, shortcuts=False)


@pytest.mark.parametrize(
    "volume", [-0.1, 1.01, float("nan"), float("inf"), 10**400, True, "0.5", None, [0.5]]
)
def test_a_volume_that_is_none_is_the_usual_one(volume):
    assert preferences.read({"volume": volume}).volume == DEFAULTS.volume


@pytest.mark.parametrize(
    "clock",
    ["24:00", "7:00", "07:60", "07:00:00", " 07:00", "07:00\n", "\u0660\u0667:\u0660\u0660", ""],
)
def test_quiet_hours_are_between_two_times_of_day(clock):
    assert preferences.read({"quiet": {"from": "22:00", "to": clock}}).quiet is None
    with pytest.raises(Invalid):
        Quiet("22:00", clock)


def test_quiet_hours_that_end_as_they_begin_are_none():
    assert preferences.read({"quiet": {"from": "22:00", "to": "22:00"}}).quiet is None
