"""What cannot be done: one sentence, status 1, and nothing changed; wrong usage is status 2."""

from __future__ import annotations

import gzip
import io
import json
import os
import resource
import shutil
import subprocess
import sys
import zipfile

import pytest

from knitwork.home import open_home
from knitwork.intake.lock import one_writer
from tests.cli.conftest import ENVIRONMENT, contents
from tests.home.homes import extract, options, registry, rows_of, write

GOOD = b"patient,unit,start,end\nP1,ED,2024-01-01T10:00,2024-01-01T12:00\n"


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


HOPELESS: dict[str, bytes] = {
    "empty.csv": b"",
    "header-only.csv": b"patient,unit,start,end\n",
    "no-patient.csv": b"unit,start,end\nED,2024-01-01,2024-01-02\n",
    "no-start.csv": b"patient,unit,colour\nP1,ED,red\n",
    "every-row-bad.csv": b"patient,unit,start,end\nP1,ED,yesterday,\nP2,ED,soon,\n",
    "picture.csv": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8,
    "page.csv": b"<!doctype html><html><body>Please sign in</body></html>\n",
    "record.csv": b'{"resourceType": "Patient", "id": "1"}\n',
    "half.csv.gz": gzip.compress(GOOD * 500)[:-9],
    "broken.zip": zipped(stays=GOOD)[:40],
    "nothing-of-use.zip": zipped(readme=b"hello"),
    "broken.xlsx": b"PK\x03\x04" + b"not a workbook" * 20,
    "database.csv": b"SQLite format 3\x00" + bytes(4000),
    "nul.csv": GOOD + b"\x00" * 300,
}


def one_sentence(done) -> str:
    """The refusal: status 1 and exactly one line on stderr, nothing on stdout."""
    assert (done.status, done.out) == (1, ""), done
    assert done.err.count("\n") == 1, done.err
    assert done.err.endswith("\n")
    assert len(done.err) > 20
    assert "Traceback" not in done.err
    return done.err.strip()


@pytest.mark.parametrize("name", HOPELESS)
def test_a_hopeless_file_is_one_sentence_and_leaves_the_home_as_it_was(knitwork, copied, tmp_path, name):
    (tmp_path / name).write_bytes(HOPELESS[name])
    before = contents(copied)

    said = one_sentence(knitwork("load", tmp_path / name, "--home", copied))

    assert name in said
    assert contents(copied) == before


@pytest.mark.parametrize("command", ["load", "open"])
@pytest.mark.parametrize("name", ["empty.csv", "no-start.csv", "half.csv.gz", "nowhere.csv"])
def test_a_hopeless_file_makes_no_home(knitwork, tmp_path, name, command):
    if name in HOPELESS:
        (tmp_path / name).write_bytes(HOPELESS[name])
    before = contents(tmp_path)

    one_sentence(knitwork(command, tmp_path / name, "--home", tmp_path / "new" / "deeper" / "home"))

    assert contents(tmp_path) == before


def test_one_hopeless_file_among_good_ones_stops_them_all(knitwork, copied, tmp_path):
    (tmp_path / "good.csv").write_bytes(GOOD)
    (tmp_path / "bad.csv").write_bytes(b"")
    before = contents(copied)

    said = one_sentence(knitwork("load", tmp_path / "good.csv", tmp_path / "bad.csv", "--home", copied))

    assert "bad.csv" in said
    assert contents(copied) == before


REFUSED = {
    "a file that is not there": ("load", "nowhere.csv"),
    "an empty folder": ("load", "hollow"),
    "a zone nobody knows": ("load", "good.csv", "--tz", "Mars/Olympus"),
    "a map that is not there": ("load", "good.csv", "--map", "nowhere.yaml"),
    "a map that is not YAML": ("load", "good.csv", "--map", "broken.yaml"),
    "a map with an unknown word": ("load", "good.csv", "--map", "odd.yaml"),
    "an extract from no time": ("load", "good.csv", "--extracted-at", "lately"),
    "a feed that climbs out of its folder": ("load", "good.csv", "--feed", "../../elsewhere"),
    "a format nobody knows": ("load", "good.csv", "--format", "punched-cards"),
    "a runner nobody knows": ("refresh", "--runner", "horse"),
    "a refresh as of no time": ("refresh", "--as-of", "sometime"),
    "a refresh as of before everything": ("refresh", "--as-of", "1999-01-01"),
    "a level nobody knows": ("stays", "--level", "nano"),
    "a period nobody knows": ("measure", "arrivals", "--period", "fortnight"),
    "a measure nobody knows": ("measure", "happiness"),
    "measures of one nobody knows": ("measures", "happiness"),
    "stays since no time": ("stays", "--since", "then"),
    "a chart of no file": ("chart", "nowhere.csv"),
    "a chart of no numbers": ("chart", "broken.yaml"),
}


@pytest.mark.parametrize("arguments", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_done_is_one_sentence(knitwork, copied, tmp_path, arguments):
    (tmp_path / "good.csv").write_bytes(GOOD)
    (tmp_path / "hollow").mkdir()
    (tmp_path / "broken.yaml").write_text("patient: [\nunit: {")
    (tmp_path / "odd.yaml").write_text("patient: patient\nfavourite_colour: blue\n")
    before = contents(copied)
    home = () if arguments[0] == "chart" else ("--home", copied)

    one_sentence(knitwork(*arguments, *home, cwd=tmp_path))

    after = contents(copied)
    if arguments[0] == "refresh":  # makes the record of people's work where there is none
        after = {k: v for k, v in after.items() if not k.startswith("knitwork.sqlite3") and k != "web-secret"}
    assert after == before


@pytest.mark.parametrize("arguments", [("status",), ("stays",), ("refresh",), ("rejects",), ("measure", "arrivals")])
def test_a_home_with_nothing_in_it_says_what_to_do_first(knitwork, tmp_path, arguments):
    said = one_sentence(knitwork(*arguments, "--home", tmp_path / "new"))

    assert "knitwork open FILE" in said
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("conquer",),
        ("stays", "--colour", "blue"),
        ("stays", "--format", "xml"),
        ("load",),
        ("measure",),
        ("open", "a", "--port", "x"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_status_2(knitwork, tmp_path, arguments):
    done = knitwork(*arguments, cwd=tmp_path)

    assert done.status == 2
    assert "Traceback" not in done.err
    assert list(tmp_path.iterdir()) == []


def test_settings_that_make_no_sense_are_named_with_their_file(knitwork, copied, tmp_path):
    (copied / "knitwork.toml").write_text('visit_gap_hours = "many"\n')

    said = one_sentence(knitwork("status", "--home", copied))

    assert "knitwork.toml" in said
    assert "visit_gap_hours" in said


# Two at once, no room, no right to write


def test_of_two_loads_at_once_the_second_is_told_to_wait(knitwork, copied, tmp_path):
    (tmp_path / "good.csv").write_bytes(GOOD)

    with one_writer(copied):
        said = one_sentence(knitwork("load", tmp_path / "good.csv", "--home", copied))
        looked = knitwork("status", "--home", copied)

    assert "another load is at work" in said
    assert looked.status == 0
    assert knitwork("load", tmp_path / "good.csv", "--home", copied).status == 0


def apart(*command: str, limit: int | None = None, shell_first: str = "") -> subprocess.CompletedProcess:
    """Run the command line in a process of its own, that may write files of `limit` bytes at most."""

    def narrow() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    python = [sys.executable, "-m", "knitwork", *command]
    if shell_first:
        python = ["unshare", "--mount", "sh", "-c", f'{shell_first} && exec "$@"', "sh", *python]
    return subprocess.run(
        python, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=60,
        preexec_fn=None if limit is None else narrow,
    )  # fmt: skip


def ended(done: subprocess.CompletedProcess) -> str:
    assert (done.returncode, done.stdout) == (1, ""), done
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.strip()


def held(home) -> tuple:
    """What a home holds, whatever pages its database file has shuffled."""
    files = {k: v for k, v in contents(home).items() if "sqlite3" not in k}
    return sorted(files.items()), [(d.name, d.feed) for d in open_home(home).place.inbox.deliveries()]


@pytest.mark.slow
@pytest.mark.parametrize("limit", [0, 1_000, 6_000, 20_000])
def test_a_load_on_a_full_disk_is_one_sentence_and_changes_nothing(copied, tmp_path, limit):
    file = write(tmp_path / "more.csv", extract(32, patients=60))
    assert file.stat().st_size > 20_000
    before = held(copied)

    said = ended(apart("load", str(file), "--home", str(copied), limit=limit))

    assert "full" in said or "could not be" in said
    assert held(copied) == before


@pytest.mark.slow
def test_a_load_that_finds_no_room_at_the_very_end_takes_its_delivery_back(knitwork, copied, tmp_path):
    """Everything fits but the manifest, which is written last."""
    file = write(tmp_path / "little.csv", extract(33, patients=1))
    manifest = copied / "lake" / "manifest.json"
    padded = json.loads(manifest.read_text())
    next(iter(padded["landed"].values()))["notes"] = ["x" * 60_000]
    manifest.write_text(json.dumps(padded))
    before = held(copied)

    said = ended(apart("load", str(file), "--home", str(copied), "--feed", "other", limit=50_000))

    assert "full" in said
    assert held(copied) == before
    assert knitwork("load", file, "--home", copied, "--feed", "other").status == 0


@pytest.mark.slow
@pytest.mark.parametrize("limit", [1_000, 8_000])
def test_a_refresh_on_a_full_disk_is_one_sentence_and_keeps_the_numbers(copied, limit):
    home = open_home(copied)
    before = [rows_of(home, t) for t in ("stay", "cell")]

    code = (
        "import sys; from knitwork.home import open_home; from knitwork.model.errors import CannotDo\n"
        "from tests.home.homes import registry\n"
        "try: open_home(sys.argv[1]).refresh(registry(), full=True)\n"
        "except CannotDo as refused: sys.exit(str(refused))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(copied)], env=ENVIRONMENT, capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )  # fmt: skip

    assert "full" in ended(done)
    assert [rows_of(home, t) for t in ("stay", "cell")] == before
    assert not home.refresh(registry(), full=True).nothing_to_do


@pytest.mark.slow
@pytest.mark.parametrize("limit", [1_000, 40_000])
def test_a_refresh_that_cannot_make_its_database_is_one_sentence(copied, limit):
    before = contents(copied)

    said = ended(apart("refresh", "--home", str(copied), limit=limit))

    assert "full" in said
    left = contents(copied)
    assert {k: v for k, v in left.items() if "knitwork.sqlite3" not in k and k != "web-secret"} == before


mounts = pytest.mark.skipif(
    shutil.which("unshare") is None
    or subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode != 0,
    reason="mounting needs the right to make namespaces",
)


@pytest.mark.slow
@mounts
def test_a_disk_that_is_really_full_is_one_sentence(copied, tmp_path):
    file = tmp_path / "more.csv"
    file.write_text(
        "patient,unit,start,end\n" + "".join(f"P{i},ED,2024-01-01T10:00,2024-01-01T12:00\n" for i in range(30_000))
    )
    small = f"mount -t tmpfs -o size=700k tmpfs '{tmp_path}/small' && cp -r '{copied}' '{tmp_path}/small/home'"
    (tmp_path / "small").mkdir()

    said = ended(apart("load", str(file), "--home", f"{tmp_path}/small/home", shell_first=small))

    assert "full" in said or "could not be" in said


@mounts
@pytest.mark.parametrize("command", [("load", "good.csv"), ("refresh", "--full")])
def test_a_home_that_may_only_be_read_is_one_sentence(copied, tmp_path, command):
    (tmp_path / "good.csv").write_bytes(GOOD)
    shut = f"cd '{tmp_path}' && mount --bind '{copied}' '{copied}' && mount -o remount,ro,bind '{copied}'"
    before = contents(copied)

    said = ended(apart(*command, "--home", str(copied), shell_first=shut))

    assert "may not be written to" in said
    assert contents(copied) == before


@pytest.mark.slow
@mounts
def test_a_home_that_may_only_be_read_can_still_be_looked_at(copied, tmp_path):
    shut = f"mount --bind '{copied}' '{copied}' && mount -o remount,ro,bind '{copied}'"

    done = apart("stays", "--format", "csv", "--home", str(copied), shell_first=shut)

    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) > 20


def test_the_home_is_the_one_that_is_named_or_set_or_here(knitwork, tmp_path, filled):
    here = tmp_path / "knitwork-home"
    shutil.copytree(filled, here)

    assert knitwork("status", cwd=tmp_path).status == 0
    assert knitwork("status", "--home", tmp_path / "nowhere", cwd=tmp_path).status == 1
    code = f"import os; os.environ['KNITWORK_HOME'] = {str(filled)!r}; from knitwork.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "status", "--format", "csv"], env={**ENVIRONMENT, "KNITWORK_HOME": os.fspath(filled)},
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert options().feed in done.stdout
