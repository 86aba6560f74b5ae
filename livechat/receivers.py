"""Signal receivers: migrations done; users, groups, login sessions and memberships changed; rows
of files deleted."""

from collections.abc import Collection
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.db.models.signals import (
    m2m_changed,
    post_delete,
    post_migrate,
    post_save,
    pre_delete,
)

from livechat import events
from livechat.models import Attachment, Membership, User
from livechat.services import attachments, login_sessions, operators


def connect() -> None:
    """Connect all receivers. Call it once at start-up."""
    post_migrate.connect(
        groups_wanted, sender=apps.get_app_config("livechat"), dispatch_uid="livechat.groups"
    )
    m2m_changed.connect(
        groups_changed, sender=User.groups.through, dispatch_uid="livechat.user_groups"
    )
    m2m_changed.connect(
        groups_changed, sender=User.user_permissions.through, dispatch_uid="livechat.user_rights"
    )
    m2m_changed.connect(
        group_rights_changed, sender=Group.permissions.through, dispatch_uid="livechat.group_rights"
    )
    pre_delete.connect(group_going, sender=Group, dispatch_uid="livechat.group_going")
    post_delete.connect(group_deleted, sender=Group, dispatch_uid="livechat.group_deleted")
    post_save.connect(user_saved, sender=User, dispatch_uid="livechat.user_saved")
    post_delete.connect(user_deleted, sender=User, dispatch_uid="livechat.user_deleted")
    post_delete.connect(session_ended, sender=Session, dispatch_uid="livechat.session_ended")
    for signal in (post_save, post_delete):
        signal.connect(membership_changed, sender=Membership, dispatch_uid="livechat.membership")
    post_delete.connect(file_deleted, sender=Attachment, dispatch_uid="livechat.file_deleted")


def groups_wanted(app_config: AppConfig, using: str, **_kwargs: Any) -> None:
    # Django creates permissions in a receiver of the same signal, which may run after this one.
    create_permissions(app_config, verbosity=0, using=using)
    operators.ensure_groups()


def user_saved(
    instance: User,
    raw: bool = False,
    update_fields: Collection[str] | None = None,
    **_kwargs: Any,
) -> None:
    if raw or (update_fields and set(update_fields) == {"last_login"}):
        return
    if not instance.is_active:
        login_sessions.end_all(instance.pk)  # a reactivated user must sign in again
    operators.sync_rights([instance.pk])


def user_deleted(instance: User, **_kwargs: Any) -> None:
    events.access_changed([instance.pk])


def session_ended(instance: Session, **_kwargs: Any) -> None:
    login_sessions.ended(instance)


def membership_changed(instance: Membership, raw: bool = False, **_kwargs: Any) -> None:
    if not raw:
        operators.channels_changed([instance.operator_id])


def group_rights_changed(instance: Any, action: str, **_kwargs: Any) -> None:
    if action in ("post_add", "post_remove", "post_clear") and isinstance(instance, Group):
        operators.sync_rights(instance.user_set.values_list("pk", flat=True))


def group_going(instance: Group, **_kwargs: Any) -> None:
    # Django sends no signal for a deleted group's users; after the deletion it has none.
    instance._members = list(instance.user_set.values_list("pk", flat=True))  # type: ignore[attr-defined]


def group_deleted(instance: Group, **_kwargs: Any) -> None:
    operators.sync_rights(instance._members)  # type: ignore[attr-defined]


def groups_changed(instance: Any, action: str, pk_set: Any, **_kwargs: Any) -> None:
    if action not in ("post_add", "post_remove", "post_clear"):
        return
    if isinstance(instance, Group):
        users = pk_set or instance.user_set.values_list("pk", flat=True)
    else:
        users = [instance.pk]
    operators.sync_rights(users)


def file_deleted(instance: Attachment, **_kwargs: Any) -> None:
    # Rows are also deleted together with their message, without a service.
    attachments.delete_blobs([instance])
