"""A home into which every planted feed was brought by the real commands, with all that they said."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tests.canary.feeds import Feed, all_feeds
from tests.cli.conftest import Done, Knitwork

COMMANDS = (
    ("refresh", "--full"), ("status",), ("status", "--format", "json"), ("doctor",), ("units",), ("handoffs",),
    ("measure", "los_median"),
)  # fmt: skip

ALONE = ("unquoted.csv", "no-ward.csv", "either.csv", "no-times.csv", "torn.json", "torn.xlsx")
# Their first line is a patient's, and stands where the names of the columns should.
HEADLESS = "headless"


@dataclasses.dataclass(frozen=True)
class Said:
    """What was planted, the home, and each command with how it ended."""

    feeds: list[Feed]
    home: Path
    done: dict[str, Done]


@pytest.fixture(scope="session")
def knitwork(tmp_path_factory):
    command = Knitwork(tmp_path_factory.mktemp("commands"))
    yield command
    command.close()


@pytest.fixture(scope="session")
def said(tmp_path_factory, knitwork) -> Said:
    folder = tmp_path_factory.mktemp("canary")
    own, given, alone = (folder / name for name in ("own", "given", "alone"))
    for one in (own, given, alone):
        one.mkdir()
    home = folder / "home"
    feeds = all_feeds(own)
    done: dict[str, Done] = {}

    def run(*words: str | Path) -> Done:
        told = " ".join(str(word) for word in words[:3]).replace(str(folder), "")
        done[told] = knitwork(*words, "--home", home)
        return done[told]

    for feed in feeds:
        if not feed.name.startswith(HEADLESS):
            feed.write(given)
    run("open", given, "--no-serve", "--tz", "UTC")
    # A folder passes over what it cannot use; alone it is refused.
    for feed in (one for one in feeds if one.name in ALONE or one.name.startswith(HEADLESS)):
        run("load", feed.write(alone))
    for words in COMMANDS:
        run(*words)
    for to in ("fhir", "xes", "csv", "hl7v2"):
        run("export", folder / f"out-{to}", "--to", to)
    return Said(feeds, home, done)
