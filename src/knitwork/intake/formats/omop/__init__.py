"""The OMOP common data model, versions 5.3 and 5.4, as CSV and as Parquet."""
