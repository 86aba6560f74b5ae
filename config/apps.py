"""The composition root as an app without models: commands, demo, checks."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config import checks, minimum_versions  # noqa: F401 - register the system checks
