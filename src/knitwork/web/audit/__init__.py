"""Every act of a person, in a table that only grows."""
