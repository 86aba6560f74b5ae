"""All URLs of Django; `docs/reference/addresses.md` lists all addresses of the installation."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from config import error_pages, views

handler400 = error_pages.bad_request
handler403 = error_pages.forbidden
handler404 = error_pages.not_found
handler500 = error_pages.failed

urlpatterns = [
    path("", views.home, name="home"),
    path("admin/login/", views.admin_login),
    # Only Livechat's own page counts wrong guesses of the old password.
    path("admin/password_change/", RedirectView.as_view(pattern_name="change_password")),
    path("admin/", admin.site.urls),
    path("", include("livechat.urls")),
]

if settings.DEMO:
    urlpatterns.append(path("demo/", include("config.demo.urls")))
