"""Facts about this database as a whole."""

import uuid

from django.db import models


class Installation(models.Model):
    """The single row with this database's `epoch`.

    A restored backup gets a new epoch. It tells browsers that the numbers they know may refer to
    other entries now.
    """

    epoch = models.UUIDField(default=uuid.uuid4)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_installation")]

    def __str__(self) -> str:
        return str(self.epoch)
