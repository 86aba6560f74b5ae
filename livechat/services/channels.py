"""Channels: save and delete them, and invalidate the snapshot of the widgets in every server."""

from django.db import transaction
from django.db.models import QuerySet

from livechat import events
from livechat.models import Channel, Membership, Operator
from livechat.services import queues


def locked(pk: int) -> Channel | None:
    """Return a channel, locked until the end of the caller's transaction; None if it was deleted.

    The caller can then compare the `revision` that an editor saw.
    """
    return Channel.objects.select_for_update().filter(pk=pk).first()


@transaction.atomic
def save(channel: Channel) -> None:
    """Save a channel. An existing one must be locked, and gets the next revision.

    Rules and operators that the caller saves in the same transaction are announced with it.
    """
    if channel.pk is not None:
        channel.revision += 1
    channel.save()
    events.widgets_changed()
    queues.fill_soon([channel.pk])  # a limit may have been raised, or an operator added


def add_creator(channel: Channel, creator: Operator | None) -> None:
    """Add the creator of a new channel to its operators, if they are one. Safe to repeat."""
    if creator is not None and creator.is_enabled:
        Membership.objects.get_or_create(channel=channel, operator=creator)


@transaction.atomic
def delete(channels: QuerySet[Channel]) -> None:
    """Delete channels. Raises ProtectedError for those that have conversations."""
    channels.delete()
    events.widgets_changed()
