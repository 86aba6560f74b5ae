"""What is true of this database as a whole."""

import uuid

from django.db import models


class Installation(models.Model):
    """The one row that names this database's `epoch`.

    A restored backup gets another epoch, so that browsers notice that numbers they know may
    mean something else now.
    """

    epoch = models.UUIDField(default=uuid.uuid4)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_installation")]

    def __str__(self) -> str:
        return str(self.epoch)
