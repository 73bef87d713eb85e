"""The command line with every logger at its most talkative, and a planted fault that quotes a patient's records.

Nobody runs it so; what is never written even here is never written.
"""

from __future__ import annotations

import logging

logging.Logger.getEffectiveLevel = lambda self: 1
logging.Logger.isEnabledFor = lambda self, level: True


def planted_fault() -> None:
    """Let the page of one patient fail with the patient's records in the text of the fault."""
    import knitwork.home.patients as patients

    def chain_of(rows):
        raise ValueError(f"no chain can be made of {rows!r}")

    patients.chain_of = chain_of


if __name__ == "__main__":
    import os

    from knitwork.cli import main

    if os.environ.get("CANARY_FAULT"):
        planted_fault()
    main()
