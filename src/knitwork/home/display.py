"""How results show themselves in a notebook. The arithmetic knows nothing of pictures, so it is told here."""

from __future__ import annotations

from knitwork.draw.notebook import evaluation_html
from knitwork.signals import Evaluation


def show_in_notebooks() -> None:
    """Let an evaluation show its sentence, its chart and its table in a notebook."""
    Evaluation._repr_html_ = evaluation_html  # type: ignore[attr-defined]


show_in_notebooks()
