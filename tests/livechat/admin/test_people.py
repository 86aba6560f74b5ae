"""Accounts, canned responses, expertise and tags in the Admin, and their history of changes."""

import json

import pytest
from django import forms
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from livechat.admin import history
from livechat.admin.history import ChangeLogMixin
from livechat.domain import rights
from livechat.domain.enumerations import Availability
from livechat.models import CannedResponse, Expertise, Operator, Tag, User
from tests import factories

pytestmark = pytest.mark.django_db

EVIL = "<script>alert(1)</script>"


@pytest.fixture
def root(client):
    """A signed-in administrator."""
    user = factories.user("root", is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


def signed_in(user: User) -> Client:
    user.is_staff = True
    user.save()
    client = Client()
    client.force_login(user)
    return client


def address(model: str, row=None, page: str = "change") -> str:
    if row is None:
        return reverse(f"admin:livechat_{model}_{page}")
    return reverse(f"admin:livechat_{model}_{page}", args=[row.pk])


def errors(response) -> dict[str, list[str]]:
    return dict(response.context["adminform"].form.errors)


def history_lines(model: str, row) -> list[str]:
    """Return the lines of the newest entry in the history of `row`."""
    entry = LogEntry.objects.filter(
        object_id=str(row.pk), content_type=ContentType.objects.get(model=model)
    ).latest("pk")
    return history.lines(entry)


# --- accounts


def account(**fields) -> dict[str, object]:
    return {
        "username": "chloe",
        "password1": "a long password 42",
        "password2": "a long password 42",
        "usable_password": "true",
        "email": "chloe@example.com",
        **fields,
    }


def changed(user: User, **fields) -> dict[str, object]:
    return {"username": user.username, "email": user.email, "is_active": "on", **fields}


def test_a_new_account_in_the_group_of_operators_has_a_profile(client, root):
    group = Group.objects.get(name=rights.OPERATORS)

    response = client.post(address("user", page="add"), account(groups=[group.pk]))

    assert response.status_code == 302
    assert Operator.objects.get(user__username="chloe").is_enabled


def test_a_taken_address_is_refused_at_its_field_whatever_its_case(client, root):
    factories.user("one", email="Same@example.com")
    two = factories.user("two", email="two@example.com")

    new = client.post(address("user", page="add"), account(email="same@EXAMPLE.com"))
    old = client.post(address("user", two), changed(two, email="SAME@example.com"))

    message = {"email": ["Another account already uses this e-mail address."]}
    assert errors(new) == message
    assert errors(old) == message


def test_accounts_without_an_address_do_not_collide(client, root):
    factories.user("one")

    assert client.post(address("user", page="add"), account(email="")).status_code == 302


@pytest.mark.parametrize(
    ("field", "value"), [("language", "xx"), ("time_zone", "Mars/Olympus"), ("time_zone", "../etc")]
)
def test_languages_and_time_zones_are_those_there_are(client, root, field, value):
    person = factories.user("chloe")

    response = client.post(address("user", person), changed(person, **{field: value}))

    assert list(errors(response)) == [field]


def test_language_and_time_zone_are_stored_and_recorded_in_the_history(client, root):
    person = factories.user("chloe")

    client.post(address("user", person), changed(person, language="de", time_zone="Europe/Berlin"))

    person.refresh_from_db()
    assert (person.language, person.time_zone) == ("de", "Europe/Berlin")
    assert {"Language: (empty) → “Deutsch”", "Time zone: (empty) → “Europe/Berlin”"} <= set(
        history_lines("user", person)
    )


def test_a_user_who_answered_or_changed_something_is_not_deleted(client, root, berlin, anna, vera):
    factories.conversation(vera)
    clerk = factories.user("clerk")
    LogEntry.objects.create(
        user=clerk, content_type=None, object_repr="x", action_flag=CHANGE, change_message=""
    )
    nobody = factories.user("nobody")

    refused = [
        client.post(address("user", person, "delete"), {"post": "yes"}).status_code
        for person in (anna.user, clerk)
    ]
    client.post(
        address("user", page="changelist"),
        {"action": "delete_selected", "_selected_action": [clerk.pk], "post": "yes"},
    )
    client.post(address("user", nobody, "delete"), {"post": "yes"})

    assert refused == [403, 403]
    assert set(User.objects.values_list("username", flat=True)) == {"root", "anna", "clerk"}


def test_managers_do_not_make_administrators_of_themselves():
    maria = factories.manager()
    client = signed_in(maria)

    for name in ("user_changelist", "user_add"):
        assert client.get(reverse(f"admin:livechat_{name}")).status_code == 403
    assert client.post(address("user", maria), {"is_superuser": "on"}).status_code == 403


# --- operators


def profile(**fields) -> dict[str, object]:
    known = {"availability": "available", "initial-availability": "available"}
    return {"chat_name": "Anna", **known, **fields}


def test_a_manager_changes_a_profile_and_the_dashboards_hear_of_it(
    anna, published, django_capture_on_commit_callbacks
):
    client = signed_in(factories.manager())
    tea = Expertise.objects.create(name="Tea")
    published.clear()

    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(
            address("operator", anna),
            profile(
                chat_name="Chloe",
                availability="busy",
                languages=["de", "ar"],
                country="BE",
                expertise=[tea.pk],
            ),
        )

    anna.refresh_from_db()
    assert response.status_code == 302
    assert (anna.chat_name, anna.choice, anna.accepting) == ("Chloe", "busy", False)
    assert (sorted(anna.languages), anna.country) == (["ar", "de"], "BE")
    assert list(anna.expertise.all()) == [tea]
    assert any("presence.changed" in str(post) for post in published)


def test_saving_a_profile_leaves_alone_what_the_dashboard_writes(anna, monkeypatch):
    client = signed_in(factories.manager())
    later = timezone.now()
    original = Operator.save

    def save_after_other_change(self, **kwargs):
        Operator.objects.filter(pk=self.pk).update(seen_at=later, in_call=True)
        original(self, **kwargs)

    monkeypatch.setattr(Operator, "save", save_after_other_change)
    client.post(address("operator", anna), profile(chat_name="Chloe"))

    anna.refresh_from_db()
    assert (anna.chat_name, anna.seen_at, anna.in_call) == ("Chloe", later, True)


def test_saving_a_profile_keeps_what_the_operator_chose_while_the_form_was_open(
    anna, published, django_capture_on_commit_callbacks
):
    client = signed_in(factories.manager())
    page = client.get(address("operator", anna)).content.decode()
    assert 'name="initial-availability" value="available"' in page
    anna.choose(Availability.INVISIBLE)
    anna.save()
    published.clear()

    with django_capture_on_commit_callbacks(execute=True):
        client.post(
            address("operator", anna),
            profile(chat_name="Chloe"),
        )

    anna.refresh_from_db()
    assert (anna.chat_name, anna.choice) == ("Chloe", "invisible")
    [own] = [post for post in published if post.groups == (f"user.{anna.user_id}",)]
    assert '"availability":"invisible"' in own.frame


def test_the_admin_shows_what_the_version_before_wrote(anna):
    Operator.objects.filter(pk=anna.pk).update(accepting=False)

    page = signed_in(factories.manager()).get(address("operator", anna)).content.decode()

    assert 'name="initial-availability" value="busy"' in page


@pytest.mark.parametrize("junk", ["", "away", EVIL])
def test_an_unknown_availability_is_refused(anna, junk):
    client = signed_in(factories.manager())

    response = client.post(address("operator", anna), profile(availability=junk))

    assert list(errors(response)) == ["availability"]


@pytest.mark.parametrize("junk", [["xx"], ["de", EVIL], [""], ["zh-cn"], ["de-AT"]])
def test_unknown_languages_are_refused(anna, junk):
    client = signed_in(factories.manager())

    response = client.post(address("operator", anna), profile(languages=junk))

    assert list(errors(response)) == ["languages"]
    anna.refresh_from_db()
    assert anna.languages == []


@pytest.mark.parametrize("junk", ["XX", "de", "Belgium", EVIL])
def test_an_unknown_country_is_refused(anna, junk):
    client = signed_in(factories.manager())

    response = client.post(address("operator", anna), profile(country=junk))

    assert list(errors(response)) == ["country"]


def test_an_operator_sees_their_own_profile_and_changes_none(anna, ben):
    client = signed_in(anna.user)

    own = client.get(address("operator", anna))

    assert own.status_code == 200
    assert "Berlin" in own.content.decode()
    assert "Online" in own.content.decode()
    for somebody in (anna, ben):
        answer = client.post(address("operator", somebody), profile(chat_name="X"))
        assert answer.status_code in (302, 403)
    assert set(Operator.objects.values_list("chat_name", flat=True)) == {"Anna", "Ben"}


def test_the_list_of_operators_costs_the_same_queries_for_any_number(
    client, root, berlin, anna, django_assert_max_num_queries
):
    def count() -> int:
        with django_assert_max_num_queries(100) as queries:
            assert client.get(address("operator", page="changelist")).status_code == 200
        return len(queries)

    short = count()
    for number in range(8):
        factories.operator(f"op{number}", berlin)

    assert count() == short


def test_profiles_are_neither_added_nor_deleted(client, root, anna):
    assert client.get(address("operator", page="add")).status_code == 403
    assert client.post(address("operator", anna, "delete"), {"post": "yes"}).status_code == 403


# --- canned responses


def canned(shortcut: str, owner: User, *groups: str) -> CannedResponse:
    row = CannedResponse.objects.create(shortcut=shortcut, substitution="Hi", owner=owner)
    row.groups.set(Group.objects.filter(name__in=groups))
    return row


def test_the_author_of_a_canned_response_owns_it(anna):
    client = signed_in(anna.user)

    client.post(
        address("cannedresponse", page="add"),
        {"shortcut": "hi", "substitution": "Hello", "owner": "1"},
    )

    assert CannedResponse.objects.get().owner == anna.user


def test_two_of_a_name_cannot_be_of_one_owner(anna, ben):
    canned("hi", anna.user)
    fields = {"shortcut": "hi", "substitution": "Hello"}

    mine = signed_in(anna.user).post(address("cannedresponse", page="add"), fields)
    his = signed_in(ben.user).post(address("cannedresponse", page="add"), fields)

    assert errors(mine) == {
        "shortcut": ["This owner already has a canned response :hi. Choose another shortcut."]
    }
    assert his.status_code == 302


def test_saving_ones_own_again_is_no_collision(anna):
    row = canned("hi", anna.user)

    response = signed_in(anna.user).post(
        address("cannedresponse", row), {"shortcut": "hi", "substitution": "Good day"}
    )

    assert response.status_code == 302


def test_one_shares_with_ones_own_groups_only(anna):
    client = signed_in(anna.user)
    foreign = Group.objects.get(name=rights.MANAGERS)
    fields = {"shortcut": "hi", "substitution": "Hello"}

    offered = client.get(address("cannedresponse", page="add")).context["adminform"].form
    refused = client.post(address("cannedresponse", page="add"), {**fields, "groups": [foreign.pk]})

    assert [group.name for group in offered.fields["groups"].queryset] == [rights.OPERATORS]
    assert list(errors(refused)) == ["groups"]


def test_shared_ones_are_read_by_the_group_and_changed_by_owner_and_managers(anna, ben):
    shared = canned("hi", anna.user, rights.OPERATORS)
    private = canned("mine", anna.user)
    fields = {"shortcut": "hi", "substitution": "Changed"}
    bens = signed_in(ben.user)

    seen = bens.get(address("cannedresponse", page="changelist")).context["cl"].result_list
    posted = bens.post(address("cannedresponse", shared), fields)
    deleted = bens.post(address("cannedresponse", shared, "delete"), {"post": "yes"})
    bens.post(
        address("cannedresponse", page="changelist"),
        {"action": "delete_selected", "_selected_action": [shared.pk], "post": "yes"},
    )
    guessed = bens.get(address("cannedresponse", private))

    assert list(seen) == [shared]
    assert (posted.status_code, deleted.status_code, guessed.status_code) == (403, 403, 302)
    shared.refresh_from_db()
    assert shared.substitution == "Hi"

    signed_in(factories.manager()).post(address("cannedresponse", shared), fields)
    shared.refresh_from_db()
    assert (shared.substitution, shared.owner) == ("Changed", anna.user)


@pytest.mark.parametrize("shortcut", [":hi", "a b", "/x", "", "x" * 41])
def test_shortcuts_that_could_not_be_typed_are_refused(anna, shortcut):
    response = signed_in(anna.user).post(
        address("cannedresponse", page="add"), {"shortcut": shortcut, "substitution": "Hello"}
    )

    assert list(errors(response)) == ["shortcut"]


# --- expertise and tags


def test_operators_of_an_expertise_are_chosen_on_its_page(client, root, anna, ben):
    tea = Expertise.objects.create(name="Tea")

    client.post(address("expertise", tea), {"name": "Green tea", "operators": [ben.pk, anna.pk]})

    assert set(tea.operators.all()) == {anna, ben}
    assert history_lines("expertise", tea) == [
        "Name: “Tea” → “Green tea”",
        "Operators: (empty) → “Anna, Ben”",
    ]


def test_a_new_matter_can_name_its_operators_at_once(client, root, anna):
    client.post(address("expertise", page="add"), {"name": "Tea", "operators": [anna.pk]})

    assert list(anna.expertise.values_list("name", flat=True)) == ["Tea"]


def test_a_user_who_may_only_read_sees_names(anna, ben):
    tea = Expertise.objects.create(name="Tea")
    tea.operators.add(ben)

    text = signed_in(anna.user).get(address("expertise", tea)).content.decode()

    assert "Ben" in text
    assert 'name="operators"' not in text


@pytest.mark.parametrize("colour", ["red", "#12345", '#12345"><script>', ""])
def test_a_colour_is_one(client, root, colour):
    response = client.post(address("tag", page="add"), {"name": "Delivery", "color": colour})

    assert list(errors(response)) == ["color"]


def test_a_tag_is_made_and_shown_with_its_colour(client, root):
    client.post(address("tag", page="add"), {"name": EVIL, "color": "#16794c"})

    text = client.get(address("tag", page="changelist")).content.decode()

    assert "background:#16794c" in text
    assert EVIL not in text


# --- the history of changes


def test_the_history_shows_old_and_new_values(client, root, anna):
    client.post(
        address("operator", anna),
        profile(chat_name="Chloe", availability="busy", languages=["de"]),
    )

    text = client.get(address("operator", anna, "history")).content.decode()

    assert history_lines("operator", anna) == [
        "Online Chat Name: “Anna” → “Chloe”",
        "Availability: “Available” → “Busy”",
        "Online Chat Language: (empty) → “German – Deutsch”",
    ]
    assert "Online Chat Name: “Anna” → “Chloe”" in text


def test_markup_in_the_history_stays_text(client, root, anna):
    client.post(address("operator", anna), profile(chat_name=EVIL))

    text = client.get(address("operator", anna, "history")).content.decode()

    assert EVIL not in text
    assert "&lt;script&gt;alert(1)" in text


def test_labels_are_in_the_readers_language_though_stored_in_another(client, root, anna):
    with translation.override("de"):
        client.post(
            address("operator", anna), profile(chat_name="Chloe"), headers={"accept-language": "de"}
        )

    message = json.loads(LogEntry.objects.latest("pk").change_message)

    assert message[0]["changed"]["fields"] == ["Online Chat Name"]
    assert message[0]["changed"]["differences"] == [["Online Chat Name", "Anna", "Chloe"]]


def test_passwords_are_never_recorded_in_the_history(client, root):
    person = factories.user("chloe")

    client.post(
        reverse("admin:auth_user_password_change", args=[person.pk]),
        {
            "password1": "another long 42!",
            "password2": "another long 42!",
            "usable_password": "true",
        },
    )
    stored = "".join(LogEntry.objects.values_list("change_message", flat=True))

    assert history_lines("user", person) == ["Password: changed"]
    assert "another long" not in stored
    assert "md5$" not in stored


class FormHistory(ChangeLogMixin):
    """The mixin alone, for forms that no page has."""


class FormOfSecrets(forms.Form):
    api_key = forms.CharField(label="Key")
    reset_token = forms.CharField(label="Token")
    shown = forms.CharField(widget=forms.HiddenInput)
    pin = forms.CharField(label="PIN", widget=forms.PasswordInput)
    tree = forms.JSONField(label="Tree", required=False)
    size = forms.ChoiceField(label="Size", choices=[("S", [("s", "Small")]), ("l", "Large")])


def message(form, formsets=(), *, add=False):
    form.is_valid()
    return FormHistory().construct_change_message(HttpRequest(), form, formsets, add)


def as_lines(message) -> list[str]:
    return history.lines(
        LogEntry(change_message=json.dumps(message), action_flag=CHANGE, object_repr="x")
    )


def test_tokens_keys_and_hidden_fields_keep_their_values():
    form = FormOfSecrets(
        {
            "api_key": "tell-nobody",
            "reset_token": "tell-nobody",
            "shown": "tell-nobody",
            "pin": "tell-nobody",
            "tree": '{"b": 1}',
            "size": "l",
        },
        initial={"tree": {}, "size": "s"},
    )

    stored = message(form)

    assert "tell-nobody" not in json.dumps(stored)
    assert as_lines(stored) == [
        "Key: changed",
        "Token: changed",
        "PIN: changed",
        'Tree: (empty) → “{"b": 1}”',
        "Size: “Small” → “Large”",
    ]


def test_long_values_are_cut_where_they_part():
    class Form(forms.Form):
        text = forms.CharField(label="Text")

    same = "a" * 500
    stored = message(Form({"text": f"{same}new{same}"}, initial={"text": f"{same}old{same}"}))

    [[_label, before, after]] = stored[0]["changed"]["differences"]
    assert (len(before), len(after)) == (80, 80)
    assert before.startswith("…aaa")
    assert "aold" in before
    assert "anew" in after


def test_rows_of_inlines_are_named_with_their_fields(berlin, anna, ben):
    tags = [Tag.objects.create(name=name) for name in ("Kept", "Old", "Gone")]
    formset_of = forms.modelformset_factory(Tag, fields=["name", "color"], can_delete=True, extra=1)
    data = {"form-TOTAL_FORMS": "4", "form-INITIAL_FORMS": "3"}
    for number, (row, name) in enumerate(zip(tags, ("Kept", "New", "Gone"), strict=True)):
        data |= {f"form-{number}-id": str(row.pk), f"form-{number}-name": name}
        data |= {f"form-{number}-color": "#6e56cf"}
    data |= {"form-2-DELETE": "on", "form-3-name": "Added", "form-3-color": "#6e56cf"}
    formset = formset_of(data, queryset=Tag.objects.order_by("pk"))
    assert formset.is_valid(), formset.errors
    formset.save()

    stored = message(forms.Form({}), [formset])

    assert as_lines(stored) == [
        "Added tag “Added”.",
        "Tag “New”, Name: “Old” → “New”",
        "Deleted tag “Gone”.",
    ]


def test_old_and_foreign_history_entries_are_shown_as_before():
    entries = [
        "",
        "Plain text.",
        '[{"added": {}}]',
        "[broken",
        "{}",
        '[{"changed": {"fields": ["name"]}}]',
    ]

    found = [
        history.lines(LogEntry(change_message=text, action_flag=ADDITION, object_repr="x"))
        for text in entries
    ]

    assert found == [[], ["Plain text."], ["Added."], ["[broken"], ["{}"], ["Changed name."]]


def test_an_unchanged_form_says_so(client, root, anna):
    client.post(address("operator", anna), profile())

    assert history_lines("operator", anna) == ["No fields changed."]
