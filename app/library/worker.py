"""The process of the library: requests as frames on standard input, answers on standard output.

Each request ``{"ask": NAME, "id": N, ...}`` is answered by ``{"reply": N, "ok": true, ...}`` or
``{"reply": N, "ok": false, "error": TEXT}``, in order. Logs go to standard error. The process
ends when its input does; a request that hangs then, as on a drive that does not answer, is given
up, so that no window leaves a process behind.

Run it as ``python -m app.library.worker``; with ``--gentle`` it leaves the processor to others.
"""

from __future__ import annotations

import logging
import os
import queue
import sys
import threading
import time
from typing import Any

from app.errors import InputError
from app.library.library import Library
from app.library.requests import parse
from app.station.wire import Unpacker, WireError, pack
from data.errors import DataError

GRACE = 10.0
"""Time in s that a request has left once the input has ended."""
_PIECE = 1 << 16
_LOG = logging.getLogger("app.library")
_Asked = queue.SimpleQueue[dict[str, Any] | int]
"""Requests, and last the exit code."""


def main() -> int:
    """Answer until the input ends; returns the exit code."""
    if "--gentle" in sys.argv[1:] and hasattr(os, "nice"):
        os.nice(10)
    logging.basicConfig(stream=sys.stderr, format="library: %(levelname)s: %(message)s")
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # Whatever prints must not get between the frames.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    asked: _Asked = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(asked,), name="requests", daemon=True).start()
    library = Library()
    try:
        while not isinstance(message := asked.get(), int):
            answers.write(_answered(library, message))
            answers.flush()
    except (BrokenPipeError, KeyboardInterrupt):
        return 0
    return message


def _listen(asked: _Asked) -> None:
    """Take requests in, beside the one that is being answered."""
    unpacker, code = Unpacker(), 0
    try:
        while piece := os.read(sys.stdin.fileno(), _PIECE):
            for message, _ in unpacker.feed(piece):
                asked.put(message)
    except WireError as error:
        _LOG.error("what came is no request, so nothing after it can be understood: %s", error)
        code = 2
    asked.put(code)
    time.sleep(GRACE)
    _LOG.error("the input has ended %g s ago and a request still hangs; it is given up", GRACE)
    os._exit(1)


def _answered(library: Library, message: dict[str, Any]) -> bytes:
    number = message.pop("id", None)
    try:
        content, arrays = library.answer(parse(message))
        return pack({"reply": number, "ok": True, **content}, arrays)
    except (InputError, DataError, WireError) as error:
        text = str(error)
    except Exception as error:  # noqa: BLE001 (a fault ends a request, not the process)
        _LOG.exception("request %r", message)
        text = f"fault in the program: {type(error).__name__}: {error}"
    return pack({"reply": number, "ok": False, "error": text})


if __name__ == "__main__":
    sys.exit(main())
