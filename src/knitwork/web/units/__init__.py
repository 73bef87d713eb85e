"""Units and how they nest: the record that people keep, with dates."""
