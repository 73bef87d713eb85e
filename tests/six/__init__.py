"""Task 6 of the ten: what a data engineer is given at night, with every trap planted by hand."""
