"""Which bucket a patient lives in.

The bucket is the first 32 bits of the SHA-256 of the patient's identifier, modulo the
number of buckets. The number is a power of two and stands in the manifest, so that
doubling it sends each row of a bucket to one of exactly two.
"""

from __future__ import annotations

import hashlib

# A bucket of this many stays is rebuilt in about a second; smaller ones cost more in all (0.2 s each).
STAYS_A_BUCKET = 65_536
MOST_BUCKETS = 4_096


def bucket_of(patient: str, buckets: int) -> int:
    """Return the bucket of a patient: the slow reference of `bucket_sql`.

    >>> bucket_of("DAN-VITALE", 1), 0 <= bucket_of("DAN-VITALE", 16) < 16
    (0, True)
    """
    return int(hashlib.sha256(patient.encode()).hexdigest()[:8], 16) % buckets


def bucket_sql(column: str, buckets: int) -> str:
    """Return SQL for the bucket of the patient in `column`."""
    return f"(('0x' || substr(sha256({column}), 1, 8))::BIGINT % {int(buckets)})::INTEGER"


def how_many(stays: int) -> int:
    """Return how many buckets a lake of so many stays wants: a power of two.

    >>> how_many(1_190), how_many(1_000_000), how_many(10_000_000)
    (1, 16, 128)
    """
    wanted = 1
    while wanted * STAYS_A_BUCKET < stays and wanted < MOST_BUCKETS:
        wanted *= 2
    # The next smaller power is kept while buckets stay within half as much again.
    return wanted // 2 if wanted > 1 and stays <= wanted // 2 * STAYS_A_BUCKET * 1.5 else wanted
