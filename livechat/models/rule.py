"""Channel rules: when and how the button appears on which page."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from livechat.domain.states import ButtonAction, ResponderCondition
from livechat.models.choices import BUTTON_ACTIONS, RESPONDER_CONDITIONS


class ChannelRule(models.Model):
    """One line of a channel's rules, tried in the order of `sequence` (`odoo19.md` §1.2)."""

    channel = models.ForeignKey("livechat.Channel", models.CASCADE, related_name="rules")
    sequence = models.PositiveIntegerField(default=10)
    action = models.CharField(
        _("Live Chat Button"),
        max_length=32,
        choices=BUTTON_ACTIONS,
        default=ButtonAction.SHOW.value,
    )
    regex_url = models.CharField(_("URL Regex"), max_length=1000, blank=True, default="")
    auto_popup_timer = models.PositiveIntegerField(
        _("Open automatically timer"), default=0, help_text=_("Seconds.")
    )
    countries = CountryField(_("Country"), multiple=True, blank=True)
    responder = models.CharField(max_length=64, blank=True, default="")
    responder_condition = models.CharField(
        max_length=16,
        choices=RESPONDER_CONDITIONS,
        default=ResponderCondition.ALWAYS.value,
    )

    class Meta:
        ordering = ["sequence", "pk"]
        verbose_name = _("channel rule")

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.regex_url or '*'}"
