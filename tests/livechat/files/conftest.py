"""The storage of a test's files, and a conversation with some of them."""

import uuid
from pathlib import Path
from typing import NamedTuple

import pytest

from livechat.models import Attachment
from livechat.services import messages
from tests import factories
from tests.livechat.files.samples import kept, says


@pytest.fixture(autouse=True)
def folder(settings, tmp_path) -> Path:
    """Store this test's files in a temporary folder; return it."""
    settings.STORAGES = {
        **settings.STORAGES,
        "files": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "files"},
        },
    }
    return Path(tmp_path / "files")


class Chat(NamedTuple):
    """A conversation's id, and its files."""

    public_id: uuid.UUID
    file: Attachment
    answer: Attachment
    note: Attachment


@pytest.fixture
def chat(berlin, anna, vera) -> Chat:
    """Vera's conversation with a file from her, one from Anna, and one in a note."""
    row = factories.conversation(vera)
    hers, annas, note = kept(vera, berlin), kept(anna, berlin), kept(anna, berlin)
    messages.post_message(says(vera, row, "", hers))
    messages.post_message(says(anna, row, "", annas))
    messages.post_message(says(anna, row, "", note, internal=True))
    return Chat(row.public_id, hers, annas, note)
