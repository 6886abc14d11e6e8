"""A real rig while this process has it: locked against others, guarded, and never left unsafe.

Whoever had it before and did not leave it safe is named, and the rig is made safe, before this
process gets it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from app.guard.lock import RigLock
from app.guard.record import Record, state_folder
from app.guard.switching_off import BY_HAND, switch_off
from app.guard.watch import Watch
from app.rig_file import RigFile
from drivers.errors import InstrumentError
from drivers.rig import Rig


class Tenure:
    """The right to use a real rig, from `begin` to `end`.

    Parameters
    ----------
    lock
        On its instruments.
    watch
        The guard.
    record
        Of this process.
    news
        What was found at the beginning.

    Attributes
    ----------
    safe
        Whether the rig is safe as far as this process knows: nothing was energised, or it was
        made safe after that.
    """

    def __init__(self, lock: RigLock, watch: Watch, record: Record, news: list[str]) -> None:
        self._lock, self._watch, self._record, self._news = lock, watch, record, news
        self.safe = True

    @classmethod
    def begin(cls, rig: RigFile) -> Self:
        """Lock the rig, make safe what was left unsafe, and start the guard.

        Raises
        ------
        InputError
            Another process has it.
        InstrumentError
            It was left unsafe and cannot be made safe, that this process has it cannot be written
            down, or the guard cannot be started.
        """
        addresses = (rig.source_meter.address, rig.resistor_bank.address)
        lock = RigLock.take(addresses)
        try:
            news = [said for record in lock.left() if (said := _put_right(record))]
            record = Record.of_this_process(rig.model_dump(mode="json"))
            orders = {
                "rig": record.rig, "addresses": addresses, "lock": lock.numbers, "run": "",
                "pid": record.pid,
            }  # fmt: skip
            watch = Watch(orders, lock.numbers, state_folder())
            record = record.but(guard=watch.pid)
            lock.write(record)
        except BaseException:
            lock.release()
            raise
        return cls(lock, watch, record, news)

    def news(self) -> list[str]:
        """What has happened since the last call.

        Raises
        ------
        InstrumentError
            There is no guard any more.
        """
        changed = self._watch.news()
        if changed:
            self._note(guard=self._watch.pid)
        news, self._news = self._news, []
        return changed + news

    def measuring(self, path: Path) -> None:
        """Say which run's file is being written."""
        run = str(path.absolute())
        self._note(run=run)
        self._watch.tell(run=run)

    def end(self) -> None:
        """Write down how the rig is left, send the guard away and let others have the rig."""
        self._note(state="safe" if self.safe else "unknown")
        self._watch.end()
        self._lock.release()
        for text in self._news:
            sys.stderr.write(f"warning: {text}\n")

    def _note(self, **changes: Any) -> None:
        """Change the record; one that cannot be written takes no run's end, it is only said."""
        self._record = self._record.but(**changes)
        try:
            self._lock.write(self._record)
        except InstrumentError as error:
            self._news.append(str(error))


def _put_right(left: Record) -> str:
    """Make safe what was left unsafe; what there is to say of it, "" for nothing."""
    if left.state == "safe":
        return f"{left} died; {left.said}" if left.said else ""
    became = list(switch_off(RigFile.model_validate(left.rig)))
    said = "; ".join(map(str, became))
    if not all(one.safe for one in became):
        raise InstrumentError(
            f"{left} did not leave this rig safe, and it cannot be made safe now: {said}. "
            f"{BY_HAND}; then run: fmes safe RIG --by-hand"
        )
    return f"{left} did not leave this rig safe; it was made safe now: {said}"


@dataclass(frozen=True)
class GuardedRig(Rig):
    """An open real rig, with the right to use it."""

    tenure: Tenure

    def make_safe(self) -> dict[str, str]:
        self.tenure.safe = False
        states = super().make_safe()
        self.tenure.safe = True
        return states

    def news(self) -> list[str]:
        return self.tenure.news()

    def measuring(self, path: Path) -> None:
        self.tenure.measuring(path)

    def close(self) -> None:
        """Let go of the links and of the rig."""
        try:
            super().close()
        finally:
            self.tenure.end()
