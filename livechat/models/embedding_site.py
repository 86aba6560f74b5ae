"""Websites that loaded a channel's widget."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Embedding(models.Model):
    """A website whose pages loaded a channel's widget. It shows that the widget is installed.

    `origin` is the website as named by the browser. Each row is written at most once a minute.
    """

    channel = models.ForeignKey("livechat.Channel", models.CASCADE, related_name="embeddings")
    origin = models.CharField(_("website"), max_length=300)
    first_at = models.DateTimeField(_("first seen"))
    last_at = models.DateTimeField(_("last seen"))

    class Meta:
        ordering = ["-last_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["channel", "origin"], name="embedding_once")]

    def __str__(self) -> str:
        return self.origin
