"""After the restore of a backup: every client notices it, and the administrator sees the result."""

import uuid

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command

from livechat.consumers.heartbeat import HeartbeatLoop
from livechat.models import Attachment, Installation, file_storage
from livechat.services import installation
from tests import factories


@pytest.fixture
def folder(settings, tmp_path):
    settings.STORAGES = settings.STORAGES | {
        "files": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path},
        }
    }


def attachment(row, **columns) -> Attachment:
    return Attachment.objects.create(
        channel=row.channel,
        visitor=row.visitor.public_id,
        message=row.messages.first(),
        name="tea.txt",
        content_type="text/plain",
        size=3,
        created_at=row.opened_at,
        **columns,
    )


@pytest.mark.django_db
def test_a_restored_database_gets_another_epoch_each_time():
    before = installation.epoch()
    found = [installation.restored().epoch, installation.restored().epoch]

    assert len({before, *found}) == 3
    assert installation.epoch() == found[-1]
    assert Installation.objects.count() == 1


@pytest.mark.django_db
def test_the_restored_command_reports_what_is_there_and_what_is_missing(anna, vera, folder, capsys):
    row = factories.conversation(vera)
    file_storage().save("attachments/2026/01/there", ContentFile(b"tea"))
    attachment(row, blob="attachments/2026/01/there")
    attachment(row, blob="attachments/2026/01/lost", thumbnail="attachments/2026/01/small")
    pending = attachment(row, blob="attachments/2026/01/pending")
    Attachment.objects.filter(pk=pending.pk).update(message=None)

    call_command("restored")

    said = capsys.readouterr()
    newest = row.messages.latest("created_at")
    assert str(installation.epoch()) in said.out
    assert f"Conversations: 1, last message: {newest.created_at:%Y-%m-%d %H:%M:%S} UTC" in said.out
    assert "Files: 3, missing: 2" in said.out
    assert said.err.split() == [
        *("missing:", "attachments/2026/01/lost"),
        *("missing:", "attachments/2026/01/small"),
    ]


@pytest.mark.django_db
def test_an_empty_database_was_never_written_in(folder, capsys):
    call_command("restored")

    assert "Conversations: 0, last message: never" in capsys.readouterr().out


@pytest.mark.django_db(transaction=True)
async def test_sockets_of_a_server_that_ran_on_say_hello_again(sockets, berlin, anna):
    visitor, _conversation = await sockets.chat(berlin)
    operator_socket = await sockets.staff(anna)
    known = operator_socket.received[0]["epoch"]
    heartbeat_loop = HeartbeatLoop()
    await heartbeat_loop.beat(1)
    await heartbeat_loop.beat(2)
    await visitor.send("heartbeat", active=True)

    await Installation.objects.aupdate(epoch=uuid.uuid4())
    await heartbeat_loop.beat(3)

    assert [await visitor.closed(), await operator_socket.closed()] == [4503, 4503]
    again = await sockets.staff(anna)
    assert again.received[0]["epoch"] != known
