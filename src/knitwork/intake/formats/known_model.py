"""What is known of a model's tables: by which columns each is told, and what its rows become.

Values only. A definition is mostly SQL over the columns of its table, which are text, named in lower case, and NULL
where they are empty or where the file lacks them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Into:
    """Rows of one landed table, made of the rows of a source table for which `when` holds.

    `columns` says in SQL what stands in each landed column; what is not named stays empty. Beside the columns of the
    source there are those of its moments and numbers: see Known. Into `landed` go start, end, precision, zone and
    flags by themselves. With `once`, the SQL of a key, only one row of each key is given.
    """

    table: str
    columns: Mapping[str, str]
    when: str = "true"
    once: str = ""


# The moment of a birth, which is a day whatever is written, and before which nobody can be in care.
BORN = "born"


def day_of_birth(sql: str) -> str:
    """Return the SQL of a day of birth; one before 1900-01-02 is made up, and no reason to set its row aside."""
    return f"CASE WHEN left({sql}, 10) > '1900-01-01' THEN {sql} END"


def birth(patient: str) -> Into:
    """Return the event of a birth, of which there is one for each patient; the number stays out of its name."""
    return Into("landed_event", {
        "event": f"'birth/' || md5({patient})", "patient": patient, "type": "'birth'", "at_us": f"{BORN}_us",
        "precision": "'d'",
    }, f"{BORN}_us IS NOT NULL")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Known:
    """A table of a model.

    `needs` are the columns by which it is told (of two versions with a bar between), `reads` others that may be
    missing. `must` names what may not be empty (a role, such as patient, and its SQL). Each of `moments` is SQL of a
    text that is a time; of a moment `m` rows have `m_us` (UTC microseconds) and `m_precision`. Each of `numbers` is
    SQL of a text that is a number; of a number `n` rows have `n_num`. What cannot be read as such sets its row aside.
    A row that goes into nothing is ignored, for the reason `why`. `doubts` are conditions that are counted and said:
    SQL, and the words for one row and for several. `note` is said whenever a row of the table is taken.
    """

    table: str
    needs: str
    reads: str = ""
    must: Mapping[str, str] = field(default_factory=dict)
    moments: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)
    into: tuple[Into, ...] = ()
    doubts: tuple[tuple[str, str, str], ...] = ()
    why: str = "nothing is read of them"
    note: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read."""
        return tuple(dict.fromkeys((*self.needs.replace("|", " ").split(), *self.reads.split())))

    @property
    def told_by(self) -> tuple[frozenset[str], ...]:
        """The sets of columns of which one must be there."""
        return tuple(frozenset(version.split()) for version in self.needs.split("|"))

    @property
    def stays(self) -> bool:
        """Say whether rows become stays."""
        return any(into.table == "landed" for into in self.into)


@dataclass(frozen=True, slots=True)
class Beside:
    """What else a delivery holds (names of tables), and the column that the profile names as the unit."""

    tables: frozenset[str]
    unit: str | None


def as_it_stands(known: Known, _: Beside) -> Known:
    """Read a table as its definition says, whatever came with it."""
    return known


@dataclass(frozen=True, slots=True)
class Model:
    """The tables of one model. `calendar` is shifted where all its dates are.

    `choose` says how a table is read beside the others of its delivery.
    """

    name: str
    title: str
    tables: Mapping[str, Known]
    calendar: str | None = None
    choose: Callable[[Known, Beside], Known] = as_it_stands


def listed(*tables: Known) -> dict[str, Known]:
    """Return tables by their names."""
    return {known.table: known for known in tables}
