"""One small table of messages."""

from django.db import models


class Message(models.Model):
    room = models.CharField(max_length=64, db_index=True)
    author = models.CharField(max_length=16)
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "naive"

    def __str__(self) -> str:
        return self.text[:40]
