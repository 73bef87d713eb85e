"""What is written of faults and requests: where and of what type, and nothing that was read."""

from __future__ import annotations

import asyncio
import gc
import logging
import subprocess
import sys
import threading
import warnings

import pytest

from knitwork.home.logs import WithoutValues, fault_told, guard_faults, without_values

SECRET = "Quillfeather"


def read(value):
    try:
        return float(value)
    except ValueError as odd:
        raise KeyError(f"no number: {value}") from odd


@pytest.fixture
def fault():
    with pytest.raises(KeyError) as caught:
        read(SECRET)
    return caught.value


def line(record_of):
    """Return what our form makes of the records that a function writes."""
    written: list[str] = []

    class Keeping(logging.Handler):
        def emit(self, record):
            written.append(self.format(record))

    handler = Keeping()
    handler.setFormatter(WithoutValues())
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        record_of()
    finally:
        root.removeHandler(handler)
    return "\n".join(written)


def test_a_fault_tells_its_types_and_lines_of_code_and_not_its_text(fault):
    said = without_values(fault)

    assert SECRET not in said
    assert "KeyError" in said
    assert "ValueError" in said
    assert "return float(value)" in said


def test_the_text_of_no_fault_in_a_group_or_a_note_is_told(fault):
    fault.add_note(SECRET)
    group = ExceptionGroup(SECRET, [fault, OSError(SECRET)])

    said = without_values(group)

    assert SECRET not in said
    assert "OSError" in said


def test_faults_that_name_each_other_come_to_an_end():
    one, other = ValueError(SECRET), ValueError(SECRET)
    one.__context__, other.__context__ = other, one

    assert without_values(one).count("ValueError") == 2


def test_a_record_with_a_fault_keeps_its_own_words_and_loses_the_text_of_the_fault(fault):
    said = line(lambda: logging.getLogger("knitwork.x").error("bucket %s failed", 7, exc_info=fault))

    assert "bucket 7 failed" in said
    assert "KeyError" in said
    assert SECRET not in said


def test_a_request_is_told_by_method_status_and_pattern(rf):
    request = rf.get(f"/units/{SECRET}/?q={SECRET}")

    said = line(
        lambda: logging.getLogger("knitwork.request").error(
            "%s: %s", "Not Found", request.path, extra={"status_code": 404, "request": request}
        )
    )

    assert "404: GET no page of ours" in said
    assert SECRET not in said


def test_what_a_library_fills_into_its_sentence_is_left_out():
    said = line(lambda: logging.getLogger("uvicorn.error").error("odd head %s", SECRET))

    assert "odd head %s" in said
    assert SECRET not in said


def test_a_task_whose_fault_nobody_asks_for_is_told_without_its_text():
    async def main():
        async def fails():
            raise ValueError(SECRET)

        task = asyncio.create_task(fails())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        del task
        gc.collect()

    said = line(lambda: asyncio.run(main()))

    assert "ValueError" in said
    assert SECRET not in said


def test_a_command_that_fails_by_a_fault_of_its_own_says_where_and_not_what():
    code = f"""
import knitwork.cli.commands as commands
def broken():
    raise RuntimeError("could not read {SECRET}")
commands.app = broken
from knitwork.cli import main
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "fault of its own, a RuntimeError" in done.stderr
    assert SECRET not in done.stderr.replace(f'"could not read {SECRET}"', "")


def test_the_last_words_say_that_values_are_left_out(fault):
    assert fault_told(fault).endswith("as that may be of a patient")
    assert SECRET not in fault_told(fault)


def test_threads_and_objects_that_fail_say_no_text(monkeypatch, capsys):
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    guard_faults()

    class Odd:
        def __del__(self):
            raise ValueError(SECRET)

    def fails():
        raise ValueError(SECRET)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        thread = threading.Thread(target=fails)
        thread.start()
        thread.join()
        Odd()
        gc.collect()

    said = capsys.readouterr().err
    assert said.count("ValueError") >= 2
    assert SECRET not in said.replace("raise ValueError(SECRET)", "")
