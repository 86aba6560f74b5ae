"""Webhooks: receivers, their events and secrets, and whether deliveries succeed."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from livechat.admin.deliveries import answer_of
from livechat.admin.history import ChangeLogMixin
from livechat.admin.visibility import ReaderTimeZoneMixin
from livechat.domain.deliveries import CHOSEN, DeliveryState
from livechat.errors import NotFound
from livechat.models import Webhook
from livechat.models.choices import EVENT_TYPES
from livechat.services import deliveries, webhooks

SHOWN = 10
"""The number of deliveries shown below a webhook, the newest first."""


class WebhookForm(forms.ModelForm):
    events = forms.MultipleChoiceField(
        label=capfirst(_("events")),
        choices=[(value, label) for value, label in EVENT_TYPES if value in CHOSEN],
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
    )


@admin.register(Webhook)
class WebhookAdmin(ReaderTimeZoneMixin, ChangeLogMixin, ModelAdmin):
    """For managers. All users who may view a webhook see its secret."""

    form = WebhookForm
    list_display = ("name", "url", "channel", "event_names", "is_enabled", "given_up")
    list_filter = ("is_enabled", "channel")
    list_select_related = ("channel",)
    search_fields = ("name__search_text", "url__search_text")
    fields = ("name", "url", "events", "channel", "is_enabled")
    change_form_outer_after_template = "admin/livechat/webhook/after.html"
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Webhook]:
        rows: QuerySet[Webhook] = super().get_queryset(request)
        failed = Count("deliveries", filter=Q(deliveries__state=DeliveryState.GIVEN_UP))
        return rows.annotate(failed=failed)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the form, and below it the secret, a test button and the newest deliveries."""
        row = self.get_object(request, object_id)
        if row is not None and self.has_view_permission(request, row):
            newest = row.deliveries.all()[:SHOWN]
            extra_context = {
                **(extra_context or {}),
                "newest": [(one, answer_of(one)) for one in newest],
                "may_change": self.has_change_permission(request, row),
            }
        response: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        return response

    def save_model(
        self, request: HttpRequest, obj: Webhook, form: forms.ModelForm, change: bool
    ) -> None:
        """Save only the columns changed here: buttons may change secrets at the same time."""
        if not change:
            obj.save()
        elif form.changed_data:
            if obj.is_enabled:
                obj.gone_at = None
            obj.save(update_fields=[*form.changed_data, "gone_at"])
        webhooks.changed()

    def delete_model(self, request: HttpRequest, obj: Webhook) -> None:
        super().delete_model(request, obj)
        webhooks.changed()

    def get_urls(self) -> list[URLPattern]:
        verbs: dict[str, Callable[[HttpRequest, Webhook], None]] = {
            "test": self._test,
            "change-secret": self._change_secret,
            "forget-old-secret": self._forget_old_secret,
        }
        return [
            *(self._action_url(verb, act) for verb, act in verbs.items()),
            *super().get_urls(),
        ]

    def _action_url(self, verb: str, act: Callable[[HttpRequest, Webhook], None]) -> URLPattern:
        """Return the URL of a button that calls `act` and redirects to the webhook's page.

        405 unless POST, 403 without the right to change it, 404 if it was deleted.
        """

        def view(request: HttpRequest, pk: int) -> HttpResponse:
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            row = Webhook.objects.filter(pk=pk).first()
            if row is None:
                raise Http404
            if not self.has_change_permission(request, row):
                raise PermissionDenied
            try:
                act(request, row)
            except NotFound:  # deleted at the same time
                raise Http404 from None
            return redirect("admin:livechat_webhook_change", pk)

        name = f"livechat_webhook_{verb.replace('-', '_')}"
        pattern: URLPattern = path(f"<int:pk>/{verb}/", self.admin_site.admin_view(view), name=name)
        return pattern

    def _test(self, request: HttpRequest, row: Webhook) -> None:
        ping = deliveries.send_test(row.pk)
        if ping.state == DeliveryState.DONE:
            text = gettext("The test event was delivered: %(answer)s")
            messages.success(request, text % {"answer": answer_of(ping)})
        else:
            text = gettext("The test event was not delivered: %(answer)s")
            messages.error(request, text % {"answer": answer_of(ping)})

    def _change_secret(self, request: HttpRequest, row: Webhook) -> None:
        webhooks.change_secret(row.pk)
        self._log(request, row, "secret")
        messages.success(
            request,
            gettext(
                "A new secret was created. Requests are signed with both secrets "
                "until you delete the old one."
            ),
        )

    def _forget_old_secret(self, request: HttpRequest, row: Webhook) -> None:
        webhooks.forget_old_secret(row.pk)
        self._log(request, row, "old secret")
        messages.success(
            request,
            gettext(
                "The old secret was deleted. Requests are now signed with the new secret only."
            ),
        )

    def _log(self, request: HttpRequest, row: Webhook, field: str) -> None:
        change = {"fields": [field], "differences": [(field, None, None)]}
        self.log_change(request, row, [{"changed": change}])

    @display(description=_("events"))  # type: ignore[untyped-decorator]
    def event_names(self, row: Webhook) -> str:
        return ", ".join(row.events)

    @display(description=_("failed"), ordering="failed")  # type: ignore[untyped-decorator]
    def given_up(self, row: Webhook) -> int:
        return int(row.failed)  # type: ignore[attr-defined]  # annotated above
