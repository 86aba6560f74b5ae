"""The Admin speaks the language of its user, even where a library has no translation."""

import re
from html import unescape

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import translation

from config.admin.library_texts import WORDS
from livechat.models import Channel
from tests import factories

pytestmark = pytest.mark.django_db


def english(text: str) -> list[str]:
    """Return the library's texts that a page shows, or gives to screen readers, in English."""
    spoken = re.sub(r"<script\b.*?</script>", "", unescape(text), flags=re.S)
    said = {word.strip() for word in re.findall(r">([^<>]+)<", spoken)}
    attributes = re.findall(r'(?:title|placeholder|aria-label)="([^"]*)"', spoken)
    return sorted(set(WORDS) & (said | set(attributes)))


def pages() -> list[str]:
    """Return the addresses of all Admin pages."""
    found = [reverse("admin:index")]
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        found.append(reverse(f"{name}_changelist") + "?q=zzzz")
        found.append(reverse(f"{name}_changelist"))
        found.append(reverse(f"{name}_add"))
        if (row := model._default_manager.first()) is not None:
            found += [
                reverse(f"{name}_{view}", args=[row.pk]) for view in ("change", "delete", "history")
            ]
    return found


@pytest.mark.parametrize("language", ["de", "ar"])
def test_no_page_of_the_admin_falls_back_to_english(client, berlin: Channel, vera, language):
    factories.operator("anna", berlin)
    factories.conversation(vera)
    root = factories.user("root", is_staff=True, is_superuser=True, language=language)
    client.force_login(root)

    shown = {page: client.get(page) for page in pages()}
    read = {page: answer for page, answer in shown.items() if answer.status_code == 200}

    assert len(read) > 30
    assert {page: found for page, answer in read.items() if (found := english(answer.text))} == {}


@pytest.mark.parametrize("language", ["de", "ar"])
def test_every_word_of_the_library_is_translated(language):
    with translation.override(language):
        assert [word for word in WORDS if translation.gettext(word) == word] == []
