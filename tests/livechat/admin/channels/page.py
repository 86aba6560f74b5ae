"""The channel form of the Admin, as a test sends and reads it."""

from collections.abc import Mapping

EVIL = "\"><script>alert(1)</script>'"


def with_rules(data: dict[str, str], *rules: Mapping[str, object]) -> dict[str, str]:
    """Return the form's data with these rules added at the end."""
    first = int(data["rules-TOTAL_FORMS"])
    added = {
        f"rules-{first + i}-{name}": str(value)
        for i, rule in enumerate(rules)
        for name, value in {
            "id": "",
            "sequence": (first + i + 1) * 10,
            "action": "display_button",
            "regex_url": "",
            "auto_popup_timer": 0,
            "countries": "",
            **rule,
        }.items()
    }
    return {**data, **added, "rules-TOTAL_FORMS": str(first + len(rules))}


def errors(response) -> str:
    assert response.status_code == 200, response.status_code
    page: str = response.content.decode()
    return page


def staff(operator):
    operator.user.is_staff = True
    operator.user.save()
    return operator.user
