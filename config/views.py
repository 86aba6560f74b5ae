"""Health of the process, for whoever watches it."""

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse

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
