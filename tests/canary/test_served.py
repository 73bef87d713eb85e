"""What listens and what serves says who a patient is to those who asked for a patient, and to nobody and nothing else."""

from __future__ import annotations

import shutil
import signal
import socket
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest
from django.test import override_settings

from knitwork.web.place import read_secret
from knitwork.web.sealed import seal
from knitwork.web.urls import urlpatterns
from tests.canary.feeds import adt, bad_adt
from tests.canary.site import Answer, Browser
from tests.canary.words import FAMILY, PATIENT, SSN, VISIT, disguised, leaks, number
from tests.cli.running import PATIENCE_S, heard, running
from tests.intake.mllp import Sender

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]
TALKATIVE = "tests.canary.talkative"
NUMBER, NAME, BORN = "number", "name", "birth date"
# Pages that may show who somebody is, to those who may see patients, with what of it and why.
SHOWN: dict[str, tuple[tuple[str, ...], str]] = {
    "unit": ((NUMBER,), "who is here now, for the team of the unit"),
    "patients": ((NUMBER,), "the answer to somebody who looks for a patient"),
    "patient": ((NUMBER,), "one patient's way through the units"),
    "journey-patients": ((NUMBER,), "who took a journey"),
    "behind": ((NUMBER,), "the patients behind a point"),
    "behind-csv": ((NUMBER,), "the same as a file"),
    "pair-behind": ((NUMBER,), "the patients behind a period of a pair"),
    "feed-rule": ((NUMBER,), "stays that break a rule, to be looked up in the source"),
    "feeds": ((NUMBER, NAME, BORN), "the first rows that were refused, for those who may see patients"),
    "feed-rejected": ((NUMBER, NAME, BORN), "the values of rows that were refused, to be put right in the source"),
    "parked-message": ((NUMBER, NAME, BORN), "a message as it came, for the person who corrects it"),
}
# The audit says who looked at whom: whose page was opened and what was looked for, by number.
AUDITED = ("read a patient", "looked for patients", "read whose number it is")


@dataclass
class Site:
    """What was asked of a served home and what its processes wrote."""

    browser: Browser
    pages: list[Answer]
    refused: dict[str, Answer]
    logs: dict[str, str]
    home: object
    answers: list[dict]


@pytest.fixture(scope="module")
def site(said, tmp_path_factory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("served")
    home = folder / "home"
    shutil.copytree(said.home, home)
    # So that the addresses which only this home can seal are told apart here too.
    sealing = override_settings(SECRET_KEY=read_secret(home))
    sealing.enable()
    logs: dict[str, str] = {}
    answered: list[dict] = []
    with heard(folder, "--refresh-every", "2", module=TALKATIVE) as listening:
        with Sender(listening.port, timeout=PATIENCE_S) as sender:
            for payload in (adt("live", "1"), *bad_adt("live"), adt("live", "2", event="A02", unit="Ward 7")):
                sender.send(payload)
                answered.append(sender.answer())
            sender.raw(b"\x0b" + adt("live", "half")[:200])
        with Sender(listening.port, timeout=PATIENCE_S) as sender:
            sender.raw(FAMILY.encode() + b"\x0b" + adt("live", "long") + SSN.encode() * 2_000_000 + b"\x1c\r")
            answered.append(sender.answer())
        listening.says(r"generation (\d+)")
        with running(
            folder, "serve", "--home", home, "--port", "0", module=TALKATIVE, env={"CANARY_FAULT": ""}
        ) as serving:
            browser, pages, refused = asked(serving, home)
            assert serving.stopped(signal.SIGTERM) in (0, -signal.SIGTERM)
        logs["serve"] = serving.said
        with running(
            folder, "serve", "--home", home, "--port", "0", module=TALKATIVE, env={"CANARY_FAULT": "1"}
        ) as serving:
            refused["500"] = Browser(port_of(serving)).ask(patient_of(home))
            assert serving.stopped(signal.SIGTERM) in (0, -signal.SIGTERM)
        logs["serve, broken"] = serving.said
        assert listening.stopped(signal.SIGTERM) == 0
    logs["listen"] = listening.said
    yield Site(browser, pages, refused, logs, home, answered)
    sealing.disable()


def port_of(serving) -> int:
    return int(serving.says(r"The wall is open at http://127\.0\.0\.1:(\d+)/"))


def patient_of(home) -> str:
    return f"/patients/{seal(number(PATIENT, 'csv'), read_secret(home))}/"


def asked(serving, home) -> tuple[Browser, list[Answer], dict[str, Answer]]:
    """Walk the site and provoke every kind of refusal."""
    browser = Browser(port_of(serving))
    begin = [
        "/",
        "/live/?unit=ED",
        "/help/",
        "/feeds/",
        "/profiles/",
        "/patients/",
        "/setup/",
        "/setup/codes/",
        "/notes/",
        "/rules/",
    ]
    begin += [f"/feeds/{feed}/" for feed in ("adt", "good", "bad", "dates", "hl7v2", "fhir")]
    begin += [
        "/feeds/adt/parked/",
        "/feeds/adt/parked/2/",
        "/feeds/dates/set-aside.csv",
        patient_of(home),
        "/units/ED/",
        "/units/ED/wall/",
        "/feeds/good/rules/two_beds/",
    ]
    form = browser.ask("/patients/")
    found = browser.ask(
        "/patients/", method="POST", body=f"csrfmiddlewaretoken={browser.token(form)}&q={number(PATIENT, 'csv')}"
    )
    begin += [found.headers["location"]]
    pages = [form, found, *browser.walk(begin, each=2, most=100)]
    name, mrn = FAMILY, number(PATIENT, "csv")
    refused = {
        f"404 {path}": browser.ask(path)
        for path in (
            f"/patients/{mrn}/", f"/patients/{mrn}", f"/units/{name}/", f"/feeds/{name}/", f"/help/{name}/", f"/{name}",
            f"/units/ED/measures/{name}/", f"/handoffs/{name}/{mrn}/", f"/units/ED/measures/los_median/behind/{SSN}/",
            f"/feeds/adt/rules/{name}/", f"/wall/{mrn}/", f"/feeds/adt/parked/{SSN}/", f"/profiles/{name}/",
        )
    }  # fmt: skip
    refused["400"] = browser.ask("/", Host=f"{name}.example")
    refused["403"] = Browser(browser.port).ask("/patients/", method="POST", body=f"q={mrn}+{name}")
    refused["403 by another method"] = browser.ask(f"/help/?{name}", method="DELETE")
    refused["large"] = browser.ask(
        "/patients/", method="POST", body=f"q={mrn}&" + "&".join(f"{name}{n}=1" for n in range(1200))
    )
    for metrics in ("/metrics", "/metrics/", "/health", "/status", "/debug/", "/api/"):
        refused[f"none {metrics}"] = browser.ask(metrics)
    with socket.create_connection(("127.0.0.1", browser.port), PATIENCE_S) as raw:
        raw.sendall(f"GET /{name} {mrn} HTTP/9\r\n{SSN}\r\n\r\n".encode())
        refused["no HTTP"] = Answer("", 400, {}, raw.recv(65_536).decode("utf-8", "replace"))
    manifests = list((home / "lake").glob("manifest*"))
    for path in manifests:
        path.rename(path.with_name(f"aside-{path.name}"))
    refused["409"] = browser.ask(found.headers["location"])
    for path in manifests:
        path.with_name(f"aside-{path.name}").rename(path)
    return browser, pages, refused


def told(found: dict) -> list[str]:
    """Return one line for each place with what stood there first, short enough to be read whole."""
    return [f"{place}: {some[0].kind} in {some[0].around[-110:]!r}" for place, some in found.items()]


def test_the_site_was_walked_so_that_silence_means_something(site):
    walked = Counter(page.route for page in site.pages if page.status == 200)

    assert len(walked) >= 30, walked
    assert set(SHOWN) - set(walked) <= {"pair-behind"}, walked
    assert [answer["code"] for answer in site.answers].count("AA") >= 10
    assert {str(one.status) for one in site.refused.values()} >= {"400", "403", "404", "409", "500"}
    assert {
        name: one.status for name, one in site.refused.items() if name[:3].isdigit() and str(one.status) != name[:3]
    } == {}


def test_no_page_names_a_patient_but_those_that_are_for_it(site):
    found = {}
    for page in site.pages:
        allowed = SHOWN.get(page.route, ((), ""))[0]
        some = [leak for leak in leaks(page.body) if leak.kind not in allowed]
        if some:
            found[page.path] = some

    assert told(found) == []


def test_the_pages_that_are_for_it_are_for_those_who_may_see_patients():
    rights = {route.name: getattr(route.callback, "right", None) for route in urlpatterns}

    # These are for readers too, and leave the patients out for them: tests/web asks each.
    assert {name for name in SHOWN if rights[name] != "patients"} == {"unit", "feeds", "feed-rule", "feed-rejected"}


def test_no_address_names_a_patient_in_plain_or_in_disguise(site):
    planted = [number(kind, feed) for kind in (PATIENT, VISIT) for feed in ("csv", "hl7", "fhir", "live", "xes")]
    found = {}
    for page in site.pages:
        for address in {page.path, *page.links}:
            if address in (f"/patients/{number(PATIENT, 'csv')}/",):
                continue
            some = leaks(address) + disguised(address, planted)
            if some:
                found[page.path, address] = some

    assert told(found) == []
    assert any(link.startswith("/patients/") for page in site.pages for link in page.links)


def test_no_header_names_a_patient(site):
    found = {
        page.path: some
        for page in [*site.pages, *site.refused.values()]
        if (some := leaks(repr(sorted(page.headers.items()))))
    }

    assert told(found) == []


def test_no_error_page_says_what_was_asked_for_or_what_was_read(site):
    found = {name: some for name, page in site.refused.items() if (some := leaks(page.body))}

    assert told(found) == []


def test_no_log_of_any_process_names_a_patient(site):
    found = {name: some for name, text in site.logs.items() if (some := leaks(text))}

    assert told(found) == []


def test_the_logs_did_say_what_went_wrong(site):
    assert "500: GET patients/<sealed:patient>/" in site.logs["serve, broken"]
    assert "ValueError" in site.logs["serve, broken"]
    assert "refused as too large 1" in site.logs["listen"]
    assert "parked" in site.logs["listen"]


def test_no_acknowledgement_says_anything_of_a_patient(site):
    """The control number is the sender's own: it is given back as it came, even where it is a name."""
    said = [answer["text"] for answer in site.answers if answer]

    assert [some for text in said if (some := leaks(text))] == []


def test_the_audit_names_who_was_read_and_nothing_more(site):
    with closing(sqlite3.connect(site.home / "knitwork.sqlite3")) as database:
        rows = database.execute('SELECT action, "object", detail FROM audit_auditevent').fetchall()
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        other = {
            table: some
            for table in tables
            if table != "audit_auditevent"
            and (some := leaks(repr(database.execute(f'SELECT * FROM "{table}"').fetchall())))
        }

    assert other == {}
    named = [(action, leak) for action, about, detail in rows for leak in leaks(f"{about} {detail}")]
    assert {action for action, _ in named} <= set(AUDITED)
    assert {leak.kind for _, leak in named} == {NUMBER}
    assert "read a patient" in {action for action, _ in named}


def test_a_reader_of_the_stream_of_a_wall_is_told_of_no_patient(site):
    text = "".join(page.body for page in site.pages if page.route in ("wall", "live"))

    assert leaks(text) == []
