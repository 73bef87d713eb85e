"""The words: frozen values and table schemas. No reading, no writing."""
