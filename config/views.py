"""The way into the Admin."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse


def admin_login(request: HttpRequest) -> HttpResponse:
    """Show the one sign-in page; who is signed in and may not enter would come back forever."""
    user = request.user
    if user.is_authenticated and not admin.site.has_permission(request):
        raise PermissionDenied
    return redirect(reverse("login", query=request.GET))
