"""When a file is removed: withdrawn, never sent, with its message, or orphaned in the storage."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from livechat.models import Attachment, Message
from livechat.models.attachment import file_storage
from livechat.services import attachments, operators
from tests.livechat.files.samples import bring, code, header, jpeg, kept, stored

pytestmark = pytest.mark.django_db


def test_the_uploader_of_a_file_may_withdraw_it(
    client, berlin, anna, vera, folder, django_capture_on_commit_callbacks
):
    address = f"/widget/{berlin.key}/files/"
    mine = bring(client, vera, berlin, jpeg(), "a.jpg").json()["id"]
    other = kept(anna, berlin)

    with django_capture_on_commit_callbacks(execute=True):
        gone = client.delete(f"{address}{mine}/", headers=header(vera, berlin))
    again = client.delete(f"{address}{mine}/", headers=header(vera, berlin))
    not_hers = client.delete(f"{address}{other.public_id}/", headers=header(vera, berlin))
    nobody = client.delete(f"{address}{mine}/")

    assert [gone.status_code, again.status_code, not_hers.status_code] == [204, 204, 204]
    assert (nobody.status_code, code(nobody)) == (401, "auth_required")
    assert list(Attachment.objects.all()) == [other]
    assert len(stored(folder)) == 1
    client.force_login(anna.user)
    client.delete(f"/dashboard/files/{other.public_id}/")
    assert not Attachment.objects.exists()


def test_what_was_sent_cannot_be_taken_back(client, chat, berlin, vera, folder):
    answer = client.delete(
        f"/widget/{berlin.key}/files/{chat.file.public_id}/", headers=header(vera, berlin)
    )

    assert answer.status_code == 204
    assert Attachment.objects.filter(pk=chat.file.pk).exists()


def test_an_unsent_file_is_removed_after_an_hour(
    chat, berlin, vera, folder, django_capture_on_commit_callbacks
):
    old, fresh = kept(vera, berlin, jpeg(), "a.jpg"), kept(vera, berlin)
    later = old.created_at + timedelta(hours=1, seconds=1)
    Attachment.objects.filter(pk=fresh.pk).update(created_at=later)

    with django_capture_on_commit_callbacks(execute=True):
        first = attachments.remove_pending(later)
    with CaptureQueriesContext(connection) as queries:
        second = attachments.remove_pending(later)

    assert (first, second) == (1, 0)
    assert len(queries) == 1
    assert set(Attachment.objects.all()) == {fresh, chat.file, chat.answer, chat.note}
    assert len(stored(folder)) == 4


@pytest.mark.django_db(transaction=True)
def test_two_processes_remove_at_once(berlin, vera, folder):
    for _ in range(12):
        kept(vera, berlin)
    later = timezone.now() + timedelta(hours=2)

    def remove(_number: int) -> int:
        try:
            return attachments.remove_pending(later)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        removed = list(pool.map(remove, range(2)))

    assert sum(removed) == 12
    assert stored(folder) == []


def test_files_go_with_their_message_once_that_is_committed(
    chat, folder, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        Message.objects.filter(files=chat.file).delete()
        assert len(stored(folder)) == 3

    assert len(stored(folder)) == 2


def test_orphans_are_found_once_they_are_a_day_old(chat, folder, capsys):
    storage = file_storage()
    storage.save("attachments/2026/01/" + "0" * 32, ContentFile(b"lost"))
    storage.save(operators.picture_file("a" * 22 + ".webp"), ContentFile(b"a picture"))

    now = timezone.now()
    young = attachments.remove_orphans(now)
    old = attachments.remove_orphans(now + timedelta(days=2))
    call_command("remove_orphaned_files")

    assert (young, old) == (0, 1)
    assert len(stored(folder)) == 4
    assert "0" in capsys.readouterr().out
