"""The guard: a process that makes a rig safe when the process that uses it is gone.

It does nothing but read its standard input. When that ends without a word, the other process
has died: `kill -9`, a crash, no memory left. Then it reaches the instruments over links of its
own, source to 0 and high-impedance, bank open; tries again until they answer; and writes down
what it did: in the rig's record, and beside the file of the run.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

ENDING = ".guard.json"
"""What the name of a run's file ends in for the report beside it."""
PATIENCE = 60.0
"""Time for which instruments that do not answer are tried again, in s."""
_PAUSE = 0.5


def watch() -> None:
    """Wait for the end of the other process, and act if it comes without a word."""
    # Whoever ends everything, as a shutdown does, must not end this before the one it guards.
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    orders = _orders()
    if orders is None:
        return
    sys.stdout.write("watching\n")
    sys.stdout.flush()
    # All that acting needs, before it is needed.
    for module in ("app.guard.switching_off", "app.guard.lock", "pyvisa_py"):
        importlib.import_module(module)
    while (more := _orders()) is not None:
        if "end" in more:
            return
        orders = more
    _act(orders)


def _orders() -> dict[str, Any] | None:
    """The next line of orders, None when the other process is gone; half a line counts as none."""
    line = sys.stdin.readline()
    return dict(json.loads(line)) if line.endswith("\n") else None


def _act(orders: Mapping[str, Any]) -> None:
    from app.errors import InputError
    from app.guard.lock import RigLock
    from app.guard.record import now
    from app.rigs.rig_file import RigFile

    begun, noticed = time.monotonic(), now()
    rig = RigFile.model_validate(orders["rig"])
    try:
        lock = RigLock.inherited(orders["names"], orders["lock"])
    except InputError as error:
        # Whoever has the rig by now has made it safe first.
        _say(str(error))
        return
    _say(f"process {orders['pid']} is gone; making the rig safe")
    _note(lock, guard=os.getpid(), state="being made safe")
    became = _until_safe(rig, begun)
    took = time.monotonic() - begun
    safe = all(one.safe for one in became)
    said = "; ".join(map(str, became))
    _say(f"{'safe' if safe else 'NOT safe'} after {took:.2f} s: {said}")
    _note(
        lock, state="safe" if safe else "unknown",
        said=f"made safe by its guard at {now()}: {said}" if safe else said,
    )  # fmt: skip
    lock.release()
    if orders.get("run"):
        _report(Path(orders["run"]), {
            "process": orders["pid"], "noticed": noticed, "safe": safe, "seconds": round(took, 3),
            **{one.role: one.text for one in became},
        })  # fmt: skip


def _note(lock: Any, **changes: Any) -> None:
    """Change the record; a disk that is full must not keep the rig from being made safe."""
    from drivers.errors import InstrumentError

    try:
        for record in lock.left()[:1]:
            lock.write(record.but(**changes))
    except InstrumentError as error:
        _say(str(error))


def _until_safe(rig: Any, begun: float) -> list[Any]:
    """Try until both instruments read back safe or the patience is over."""
    from app.guard.switching_off import switch_off

    while True:
        became = list(switch_off(rig))
        if all(one.safe for one in became) or time.monotonic() - begun > PATIENCE:
            return became
        for one in became:
            if not one.safe:
                _say(f"will try again: {one}")
        time.sleep(_PAUSE)


def _report(run: Path, content: Mapping[str, Any]) -> None:
    path = run.with_name(run.name + ENDING)
    try:
        path.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
    except OSError as error:
        _say(f"{path} cannot be written: {error}")


def _say(text: str) -> None:
    stamp = datetime.now().isoformat(" ", "milliseconds")
    with suppress(OSError):  # the disk of the log may be full
        sys.stderr.write(f"{stamp} guard {os.getpid()}: {text}\n")
        sys.stderr.flush()
