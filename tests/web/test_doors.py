"""Who gets in: accounts, the owner at this machine, and the addresses that are served."""

from __future__ import annotations

import pytest
from django.test import Client

from knitwork.model.errors import CannotDo
from knitwork.web.accounts.actions import add_account, set_role
from knitwork.web.accounts.models import Account
from knitwork.web.audit.models import AuditEvent
from knitwork.web.place import is_loopback, make_secret, read_secret
from knitwork.web.serve import listen, refuse_open_door, set_door

from .conftest import account, browser

PASSWORD = "a long enough password"


@pytest.fixture
def at_home(settings):
    settings.LOCAL_OWNER, settings.BIND = True, "127.0.0.1"


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "[::1]:8000"])
def test_the_person_at_this_machine_is_its_owner(nobody, at_home, host):
    assert nobody.get("/units/CCU/setup/", headers={"host": host}).status_code == 200
    assert nobody.get("/", headers={"host": host}).status_code == 200
    assert Account.objects.get().has_usable_password() is False
    assert AuditEvent.objects.get().action == "add local owner"


def test_a_name_elsewhere_that_points_here_gets_nothing(nobody, at_home, settings):
    # DNS rebinding: the browser connects to 127.0.0.1 and asks for the attacker's name.
    assert nobody.get("/", headers={"host": "evil.example"}).status_code == 400
    settings.ALLOWED_HOSTS = ["*"]
    assert nobody.get("/", headers={"host": "evil.example"}).status_code == 302
    assert not Account.objects.exists()


@pytest.mark.parametrize(
    "request_of",
    [
        {"REMOTE_ADDR": "10.0.0.9"},
        {"HTTP_X_FORWARDED_FOR": "10.0.0.9"},
        {"HTTP_FORWARDED": "for=10.0.0.9"},
        {"HTTP_X_REAL_IP": "10.0.0.9"},
    ],
)
def test_nobody_from_another_machine_is_taken_for_the_owner(nobody, at_home, request_of):
    assert nobody.get("/", **request_of).status_code == 302


def test_an_open_address_or_a_setting_off_signs_nobody_in(nobody, settings):
    settings.LOCAL_OWNER, settings.BIND = True, "0.0.0.0"
    assert nobody.get("/").status_code == 302
    settings.LOCAL_OWNER, settings.BIND = False, "127.0.0.1"
    assert nobody.get("/").status_code == 302


@pytest.mark.django_db
def test_another_address_is_refused_until_somebody_can_sign_in():
    with pytest.raises(CannotDo, match="knitwork account add NAME"):
        refuse_open_door("0.0.0.0")
    refuse_open_door("127.0.0.1")
    Account.objects.create(username="local-owner", role="owner", password="!")
    with pytest.raises(CannotDo):
        refuse_open_door("192.0.2.1")

    add_account(name="ada", password=PASSWORD, by="test")

    refuse_open_door("0.0.0.0")


@pytest.mark.parametrize("name", ["127.0.0.1.example.org", "localhost.example.org", "0.0.0.0", "10.0.0.1", ""])
def test_names_that_only_look_like_this_machine_are_not(name):
    assert not is_loopback(name)


@pytest.mark.enable_socket
def test_a_port_in_use_is_one_sentence():
    with listen("127.0.0.1", 0) as taken, pytest.raises(CannotDo, match="choose another with --port"):
        listen("127.0.0.1", taken.getsockname()[1])


def test_the_secret_of_a_home_is_made_once_and_for_its_owner_only(tmp_path):
    assert read_secret(tmp_path) is None

    make_secret(tmp_path)
    first = read_secret(tmp_path)
    make_secret(tmp_path)

    assert read_secret(tmp_path) == first
    assert len(first) > 40
    assert (tmp_path / "web-secret").stat().st_mode & 0o777 == 0o600


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"name": "ada", "password": "short"}, "too short"),
        ({"name": "ada", "password": "1234567890123"}, "numeric"),
        ({"name": "a da", "password": PASSWORD}, "valid username"),
        ({"name": "ada", "password": PASSWORD, "role": "king"}, "no role “king”"),
    ],
)
def test_an_account_that_is_not_safe_is_not_made(said, why):
    with pytest.raises(CannotDo, match=why):
        add_account(**said, by="test")

    assert not Account.objects.exists()


@pytest.mark.django_db
def test_a_name_is_taken_once_and_nobody_changes_his_own_role():
    ada = add_account(name="ada", password=PASSWORD, by="test")

    with pytest.raises(CannotDo, match="already an account"):
        add_account(name="ada", password=PASSWORD, by="test")
    with pytest.raises(CannotDo, match="his own role"):
        set_role(name="ada", role="reader", by=ada)
    with pytest.raises(CannotDo, match="no account named"):
        set_role(name="zoe", role="reader", by=ada)


def test_signing_in_and_out(nobody, db):
    account("ada", "owner")

    wrong = nobody.post("/sign-in/", {"username": "ada", "password": "wrong"})
    assert b"do not go together" in wrong.content
    right = nobody.post("/sign-in/?next=/handoffs/", {"username": "ada", "password": PASSWORD, "next": "/handoffs/"})
    assert right["Location"] == "/handoffs/"
    assert nobody.get("/handoffs/").status_code == 200
    nobody.post("/sign-out/")
    assert nobody.get("/handoffs/").status_code == 302


def test_nobody_is_sent_to_another_site_after_signing_in(nobody, db):
    account("ada", "owner")

    response = nobody.post("/sign-in/", {"username": "ada", "password": PASSWORD, "next": "https://evil.example/"})

    assert response["Location"] == "/"


def test_ten_wrong_passwords_rest_the_name(nobody, db):
    account("greta", "owner")
    for _ in range(10):
        nobody.post("/sign-in/", {"username": "greta", "password": "wrong"})

    assert nobody.post("/sign-in/", {"username": "greta", "password": PASSWORD}).status_code == 429


def test_a_session_ends_after_twelve_hours(db):
    client = browser(account("ada", "owner"))
    session = client.session
    session["began"] = 0
    session.save()

    assert client.get("/").status_code in (200, 302)
    assert client.get("/").status_code == 302


def test_a_role_taken_away_counts_at_once(db):
    made = account("ada", "owner")
    client = browser(made)
    assert client.get("/").status_code == 200

    Account.objects.filter(pk=made.pk).update(role="")

    assert client.get("/").status_code == 403


def test_a_form_without_its_token_is_refused(db):
    from django.test import Client

    client = Client(SERVER_NAME="127.0.0.1", enforce_csrf_checks=True)
    client.force_login(account("ada", "owner"))

    assert client.post("/units/CCU/setup/", {"name": "X", "kind": "ward"}).status_code == 403


@pytest.mark.parametrize(
    ("host", "owner"), [("127.0.0.1", True), ("::1", True), ("0.0.0.0", False), ("10.0.0.5", False)]
)
def test_only_a_loopback_address_has_a_local_owner(settings, host, owner):
    set_door(host, local_owner=True)

    assert settings.LOCAL_OWNER is owner
    assert "*" not in settings.ALLOWED_HOSTS
    assert (host in settings.ALLOWED_HOSTS) is (host in ("127.0.0.1", "10.0.0.5"))


def test_a_page_that_fails_still_says_so_in_our_own_words(ada, invented_system, caplog):
    class Failing:
        def __getattr__(self, name):
            raise RuntimeError(name)

    invented_system["answers"] = Failing()
    ada.raise_request_exception = False

    response = ada.get("/")
    page = response.content.decode()

    assert response.status_code == 500
    assert "Something failed here" in page
    assert 'href="/static/knitwork/knitwork.css"' in page
    assert response["Content-Security-Policy"]


def test_a_form_that_lay_open_too_long_is_refused_in_words(db):
    client = Client(SERVER_NAME="127.0.0.1", enforce_csrf_checks=True)

    response = client.post("/sign-in/", {"username": "ada", "password": PASSWORD})

    assert response.status_code == 403
    assert "lay open too long" in response.content.decode()


def test_the_page_to_sign_in_has_one_form_and_tells_nothing_of_the_system(nobody):
    page = nobody.get("/sign-in/").content.decode()

    assert "<h1>" in page
    assert "Coronary" not in page
    assert "Riverbend" not in page
    assert 'autocomplete="current-password"' in page
