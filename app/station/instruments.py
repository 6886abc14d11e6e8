"""The rig of the station, and what it reads back; used from one thread at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.rigs.opening import open_rig
from app.rigs.rig_file import RigFile
from drivers.errors import InstrumentError
from drivers.rig import Rig
from protocols.quantities import RESISTANCE
from protocols.steps import SelectResistance


@dataclass(frozen=True)
class Output:
    """The state of the terminals.

    Parameters
    ----------
    state
        "off", "on" or "unknown".
    text
        The same as a person reads it, or why it is unknown.
    resistance
        Across the device, in ohm, `inf` when open; None when it is unknown.
    """

    state: str
    text: str
    resistance: float | None

    def as_json(self) -> dict[str, Any]:
        """As windows are told."""
        return {"output": self.state, "output_text": self.text, "resistance": self.resistance}


NOTHING = Output("unknown", "no rig is connected", None)


@dataclass(frozen=True)
class Connected:
    """An open rig, and the file that describes it (None: the embedded simulated one)."""

    rig: Rig
    file: RigFile
    path: Path | None

    @classmethod
    def open(cls, path: Path | None, speed: object) -> Connected:
        """Open a rig and make it safe.

        Parameters
        ----------
        speed
            Of a simulated rig, instead of what its file says; None leaves it.

        Raises
        ------
        InputError
            The rig file or the speed cannot be used.
        InstrumentError
            An instrument cannot be reached, or not be made safe.
        """
        file = RigFile.read(path)
        if speed is not None:
            file = file.at_speed(speed)
        rig = open_rig(file)
        try:
            rig.make_safe()
        except BaseException:
            rig.close()
            raise
        return cls(rig, file, path)

    def as_json(self) -> dict[str, Any]:
        """What windows are told of it."""
        speed = self.file.simulation.speed
        resistances = sorted({state.resistance for state in self.rig.bank.states})
        return {
            "path": str(self.path) if self.path else None,
            "simulated": self.rig.simulated,
            "speed": None if not self.rig.simulated else _speed(speed),
            "meter": str(self.rig.meter.identity), "bank": str(self.rig.bank.identity),
            "addresses": dict(self.rig.addresses),
            "max_voltage": self.rig.limits.max_voltage, "max_current": self.rig.limits.max_current,
            "found": list(self.rig.found),
            "states": resistances, "devices": [device.name for device in self.file.devices],
        }  # fmt: skip

    def select(self, resistance: float) -> float:
        """Put the nearest resistance across the device; returns the actual one, in ohm.

        Raises
        ------
        InstrumentError
            No state is near enough, or a relay does not read back as it was set.
        """
        step = SelectResistance(resistance)
        return self.rig.bank.select(step.resistance, step.tolerance).resistance

    def read_back(self) -> Output:
        """Ask both instruments; whatever does not answer is unknown."""
        try:
            output = self.rig.meter.read_back()
            state, text = "on" if output.on else "off", output.text
        except InstrumentError as error:
            state, text = "unknown", f"the output is UNKNOWN: {error}"
        try:
            bank = self.rig.bank.read_back()
        except InstrumentError as error:
            return Output(state, f"{text}; the relays are UNKNOWN: {error}", None)
        if math.isnan(bank.resistance):
            return Output(state, f"{text}; relays {sorted(bank.channels)} closed", None)
        said = "" if self.rig.bank.reports else " as commanded, which the bank does not report"
        return Output(
            state, f"{text}; R = {RESISTANCE.format(bank.resistance)}{said}", bank.resistance
        )


def _speed(speed: float) -> float | str:
    return "as fast as possible" if math.isinf(speed) else speed
