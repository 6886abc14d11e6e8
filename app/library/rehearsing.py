"""What a run would do to a nominal device, for a form that is being filled in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.errors import InputError
from app.rigs.rig_file import RigFile
from app.running.experiment import Experiment
from app.running.rehearsal import is_short, rehearse
from app.running.user_protocol import find_protocol
from drivers.errors import InstrumentError


def rehearsed(
    protocol: str, preset: str, values: Mapping[str, Any], rig: Path | None
) -> dict[str, Any]:
    """Greatest voltage (V) of a rehearsal and the device's limit, and how the rehearsal ended.

    `voltage` is None where the experiment is too long to be rehearsed.

    Raises
    ------
    InputError
        The experiment cannot be built, or the rig's instruments cannot be emulated.
    """
    kind, source = find_protocol(protocol)
    experiment = Experiment.build(kind, preset, values, RigFile.read(rig), source)
    limit = experiment.rig.device.max_voltage
    if not is_short(experiment.plan):
        return {"voltage": None, "limit": limit}
    try:
        found = rehearse(experiment)
    except InstrumentError as error:
        raise InputError(str(error)) from error
    return {
        "voltage": found.largest_voltage, "limit": limit, "duration": found.duration,
        "outcome": found.result.outcome.value, "reason": found.result.reason,
    }  # fmt: skip
