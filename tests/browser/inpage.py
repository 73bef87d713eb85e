"""What is asked of a page inside the browser: JavaScript that returns a list of complaints, a file each."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent / "scripts"

WATCH = (HERE / "watch.js").read_text("utf-8")
CONTRAST = (HERE / "contrast.js").read_text("utf-8")
PICTURES = (HERE / "pictures.js").read_text("utf-8")
OVERFLOW = (HERE / "overflow.js").read_text("utf-8")
WALL = (HERE / "wall.js").read_text("utf-8")
TARGETS = (HERE / "targets.js").read_text("utf-8")
STOPS = (HERE / "stops.js").read_text("utf-8")
FOCUS = (HERE / "focus.js").read_text("utf-8")
