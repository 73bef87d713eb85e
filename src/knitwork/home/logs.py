"""How logs and faults are written: what happened and where in our code, and no value that a patient's record may hold.

The text of an exception quotes what it could not read, and the address of a request is what somebody typed. Neither is
written. Of a fault there remain the types of its exceptions and the lines of code; of a request its method, its status
and the pattern of its address.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from typing import Any

FORMAT, TIMES = "%(asctime)s %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S%z"
# Loggers of libraries that write what they were given into their sentences.
_QUOTING = ("django.", "uvicorn.", "asyncio", "concurrent.")


class WithoutValues(logging.Formatter):
    """Formats records of ours as they are, those of libraries by what they are about, and every fault without its text."""

    def __init__(self) -> None:
        """Begin with our form."""
        super().__init__(FORMAT, TIMES)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record, and the lines of its fault below it."""
        plain = logging.makeLogRecord(record.__dict__ | {"exc_text": None})
        request = getattr(record, "request", None)
        if request is not None and hasattr(request, "method"):
            plain.msg, plain.args = _of_request(request, getattr(record, "status_code", None)), None
        elif record.name.startswith(_QUOTING):
            # The sentence of the library as it stands in its code: nothing filled in, nothing listed below it.
            plain.msg, plain.args = next(iter(str(record.msg).splitlines()), ""), None
        return super().format(plain)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the name that logging calls
        """Return a fault without its text."""
        return without_values(ei[1])


def _of_request(request: Any, status: object) -> str:
    match = getattr(request, "resolver_match", None)
    route = match.route if match is not None else "no page of ours"
    return f"{status or 'a request'}: {request.method} {route or '/'}"


def without_values(fault: BaseException | None) -> str:
    """Return where a fault came from: the lines of code and the types of exceptions, never their texts.

    >>> without_values(ValueError("not a number: Smith"))
    'ValueError'
    """
    if fault is None:
        return ""
    said = []
    seen: set[int] = set()
    while fault is not None and id(fault) not in seen:
        seen.add(id(fault))
        lines = "".join(traceback.format_tb(fault.__traceback__))
        said.append(f"{lines}{type(fault).__name__}")
        if isinstance(fault, BaseExceptionGroup):
            said += [f"one of these: {without_values(one)}" for one in fault.exceptions]
        fault = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)
    return "\nwhile this was handled:\n".join(reversed(said))


def configured(level: int = logging.INFO) -> None:
    """Write all logs of this process to its standard error in our form."""
    handler = logging.StreamHandler()
    handler.setFormatter(WithoutValues())
    logging.basicConfig(handlers=[handler], level=level, force=True)


def guard_faults() -> None:
    """Let no thread and no object that goes away write the text of a fault on its own."""

    def of_thread(told: threading.ExceptHookArgs) -> None:
        sys.stderr.write(f"a thread ended early\n{without_values(told.exc_value)}\n")

    def of_object(told: sys.UnraisableHookArgs) -> None:
        sys.stderr.write(f"something was not closed well\n{without_values(told.exc_value)}\n")

    threading.excepthook, sys.unraisablehook = of_thread, of_object


def fault_told(fault: BaseException) -> str:
    """Return what a command says of a fault of its own that nobody foresaw."""
    return (
        f"{without_values(fault)}\n"
        f"knitwork failed by a fault of its own, a {type(fault).__name__} in the last line of code above; "
        "what it read is left out here, as that may be of a patient"
    )
