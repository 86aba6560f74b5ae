"""The page of chatbots in the Admin: what is to come, told honestly."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from livechat.admin.site import add_page, page
from livechat.admin.visibility import actor_of


def may_see_chatbots(request: HttpRequest) -> bool:
    return actor_of(request).is_manager


def chatbots(request: HttpRequest) -> HttpResponse:
    """Say that there are none yet."""
    if not may_see_chatbots(request):
        raise PermissionDenied
    return page(request, "admin/chatbot/chatbots.html", _("Chatbots"))


add_page("chatbots/", chatbots, name="chatbot_chatbots")
