"""Deliveries to webhooks: what was sent, the result, and what was given up."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from livechat.admin.conversations import ReadOnly
from livechat.admin.visibility import ReaderTimeZoneMixin
from livechat.database import database_time
from livechat.domain.deliveries import DeliveryState
from livechat.models import Conversation, Delivery, Webhook

STATE_LABELS = {
    DeliveryState.PENDING.value: "info",
    DeliveryState.DONE.value: "success",
    DeliveryState.GIVEN_UP.value: "danger",
    "failing": "warning",
}
LONGEST_SEARCH = 100


def answer_of(row: Delivery) -> str:
    """Return the result of the last attempt in a few words; "" before the first attempt."""
    parts = [
        str(row.status) if row.status else "",
        str(row.get_failure_display()) if row.failure else "",
        gettext("%(n)d ms") % {"n": row.latency_ms} if row.latency_ms is not None else "",
    ]
    return " · ".join(part for part in parts if part)


@admin.register(Delivery)
class DeliveryAdmin(ReaderTimeZoneMixin, ReadOnly, ModelAdmin):
    """Read-only; the only action is to send deliveries again."""

    list_display = (
        "created",
        "event_name",
        "webhook_name",
        "state_label",
        "attempts",
        "answer",
        "then",
    )
    list_filter = ("state", "webhook", "event", ("created_at", admin.DateFieldListFilter))
    list_filter_sheet = True
    list_select_related = ("webhook",)
    list_per_page = 50
    list_before_template = "admin/livechat/delivery/before.html"
    change_form_outer_after_template = "admin/livechat/delivery/after.html"
    show_full_result_count = False
    date_hierarchy = "created_at"
    search_fields = ("event",)  # shows the input; `get_search_results` searches
    search_help_text = _("Conversation number or webhook-id")
    fields = (
        ("event_name", "webhook_link"),
        ("stands", "attempts"),
        ("answer", "then"),
        ("created", "finished"),
        "conversation_link",
        "message_id",
    )
    actions = ("try_again",)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("livechat.change_delivery")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Delivery], search_term: str
    ) -> tuple[QuerySet[Delivery], bool]:
        """Find whole ids only: a text search through millions of rows would be too slow."""
        term = search_term.strip()[:LONGEST_SEARCH]
        if not term:
            return queryset, False
        try:
            number = UUID(term.removeprefix("msg_"))
        except ValueError:
            return queryset.none(), False
        return queryset.filter(Q(conversation=number) | Q(public_id=number)), False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, and above it the number of deliveries given up."""
        if self.has_view_permission(request):
            extra_context = {
                **(extra_context or {}),
                "given_up": Delivery.objects.given_up().count(),
                "may_retry": self.has_retry_permission(request),
            }
        return super().changelist_view(request, extra_context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is not None and self.has_view_permission(request, row):
            extra_context = {
                **(extra_context or {}),
                "may_retry": self.has_retry_permission(request),
            }
        response: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        return response

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("retry/", view(self.retry_view), name="livechat_delivery_retry_all"),
            path("<int:pk>/retry/", view(self.retry_view), name="livechat_delivery_retry"),
            *super().get_urls(),
        ]

    def retry_view(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        """Send delivery `pk` again, or all given up. 405 unless POST, 403 if not allowed."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_retry_permission(request):
            raise PermissionDenied
        if pk is None:
            self._retry(request, Delivery.objects.given_up())
            return redirect("admin:livechat_delivery_changelist")
        self._retry(request, Delivery.objects.filter(pk=pk))
        return redirect("admin:livechat_delivery_change", pk)

    @action(description=_("Retry"), permissions=["retry"])  # type: ignore[untyped-decorator]
    def try_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        self._retry(request, Delivery.objects.filter(pk__in=queryset.order_by().values("pk")))

    def _retry(self, request: HttpRequest, rows: Any) -> None:
        count = rows.retry(database_time.now())
        if count:
            text = ngettext(
                "%(n)d delivery will be retried within seconds.",
                "%(n)d deliveries will be retried within seconds.",
                count,
            )
            messages.success(request, text % {"n": count})
        else:
            messages.warning(request, gettext("There are no deliveries to retry."))

    @display(description=_("created"), ordering="created_at")  # type: ignore[untyped-decorator]
    def created(self, row: Delivery) -> str:
        return _moment(row.created_at)

    @display(description=_("finished"), ordering="finished_at", empty_value="–")  # type: ignore[untyped-decorator]
    def finished(self, row: Delivery) -> str | None:
        return _moment(row.finished_at) if row.finished_at else None

    @display(description=_("event"), ordering="event")  # type: ignore[untyped-decorator]
    def event_name(self, row: Delivery) -> str:
        return row.event

    @display(description=_("webhook"), ordering="webhook__name", empty_value="–")  # type: ignore[untyped-decorator]
    def webhook_name(self, row: Delivery) -> str | None:
        webhook = _webhook_of(row)
        return webhook.name if webhook else None

    @display(description=_("webhook"), empty_value="–")  # type: ignore[untyped-decorator]
    def webhook_link(self, row: Delivery) -> str | None:
        webhook = _webhook_of(row)
        if webhook is None:
            return None
        address = reverse("admin:livechat_webhook_change", args=[webhook.pk])
        return format_html('<a href="{}" class="delivery-link">{}</a>', address, webhook.name)

    @display(description=_("conversation"), empty_value="–")  # type: ignore[untyped-decorator]
    def conversation_link(self, row: Delivery) -> str | None:
        if row.conversation is None:
            return None
        chat = Conversation.objects.filter(public_id=row.conversation).only("pk").first()
        if chat is None:
            return str(row.conversation)
        address = reverse("admin:livechat_conversation_change", args=[chat.pk])
        return format_html('<a href="{}" class="delivery-link">{}</a>', address, row.conversation)

    @display(description=_("state"), ordering="state", label=STATE_LABELS)  # type: ignore[untyped-decorator]
    def state_label(self, row: Delivery) -> tuple[str, str]:
        if row.state == DeliveryState.PENDING and row.failure:
            return "failing", gettext("Retrying")
        return row.state, row.get_state_display()

    @display(description=_("state"))  # type: ignore[untyped-decorator]
    def stands(self, row: Delivery) -> str:
        _key, label = self.state_label(row)
        return str(label)

    @display(description=_("response"), empty_value="–")  # type: ignore[untyped-decorator]
    def answer(self, row: Delivery) -> str | None:
        return answer_of(row) or None

    @display(description=_("next attempt"), ordering="due_at", empty_value="–")  # type: ignore[untyped-decorator]
    def then(self, row: Delivery) -> str | None:
        if row.state != DeliveryState.PENDING:
            return None
        return _moment(row.due_at)

    @display(description="webhook-id")  # type: ignore[untyped-decorator]
    def message_id(self, row: Delivery) -> str:
        return row.message_id


def _moment(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT")


def _webhook_of(row: Delivery) -> Webhook | None:
    """Return the webhook, or None if it was deleted: the column has no database constraint."""
    try:
        return row.webhook
    except Webhook.DoesNotExist:
        return None
