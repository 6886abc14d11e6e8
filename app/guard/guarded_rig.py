"""A real rig while this process has it: locked against others, guarded, and never left unsafe.

Whoever had it before and did not leave it safe is named, and the rig is made safe, before this
process gets it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from app.errors import InputError
from app.guard.claimed_link import Claim, Role
from app.guard.lock import RigLock, name_of, record_of, refusal
from app.guard.record import Record, state_folder
from app.guard.switching_off import BY_HAND, switch_off
from app.guard.watch import Watch
from app.rigs.rig_file import RigFile
from drivers.errors import InstrumentError
from drivers.instrument import Identity
from drivers.rig import Rig


class _InUse(InstrumentError):
    """Another process has an instrument under another address."""


class _LeftUnsafe(InstrumentError):
    """Who had an instrument under another address did not leave it safe."""

    def __init__(self, record: Record) -> None:
        super().__init__(str(record))
        self.record = record


class Tenure:
    """The right to use a real rig, from `begin` to `end`.

    Parameters
    ----------
    rig
        The rig file.
    lock
        On the addresses of its instruments.
    record
        Of this process.

    Attributes
    ----------
    found
        What was found at the beginning.
    safe
        Whether the rig is safe as far as this process knows: nothing was energised, or it was
        made safe after that.
    """

    def __init__(self, rig: RigFile, lock: RigLock, record: Record) -> None:
        self._rig, self._lock, self._record = rig, lock, record
        self._watch: Watch | None = None
        self._news: list[str] = []
        self._settled: set[tuple[int, str]] = set()
        self.found: tuple[str, ...] = ()
        self.safe = True

    @classmethod
    def begin(cls, rig: RigFile) -> Self:
        """Lock the rig's addresses, and make safe what was left unsafe there.

        Raises
        ------
        InputError
            Another process has it.
        InstrumentError
            It was left unsafe and cannot be made safe, or that this process has it cannot be
            written down.
        """
        lock = RigLock.take((rig.source_meter.address, rig.resistor_bank.address))
        try:
            tenure = cls(rig, lock, Record.of_this_process(rig.model_dump(mode="json")))
            for left in lock.left():
                tenure._settle(left)
            lock.write(tenure._record)
        except BaseException:
            lock.release()
            raise
        return tenure

    def reach(self, open_instruments: Callable[[Claim], Rig]) -> Rig:
        """Open the instruments, lock them by their serial numbers too, and start the guard.

        Parameters
        ----------
        open_instruments
            Called with what each instrument's role and identity are told to, once it has said
            who it is and before it is sent anything else.

        Raises
        ------
        InputError
            Another process has one of them under another address.
        InstrumentError
            As `begin`, or an instrument cannot be opened, or the guard cannot be started.
        """
        try:
            rig = open_instruments(self._claim)
        except _InUse as error:
            raise InputError(str(error)) from None
        except _LeftUnsafe as error:
            # By now nothing holds its connection, as making it safe over the old address needs.
            self._settle(error.record)
            return self.reach(open_instruments)
        try:
            self._watch_over()
        except BaseException:
            rig.close()
            raise
        return rig

    def _claim(self, role: Role, identity: Identity) -> None:
        """Lock an instrument by its serial number, if it shows one."""
        name = name_of(identity)
        if not name or name in self._lock.names:
            return
        section = getattr(self._rig, role)
        left = Record.read(record_of(name))
        if not self._lock.add(name):
            there = left.rig.get(role, {}).get("address", "another address") if left else ""
            what = f"{section.address} is a {identity}, which under the address {there}"
            raise _InUse(refusal(what, left))
        left = Record.read(record_of(name))
        if left is not None and left.state != "safe" and left.key not in self._settled:
            raise _LeftUnsafe(left)
        if left is not None:
            self._settle(left)
        self._lock.write(self._record)

    def _settle(self, left: Record) -> None:
        """Make safe what was left unsafe, once for all names of its instruments."""
        if left.key in self._settled:
            return
        if said := _put_right(left):
            self._news.append(said)
            self.found += (said,)
        self._settled.add(left.key)

    def _watch_over(self) -> None:
        orders = {
            "rig": self._record.rig, "names": self._lock.names, "lock": self._lock.numbers,
            "run": "", "pid": self._record.pid,
        }  # fmt: skip
        self._watch = Watch(orders, self._lock.numbers, state_folder())
        self._record = self._record.but(guard=self._watch.pid)
        self._lock.write(self._record)

    def news(self) -> list[str]:
        """What has happened since the last call.

        Raises
        ------
        InstrumentError
            There is no guard any more.
        """
        changed = self._watch.news() if self._watch else []
        if self._watch and changed:
            self._note(guard=self._watch.pid)
        news, self._news = self._news, []
        return changed + news

    def measuring(self, path: Path) -> None:
        """Say which run's file is being written."""
        run = str(path.absolute())
        self._note(run=run)
        if self._watch:
            self._watch.tell(run=run)

    def end(self) -> None:
        """Write down how the rig is left, send the guard away and let others have the rig."""
        self._note(state="safe" if self.safe else "unknown")
        if self._watch:
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

    @property
    def found(self) -> tuple[str, ...]:
        return self.tenure.found

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
