"""HL7 v2: messages in files or over a connection, read and written by our own parser."""
