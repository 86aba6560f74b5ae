"""URL routes of the chat: pages and sockets."""

from typing import Any, cast

from django.urls import path

from livechat.auth import with_session
from livechat.consumers.operator import OperatorConsumer
from livechat.consumers.visitor import VisitorConsumer
from livechat.views import files, pages, password, profile

urlpatterns = [
    path("widget/<slug:key>/frame/", pages.frame, name="frame"),
    path("widget/<slug:key>/files/", files.visitor_upload, name="visitor_upload"),
    path("widget/<slug:key>/files/<uuid:file>/", files.visitor_discard, name="visitor_discard"),
    path("chat/<slug:slug>/", pages.chat, name="chat"),
    path("dashboard/", pages.dashboard, name="dashboard"),
    path("dashboard/worker.js", pages.notification_worker, name="notification_worker"),
    path("dashboard/files/", files.staff_upload, name="staff_upload"),
    path("dashboard/files/<uuid:file>/", files.staff_discard, name="staff_discard"),
    path("files/<str:token>/", files.file, name="file"),
    path("transcripts/<str:token>/", files.transcript, name="transcript"),
    path("avatars/<str:name>", files.avatar, name="avatar"),
    path("profile/", profile.profile, name="profile"),
    path("profile/password/", password.ChangePassword.as_view(), name="change_password"),
    path("profile/sign-out/", profile.sign_out_everywhere, name="sign_out_everywhere"),
    path("login/", pages.SignIn.as_view(), name="login"),
    path("logout/", pages.SignOut.as_view(), name="logout"),
]

websocket_urlpatterns: list[Any] = [
    path("ws/visitor/<slug:key>/", cast(Any, VisitorConsumer.as_asgi())),
    path("ws/staff/", with_session(OperatorConsumer.as_asgi())),
]
