"""The page of reports in Admin. It says what is planned."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from livechat.admin.extra_pages import add_page, page
from livechat.admin.visibility import actor_of


def may_see_report(request: HttpRequest) -> bool:
    actor = actor_of(request)
    return actor.is_manager or actor.is_analyst


def report(request: HttpRequest) -> HttpResponse:
    """Render the page; 403 unless the user is a manager or an analyst."""
    if not may_see_report(request):
        raise PermissionDenied
    return page(request, "admin/reports/report.html", _("Report"))


add_page("report/", report, name="reports_report")
