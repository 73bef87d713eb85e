"""FHIR R4 and R5: bulk NDJSON, Bundles and single resources in, Bundles or NDJSON out."""
