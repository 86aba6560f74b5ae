"""The archive of conversations. It is read-only: conversations change through the dashboard."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from livechat.admin.visibility import (
    ReaderTimeZoneMixin,
    actor_of,
    may_read,
    may_read_some,
    readable,
    readable_messages,
    readable_until,
    zone_of,
)
from livechat.database import database_time
from livechat.domain.enumerations import Kind, Outcome, Role, State
from livechat.models import Channel, Conversation, Message, Operator, Participant
from livechat.policy import StaffActor
from livechat.serializers import for_visitors
from livechat.services import timeline, transcripts
from livechat.signed_links import Audience

PAGE = 200
"""Entries on one page of a transcript, and conversations listed for a visitor."""

LONGEST_SEARCH = 100
SHORTEST_IN_TEXT = 3
"""Characters; a shorter term is searched in names and addresses only, not in messages."""

SEARCHED = 50_000
"""Only this many of the newest entries are searched: all of them could take minutes."""

STATE_LABELS = {
    State.QUEUED.value: "warning",
    State.BOT.value: "info",
    State.ASSIGNED.value: "success",
}
OUTCOME_LABELS = {
    Outcome.NO_ANSWER.value: "warning",
    Outcome.NO_AGENT.value: "danger",
    Outcome.NO_FAILURE.value: "success",
    Outcome.ESCALATED.value: "info",
}
NOT_READABLE = ("", "–")
"""Shown for the state and outcome if the reader may no longer follow the conversation."""


class ReadOnly:
    """For a ModelAdmin: no user adds, changes or deletes rows in Admin."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class ChannelFilter(admin.SimpleListFilter):
    """Offers only the channels of conversations that the reader may see."""

    title = _("channel")
    parameter_name = "channel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        seen = readable(actor_of(request)).filter(channel=OuterRef("pk")).order_by()
        rows = Channel.objects.filter(Exists(seen)).values_list("pk", "name")
        return [(str(pk), name) for pk, name in rows]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Conversation]
    ) -> QuerySet[Conversation]:
        return _chosen(self, queryset, "channel")


class OperatorFilter(admin.SimpleListFilter):
    """Offers only the operators in charge of conversations that the reader may see."""

    title = _("operator")
    parameter_name = "operator"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        seen = readable(actor_of(request)).filter(operator=OuterRef("pk")).order_by()
        rows = Operator.objects.filter(Exists(seen)).select_related("user")
        return sorted(((str(row.pk), row.name) for row in rows), key=lambda pair: pair[1].lower())

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Conversation]
    ) -> QuerySet[Conversation]:
        return _chosen(self, queryset, "operator")


def _chosen(
    chooser: admin.SimpleListFilter, queryset: QuerySet[Conversation], column: str
) -> QuerySet[Conversation]:
    """Return the rows that match the chosen value; none for a value that is not offered."""
    value = chooser.value()
    if value is None:
        return queryset
    if value not in {str(key) for key, _label in chooser.lookup_choices}:
        return queryset.none()
    return queryset.filter(**{column: int(value)})


@admin.register(Conversation)
class ConversationAdmin(ReaderTimeZoneMixin, ReadOnly, ModelAdmin):
    """Shows the conversations that `policy` lets the reader see."""

    list_display = (
        "who",
        "channel",
        "main_operator",
        "state_label",
        "outcome_label",
        "opened",
        "duration",
        "messages_count",
    )
    list_select_related = ("channel", "visitor", "operator__user")
    list_filter = (
        "state",
        "outcome",
        ChannelFilter,
        OperatorFilter,
        ("opened_at", admin.DateFieldListFilter),
    )
    list_filter_sheet = True
    list_per_page = 50
    list_fullwidth = True
    show_full_result_count = False
    date_hierarchy = "opened_at"
    ordering = ("-opened_at", "-pk")
    search_fields = ("visitor__name",)  # shows the input; `get_search_results` searches
    search_help_text = _("Name, e-mail, conversation number or words from a recent message")
    actions = None

    def has_view_permission(self, request: HttpRequest, obj: Conversation | None = None) -> bool:
        actor = actor_of(request)
        return may_read_some(actor) if obj is None else may_read(actor, obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        texts = (
            Message.objects.filter(conversation=OuterRef("pk"), kind=Kind.TEXT)
            .order_by()
            .values("conversation")
            .annotate(count=Count("pk"))
            .values("count")
        )
        counted = Coalesce(Subquery(texts, output_field=IntegerField()), 0)
        return readable(actor_of(request)).annotate(texts=counted).order_by(*self.ordering)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Conversation], search_term: str
    ) -> tuple[QuerySet[Conversation], bool]:
        """Find whole ids, parts of names and addresses, and text of the newest entries."""
        term = search_term.strip()[:LONGEST_SEARCH].replace("\x00", "")
        if not term:
            return queryset, False
        try:
            number = UUID(term)
        except ValueError:
            wanted = Q(visitor__name__search_text=term) | Q(visitor__email__search_text=term)
            if len(term) >= SHORTEST_IN_TEXT:
                wanted |= Q(pk__in=_conversations_with(term, actor_of(request)))
        else:
            wanted = Q(public_id=number) | Q(visitor__public_id=number)
        return queryset.filter(wanted), False

    @display(description=_("visitor"))  # type: ignore[untyped-decorator]
    def who(self, row: Conversation) -> str:
        return row.visitor.name or gettext("Visitor #%(number)s") % {"number": row.visitor_id}

    @display(description=_("operator"), empty_value="–")  # type: ignore[untyped-decorator]
    def main_operator(self, row: Conversation) -> str | None:
        return row.operator.name if row.operator and _may_read_to_end(row) else None

    @display(description=_("state"), ordering="state", label=STATE_LABELS)  # type: ignore[untyped-decorator]
    def state_label(self, row: Conversation) -> tuple[str, str]:
        return (row.state, row.get_state_display()) if _may_read_to_end(row) else NOT_READABLE

    @display(description=_("outcome"), ordering="outcome", label=OUTCOME_LABELS)  # type: ignore[untyped-decorator]
    def outcome_label(self, row: Conversation) -> tuple[str, str]:
        return (row.outcome, row.get_outcome_display()) if _may_read_to_end(row) else NOT_READABLE

    @display(description=_("opened"), ordering="opened_at")  # type: ignore[untyped-decorator]
    def opened(self, row: Conversation) -> str:
        return date_format(timezone.localtime(row.opened_at), "SHORT_DATETIME_FORMAT")

    @display(description=_("duration"), empty_value="–")  # type: ignore[untyped-decorator]
    def duration(self, row: Conversation) -> str | None:
        return lasted(row, database_time.now()) if _may_read_to_end(row) else None

    # Not sortable: sorting would count the messages of all conversations.
    @display(description=_("messages"), empty_value="–")  # type: ignore[untyped-decorator]
    def messages_count(self, row: Conversation) -> int | None:
        return int(row.texts) if _may_read_to_end(row) else None  # type: ignore[attr-defined]  # annotated above

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show facts and transcript. There is no form: 403 for methods other than GET and HEAD."""
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        row = self.get_object(request, unquote(object_id))
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[no-any-return]
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        last = readable_until(actor_of(request), row)
        zone = zone_of(request.user)
        with timezone.override(zone):
            response = TemplateResponse(
                request,
                "admin/livechat/conversation/transcript.html",
                {
                    **self.admin_site.each_context(request),
                    **_transcript(row, request.GET.get("page", ""), last),
                    "title": gettext("Conversation with %(name)s") % {"name": self.who(row)},
                    "opts": self.opts,
                    "conversation": row,
                    "who": self.who(row),
                    "lasted": lasted(row, database_time.now()),
                    "zone": str(zone),
                    "opens_visitor": self._may_open_visitor(request, row),
                    "people": _people(row, timeline.ends_at(row, last)),
                    "reads_on": _may_read_to_end(row),
                    **(extra_context or {}),
                },
            )
            response.render()
        return response

    def _may_open_visitor(self, request: HttpRequest, row: Conversation) -> bool:
        visitors = self.admin_site.get_model_admin(type(row.visitor))
        return bool(visitors.has_view_permission(request, row.visitor))


def _may_read_to_end(row: Conversation) -> bool:
    """Say whether the reader may read all of `row`, as annotated by `readable`."""
    return bool(row.readable_to_end)  # type: ignore[attr-defined]  # annotated there


def _people(row: Conversation, until: datetime | None) -> list[Participant]:
    """Return the participants except the visitor, as of `until`; None means now."""
    people = list(row.participants.exclude(role=Role.VISITOR))
    if until is None:
        return people
    for person in people:
        if person.left_at is not None and person.left_at > until:
            person.left_at = None
    return [person for person in people if person.joined_at <= until]


def _conversations_with(term: str, actor: StaffActor) -> QuerySet[Message, int]:
    newest = Message.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    rows = Message.objects.filter(pk__gt=newest - SEARCHED, text__search_text=term)
    return readable_messages(actor, rows).order_by().values_list("conversation", flat=True)


def lasted(row: Conversation, now: datetime) -> str:
    """Return h:mm:ss from the opening to the end, or to `now` if the conversation is open."""
    seconds = int(max(timedelta(), (row.closed_at or now) - row.opened_at).total_seconds())
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _transcript(row: Conversation, page: str, last: int) -> dict[str, Any]:
    """Return one page of the staff timeline up to the entry `last`.

    Entries are numbered without gaps, so no query counts them. A wrong `page` gives the nearest
    page, or the first.
    """
    last = min(row.seq, last)
    pages = max(1, -(-last // PAGE))
    number = min(max(int(page), 1), pages) if page.isdecimal() and len(page) < 10 else 1
    first = (number - 1) * PAGE
    rows = row.messages.filter(seq__gt=first, seq__lte=min(first + PAGE, last)).order_by("seq")
    found = rows.select_related("author__operator__user", "subject")
    return {
        "entries": [_entry(one) for one in found.prefetch_related("files")],
        "page_number": number,
        "pages": pages,
        "older": number - 1 if number > 1 else None,
        "newer": number + 1 if number < pages else None,
    }


def _entry(message: Message) -> dict[str, Any]:
    author = message.author
    return {
        "message": message,
        "side": author.role if author else "system",
        "is_note": message.kind == Kind.NOTE,
        "is_line": message.kind == Kind.SYSTEM,
        "name": (author.staff_name if author else "") or transcripts.name_of(author),
        "line": transcripts.system_line(message) if message.kind == Kind.SYSTEM else "",
        "files": [for_visitors.file(file, Audience.STAFF) for file in message.attachments],
    }


def of_visitor(actor_rows: QuerySet[Conversation], visitor: int) -> Iterable[Conversation]:
    """Return the visitor's newest conversations in `actor_rows`, at most `PAGE`."""
    return actor_rows.filter(visitor=visitor).select_related("channel").order_by("-pk")[:PAGE]
