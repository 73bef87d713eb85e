"""Knitwork: journeys, hand-offs and honest signals from the records a health system already keeps.

`knitwork.open_home(path)` opens a home folder, `knitwork.evaluate(series, spec)` judges a series.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Home", "Series", "Spec", "evaluate", "open_home"]

if TYPE_CHECKING:
    from knitwork.home import Home, open_home
    from knitwork.signals import Series, Spec, evaluate


def __getattr__(name: str) -> Any:
    """Import on first use, so that the command line starts quickly."""
    if name in ("Home", "open_home"):
        from knitwork import home

        return getattr(home, name)
    if name in ("Series", "Spec", "evaluate"):
        from knitwork import signals
        from knitwork.home import display

        display.show_in_notebooks()
        return getattr(signals, name)
    raise AttributeError(f"module 'knitwork' has no attribute {name!r}")
