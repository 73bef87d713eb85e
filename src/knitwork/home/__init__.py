"""One home folder, opened: load, refresh, ask. The library that the commands and pages are made of."""

from knitwork.home.home import Home, open_home
from knitwork.home.load import LoadReport, Taken
from knitwork.home.reading import LoadOptions
from knitwork.home.refresh import RefreshReport

__all__ = ["Home", "LoadOptions", "LoadReport", "RefreshReport", "Taken", "open_home"]
