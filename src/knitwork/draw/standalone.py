"""A picture that stands alone: an SVG file with its own colours, for a report, a slide or a notebook."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from knitwork.draw.geometry import FRAMES

# The light tokens of the look: written out, for most programs that open SVG files know no variables.
TOKENS = {
    "paper": "#ffffff",
    "panel": "#f6f7f8",
    "ink": "#16191d",
    "soft": "#545c66",
    "hair": "#dfe3e7",
    "rule": "#7d858f",
    "line": "#2f3a46",
    "band": "#e9eef2",
    "better": "#00639c",
    "worse": "#b84a00",
    "neither": "#6b4c9a",
    "accent": "#005a8c",
}
_SIZE = re.compile(r'viewBox="0 0 (\d+) (\d+)"')
_AT_RULE = re.compile(r"@[^{]+\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")


@cache
def light_style() -> str:
    """Return the style sheet of pictures with the light colours in it; reads the sheet that the pages use."""
    sheet = files("knitwork").joinpath("web/static/knitwork/chart.css").read_text(encoding="utf-8")
    sheet = _AT_RULE.sub("", re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL))
    sheet = re.sub(r"var\(--([a-z]+)\)", lambda found: TOKENS[found[1]], sheet)
    sheet = re.sub(r"\s+", " ", sheet.replace("font-family: inherit", "font-family: system-ui, sans-serif"))
    return sheet.replace("> ", "&gt; ").strip()


def standalone_svg(svg: str, *, scale: float = 2.0) -> str:
    """Return a picture as a file of its own: with its style, its size and a white ground."""
    size = _SIZE.search(svg)
    width, height = (int(size[1]), int(size[2])) if size else (FRAMES["desk"].width, FRAMES["desk"].height)
    head, body = svg.split(">", 1)
    return (
        f'{head} xmlns="http://www.w3.org/2000/svg" width="{width * scale:g}" height="{height * scale:g}">'
        f"<style>{light_style()} .kw-ground {{ fill: {TOKENS['paper']}; }}</style>"
        f'<path class="kw-ground" d="M0 0H{width}V{height}H0z"/>{body}'
    )
