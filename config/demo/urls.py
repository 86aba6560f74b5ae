"""Addresses of the demo shop."""

from django.urls import path

from config.demo import views

urlpatterns = [
    path("", views.home, name="demo"),
    path("shop/", views.shop, name="demo-shop"),
]
