"""Addresses of the chat: pages and sockets."""

from typing import Any, cast

from django.urls import path

from livechat.auth import with_session
from livechat.consumers.operator import OperatorConsumer
from livechat.consumers.visitor import VisitorConsumer
from livechat.views import pages

urlpatterns = [
    path("widget/<slug:key>/loader.js", pages.loader, name="loader"),
    path("widget/<slug:key>/frame/", pages.frame, name="frame"),
    path("chat/<slug:slug>/", pages.chat, name="chat"),
    path("dashboard/", pages.dashboard, name="dashboard"),
    path("login/", pages.SignIn.as_view(), name="login"),
    path("logout/", pages.SignOut.as_view(), name="logout"),
]

websocket_urlpatterns: list[Any] = [
    path("ws/visitor/<slug:key>/", cast(Any, VisitorConsumer.as_asgi())),
    path("ws/staff/", with_session(OperatorConsumer.as_asgi())),
]
