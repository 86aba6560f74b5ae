"""The page of chatbots in Admin. It says what is planned."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from livechat.admin.extra_pages import add_page, page
from livechat.admin.visibility import actor_of


def may_see_chatbots(request: HttpRequest) -> bool:
    return actor_of(request).is_manager


def chatbots(request: HttpRequest) -> HttpResponse:
    """Render the page; 403 unless the user is a manager."""
    if not may_see_chatbots(request):
        raise PermissionDenied
    return page(request, "admin/chatbot/chatbots.html", _("Chatbots"))


add_page("chatbots/", chatbots, name="chatbot_chatbots")
