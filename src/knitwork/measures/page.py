"""The reference page of all measures, made of their definitions."""

from __future__ import annotations

from knitwork.measures.catalogue import catalogue
from knitwork.measures.definition import Measure

_HEAD = """# Measures

Made from `src/knitwork/measures/catalogue/` by `python -m knitwork.measures.page > docs/reference/measures.md`.
A test fails when it is out of date.

Each measure is one file: who is counted, what counts, whose number it is, and cases worked out by hand.
Unknown is never counted as yes.
Every number above a microsystem is a ratio of sums, or a quantile of all values; it is never a mean of means.
Times are elapsed time; days, nights and weekends are those of the unit's own time zone.
Numbers of the last days of the records are left out where they could not yet be known (`censored`).
"""

_OWNERS = {
    "stay.unit": "the unit of the stay",
    "link": "both units of the hand-off; above them each hand-off once",
    "visit.units": "each unit that the visit passed through",
    "visit.last_unit": "the unit where the visit ended",
    "journey.units": "each unit that the journey passed through",
}
_DIRECTIONS = {"up": "more is better", "down": "less is better", "neither": "neither more nor less is better"}


def reference_page() -> str:
    """Return the page as Markdown, one sentence a line."""
    rows = [f"| `{m.id}` | {m.title} | {m.unit} | {m.chart} | {m.direction} |" for m in catalogue()]
    table = ["| measure | in words | unit | chart | better |", "|---|---|---|---|---|", *rows]
    return "\n".join([_HEAD, *table, "", *(_section(m) for m in catalogue())]).rstrip() + "\n"


def _section(m: Measure) -> str:
    facts = [
        f"- Counted: {m.words.denominator}.",
        f"- Of these: {m.words.numerator}.",
        f"- Belongs to: {_OWNERS[m.owner]}; dated by `{m.at}`.",
        f"- Direction: {_DIRECTIONS[m.direction]}. Chart: `{m.chart}`. Compass: {m.compass}.",
        f"- Needs: {', '.join(m.needs) or 'nothing more than patient, unit and start'}. {m.unlock}",
        *([f"- Censored: the last {m.watermark_lag} days of the records are left out."] if m.watermark_lag else []),
        f"- Source: {m.source}.",
    ]
    clauses = [
        f"{name}: {clause.text}"
        for name, clause in (
            ("population", m.population), ("denominator", m.denominator), ("exclude", m.exclude),
            ("numerator", m.numerator), ("value", m.value),
        )
        if clause
    ]  # fmt: skip
    code = ["", "```yaml", *clauses, "```"] if clauses else []
    return "\n".join(
        [f"## {m.title}", "", f"`{m.id}`, version {m.version}. {m.words.sentence}", m.why, "", *facts, *code, ""]
    )


if __name__ == "__main__":
    print(reference_page(), end="")  # noqa: T201  a script that writes the page
