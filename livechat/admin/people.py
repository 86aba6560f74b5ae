"""Accounts, operators and visitors."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from livechat.models import Operator, User, Visitor

admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    """Groups; those of the live chat are kept complete by every migration."""


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    fieldsets = (
        *(DjangoUserAdmin.fieldsets or ()),
        (_("Language and time"), {"fields": ("language", "time_zone")}),
    )


@admin.register(Operator)
class OperatorAdmin(ModelAdmin):
    """Profiles are made by giving a user the right to answer, and never deleted."""

    list_display = ("name", "user", "is_enabled", "accepting")
    list_select_related = ("user",)
    search_fields = ("chat_name", "user__username", "user__first_name", "user__last_name")
    readonly_fields = ("user", "is_enabled", "seen_at", "active_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Operator | None = None) -> bool:
        return False


@admin.register(Visitor)
class VisitorAdmin(ModelAdmin):
    list_display = ("__str__", "email", "country", "language", "created_at")
    search_fields = ("name", "email")
    readonly_fields = ("public_id", "browser", "seen_at", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Visitor | None = None) -> bool:
        return False
