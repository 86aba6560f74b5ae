"""Functions that take quadratic time are called only where the input is bounded first."""

import ast
from pathlib import Path

from django.conf import settings

OURS = ("chatbot", "config", "livechat", "ratings", "reports")
BOUNDED = {"livechat/domain/text.py"}
OWN_WORDS = {"config/env.py"}
"""Reads what the administrator wrote into the environment."""
NAMES = {"normalize", "urlsplit", "urlparse", "slugify", "punycode", "urlize", "_unquote"}
CODECS = {"idna", "punycode"}


def calls(source: str) -> list[str]:
    """Return the listed functions and codecs that `source` calls."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            given = [each.value for each in node.args if isinstance(each, ast.Constant)]
            found += [name] if name in NAMES else []
            found += [str(codec) for codec in given if name == "encode" and codec in CODECS]
    return found


def test_only_one_module_normalises_and_takes_addresses_apart():
    callers = {
        str(path.relative_to(settings.BASE_DIR)): called
        for folder in OURS
        for path in Path(settings.BASE_DIR / folder).rglob("*.py")
        if (called := calls(path.read_text()))
    }

    assert callers.keys() == BOUNDED | OWN_WORDS


def test_a_caller_is_found():
    source = 'unicodedata.normalize("NFC", x); urlsplit(x); x.encode("idna"); x.encode("utf-8")'

    assert calls(source) == ["normalize", "urlsplit", "idna"]
