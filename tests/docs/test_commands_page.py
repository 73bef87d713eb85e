"""The page of commands against the commands themselves."""

import re
from pathlib import Path

import pytest
import typer

from knitwork.cli import looking, profiling, tracing
from knitwork.cli.commands import app
from knitwork.draw.table import COLUMNS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "commands.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## knitwork ([a-z ]+)\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S))


def commands(group, path=()):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


COMMANDS = dict(commands(typer.main.get_command(app)))


def test_every_command_has_a_section_and_no_section_is_without_its_command():
    assert set(SECTIONS) == set(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_is_on_the_page_and_none_that_does_not_exist(name):
    real = {
        opt
        for parameter in COMMANDS[name].params
        for opt in (*parameter.opts, *parameter.secondary_opts)
        if opt.startswith("--") and opt != "--help"
    }
    rows = [line for line in SECTIONS[name].splitlines() if line.startswith("| `--")]
    told = {opt for row in rows for opt in re.findall(r"`(--[a-z-]+)`", row.split("|")[1])}

    assert told == real


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_argument_stands_in_the_usage(name):
    for parameter in COMMANDS[name].params:
        if not any(opt.startswith("-") for opt in parameter.opts):
            assert parameter.name.upper() in SECTIONS[name]


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("units", looking.UNITS),
        ("stays", looking.STAYS),
        ("journeys", looking.JOURNEYS),
        ("handoffs", looking.HANDOFFS),
        ("handoffs", looking.EACH),
        ("measures", looking.MEASURES),
        ("measure", looking.MEASURE),
        ("rejects", looking.REJECTS),
        ("deliveries", looking.DELIVERIES),
        ("withdrawn", looking.WITHDRAWN),
        ("behind", tracing.BEHIND),
        ("implausible", tracing.IMPLAUSIBLE),
        ("chart", COLUMNS),
        ("profile", profiling.PROFILES),
        ("profile", profiling.SAYS),
        ("profile", profiling.VERSIONS),
        ("profile", profiling.DIFFERS),
    ],
)
def test_output_columns_stand_on_the_page_in_their_order(name, columns):
    assert ", ".join(f"`{c}`" for c in columns) in SECTIONS[name]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_defaults_on_the_page_are_those_of_the_command(name):
    for parameter in COMMANDS[name].params:
        default = parameter.default
        if isinstance(default, str | int) and not isinstance(default, bool):
            row = next(line for line in SECTIONS[name].splitlines() if line.startswith(f"| `{parameter.opts[0]}`"))
            assert str(getattr(default, "value", default)) in row.split("|")[3]
