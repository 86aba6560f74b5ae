"""Failed login attempts, counted by user name and address. Deleting a row ends its lock."""

from datetime import datetime

from axes.models import AccessAttempt
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from livechat.admin.visibility import ReaderTimeZoneMixin, actor_of
from livechat.services import login_attempts


@admin.register(AccessAttempt)
class AccessAttemptAdmin(ReaderTimeZoneMixin, ModelAdmin):
    """A count lasts 15 minutes. Passwords are not stored, and unknown names only as a hash."""

    list_display = ("who", "ip_address", "tries", "since", "locked_until")
    list_display_links = None
    search_fields = ("username__search_text", "ip_address")
    ordering = ("-attempt_time",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AccessAttempt | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: AccessAttempt | None = None) -> bool:
        return actor_of(request).is_manager

    def has_delete_permission(self, request: HttpRequest, obj: AccessAttempt | None = None) -> bool:
        return actor_of(request).is_manager

    def has_module_permission(self, request: HttpRequest) -> bool:
        return actor_of(request).is_manager

    @display(description=_("user name"), ordering="username")  # type: ignore[untyped-decorator]
    def who(self, row: AccessAttempt) -> str:
        if not row.username:
            return str(_("All user names"))
        is_unknown = row.username.startswith(login_attempts.UNKNOWN)
        return str(_("Unknown user name")) if is_unknown else row.username

    @display(description=_("failed attempts"), ordering="failures_since_start")  # type: ignore[untyped-decorator]
    def tries(self, row: AccessAttempt) -> str:
        return f"{row.failures_since_start} / {login_attempts.most_of(row)}"

    @display(description=_("since"), ordering="attempt_time")  # type: ignore[untyped-decorator]
    def since(self, row: AccessAttempt) -> datetime:
        return row.attempt_time  # type: ignore[no-any-return]

    @display(description=_("locked until"), empty_value="–")  # type: ignore[untyped-decorator]
    def locked_until(self, row: AccessAttempt) -> datetime | None:
        return login_attempts.locked_until(row, timezone.now())
