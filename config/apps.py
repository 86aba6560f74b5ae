"""The project as an app without models: commands, demo, checks."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config.checks import (
            configuration,  # noqa: F401 - they register checks
            exposure,  # noqa: F401 - they register checks
            versions,  # noqa: F401 - they register checks
        )
