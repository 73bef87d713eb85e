"""The runner: each bucket by itself, the same however many run side by side."""

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from knitwork.lake.runner import Kernel, SharedTable, run, write_table

KERNEL = Kernel(
    statements=(
        "CREATE TEMP TABLE counted AS SELECT patient, count(*) AS n, any_value(f.factor) AS factor "
        "FROM landed, factors f GROUP BY patient ORDER BY patient",
    ),
    outputs=("counted",),
    shared=(SharedTable("factors", "factor INTEGER", ((3,),)), SharedTable("nothing", "x INTEGER", ())),
)


@pytest.fixture
def buckets(tmp_path):
    """Two buckets of two files each, in a folder whose name needs quoting."""
    folder = tmp_path / "nurse's files"
    folder.mkdir()
    made = {}
    for bucket in (0, 5):
        made[bucket] = {"landed": []}
        for part in (0, 1):
            path = folder / f"{bucket}-{part}.parquet"
            pq.write_table(pa.table({"patient": [f"P{bucket}"] * (part + 1)}), path)
            made[bucket]["landed"].append(path)
    return made


def test_every_bucket_sees_its_own_rows_and_the_shared_tables(tmp_path, buckets):
    made = run(KERNEL, buckets, into=tmp_path, memory_mb=400, spill=tmp_path / "spill")

    assert [(f.table, f.bucket, f.rows) for f in made] == [("counted", 0, 1), ("counted", 5, 1)]
    assert pq.read_table(tmp_path / made[1].name).to_pylist() == [{"patient": "P5", "n": 3, "factor": 3}]


def test_progress_counts_every_bucket(tmp_path, buckets):
    heard = []

    run(KERNEL, buckets, into=tmp_path, memory_mb=400, spill=tmp_path / "spill", progress=lambda *a: heard.append(a))

    assert heard == [(1, 2), (2, 2)]


def test_a_failing_bucket_fails_the_run(tmp_path, buckets):
    broken = Kernel(("SELECT no_such_column FROM landed",), ())

    with pytest.raises(duckdb.Error, match="no_such_column"):
        run(broken, buckets, into=tmp_path, memory_mb=400, spill=tmp_path / "spill")


def test_nothing_is_left_where_the_kernels_spilled(tmp_path, buckets):
    run(KERNEL, buckets, into=tmp_path, memory_mb=400, spill=tmp_path / "spill")

    assert list((tmp_path / "spill").iterdir()) == []


def test_no_buckets_make_no_files(tmp_path):
    assert run(KERNEL, {}, into=tmp_path, memory_mb=400, spill=tmp_path / "spill") == []


def test_writing_says_how_many_rows_were_written(tmp_path):
    con = duckdb.connect()

    rows = write_table(con, "FROM range(12)", tmp_path / "it's.parquet")

    assert rows == 12
    assert pq.read_metadata(tmp_path / "it's.parquet").num_rows == 12


def test_a_bucket_alone_sees_the_tables_of_its_own(tmp_path, buckets):
    kernel = Kernel(("CREATE TEMP TABLE seen AS SELECT name FROM mine, (SELECT count(*) FROM landed)",), ("seen",))
    own = {bucket: (SharedTable("mine", "name VARCHAR", ((f"of {bucket}",),)),) for bucket in buckets}

    made = run(kernel, buckets, own=own, into=tmp_path, memory_mb=400, spill=tmp_path / "spill")

    assert [pq.read_table(tmp_path / f.name).to_pylist() for f in made] == [[{"name": "of 0"}], [{"name": "of 5"}]]


def test_a_table_of_many_rows_is_the_same_as_one_of_few(tmp_path, monkeypatch):
    rows = tuple((f"P{i}'s", None if i % 3 else i, i % 2 == 0) for i in range(40))
    shared = SharedTable("given", "patient VARCHAR, at_us BIGINT, here BOOLEAN", rows)
    found = []
    for many in (100, 10):
        monkeypatch.setattr("knitwork.lake.runner.MANY_ROWS", many)
        con = duckdb.connect()
        shared.make(con)
        found.append(con.execute("SELECT * FROM given ORDER BY length(patient), patient").fetchall())
        con.close()

    assert found[0] == found[1] == list(rows)
