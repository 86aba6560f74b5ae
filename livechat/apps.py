"""Start-up of the app: connects the signal receivers."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LivechatConfig(AppConfig):
    name = "livechat"
    verbose_name = _("Live Chat")

    def ready(self) -> None:
        from livechat import receivers

        receivers.connect()
