"""Texts of Admin's library (django-unfold) that the library does not translate itself.

`make texts` collects them into the message catalogues.
"""

from django.utils.translation import gettext_noop as _

WORDS = (
    _("After you've created a user, you’ll be able to edit more user options."),
    _("Apply Filters"),
    _("Choose file to upload"),
    _("Click to cancel"),
    _("False"),
    _("Filters"),
    _("Go back"),
    _("Loading more results..."),
    _("No results found"),
    _("No results matching your query"),
    _("Reset filters"),
    _("Return to site"),
    _("Run"),
    _("Search apps and models..."),
    _("Select action"),
    _("Select action to run"),
    _("Select all rows"),
    _("Select record"),
    _("Select value"),
    _("System"),
    _("This item will be deleted."),
    _("This page yielded into no results. Create a new item or reset your filters."),
    _("Toggle password visibility"),
    _("True"),
    _("Type to search"),
    _("Welcome back to"),
    _("You have been successfully logged out from the administration"),
)
