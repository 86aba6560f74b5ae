"""Health of the process, and the way into the Admin."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse

from livechat.consumers.base import BaseConsumer


def healthz(request: HttpRequest) -> JsonResponse:
    """200 while the process answers; touches nothing."""
    return JsonResponse({"ok": True})


def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the process should be sent visitors, else 503: draining, or no database."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        database = True
    except DatabaseError:
        database = False
    ready = database and not BaseConsumer.draining
    body = {"ready": ready, "database": database, "draining": BaseConsumer.draining}
    return JsonResponse(body, status=200 if ready else 503)


def admin_login(request: HttpRequest) -> HttpResponse:
    """Show the one sign-in page; who is signed in and may not enter would come back forever."""
    user = request.user
    if user.is_authenticated and not admin.site.has_permission(request):
        raise PermissionDenied
    return redirect(reverse("login", query=request.GET))
