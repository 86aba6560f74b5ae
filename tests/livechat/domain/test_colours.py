"""Colours: their contrast, and the nearest one with enough contrast."""

import colorsys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from livechat.domain import colours

any_colour = st.integers(0, 0xFFFFFF).map("#{:06x}".format)
wanted = st.sampled_from([colours.ICON, colours.TEXT])


@pytest.mark.parametrize(
    ("one", "other", "contrast"),
    [
        ("#000000", "#ffffff", 21),
        ("#ffffff", "#FFFFFF", 1),
        ("#777777", "#ffffff", 4.478),
        ("#767676", "#ffffff", 4.542),
        ("#3451d1", "#ffffff", 6.474),
    ],
)
def test_contrast_is_what_wcag_says(one, other, contrast):
    assert colours.contrast(one, other) == pytest.approx(contrast, abs=0.02)


@given(any_colour, any_colour)
def test_contrast_is_the_same_both_ways_and_between_1_and_21(one, other):
    contrast = colours.contrast(one, other)

    assert contrast == colours.contrast(other, one)
    assert 1 <= contrast <= 21.000001


@given(any_colour, any_colour, wanted)
@example("#777777", "#777777", colours.TEXT)
def test_the_nearest_colour_passes_and_is_its_own_nearest(colour, against, contrast):
    found = colours.nearest(colour, against, contrast)

    assert colours.contrast(found, against) >= contrast
    assert colours.nearest(found, against, contrast) == found


@given(any_colour, any_colour, wanted)
def test_a_colour_that_passes_stays(colour, against, contrast):
    if colours.contrast(colour, against) >= contrast:
        assert colours.nearest(colour.upper(), against, contrast) == colour


@given(any_colour, any_colour, wanted)
def test_the_hue_stays(colour, against, contrast):
    before, after = (
        colorsys.rgb_to_hls(*(int(code[at : at + 2], 16) / 255 for at in (1, 3, 5)))
        for code in (colour, colours.nearest(colour, against, contrast))
    )

    # Skip colours near black, white and grey, where one more byte changes the hue.
    if min(before[2], after[2]) > 0.5 and 0.25 < after[1] < 0.75 and 0.25 < before[1] < 0.75:
        turned = abs(before[0] - after[0])
        assert min(turned, 1 - turned) < 0.02


def test_of_black_and_white_the_better_one_is_taken_when_nothing_is_enough():
    assert colours.nearest("#777777", "#767676", 7) == "#000000"
    assert colours.nearest("#777777", "#606060", 7) == "#ffffff"


def test_a_colour_too_light_for_white_text_is_darkened_only_as_far_as_needed():
    found = colours.nearest("#7a8cff", "#ffffff", colours.TEXT)

    assert found == "#616fca"
    assert colours.contrast(found, "#ffffff") == pytest.approx(4.5, abs=0.1)


@pytest.mark.parametrize("text", ["red", "#fff", "#12345g", "#123456 ", "#123456\n", "", "123456"])
def test_only_a_hash_and_six_digits_are_a_colour(text):
    assert colours.is_colour("#12aBcF")
    assert not colours.is_colour(text)


@given(any_colour, any_colour, any_colour, any_colour)
@example("#ffe066", "#ffffff", "#ffffff", "#ffffff")
@example("#777777", "#777777", "#808080", "#000000")
def test_whatever_an_owner_chooses_can_be_read(header, header_text, button, button_text):
    ramp = colours.ramp(
        header=header, header_text=header_text, button=button, button_text=button_text
    )

    assert (ramp["header"], ramp["brand"]) == (header, button)
    for text, background, wanted in (
        ("on-header", ramp["header"], colours.TEXT),
        ("on-header", ramp["header-face"], colours.TEXT),
        ("on-brand", ramp["brand"], colours.TEXT),
        ("on-brand", ramp["brand-hover"], colours.TEXT),
        ("accent-light", "#eff0f3", colours.TEXT),
        ("accent-dark", "#2a2d32", colours.TEXT),
        ("edge-light", "#ffffff", colours.ICON),
        ("edge-dark", "#18191c", colours.ICON),
    ):
        assert colours.contrast(ramp[text], background) >= wanted, text


def test_an_owners_colours_are_kept_where_they_can_be_read():
    ramp = colours.ramp(
        header="#2f5d50", header_text="#ffffff", button="#2f5d50", button_text="#f0f0f0"
    )

    assert (ramp["on-header"], ramp["on-brand"], ramp["edge-light"]) == (
        "#ffffff",
        "#f0f0f0",
        "#2f5d50",
    )
