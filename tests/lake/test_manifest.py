"""The manifest: whole or not at all, and files it does not name go away in time."""

import json
import os
from dataclasses import replace

import pytest

from knitwork.lake import manifest as manifests
from knitwork.lake.manifest import LakeFile, Manifest
from knitwork.model.errors import CannotDo

WHOLE_LIFE = Manifest(
    generation=7,
    made_at="2026-10-31T06:10:00+01:00",
    buckets=4,
    files=(LakeFile("landed-0001-a.parquet", "landed", 1, 12, "adt:aa"), LakeFile("cell-b.parquet", "cell", -1, 3)),
    landed={"adt:aa": {"feed": "adt", "rows": 12, "last_us": None, "notes": ["né à 10 h"]}},
    dirty=(1, 3),
    basis={"code": "x"},
    registry="{}",
    watermark_us=-1,
    derived_generation=6,
    feeds={"adt": {"calendar": "real"}},
    links=("patient_link-c.parquet",),
)


def test_what_is_written_is_read_back_whole(tmp_path):
    manifests.write(tmp_path, WHOLE_LIFE)

    assert manifests.read(tmp_path) == WHOLE_LIFE


def test_a_manifest_from_before_there_were_patient_links_is_read(tmp_path):
    manifests.write(tmp_path, WHOLE_LIFE)
    older = json.loads((tmp_path / "manifest.json").read_text())
    del older["links"]
    (tmp_path / "manifest.json").write_text(json.dumps(older))

    assert manifests.read(tmp_path) == replace(WHOLE_LIFE, links=())


def test_a_folder_without_a_manifest_is_an_empty_lake(tmp_path):
    assert manifests.read(tmp_path) == Manifest()


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failure_on_the_way_leaves_the_old_generation(tmp_path, monkeypatch, call):
    manifests.write(tmp_path, WHOLE_LIFE)

    def refuse(*_):
        raise OSError(28, "No space left on device")

    if call == "fsync":
        monkeypatch.setattr(os, "fsync", refuse)
    else:
        monkeypatch.setattr("pathlib.Path.replace", refuse)
    with pytest.raises(OSError, match="No space left"):
        manifests.write(tmp_path, replace(WHOLE_LIFE, generation=8))

    assert manifests.read(tmp_path).generation == 7
    assert [p.name for p in tmp_path.iterdir()] == ["manifest.json"]


def test_a_reader_never_sees_half_a_manifest(tmp_path, monkeypatch):
    manifests.write(tmp_path, WHOLE_LIFE)
    seen = []
    true_fsync = os.fsync

    def look(handle):
        seen.append(manifests.read(tmp_path).generation)
        true_fsync(handle)

    monkeypatch.setattr(os, "fsync", look)
    manifests.write(tmp_path, replace(WHOLE_LIFE, generation=8))

    assert seen == [7, 8]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe\x00",
        b'{"format": 99}',
        b'{"format": 1}',
        b'{"format": 1, "files": [["a"]], "dirty": []}',
        b'{"format": 1, "files": [], "dirty": [], "colour": "blue"}',
    ],
)
def test_a_manifest_that_cannot_be_used_is_one_sentence_with_a_way_out(tmp_path, content):
    (tmp_path / "manifest.json").write_bytes(content)

    with pytest.raises(CannotDo, match="delete the lake/ folder and run refresh --full") as caught:
        manifests.read(tmp_path)

    assert "\n" not in str(caught.value)


def test_a_manifest_cut_off_at_any_byte_is_never_taken_for_a_whole_one(tmp_path):
    manifests.write(tmp_path, WHOLE_LIFE)
    path = tmp_path / "manifest.json"
    whole = path.read_bytes()
    assert json.loads(whole)

    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(CannotDo):
            manifests.read(tmp_path)


def aged(path, seconds, now):
    os.utime(path, (now - seconds, now - seconds))
    return path


def test_the_sweep_keeps_named_and_young_files_and_removes_the_rest(tmp_path):
    now = 1_800_000_000.0
    files = tmp_path / "files"
    files.mkdir()
    for name, age in (("cell-b.parquet", 9_000), ("young.parquet", 599), ("old.parquet", 601)):
        (files / name).write_bytes(b"x")
        aged(files / name, age, now)

    gone = manifests.sweep(tmp_path, WHOLE_LIFE, older_than_s=600, now=now)

    assert gone == 1
    assert sorted(p.name for p in files.iterdir()) == ["cell-b.parquet", "young.parquet"]


def test_the_sweep_removes_the_folder_that_a_killed_load_left_behind(tmp_path):
    now = 1_800_000_000.0
    left = tmp_path / "files" / "landing-0123456789ab" / "cut-0123"
    left.mkdir(parents=True)
    (left / "part.parquet").write_bytes(b"x")
    aged(left.parent, 601, now)

    manifests.sweep(tmp_path, WHOLE_LIFE, older_than_s=600, now=now)

    assert list((tmp_path / "files").iterdir()) == []


def test_without_takes_away_the_tables_of_those_buckets_only():
    files = tuple(LakeFile(f"{t}-{b}", t, b, 1) for t in ("stay", "visit", "landed") for b in (0, 1))
    manifest = replace(WHOLE_LIFE, files=files)

    assert [f.name for f in manifest.without(["stay", "visit"], [1]).files] == [
        "stay-0",
        "visit-0",
        "landed-0",
        "landed-1",
    ]
    assert [f.name for f in manifest.without(["stay"]).files] == ["visit-0", "visit-1", "landed-0", "landed-1"]


def test_the_sweep_removes_what_a_killed_refresh_left_of_its_spill_and_its_manifest(tmp_path):
    now = 1_800_000_000.0
    for name in ("spill/0123abcd", "files"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "manifest.4711.tmp").write_text("{")
    for name in ("spill/0123abcd", "manifest.4711.tmp"):
        aged(tmp_path / name, 601, now)
    manifests.write(tmp_path, WHOLE_LIFE)

    manifests.sweep(tmp_path, WHOLE_LIFE, older_than_s=600, now=now)

    assert sorted(p.name for p in tmp_path.iterdir()) == ["files", "manifest.json", "spill"]
    assert list((tmp_path / "spill").iterdir()) == []
