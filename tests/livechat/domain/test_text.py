"""Which texts say something; the browser and the server must agree."""

import json

import pytest
from django.conf import settings

from livechat.domain import text
from livechat.errors import Invalid

CASES = json.loads((settings.BASE_DIR / "tests/visible_texts.json").read_text())


@pytest.mark.parametrize("written", CASES["visible"].values(), ids=CASES["visible"].keys())
def test_a_visible_text_is_a_message_as_it_is_written(written):
    assert text.clean(written) == written


@pytest.mark.parametrize("written", CASES["blank"].values(), ids=CASES["blank"].keys())
def test_a_text_of_nothing_visible_is_refused(written):
    with pytest.raises(Invalid) as refused:
        text.clean(written)

    assert refused.value.code == "empty"
    assert text.clean(written, optional=True) == ""


def test_every_noncharacter_is_invisible():
    planes = [plane << 16 | last for plane in range(17) for last in (0xFFFE, 0xFFFF)]
    never = [*planes, *range(0xFDD0, 0xFDF0)]

    assert not text.is_visible("".join(map(chr, never)))
