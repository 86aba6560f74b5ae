"""Rights in the Admin: accounts may give only their own rights, superusers may give all."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from livechat.domain import rights
from livechat.models import User
from tests import factories

pytestmark = pytest.mark.django_db

RIGHTS = [f"{verb}_{model}" for model in ("user", "group") for verb in ("add", "change", "delete")]
ONLY = ["Only a superuser can change this."]


@pytest.fixture
def clerk(client: Client) -> User:
    """A clerk who manages accounts and groups, and is an operator, but not a superuser."""
    made = factories.user("clerk", group=rights.OPERATORS, is_staff=True)
    made.user_permissions.set(factories.permissions(*RIGHTS))
    client.force_login(made)
    return made


@pytest.fixture
def root() -> User:
    return factories.user("root", is_staff=True, is_superuser=True)


def page(name: str, *args: object) -> str:
    return reverse(f"admin:{name}", args=args)


def account(row: User) -> str:
    return page("livechat_user_change", row.pk)


def sent(row: User, **fields: object) -> dict[str, object]:
    """Return what an account's form sends when only `fields` are changed."""
    kept = {
        "username": row.username,
        "first_name": row.first_name,
        "last_name": row.last_name,
        "is_active": "on",
        "groups": [group.pk for group in row.groups.all()],
        "user_permissions": [right.pk for right in row.user_permissions.all()],
    }
    return {**kept, **({"is_staff": "on"} if row.is_staff else {}), **fields}


def group(name: str) -> Group:
    return Group.objects.get(name=name)


def right(codename: str) -> Permission:
    return Permission.objects.get(codename=codename)


def errors(response) -> dict[str, list[str]]:
    return dict(response.context["adminform"].form.errors)


def test_a_clerk_does_not_make_superusers(client, clerk):
    ben = factories.user("ben")

    own = client.post(account(clerk), sent(clerk, is_superuser="on"))
    other = client.post(account(ben), sent(ben, is_superuser="on"))
    client.post(
        page("livechat_user_add"),
        {
            "username": "new",
            "usable_password": "true",
            "password1": "a long password 42",
            "password2": "a long password 42",
            "is_superuser": "on",
        },
    )

    assert errors(own) == errors(other) == {"is_superuser": ONLY}
    assert User.objects.filter(username="new").exists()
    assert not User.objects.filter(is_superuser=True).exists()


def test_a_clerk_neither_changes_nor_deletes_a_superuser(client, clerk, root):
    before = User.objects.values().get(pk=root.pk)

    shown = client.get(account(root))
    changed = client.post(account(root), sent(root, email="clerk@example.com"))
    deleted = client.post(page("livechat_user_delete", root.pk), {"post": "yes"})
    chosen = client.post(
        page("livechat_user_changelist"),
        {"action": "delete_selected", "_selected_action": [root.pk], "post": "yes"},
    )

    assert (shown.status_code, shown.context["has_change_permission"]) == (200, False)
    assert [one.status_code for one in (changed, deleted, chosen)] == [403, 403, 403]
    assert User.objects.values().get(pk=root.pk) == before


@pytest.mark.parametrize("name", ["root", "ben", "clerk"])
def test_a_clerk_sets_no_password(client, clerk, root, name):
    factories.user("ben")
    row = User.objects.get(username=name)
    address = page("auth_user_password_change", row.pk)
    new = {
        "usable_password": "true",
        "password1": "another one 4242",
        "password2": "another one 4242",
    }

    shown, stored = client.get(address), client.post(address, new)

    assert (shown.status_code, stored.status_code) == (403, 403)
    assert User.objects.get(pk=row.pk).password == row.password


def test_nothing_but_a_superusers_page_leads_to_the_form_of_a_password(client, clerk, root):
    ben = factories.user("ben")
    theirs = client.get(account(ben)).content.decode()
    client.force_login(root)

    assert "../password/" not in theirs
    assert ben.password.split("$")[-1] not in theirs
    assert "../password/" in client.get(account(ben)).content.decode()


@pytest.mark.parametrize("name", ["clerk", "ben"])
def test_a_clerk_gives_neither_groups_nor_rights_above_their_own(client, clerk, name):
    factories.user("ben")
    row = User.objects.get(username=name)
    groups = [*row.groups.all(), group(rights.MANAGERS)]
    given = [*row.user_permissions.all(), right("add_webhook")]

    response = client.post(
        account(row),
        sent(
            row,
            groups=[one.pk for one in groups],
            user_permissions=[one.pk for one in given],
        ),
    )

    assert set(errors(response)) == {"groups", "user_permissions"}
    assert "is not one of the available choices" in str(errors(response))
    assert not User.objects.get(pk=row.pk).has_perm("livechat.add_webhook")


def test_a_clerk_gives_what_they_have_and_leaves_what_is_there(client, clerk):
    ben = factories.user("ben", group=rights.MANAGERS)
    ben.user_permissions.set(factories.permissions("view_logentry"))

    response = client.post(
        account(ben),
        sent(
            ben,
            groups=[group(rights.MANAGERS).pk, group(rights.OPERATORS).pk],
            user_permissions=[right("view_logentry").pk, right("add_user").pk],
        ),
    )

    assert response.status_code == 302
    assert set(ben.groups.values_list("name", flat=True)) == {rights.MANAGERS, rights.OPERATORS}
    assert set(ben.user_permissions.values_list("codename", flat=True)) == {
        *("view_logentry", "add_user")
    }


def test_a_new_account_has_no_more_rights_than_its_creator(client, clerk):
    response = client.post(
        page("livechat_user_add"),
        {
            "username": "new",
            "usable_password": "true",
            "password1": "a long password 42",
            "password2": "a long password 42",
            "groups": [group(rights.MANAGERS).pk],
        },
    )

    assert set(errors(response)) == {"groups"}
    assert not User.objects.filter(username="new").exists()


def test_a_clerk_gives_no_right_to_a_group_that_they_do_not_have(client, clerk):
    mine = group(rights.OPERATORS)
    had = set(mine.permissions.all())

    refused = client.post(
        page("auth_group_change", mine.pk),
        {"name": mine.name, "permissions": [*(one.pk for one in had), right("add_webhook").pk]},
    )
    new = client.post(
        page("auth_group_add"), {"name": "New", "permissions": [right("add_webhook").pk]}
    )

    assert set(errors(refused)) == set(errors(new)) == {"permissions"}
    assert set(mine.permissions.all()) == had


def test_a_clerk_changes_a_group_and_leaves_the_rights_that_are_there(client, clerk):
    made = Group.objects.create(name="Helpers")
    made.permissions.set(factories.permissions("add_webhook"))

    response = client.post(
        page("auth_group_change", made.pk),
        {"name": "Friends", "permissions": [right("add_webhook").pk, right("add_user").pk]},
    )

    made.refresh_from_db()
    assert (response.status_code, made.name) == (302, "Friends")
    assert set(made.permissions.values_list("codename", flat=True)) == {"add_webhook", "add_user"}


def test_the_groups_of_the_chat_keep_their_names_which_stand_for_their_rights(client, clerk):
    """An upgrade would give the chat's rights to any group with such a name."""
    helpers = Group.objects.create(name="Helpers")
    managers = group(rights.MANAGERS)

    renamed = client.post(page("auth_group_change", managers.pk), {"name": "Former managers"})
    gone = client.post(page("auth_group_delete", managers.pk), {"post": "yes"})
    Group.objects.filter(pk=managers.pk).delete()
    taken = client.post(page("auth_group_change", helpers.pk), {"name": rights.MANAGERS})
    new = client.post(page("auth_group_add"), {"name": rights.MANAGERS})

    assert errors(renamed) == errors(taken) == errors(new) == {"name": ONLY}
    assert gone.status_code == 403
    assert not Group.objects.filter(name=rights.MANAGERS).exists()


def test_a_superuser_gives_everything(client, root):
    client.force_login(root)
    ben = factories.user("ben")

    response = client.post(
        account(ben),
        sent(ben, is_superuser="on", groups=[group(rights.MANAGERS).pk]),
    )

    ben.refresh_from_db()
    assert (response.status_code, ben.is_superuser) == (302, True)
    assert list(ben.groups.all()) == [group(rights.MANAGERS)]
