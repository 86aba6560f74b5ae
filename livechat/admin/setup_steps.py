"""The set-up steps before a first chat, and which of them are done."""

from dataclasses import dataclass

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from livechat.models import Channel, Conversation, Embedding, Membership, Operator, User
from livechat.policy import StaffActor

MAX_NAMED = 3
"""The maximum number of channels without operators that are named."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. `address` is "" if the reader cannot do it, or not yet."""

    title: str
    text: str
    action: str
    address: str
    is_done: bool


def steps(request: HttpRequest, actor: StaffActor) -> list[Step]:
    """Return the steps for which the reader has the rights, including steps that are done."""
    found: list[Step] = []
    may_change_users = admin.site.get_model_admin(User).has_change_permission(request)
    if actor.is_manager and admin.site.get_model_admin(Channel).has_add_permission(request):
        channels = Channel.objects.active()
        first = channels.order_by("pk").values_list("pk", "slug").first()
        own = reverse("admin:livechat_user_change", args=[actor.user]) if may_change_users else ""
        found += [
            _operator(own),
            _channel(first),
            _operators(channels, first),
            _website(first),
            _chat(first),
        ]
    if actor.operator is not None and actor.channels:
        found.append(_introduction(actor.operator))
    if may_change_users:
        found.append(_second_account(actor.user))
    return found


def _operator(own_account: str) -> Step:
    return Step(
        title=_("Add an operator"),
        text=_(
            "Operators answer visitors. Add an account to the group “Live chat operator”, for "
            "example your own."
        )
        if own_account
        else _(
            "Operators answer visitors. Ask a superuser to add accounts to the group “Live chat "
            "operator”."
        ),
        action=_("Your account"),
        address=own_account,
        is_done=Operator.objects.filter(is_enabled=True).exists(),
    )


def _channel(first: tuple[int, str] | None) -> Step:
    return Step(
        title=_("Create a channel"),
        text=_(
            "A channel serves one website or team. It has its own operators, appearance and rules."
        ),
        action=_("Add a channel"),
        address=reverse("admin:livechat_channel_add"),
        is_done=first is not None,
    )


def _operators(channels: QuerySet[Channel], first: tuple[int, str] | None) -> Step:
    members = Membership.objects.enabled().filter(channel=OuterRef("pk"))
    alone = list(
        channels.filter(~Exists(members)).order_by("pk").values_list("pk", "name")[: MAX_NAMED + 1]
    )
    text = _("Visitors are assigned to the operators of their channel.")
    if alone:
        names = [name for _pk, name in alone[:MAX_NAMED]] + ["…"] * (len(alone) > MAX_NAMED)
        text = _("Channels without operators: %(channels)s") % {"channels": ", ".join(names)}
    return Step(
        title=_("Add operators to every channel"),
        text=text,
        action=_("Choose operators"),
        address=_tab(alone[0][0] if alone else first[0] if first else None, "operators"),
        is_done=first is not None and not alone,
    )


def _website(first: tuple[int, str] | None) -> Step:
    return Step(
        title=_("Add the chat to your website"),
        text=_("One line of HTML shows the chat button. No website has loaded it yet."),
        action=_("Copy the line"),
        address=_tab(first[0] if first else None, "widget"),
        is_done=Embedding.objects.exists(),
    )


def _chat(first: tuple[int, str] | None) -> Step:
    return Step(
        title=_("Try a first chat"),
        text=_(
            "Open the chat in a second window and write a message. Then answer it in the inbox."
        ),
        action=_("Open the chat"),
        address=reverse("chat", args=[first[1]]) if first else "",
        is_done=Conversation.objects.filter(answered_at__isnull=False).exists(),
    )


def _introduction(operator: int) -> Step:
    row = Operator.objects.filter(pk=operator).values_list("chat_name", "avatar").get()
    return Step(
        title=_("Complete your profile"),
        text=_("Visitors see your chat name and your picture."),
        action=_("Your profile"),
        address=reverse("profile"),
        is_done=any(row),
    )


def _second_account(own: int) -> Step:
    others = User.objects.filter(is_active=True, is_staff=True).exclude(pk=own)
    return Step(
        title=_("Give a second person access to the Admin"),
        text=_(
            "Your account is the only one with “Staff status”. If you lose its password, you "
            "can no longer open the Admin."
        ),
        action=_("Users"),
        address=reverse("admin:livechat_user_changelist"),
        is_done=others.exists(),
    )


def _tab(channel: int | None, name: str) -> str:
    """Return the address of a tab in a channel's form; "" without a channel."""
    if channel is None:
        return ""
    return f"{reverse('admin:livechat_channel_change', args=[channel])}#show-{name}"
