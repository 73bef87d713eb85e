"""`make fuzz`: give the parsers a million damaged and hostile inputs, and see that each is read or refused in words."""
