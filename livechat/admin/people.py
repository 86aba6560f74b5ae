"""Accounts, groups, operators and visitors."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import (
    Count,
    Exists,
    IntegerField,
    ManyToManyField,
    OuterRef,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelect2Widget,
    UnfoldAdminSelectWidget,
)

from livechat import signed_links
from livechat.admin.conversations import of_visitor
from livechat.admin.granting_rights import (
    FOR_SUPERUSERS,
    GrantingAdminMixin,
    GrantingForm,
    GroupForm,
    grantable_groups,
    grantable_rights,
)
from livechat.admin.history import ChangeLogMixin
from livechat.admin.visibility import ReaderTimeZoneMixin, actor_of, readable, trail_of
from livechat.database import database_time
from livechat.domain import rights
from livechat.domain.enumerations import Availability, Presence
from livechat.models import Operator, User, Visitor
from livechat.models.choices import country_names, language_names, time_zones
from livechat.services import operators

PAGES_SHOWN = 50
"""Page views shown for a visitor, the newest first."""

PRESENCE_NAMES = {
    Presence.ONLINE: _("Online"),
    Presence.BUSY: _("Busy"),
    Presence.AWAY: _("Away"),
    Presence.OFFLINE: _("Offline"),
}
PRESENCE_LABELS = {
    Presence.ONLINE.value: "success",
    Presence.BUSY.value: "danger",
    Presence.AWAY.value: "warning",
}

admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(
    ReaderTimeZoneMixin, ChangeLogMixin, GrantingAdminMixin, DjangoGroupAdmin, ModelAdmin
):
    """Groups. Every `migrate` restores the rights of the live chat's own groups."""

    form = GroupForm
    search_fields = ("name__search_text",)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Let only superusers delete the live chat's groups: a new group could take their name.

        The new group would get their rights with the next `migrate`.
        """
        if obj is not None and obj.name in rights.GROUPS and not _is_superuser(request):
            return False
        return bool(super().has_delete_permission(request, obj))


def _is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))


def _zones() -> list[tuple[str, Any]]:
    return [("", _("Same as the server")), *((name, name) for name in time_zones())]


class AccountForm(GrantingForm):
    """Common to both forms of an account: a unique e-mail address, choices of language and time
    zone, and only rights that the giver has."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limit_choices("groups", grantable_groups(self.granter))
        self.limit_choices("user_permissions", grantable_rights(self.granter))
        if "is_active" in self.fields:
            self.fields["is_active"].help_text = _(
                "Switch an account off instead of deleting it. The user is signed out everywhere, "
                "and their open chats go to colleagues. When you switch it on again, it still has "
                "its groups and channels."
            )
        choices: dict[str, tuple[forms.Widget, list[tuple[str, Any]]]] = {
            "language": (
                UnfoldAdminSelectWidget(),
                [("", _("Same as the browser")), *settings.LANGUAGES],
            ),
            "time_zone": (UnfoldAdminSelect2Widget(), _zones()),
        }
        for name, (widget, known) in choices.items():
            if name in self.fields:
                self.fields[name] = forms.ChoiceField(
                    label=self.fields[name].label, required=False, choices=known, widget=widget
                )

    def clean_email(self) -> str:
        """Refuse an address that another account has, in upper or lower case."""
        email: str = self.cleaned_data["email"]
        others = User.objects.exclude(pk=self.instance.pk)
        if email and others.filter(email__iexact=email).exists():
            raise forms.ValidationError(_("Another account already uses this e-mail address."))
        return email

    def clean_is_superuser(self) -> bool:
        is_superuser: bool = self.cleaned_data["is_superuser"]
        if is_superuser != self.instance.is_superuser and not self.granter.is_superuser:
            raise forms.ValidationError(FOR_SUPERUSERS)
        return is_superuser


class ChangeAccountForm(AccountForm, UserChangeForm):
    pass


class NewAccountForm(AccountForm, UserCreationForm):
    pass


@admin.register(User)
class UserAdmin(
    ReaderTimeZoneMixin, ChangeLogMixin, GrantingAdminMixin, DjangoUserAdmin, ModelAdmin
):
    """Accounts. A user in the group of operators has an operator's profile.

    Only superusers change superusers and set the passwords of existing accounts.
    """

    form = ChangeAccountForm
    add_form = NewAccountForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "full_name", "email", "group_names", "is_active", "is_staff")
    list_filter = ("is_active", "is_staff", "is_superuser", "groups")
    search_fields = (
        *("username__search_text", "first_name__search_text"),
        *("last_name__search_text", "email__search_text"),
    )
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Personal info"), {"fields": ("first_name", "last_name", "email")}),
        (_("Language and time"), {"fields": ("language", "time_zone")}),
        (
            _("Permissions"),
            {"fields": ("is_active", "groups", "is_staff", "is_superuser", "user_permissions")},
        ),
        (_("Important dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "usable_password", "password1", "password2")}),
        (_("Personal info"), {"fields": ("first_name", "last_name", "email")}),
        (_("Language and time"), {"fields": ("language", "time_zone")}),
        (_("Permissions"), {"fields": ("groups", "is_staff")}),
    )
    readonly_fields = ("last_login", "date_joined")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        rows: QuerySet[User] = super().get_queryset(request)
        return rows.prefetch_related("groups")

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Hide the password field, which links to the form that sets it, from non-superusers."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or _is_superuser(request):
            return fieldsets
        (_title, first), *others = fieldsets
        return ((None, {**first, "fields": ("username",)}), *others)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        if obj is not None and obj.is_superuser and not _is_superuser(request):
            return False
        return bool(super().has_change_permission(request, obj))

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002 - Django's name
        form_url: str = "",
    ) -> HttpResponse:
        """Set an account's password; 403 unless superuser. Users set their own at `/profile/`."""
        if not _is_superuser(request):
            raise PermissionDenied
        response: HttpResponse = super().user_change_password(request, id, form_url)
        return response

    def formfield_for_manytomany(
        self, db_field: ManyToManyField, request: HttpRequest, **kwargs: Any
    ) -> forms.ModelMultipleChoiceField | None:
        if db_field.name == "groups":
            kwargs["widget"] = UnfoldAdminCheckboxSelectMultipleWidget()
            kwargs["help_text"] = _(
                "“Live chat operator”: answers visitors. Adding the group creates an operator "
                "profile; removing it disables the profile and removes it from all channels. "
                "“Live chat manager”: manages channels and people and reads all conversations. "
                "“Live chat analyst”: reads closed conversations. To open this Admin, an account "
                "also needs “Staff status”."
            )
        field: forms.ModelMultipleChoiceField | None = super().formfield_for_manytomany(
            db_field, request, **kwargs
        )
        if field is not None and db_field.name == "user_permissions":
            field.help_text = _("Rarely needed. Use groups instead.")
            field.widget = UnfoldAdminSelect2MultipleWidget()
            field.widget.choices = field.choices
        return field

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Refuse to delete an account that answered visitors or changed something in Admin.

        Histories name such accounts; a manager deactivates them instead.
        """
        if obj is not None and obj.is_superuser and not _is_superuser(request):
            return False
        if obj is not None and (
            LogEntry.objects.filter(user=obj).exists()
            or Operator.objects.filter(user=obj, participations__isnull=False).exists()
        ):
            return False
        return bool(super().has_delete_permission(request, obj))

    @display(description=_("name"), ordering="first_name")  # type: ignore[untyped-decorator]
    def full_name(self, row: User) -> str:
        return row.get_full_name()

    @display(description=_("groups"))  # type: ignore[untyped-decorator]
    def group_names(self, row: User) -> str:
        return ", ".join(group.name for group in row.groups.all())


class LanguagesField(forms.MultipleChoiceField):
    """Languages, chosen by name; the value is a list of codes."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", UnfoldAdminSelect2MultipleWidget())
        super().__init__(choices=language_names, **kwargs)


class OperatorForm(forms.ModelForm):
    languages = LanguagesField(
        label=_("Online Chat Language"),
        required=False,
        help_text=_(
            "Visitors are assigned to an operator who speaks their language, if one is available. "
            "Without a choice, the display language counts."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["availability"] = self.instance.choice.value
        if "country" in self.fields:
            self.fields["country"].widget = UnfoldAdminSelect2Widget(
                choices=[("", "–"), *country_names()]
            )
        if "availability" in self.fields:
            # The operator may change it while this form is open. Save it only if edited here.
            self.fields["availability"].show_hidden_initial = True


@admin.register(Operator)
class OperatorAdmin(ReaderTimeZoneMixin, ChangeLogMixin, ModelAdmin):
    """Profiles of operators. Giving a user the right to answer creates one; none is ever deleted.

    Managers see and change all; operators see their own. Saving leaves the columns alone that the
    dashboard writes at the same time (leases), and announces the changes to dashboards.
    """

    form = OperatorForm
    list_display = ("name", "user", "presence_label", "channel_names", "is_enabled")
    list_filter = ("is_enabled", "availability", "channels")
    list_select_related = ("user",)
    search_fields = (
        *("chat_name__search_text", "user__username__search_text"),
        *("user__first_name__search_text", "user__last_name__search_text"),
    )
    readonly_fields = (
        *("user", "picture", "is_enabled", "presence", "channel_names", "seen_at", "away_since"),
    )
    fieldsets = (
        (None, {"fields": ("user", "picture", "chat_name", "availability")}),
        (_("Skills"), {"fields": ("languages", "country", "expertise")}),
        (
            _("Current status"),
            {"fields": ("presence", "channel_names", "seen_at", "away_since", "is_enabled")},
        ),
    )
    actions = None

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Operator], search_term: str
    ) -> tuple[QuerySet[Operator], bool]:
        """Find operators; for the autocomplete of other forms only those who may answer."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        match = request.resolver_match
        if match is not None and match.url_name == "autocomplete":
            found = found.filter(is_enabled=True)
        return found, may_repeat

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Operator | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Operator | None = None) -> bool:
        actor = actor_of(request)
        if actor.is_manager:
            return True
        return actor.operator is not None and (obj is None or obj.pk == actor.operator)

    def has_change_permission(self, request: HttpRequest, obj: Operator | None = None) -> bool:
        return actor_of(request).is_manager and bool(super().has_change_permission(request, obj))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Operator]:
        actor = actor_of(request)
        rows: QuerySet[Operator] = super().get_queryset(request).select_related("user")
        rows = rows.prefetch_related("channels")
        return rows if actor.is_manager else rows.filter(pk=actor.operator or 0)

    def formfield_for_manytomany(
        self, db_field: ManyToManyField, request: HttpRequest, **kwargs: Any
    ) -> forms.ModelMultipleChoiceField | None:
        if db_field.name == "expertise":
            kwargs["widget"] = UnfoldAdminCheckboxSelectMultipleWidget()
        field: forms.ModelMultipleChoiceField | None = super().formfield_for_manytomany(
            db_field, request, **kwargs
        )
        return field

    def save_model(
        self, request: HttpRequest, obj: Operator, form: forms.ModelForm, change: bool
    ) -> None:
        """Save only the columns that were changed here, and announce them to dashboards."""
        columns = {field.name for field in Operator._meta.concrete_fields}
        changed = [name for name in form.changed_data if name in columns]
        if "availability" in changed:
            obj.choose(Availability(obj.availability))
            changed.append("accepting")
        if changed:
            obj.save(update_fields=changed)
            operators.profile_changed(obj)

    @display(description=_("presence"), label=PRESENCE_LABELS)  # type: ignore[untyped-decorator]
    def presence_label(self, row: Operator) -> tuple[str, str]:
        presence = row.presence(database_time.now())
        return presence.value, str(PRESENCE_NAMES[presence])

    @display(description=_("presence"))  # type: ignore[untyped-decorator]
    def presence(self, row: Operator) -> str:
        return str(PRESENCE_NAMES[row.presence(database_time.now())])

    @display(description=_("picture"), empty_value="–")  # type: ignore[untyped-decorator]
    def picture(self, row: Operator) -> str | None:
        """Show the picture that the operator chose at `/profile/`."""
        if not row.avatar:
            return None
        return format_html(
            '<img src="{}" alt="" width="64" height="64" class="operator-picture">',
            signed_links.avatar_path(row.avatar),
        )

    @display(description=_("channels"), empty_value="–")  # type: ignore[untyped-decorator]
    def channel_names(self, row: Operator) -> str | None:
        return ", ".join(channel.name for channel in row.channels.all()) or None


@admin.register(Visitor)
class VisitorAdmin(ReaderTimeZoneMixin, ChangeLogMixin, ModelAdmin):
    """Visitors of the conversations that the reader may see. Managers see all and correct names
    and e-mail addresses; analysts see none."""

    list_display = ("__str__", "email", "country", "language", "conversations_count", "created_at")
    search_fields = ("name__search_text", "email__search_text")
    fields = (
        "name",
        "email",
        ("country", "language"),
        "time_zone",
        "browser",
        ("created_at", "seen_at"),
        "public_id",
    )
    readonly_fields = (
        "country",
        "language",
        "time_zone",
        "browser",
        "created_at",
        "seen_at",
        "public_id",
    )
    date_hierarchy = "created_at"
    list_per_page = 50
    show_full_result_count = False
    change_form_outer_after_template = "admin/livechat/visitor/after.html"
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Visitor | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Visitor | None = None) -> bool:
        actor = actor_of(request)
        if actor.is_manager:
            return True
        if actor.operator is None:
            return False
        return obj is None or readable(actor).filter(visitor=obj).exists()

    def has_change_permission(self, request: HttpRequest, obj: Visitor | None = None) -> bool:
        return actor_of(request).is_manager and bool(super().has_change_permission(request, obj))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Visitor]:
        actor = actor_of(request)
        rows: QuerySet[Visitor] = super().get_queryset(request)
        seen = readable(actor).filter(visitor=OuterRef("pk")).order_by()
        if not actor.is_manager:
            rows = rows.filter(Exists(seen))
        counts = seen.values("visitor").annotate(count=Count("pk")).values("count")
        return rows.annotate(chats=Coalesce(Subquery(counts, output_field=IntegerField()), 0))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the form, and below it the visitor's conversations and page views."""
        row = self.get_object(request, object_id)
        if row is not None and self.has_view_permission(request, row):
            extra_context = {
                **(extra_context or {}),
                "conversations": of_visitor(readable(actor_of(request)), row.pk),
                "trail": trail_of(actor_of(request), row)[:PAGES_SHOWN],
            }
        response: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        return response

    def save_model(
        self, request: HttpRequest, obj: Visitor, form: forms.ModelForm, change: bool
    ) -> None:
        """Save only the columns changed here: the widget writes others at the same time."""
        if form.changed_data:
            obj.save(update_fields=form.changed_data)

    # Not sortable: sorting would count the conversations of all visitors.
    @display(description=_("conversations"))  # type: ignore[untyped-decorator]
    def conversations_count(self, row: Visitor) -> int:
        return int(row.chats)  # type: ignore[attr-defined]  # annotated above
