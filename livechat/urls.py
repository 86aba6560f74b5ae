"""Addresses of the chat: pages and sockets."""

from typing import Any, cast

from django.urls import path

from livechat import views
from livechat.auth import with_session
from livechat.consumers.operator import OperatorConsumer
from livechat.consumers.visitor import VisitorConsumer

urlpatterns = [
    path("widget/<slug:key>/loader.js", views.loader, name="loader"),
    path("widget/<slug:key>/frame/", views.frame, name="frame"),
    path("chat/<slug:slug>/", views.chat, name="chat"),
    path("dashboard/", views.dashboard, name="dashboard"),
    path("login/", views.SignIn.as_view(), name="login"),
    path("logout/", views.SignOut.as_view(), name="logout"),
]

websocket_urlpatterns: list[Any] = [
    path("ws/visitor/<slug:key>/", cast(Any, VisitorConsumer.as_asgi())),
    path("ws/staff/", with_session(OperatorConsumer.as_asgi())),
]
