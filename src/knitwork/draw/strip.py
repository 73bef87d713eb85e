"""How long something takes, on one line: half within this, nine in ten within that.

For feeds whose dates were shifted there is no calendar, so there is no chart over time; durations still hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from knitwork.draw.labels import decimals_for, fit, text_width, value_text
from knitwork.draw.periods import Translate, as_written
from knitwork.draw.scale import Scale

WIDTH, HEIGHT, FONT, EDGE = 320, 64, 14, 4
TOP, BOTTOM = 24.0, 40.0


@dataclass(frozen=True, slots=True)
class Strip:
    """Places of a strip: its line from the least to the ninth decile, the middle value, and where the labels stand."""

    least: float
    median: float
    most: float
    median_text: str
    median_x: float
    most_text: str
    most_x: float


def strip_layout(*, least: float, median: float, p90: float, unit: str, _: Translate = as_written) -> Strip:
    """Return the places of a strip that begins at nothing, or at the least value where that is below."""
    across = Scale(min(0.0, least), max(p90, median), EDGE, WIDTH - EDGE)
    half = fit(
        _("half within %(time)s") % {"time": value_text(median, unit, decimals_for([median]))}, WIDTH, FONT, True
    )
    nine = fit(_("9 in 10 within %(time)s") % {"time": value_text(p90, unit, decimals_for([p90]))}, WIDTH, FONT)
    return Strip(
        least=across(least),
        median=across(median),
        most=across(p90),
        median_text=half,
        median_x=_start(across(median), text_width(half, FONT, True)),
        most_text=nine,
        most_x=_start(across(p90), text_width(nine, FONT)),
    )


def _start(middle: float, width: float) -> float:
    """Return where a text starts that stands over `middle` and stays in the picture."""
    return round(min(max(middle - width / 2, 0), max(WIDTH - width, 0)), 1)


def strip_svg(*, least: float, median: float, p90: float, unit: str, title: str = "", _: Translate = as_written) -> str:
    """Return the strip as SVG, named by its title and both times."""
    strip = strip_layout(least=least, median=median, p90=p90, unit=unit, _=_)
    said = f"{strip.median_text}, {strip.most_text}"
    middle = (TOP + BOTTOM) / 2
    return (
        f'<svg class="kw-strip" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(f"{title}: {said}" if title else said)}">'
        f'<path class="most" d="M{strip.least:g} {TOP:g}H{strip.most:g}V{BOTTOM:g}H{strip.least:g}z"/>'
        f'<path d="M{strip.least:g} {middle:g}H{strip.most:g}M{strip.most:g} {TOP:g}V{BOTTOM:g}"/>'
        f'<path class="median" d="M{strip.median:g} {TOP:g}V{BOTTOM:g}"/>'
        f'<text class="centre" x="{strip.median_x:g}" y="17">{escape(strip.median_text, quote=False)}</text>'
        f'<text x="{strip.most_x:g}" y="57">{escape(strip.most_text, quote=False)}</text></svg>'
    )
