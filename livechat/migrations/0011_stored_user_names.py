from django.apps.registry import Apps
from django.db import migrations
from django.db.models import F, Q, Value
from django.db.models.functions import Concat


def forget_user_names(apps: Apps, schema_editor: object) -> None:
    """Remove user names that earlier versions stored as the name that visitors see."""
    name = F('display_name')
    is_user_name = Q(operator__user__username=name) | Q(
        operator__user__username__startswith=Concat(name, Value('@'))
    )
    apps.get_model('livechat', 'Participant').objects.filter(is_user_name).exclude(
        # Operators may have chosen it.
        Q(operator__chat_name=name) | Q(operator__user__first_name=name)
    ).update(display_name='')


class Migration(migrations.Migration):

    dependencies = [
        ('livechat', '0010_plain_texts'),
    ]

    operations = [
        migrations.RunPython(forget_user_names, migrations.RunPython.noop, elidable=True),
    ]
