"""Files taken in from the browser, as `knitwork load` and `knitwork refresh` take them in."""
