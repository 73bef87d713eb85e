"""Riverbend Health as `make demo` builds it, once for all of these tests, and Ada who may see everything in it."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.test import Client

from knitwork.web import glance, kept, source
from knitwork.web.accounts.models import Account


@pytest.fixture(scope="session")
def riverbend(tmp_path_factory) -> Path:
    """Build the demo's home by its own command, in a process of its own: it has a database of its own."""
    home = tmp_path_factory.mktemp("truths") / "riverbend"
    command = [sys.executable, "-m", "knitwork", "demo", "--home", str(home), "--no-serve"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("KNITWORK_", "DJANGO_"))}
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=300, env=environment)
    return home


@pytest.fixture(scope="session")
def told(riverbend) -> dict[str, dict]:
    """The planted truths by their id, as the file in the home lists them."""
    return {one["id"]: one for one in json.loads((riverbend / "truths.json").read_text("utf-8"))["truths"]}


@pytest.fixture
def home(riverbend, settings):
    settings.HOME = riverbend
    settings.KNITWORK_SOURCE = "knitwork.web.source.from_home"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    yield riverbend
    source.opened.cache_clear()
    glance.forget()
    kept.forget()


@dataclass(frozen=True)
class Page:
    """What a person reads on a page: its lead sentences, and all words of its main part without pictures and numbers."""

    status: int
    lead: str
    words: str
    whole: str


def plain(markup: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", markup))).strip()


@pytest.fixture
def read(home, db):
    """Open an address of the demo as Ada, and return what stands there."""
    ada = Account(username="ada", role="owner")
    ada.set_password("a long enough password")
    ada.save()
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(ada)

    def opened(address: str) -> Page:
        response = client.get(address, follow=True)
        whole = response.content.decode()
        main = whole[whole.index("<main") : whole.index("</main>")]
        lead = " ".join(
            plain(one) for one in re.findall(r'<p[^>]*class="[^"]*\blead\b[^"]*"[^>]*>(.*?)</p>', main, re.S)
        )
        words = plain(re.sub(r"<(svg|table)\b.*?</\1>", " ", main, flags=re.S))
        return Page(response.status_code, lead, words, plain(main))

    return opened
