"""Facts of units: tables of numbers by unit and period, with no patient in them."""
