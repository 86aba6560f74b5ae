"""The operator of the rehearsal. Runs inside ``manage.py shell``."""

from django.contrib.auth.models import Group

from livechat.domain import rights
from livechat.models import Channel, Membership, Operator, User


def anna(password: str) -> None:
    """Create an operator with `password`, and a channel whose only operator is Anna."""
    user = User.objects.create_user("anna", first_name="Anna", password=password)
    user.groups.add(Group.objects.get(name=rights.OPERATORS))
    channel = Channel.objects.create(name="Sales", slug="sales")
    Membership.objects.create(channel=channel, operator=Operator.objects.get(user=user))
