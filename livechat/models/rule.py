"""Channel rules: on which pages, when and how the button appears."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from livechat.domain import patterns
from livechat.domain.enumerations import ButtonAction, ResponderCondition
from livechat.domain.patterns import PatternError
from livechat.domain.rules import Rule
from livechat.models.choices import BUTTON_ACTIONS, RESPONDER_CONDITIONS


class ChannelRule(models.Model):
    """One rule of a channel. Rules are tried in the order of `sequence`."""

    channel = models.ForeignKey("livechat.Channel", models.CASCADE, related_name="rules")
    sequence = models.PositiveIntegerField(default=10)
    action = models.CharField(
        _("Live Chat Button"),
        max_length=32,
        choices=BUTTON_ACTIONS,
        default=ButtonAction.SHOW.value,
    )
    regex_url = models.CharField(
        _("URL Regex"),
        max_length=patterns.MAX_LENGTH,
        blank=True,
        default="",
        help_text=_(
            "Matches anywhere in the page address, for example /shop or /cart$. Leave "
            "it empty for all pages."
        ),
    )
    auto_popup_timer = models.PositiveIntegerField(
        _("Open automatically timer"),
        default=0,
        validators=[MaxValueValidator(3_600)],
        help_text=_("In seconds, at most 3600 (one hour)."),
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
        verbose_name_plural = _("channel rules")

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.regex_url or '*'}"

    def clean(self) -> None:
        """Raise ValidationError, with the problem and its position, for an unusable pattern."""
        try:
            patterns.check(self.regex_url)
        except PatternError as error:
            raise ValidationError({"regex_url": _explained(error, self.regex_url)}) from None

    def as_rule(self) -> Rule:
        """Return the rule as a value for `domain.rules`."""
        return Rule(
            pk=self.pk,
            sequence=self.sequence,
            action=ButtonAction(self.action),
            pattern=self.regex_url,
            timer_seconds=self.auto_popup_timer,
            countries=frozenset(str(country) for country in self.countries),
            responder=self.responder,
            condition=ResponderCondition(self.responder_condition),
        )


_PROBLEMS = {
    "missing_parenthesis": _("A parenthesis is not closed."),
    "unexpected_parenthesis": _("A closing parenthesis has no opening parenthesis."),
    "missing_bracket": _("A square bracket is not closed."),
    "bad_range": _("A range is in reverse order."),
    "bad_class": _("The character class is unknown."),
    "look_around": _("Lookahead and lookbehind are not supported."),
    "nothing_to_repeat": _("A repetition has nothing to repeat."),
    "repeated_repetition": _("A repetition cannot be repeated."),
    "repeated_too_often": _("A part may be repeated at most 1,000 times."),
    "bad_escape": _("The escape sequence is unknown. Back-references are not supported."),
    "trailing_backslash": _("The backslash at the end has nothing to escape."),
    "too_complex": _("The expression repeats too much. Match a smaller part of the address."),
    "too_long": _("The expression is too long."),
    "nul": _("The expression contains a character that cannot be stored."),
}


def _explained(error: PatternError, pattern: str) -> str:
    problem = str(_PROBLEMS.get(error.problem, _("This is not a valid regular expression.")))
    if error.position is None or not error.fragment:
        return problem
    where = _("At character %(position)d: “%(rest)s”") % {
        "position": error.position + 1,
        "rest": pattern[error.position : error.position + 20],
    }
    return f"{problem} {where}"
