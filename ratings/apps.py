"""Ratings of conversations by visitors. Not implemented yet: this app is empty."""

from django.apps import AppConfig


class RatingsConfig(AppConfig):
    name = "ratings"
