"""Tables of text and workbooks: csv, tsv, semicolons, bars, compressed or not, xlsx."""
