"""Facts of Django that the chat must hear of: migrations done, groups of a user changed, rows of
files deleted."""

from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group
from django.db.models.signals import m2m_changed, post_delete, post_migrate, post_save

from livechat.models import Attachment, User
from livechat.services import attachments, operators


def connect() -> None:
    """Connect all receivers; called once at start-up."""
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
    post_save.connect(user_saved, sender=User, dispatch_uid="livechat.user_saved")
    post_delete.connect(file_deleted, sender=Attachment, dispatch_uid="livechat.file_deleted")


def groups_wanted(app_config: AppConfig, using: str, **_kwargs: Any) -> None:
    # Django makes the permissions in a receiver of the same signal, which may come later.
    create_permissions(app_config, verbosity=0, using=using)
    operators.ensure_groups()


def user_saved(instance: User, raw: bool = False, **_kwargs: Any) -> None:
    if not raw:
        operators.sync_rights([instance.pk])


def group_rights_changed(instance: Any, action: str, **_kwargs: Any) -> None:
    if action in ("post_add", "post_remove", "post_clear") and isinstance(instance, Group):
        operators.sync_rights(instance.user_set.values_list("pk", flat=True))


def groups_changed(instance: Any, action: str, pk_set: Any, **_kwargs: Any) -> None:
    if action not in ("post_add", "post_remove", "post_clear"):
        return
    if isinstance(instance, Group):
        users = pk_set or instance.user_set.values_list("pk", flat=True)
    else:
        users = [instance.pk]
    operators.sync_rights(users)


def file_deleted(instance: Attachment, **_kwargs: Any) -> None:
    # Rows go with their message as well, which is no act of a service.
    attachments.delete_blobs([instance])
