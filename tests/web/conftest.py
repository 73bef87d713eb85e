"""The same cast in every test of a page: Ada may, Ben may read, Cem may not, and nobody is signed out."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import translation

from knitwork.web import glance, kept, quality
from knitwork.web.accounts.models import Account

from . import fake_answers


@pytest.fixture(autouse=True)
def invented_system(settings):
    """Let every page read the invented system, and none the home folder of whoever runs the tests."""
    settings.KNITWORK_SOURCE = "tests.web.fake_answers.fake_source"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick; nobody is guarded by it
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
    fake_answers.CURRENT["answers"] = fake_answers.FakeAnswers()
    glance.forget()
    kept.forget()
    quality.forget()
    return fake_answers.CURRENT


@pytest.fixture(autouse=True)
def in_english():
    """Begin every test in English: a page that was asked for in another language leaves that language behind."""
    with translation.override("en"):
        yield


def account(name, role):
    made = Account(username=name, role=role)
    made.set_password("a long enough password")
    made.save()
    return made


def browser(made=None):
    client = Client(SERVER_NAME="127.0.0.1")
    if made is not None:
        client.force_login(made)
    return client


@pytest.fixture
def ada(db):
    """Ada owns the system."""
    return browser(account("ada", "owner"))


@pytest.fixture
def tess(db):
    """Tess is in the unit's team: she sees patients and sets nothing up."""
    return browser(account("tess", "team"))


@pytest.fixture
def ben(db):
    """Ben may read charts and totals."""
    return browser(account("ben", "reader"))


@pytest.fixture
def cem(db):
    """Cem can sign in and has no role."""
    return browser(account("cem", ""))


@pytest.fixture
def nobody(db):
    """Nobody is signed in."""
    return browser()
