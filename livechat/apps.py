"""Start-up of the chat: connects receivers, nothing else."""

from django.apps import AppConfig


class LivechatConfig(AppConfig):
    name = "livechat"
    verbose_name = "Live Chat"

    def ready(self) -> None:
        from livechat import receivers

        receivers.connect()
