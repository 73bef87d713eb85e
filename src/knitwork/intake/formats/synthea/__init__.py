"""The CSV files that Synthea writes of its invented patients."""
