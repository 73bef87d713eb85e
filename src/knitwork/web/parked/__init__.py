"""Messages of live feeds that wait for a person: shown, corrected, read again or set aside."""
