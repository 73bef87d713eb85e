"""Evaluations that the tests of pictures and words share."""

import datetime as dt

import hypothesis.strategies as st

from knitwork.signals import Series, Spec, evaluate


def months(count, year=2024, month=11):
    return [f"{year + (month - 1 + at) // 12}-{(month - 1 + at) % 12 + 1:02d}-01" for at in range(count)]


def weeks(count):
    return [(dt.date(2026, 1, 5) + dt.timedelta(weeks=at)).isoformat() for at in range(count)]


def chart_of(values, *, chart="xmr", labels=None, denominators=None, incomplete=False, **spec):
    labels = labels or months(len(values))
    given = {"values": values} if chart in ("xmr", "run") else {"numerators": values, "denominators": denominators}
    return evaluate(Series(labels=labels, incomplete_last=incomplete, **given), Spec(chart=chart, **spec))


# A steady wait of about 29 minutes for 20 months, then 9 months of about 41.
WAIT = [
    26,
    31,
    28,
    30,
    33,
    27,
    29,
    31,
    25,
    30,
    29,
    32,
    28,
    27,
    31,
    30,
    26,
    29,
    33,
    28,
    41,
    40,
    43,
    42,
    39,
    41,
    44,
    40,
    41,
]


def worse():
    return chart_of([float(value) for value in WAIT], direction="down", unit="min", target=30.0)


def quiet():
    return chart_of(
        [4, 3, 5, 4, 2, 5, 3, 4, 6, 4, 3, 5] * 2,
        chart="p",
        denominators=[90, 120] * 12,
        direction="down",
        unit="%",
        factor=100.0,
        incomplete=True,
    )


numbers = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 3)) | st.none()
units = st.sampled_from(["", "%", "min", "h", "days", "patients per 1,000 bed days"])
directions = st.sampled_from(["up", "down", "neither"])


@st.composite
def evaluations(draw):
    """Any evaluation: values of any size, gaps, a step half-way, counts or shares, day, week or month, few or many."""
    size = draw(st.integers(1, 40))
    spec = {
        "direction": draw(directions),
        "unit": draw(units),
        "target": draw(st.none() | st.floats(-1e4, 1e4).map(lambda value: round(value, 2))),
        "exclude": tuple(draw(st.sets(st.integers(0, size - 1), max_size=2))),
    }
    labels = draw(st.sampled_from([months, weeks, lambda n: [f"a long name of bed {at}" for at in range(n)]]))(size)
    incomplete = draw(st.booleans())
    kind = draw(st.sampled_from(["xmr", "run", "p"]))
    if kind == "p":
        denominators = draw(st.lists(st.integers(0, 400), min_size=size, max_size=size))
        values = [draw(st.integers(0, denominator)) for denominator in denominators]
        return chart_of(values, chart="p", denominators=denominators, labels=labels, incomplete=incomplete,
                        factor=100.0, **spec)  # fmt: skip
    values = draw(st.lists(numbers, min_size=size, max_size=size))
    if draw(st.booleans()):  # a shift, so that runs and limits are exceeded often
        step = draw(st.sampled_from([0.5, 50.0, 1e5]))
        values = [(at % 3) * step / 10 + (step if at >= size * 2 // 3 else 0.0) for at in range(size)]
    return chart_of(values, chart=kind, labels=labels, incomplete=incomplete, **spec)
