"""XES, the standard of process mining for event logs (IEEE 1849): traces of events, also as gz or zip."""
