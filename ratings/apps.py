"""What visitors thought of it."""

from django.apps import AppConfig


class RatingsConfig(AppConfig):
    name = "ratings"
