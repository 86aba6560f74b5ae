"""A user's own profile: what is stored, what colleagues see, and what is rejected."""

import io
import json
import random
import re
import threading

import PIL.Image
import pytest
from django.contrib.auth.models import Permission
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client

from livechat.domain import preferences
from livechat.domain.preferences import DEFAULTS, Preferences, Quiet, Sounds
from livechat.errors import Invalid, NotAllowed
from livechat.models import Expertise, Operator, User
from livechat.services import operators
from livechat.services.operators import MAX_PICTURE_BYTES, Account, Profile
from tests import factories
from tests.forms import Form

pytestmark = pytest.mark.django_db

ACCOUNT = Account(language="", time_zone="", preferences=DEFAULTS)
PAGE = "/profile/"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    """Store pictures in a folder of this test."""
    settings.STORAGES = {
        **settings.STORAGES,
        "files": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path},
        },
    }
    return tmp_path


@pytest.fixture
def commits(django_capture_on_commit_callbacks):
    """Return a function whose context runs the callbacks after a commit."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def page(client, anna):
    """Return a function that returns what Anna's browser would send, with changes."""
    client.force_login(anna.user)

    def data(**changes: object) -> dict[str, object]:
        response = client.get(PAGE)
        assert response.status_code == 200
        form: dict[str, object] = dict(Form(response.content.decode()).data)
        form |= {
            "languages": anna.languages,
            "expertise": list(anna.expertise.values_list("pk", flat=True)),
        }
        return {
            name: value for name, value in (form | changes).items() if value not in (None, False)
        }

    return data


def picture(colour: str = "green", kind: str = "PNG", size: tuple[int, int] = (300, 200)) -> bytes:
    out = io.BytesIO()
    PIL.Image.new("RGB", size, colour).save(out, kind)
    return out.getvalue()


def profile(**changes) -> Profile:
    usual = {"chat_name": "Anna", "languages": (), "expertise": frozenset()}
    return Profile(**{**usual, **changes})


def manager_without_operator_rights() -> User:
    maria = factories.user("maria")
    maria.user_permissions.add(Permission.objects.get(codename="manage_livechat"))
    return maria


def pictures(folder) -> list[str]:
    return sorted(path.name for path in (folder / "avatars").glob("*"))


# --- the page


def test_only_users_who_may_enter_the_dashboard_have_a_profile(client, anna):
    assert client.get(PAGE).headers["Location"] == f"/login/?next={PAGE}"
    for person, status in [
        (anna.user, 200),
        (factories.manager("paul"), 200),
        (manager_without_operator_rights(), 200),
        (factories.user("yusuf", group="Live chat analyst"), 403),
        (factories.user("nobody"), 403),
    ]:
        client.force_login(person)
        assert (client.get(PAGE).status_code, client.post(PAGE).status_code) == (status, status)


def test_saving_the_page_as_it_is_changes_nothing(client, page, anna):
    anna.languages = ["de"]
    anna.save()
    anna.expertise.add(Expertise.objects.create(name="Green tea"))
    anna.user.language, anna.user.time_zone = "de", "Europe/Berlin"
    anna.user.save()

    response = client.post(PAGE, page())

    assert response.headers["Location"] == PAGE
    after = Operator.objects.get(pk=anna.pk)
    assert (after.chat_name, after.languages) == (anna.chat_name, ["de"])
    assert after.expertise.count() == 1
    assert (after.user.language, after.user.time_zone) == ("de", "Europe/Berlin")
    assert preferences.read(after.user.preferences) == DEFAULTS


def test_everything_that_can_be_chosen_is_stored(client, page, anna):
    tea = Expertise.objects.create(name="Green tea")

    client.post(
        PAGE,
        page(
            chat_name="  Anna  from Kettle ",
            languages=["en", "ar"],
            country="BE",
            expertise=[tea.pk],
            language="de",
            time_zone="Asia/Tokyo",
            sounds_message=None,
            volume="35",
            quiet="on",
            quiet_from="21:30",
            quiet_to="06:15",
            notifications=None,
            notification_text="on",
            shortcuts=None,
        ),
    )

    after = Operator.objects.get(pk=anna.pk)
    assert (after.chat_name, after.languages) == ("Anna from Kettle", ["en", "ar"])
    assert after.country == "BE"
    assert list(after.expertise.all()) == [tea]
    assert (after.user.language, after.user.time_zone) == ("de", "Asia/Tokyo")
    assert preferences.read(after.user.preferences) == Preferences(
        sounds=Sounds(message=False),
        volume=0.35,
        quiet=Quiet("21:30", "06:15"),
        notifications=False,
        notification_text=True,
        shortcuts=False,
    )
    config = re.search(r"livechat-config[^>]*>(.*?)<", client.get("/dashboard/").content.decode())
    assert config is not None
    configuration = json.loads(config[1])
    assert configuration["profile"] == PAGE
    assert configuration["preferences"] == after.user.preferences


def test_that_it_is_saved_is_said_once_and_in_the_new_language(client, page):
    response = client.post(PAGE, page(language="de"), follow=True)

    assert response.content.count(b'class="told saved"') == 1
    assert b'lang="de"' in response.content
    assert b'class="told saved"' not in client.get(PAGE).content


def test_an_operator_without_a_chat_name_sees_the_name_that_visitors_see(client, page, anna):
    client.post(PAGE, page(chat_name=""))
    assert 'data-unnamed="Anna Example">Anna Example<' in client.get(PAGE).content.decode()

    User.objects.filter(pk=anna.user_id).update(first_name="", last_name="", username="a@b.example")
    assert 'data-unnamed="Operator">Operator<' in client.get(PAGE).content.decode()


def test_a_manager_who_is_no_operator_has_no_chat_name(client):
    maria = manager_without_operator_rights()
    client.force_login(maria)
    html = client.get(PAGE).content.decode()
    for name in ("chat_name", "picture", "languages", "country", "expertise"):
        assert f'name="{name}"' not in html

    form = Form(html).data | {"chat_name": "Boss", "volume": "0", "language": "ar"}
    response = client.post(PAGE, form)

    assert response.status_code == 302
    maria.refresh_from_db()
    assert (maria.language, preferences.read(maria.preferences).volume) == ("ar", 0)
    assert not Operator.objects.filter(user=maria).exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("chat_name", "x" * 81),
        ("languages", ["en", "klingon"]),
        ("country", "XX"),
        ("expertise", [999]),
        ("expertise", ["1; drop table"]),
        ("language", "fr"),
        ("time_zone", "Mars/Olympus"),
        ("volume", "101"),
        ("volume", "loud"),
        ("quiet_from", "25:00"),
        ("quiet_to", "22:00"),
        ("quiet_to", ""),
    ],
)
def test_invalid_values_are_reported_at_their_field_and_nothing_is_stored(
    client, page, anna, field, value
):
    before = Operator.objects.values().get(), User.objects.values().get(pk=anna.user_id)

    response = client.post(
        PAGE, page(**{"chat_name": "New", "quiet": "on", "quiet_from": "22:00", field: value})
    )

    html = response.content.decode()
    assert response.status_code == 200
    assert f'id="id_{field}_error"' in html
    assert re.search(rf'aria-describedby="[^"]*id_{field}_error"', html)
    assert (Operator.objects.values().get(), User.objects.values().get(pk=anna.user_id)) == before


def test_quiet_hours_that_are_off_need_not_make_sense(client, page, anna):
    response = client.post(PAGE, page(quiet=None, quiet_from="99:99", quiet_to=""))

    assert response.status_code == 302
    anna.user.refresh_from_db()
    assert anna.user.preferences["quiet"] is None


def test_nothing_on_the_page_is_inline_and_names_stay_text(client, page):
    client.post(PAGE, page(chat_name='"><script>alert(1)</script>'))

    html = client.get(PAGE).content.decode()

    assert not re.search(r"<script(?![^>]* src=)|<style| style=| on\w+=", html)


def test_another_site_cannot_post(anna):
    client = Client(enforce_csrf_checks=True)
    client.force_login(anna.user)

    assert client.post(PAGE, {"chat_name": "Mallory"}).status_code == 403
    assert Operator.objects.get().chat_name == "Anna"


# --- the picture


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_re_encoded_and_stored_under_an_unguessable_name(
    client, page, anna, files, kind
):
    upload = SimpleUploadedFile("../../anna.php", picture(kind=kind), "text/html")

    assert client.post(PAGE, page(picture=upload)).status_code == 302

    anna.refresh_from_db()
    assert re.fullmatch(r"[\w-]{20,}\.webp", anna.avatar)
    assert pictures(files) == [anna.avatar]
    with storages["files"].open(operators.picture_file(anna.avatar)) as file:
        shown = PIL.Image.open(file)
        assert (shown.format, shown.size) == ("WEBP", (192, 192))
    assert f'src="/avatars/{anna.avatar}"' in client.get(PAGE).content.decode()


def test_the_old_picture_goes_with_the_new_one_and_a_removed_one_at_once(
    client, page, anna, files, commits
):
    with commits():
        client.post(PAGE, page(picture=SimpleUploadedFile("a.png", picture("red"))))
    first = Operator.objects.get().avatar
    with commits():
        client.post(PAGE, page(picture=SimpleUploadedFile("b.png", picture("blue"))))
    second = Operator.objects.get().avatar
    assert first != second
    assert pictures(files) == [second]

    with commits():
        client.post(PAGE, page())
    assert pictures(files) == [Operator.objects.get().avatar] == [second]

    with commits():
        client.post(PAGE, page(without_picture="on"))
    assert Operator.objects.get().avatar == ""
    assert pictures(files) == []


def test_a_new_picture_wins_over_removing_the_old_one(client, page, files):
    client.post(PAGE, page(picture=SimpleUploadedFile("a.png", picture()), without_picture="on"))

    assert pictures(files) == [Operator.objects.get().avatar]


NOISE = random.Random(7).randbytes(4_000)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (SVG, "file type is not supported"),
        (picture(kind="GIF"), "file type is not supported"),
        (b"%PDF-1.7\n" + NOISE, "file type is not supported"),
        (NOISE, "file type is not supported"),
        (picture()[:200], "damaged"),
        (picture(kind="JPEG")[:400] + NOISE, "damaged"),
        (picture(size=(12_001, 2)), "too many pixels"),
        (picture() + b"\0" * MAX_PICTURE_BYTES, "larger than 5 MB"),
    ],
    ids=["svg", "gif", "pdf", "noise", "cut", "broken", "wide", "large"],
)
def test_what_is_no_picture_is_refused_with_words_and_nothing_is_kept(
    client, page, anna, files, data, message
):
    response = client.post(
        PAGE, page(chat_name="New", picture=SimpleUploadedFile("a.png", data, "image/png"))
    )

    assert response.status_code == 200
    assert message in str(response.context["form"].errors["picture"])
    anna.refresh_from_db()
    assert (anna.chat_name, anna.avatar) == ("Anna", "")
    assert pictures(files) == []


# --- the service, and attempts to misuse it


def test_colleagues_and_the_users_own_dashboards_hear_of_it(anna, berlin, published, commits):
    with commits():
        operators.update_profile(factories.actor(anna), ACCOUNT, profile(chat_name="Annie"))

    presence = next(post for post in published if '"presence.changed"' in post.frame)
    inbox = next(post for post in published if '"inbox.changed"' in post.frame)
    assert f"channel.{berlin.pk}.staff" in presence.groups
    assert '"name":"Annie"' in presence.frame
    assert inbox.groups == (f"user.{anna.user_id}",)


@pytest.mark.parametrize("who", ["analyst", "manager", "disabled", "gone"])
def test_a_user_who_is_no_operator_cannot_set_a_picture(who, anna, files):
    actor = factories.actor(anna)
    if who == "analyst":
        actor = factories.actor(factories.user("yusuf", group="Live chat analyst"))
    elif who == "manager":
        actor = factories.actor(manager_without_operator_rights())
    elif who == "disabled":  # after the identity check
        Operator.objects.update(is_enabled=False)
    else:
        User.objects.filter(pk=anna.user_id).update(is_active=False)

    with pytest.raises(NotAllowed):
        operators.update_profile(actor, ACCOUNT, profile(chat_name="X", picture=picture()))

    assert list(Operator.objects.values_list("chat_name", "avatar")) == [("Anna", "")]
    assert set(User.objects.values_list("language", flat=True)) == {""}
    assert pictures(files) == []


@pytest.mark.parametrize(
    ("account", "changes", "code"),
    [
        ({"language": "fr"}, {}, "language"),
        ({"time_zone": "../etc/passwd"}, {}, "time_zone"),
        ({}, {"chat_name": "x" * 81}, "chat_name"),
        ({}, {"languages": ("en", "")}, "languages"),
        ({}, {"country": "be"}, "country"),
        ({}, {"expertise": frozenset({999})}, "expertise"),
        ({}, {"picture": SVG}, "file_type"),
        ({}, {"picture": b"\xff\xd8\xff" + b"\0" * MAX_PICTURE_BYTES}, "too_large"),
    ],
)
def test_the_service_believes_no_form(anna, files, account, changes, code):
    chosen = Account(**{"language": "", "time_zone": "", "preferences": DEFAULTS, **account})
    # The valid picture of an invalid profile is not stored either.
    changes = {"picture": picture(), **changes}

    with pytest.raises(Invalid) as refused:
        operators.update_profile(factories.actor(anna), chosen, profile(**changes))

    assert refused.value.code == code
    assert pictures(files) == []


@pytest.mark.parametrize("blank", ["", "   ", "\u200b\u2063", "\u3164", "\x07"])
def test_a_name_that_shows_nothing_is_none(anna, blank):
    operators.update_profile(factories.actor(anna), ACCOUNT, profile(chat_name=blank))

    assert Operator.objects.get().name == "Anna Example"


def test_doing_it_twice_is_doing_it_once(anna, files, commits):
    for _ in range(2):
        with commits():
            operators.update_profile(
                factories.actor(anna), ACCOUNT, profile(languages=("de", "de"), picture=picture())
            )

    anna.refresh_from_db()
    assert anna.languages == ["de"]
    assert pictures(files) == [anna.avatar]


@pytest.mark.django_db(transaction=True)
def test_of_pictures_that_come_at_once_one_is_kept(anna, files):
    actor, failures = factories.actor(anna), []
    ready = threading.Barrier(4)

    def save(colour: str) -> None:
        ready.wait(10)
        try:
            operators.update_profile(
                actor, ACCOUNT, profile(chat_name=colour, picture=picture(colour))
            )
        except Exception as failure:
            failures.append(failure)
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=save, args=[colour]) for colour in ("red", "green", "blue", "white")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    anna.refresh_from_db()
    assert failures == []
    assert pictures(files) == [anna.avatar]
