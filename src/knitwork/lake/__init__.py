"""Buckets, the manifest and the kernel runners: the only code that opens DuckDB or Parquet."""
