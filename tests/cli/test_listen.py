"""`knitwork listen` as a process of its own: what it acknowledges is stored, it stops cleanly, and it lets nobody in by TLS
who may not."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import signal
import socket
import ssl
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.cli.certificates import Authority
from tests.cli.running import PATIENCE_S, heard, running
from tests.home.adt_messages import adt as adt_at
from tests.intake.mllp import Sender, adt

pytestmark = pytest.mark.enable_socket


@pytest.fixture(autouse=True)
def prepared(tmp_path, empty):
    """Begin with a home that was listened to before: making its database takes the most of a start."""
    shutil.copytree(empty, tmp_path / "home")


@pytest.fixture(scope="module")
def empty(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("empty")
    with heard(folder) as listening:
        assert listening.stopped(signal.SIGTERM) == 0
    return folder / "home"


def stored(command) -> list[str]:
    return [one.control for one in command.store.since(0)]


def test_a_message_is_acknowledged_when_the_store_holds_it(tmp_path):
    with heard(tmp_path) as listening, Sender(listening.port) as sender:
        for number in range(5):
            sender.send(adt(str(number)))

            assert sender.answer()["code"] == "AA"
            assert stored(listening)[-1] == str(number)


@pytest.mark.parametrize("by", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_it_stops_cleanly_and_each_message_is_acknowledged_or_not_stored(tmp_path, by):
    acknowledged: list[str] = []
    with heard(tmp_path) as listening, Sender(listening.port) as sender:
        sender.send(*(adt(str(number)) for number in range(300)))
        acknowledged.append(sender.answer()["control"])
        os.kill(listening.process.pid, by)
        while (answer := sender.answer()) is not None:
            assert answer["code"] == "AA"
            acknowledged.append(answer["control"])

        assert listening.process.wait(PATIENCE_S) == 0
        assert acknowledged == stored(listening)
        assert "Stopped. What came whole is stored and answered." in listening.out.read_text()
        assert "Traceback" not in listening.err.read_text()


@pytest.mark.slow
def test_half_a_message_is_not_stored_when_it_stops(tmp_path):
    with heard(tmp_path) as listening, Sender(listening.port) as sender:
        sender.send(adt("whole"))
        sender.answer()
        sender.raw(b"\x0b" + adt("half")[:60])

        assert listening.stopped(signal.SIGTERM) == 0
        assert sender.answer() is None
        assert stored(listening) == ["whole"]


@pytest.mark.slow
def test_a_second_listener_of_a_feed_is_refused_in_one_sentence_and_the_first_goes_on(tmp_path, knitwork):
    with heard(tmp_path) as listening, Sender(listening.port) as sender:
        second = knitwork("listen", "adt=0", "--home", tmp_path / "home")

        assert second.status == 1
        assert second.err.strip() == (
            f"process {listening.process.pid} listens for adt in {tmp_path / 'home'} already: "
            "stop it first, or name another feed"
        )
        sender.send(adt("1"))
        assert sender.answer()["code"] == "AA"


@pytest.mark.slow
def test_another_feed_of_the_same_home_may_have_a_listener_of_its_own(tmp_path):
    with heard(tmp_path) as one, running(tmp_path, "listen", "lab=0", "--home", tmp_path / "home") as two:
        port = int(two.says(r"Listening for lab on 127\.0\.0\.1:(\d+)"))
        with Sender(one.port) as first, Sender(port) as second:
            first.send(adt("1"))
            second.send(adt("2"))

            assert [first.answer()["code"], second.answer()["code"]] == ["AA", "AA"]
        assert {(m.feed, m.control) for m in one.store.since(0)} == {("adt", "1"), ("lab", "2")}


def test_a_port_that_somebody_has_is_said_in_one_sentence(tmp_path, knitwork):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        done = knitwork("listen", f"adt={port}", "--home", tmp_path / "home", "--refresh-every", "0")

    assert done.status == 1
    assert re.fullmatch(
        rf"adt cannot come on 127\.0\.0\.1:{port} \([^()]+\): name another port, or stop who has it", done.err.strip()
    )


@pytest.mark.slow
def test_after_a_kill_the_next_listener_takes_the_feed_and_the_message_that_is_sent_again_counts_once(tmp_path):
    with heard(tmp_path) as first, Sender(first.port) as sender:
        sender.send(adt("1"))
        sender.answer()
        first.process.kill()
        first.process.wait(PATIENCE_S)
    with heard(tmp_path) as second, Sender(second.port) as sender:
        sender.send(adt("1"), adt("2"))

        assert [sender.answer()["code"] for _ in range(2)] == ["AA", "AA"]
        assert stored(second) == ["1", "2"]


# TLS


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    made = Authority(tmp_path_factory.mktemp("tls") / "ours")
    made.listener, made.good = made.sign("listener"), made.sign("good")
    made.expired = made.sign("expired", until="20210101000000Z")
    return made


@pytest.fixture(scope="module")
def guarded(authority, empty, tmp_path_factory):
    """A listener that wants certificates of our authority; shared, for it refuses and goes on."""
    cert, key = authority.listener
    words = ("--tls-cert", cert, "--tls-key", key, "--tls-ca", authority.pem, "--refresh-every", "0")
    folder = tmp_path_factory.mktemp("guarded")
    shutil.copytree(empty, folder / "home")
    with heard(folder, *words) as listening:
        yield listening


def is_served(listening, context: ssl.SSLContext, control: str) -> bool:
    """Say whether a sender gets an answer, and hold that against the store."""
    try:
        with Sender(listening.port, tls=context) as sender:
            sender.send(adt(control))
            answered = sender.answer() is not None
    except (ssl.SSLError, ConnectionError):
        answered = False
    assert (control in stored(listening)) == answered
    return answered


def test_a_sender_with_a_good_certificate_is_served_every_time(authority, guarded):
    for number in range(20):
        assert is_served(guarded, authority.sender(authority.good), f"good-{number}")


def test_a_sender_with_an_expired_certificate_is_refused(authority, guarded):
    assert not is_served(guarded, authority.sender(authority.expired), "expired")
    assert is_served(guarded, authority.sender(authority.good), "after expired")


def test_a_sender_without_a_certificate_is_refused(authority, guarded):
    assert not is_served(guarded, authority.sender(None), "none")
    assert is_served(guarded, authority.sender(authority.good), "after none")


def test_a_sender_with_a_certificate_of_another_authority_is_refused(authority, guarded, tmp_path):
    stranger = Authority(tmp_path / "theirs").sign("stranger")

    assert not is_served(guarded, authority.sender(stranger), "stranger")
    assert is_served(guarded, authority.sender(authority.good), "after stranger")


def test_an_old_version_of_tls_is_refused(authority, guarded):
    old = authority.sender(authority.good)
    with pytest.warns(DeprecationWarning):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")

    assert not is_served(guarded, old, "old")


def test_plain_text_to_a_port_of_tls_is_not_stored_and_does_no_harm(authority, guarded):
    with Sender(guarded.port) as plain:
        plain.send(adt("plain"))

        assert plain.closed()
    assert "plain" not in stored(guarded)
    assert is_served(guarded, authority.sender(authority.good), "after plain")


def test_a_connection_that_says_nothing_keeps_nobody_from_being_served(authority, guarded):
    with socket.create_connection(("127.0.0.1", guarded.port)):
        assert is_served(guarded, authority.sender(authority.good), "beside silence")


@pytest.mark.slow
def test_without_an_authority_any_sender_may_encrypt(authority, tmp_path):
    cert, key = authority.listener
    with heard(tmp_path, "--tls-cert", cert, "--tls-key", key, "--refresh-every", "0") as listening:
        assert is_served(listening, authority.sender(None), "1")
        assert listening.stopped(signal.SIGTERM) == 0


def test_certificates_that_cannot_be_used_are_one_sentence(authority, tmp_path, knitwork):
    for number, words in enumerate([
        ("--tls-cert", tmp_path / "none.pem"),
        ("--tls-cert", authority.listener[0], "--tls-key", authority.good[1]),
        ("--tls-key", authority.good[1]),
    ]):  # fmt: skip
        done = knitwork("listen", "adt=0", "--home", tmp_path / str(number), *words)

        assert done.status == 1
        assert len(done.err.strip().splitlines()) == 1


# Beside the pages


@pytest.mark.slow
def test_a_message_reaches_the_page_of_a_served_home(tmp_path):
    home = tmp_path / "home"
    now = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=5)
    with heard(tmp_path, "--refresh-every", "0.5") as listening, Sender(listening.port) as sender:
        for number in range(3):
            sender.send(adt_at("A01", f"first{number}", now, "ICU", visit=f"V{number}"))
            assert sender.answer()["code"] == "AA"
        listening.says(r"generation (\d+)")
        with running(tmp_path, "serve", "--home", home, "--port", "0") as serving:
            address = serving.says(r"The wall is open at (\S+/)\. ")
            page(address, until="first0")
            sender.send(adt_at("A01", "latecomer", now, "ICU", visit="V9"))
            assert sender.answer()["code"] == "AA"

            page(address, until="latecomer")
            assert serving.stopped(signal.SIGTERM) in (0, -signal.SIGTERM)
        assert listening.stopped(signal.SIGINT) == 0


def page(address: str, *, until: str) -> None:
    """Open the page of the unit until it shows a text."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{address}units/ICU/", timeout=30) as answer:
                if until in answer.read().decode():
                    return
        except urllib.error.HTTPError as refused:
            assert refused.code in (404, 409), refused.read().decode()
        time.sleep(0.2)
    raise AssertionError(f"the page never shows {until}")
