"""OCEL 2.0, logs of events that touch many objects: SQLite, JSON and XML, read only."""
