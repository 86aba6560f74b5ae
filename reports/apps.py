"""Reads everybody, is read by nobody."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "reports"
