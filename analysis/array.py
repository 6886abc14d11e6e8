"""Arrays: the measures of every device beside each other, and their device-to-device spread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from analysis.analysis import Analysis, Provenance, Result, Run, Table
from analysis.ltp_ltd import CycleMeasures, LtpLtdAnalysis, LtpLtdResult, Options, StateMeasures
from analysis.measure import Definition, Measure, definitions
from analysis.plays import ohm
from analysis.weight_change import STUDY
from data.run import Outcome, RecordedPlay, RunInfo
from data.samples import Samples
from protocols.array import Array
from protocols.quantities import RESISTANCE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SOURCE = f"{STUDY}, Fig. S11: the difference between devices is limited; no measure is given there"
SPREAD = (
    "Device-to-device spread of {}: standard deviation (n - 1) over the devices that have a "
    "value, over the magnitude of their mean. First cycle of each device."
)
NAMES = (
    "Wmax/Wmin", "NL LTP", "NL LTD", "delta-w LTP", "delta-w LTD", "asymmetry ratio",
    "energy of last LTP pulse",
)  # fmt: skip
"""The measures of LTP/LTD whose spread is taken."""


@dataclass(frozen=True)
class DeviceRun:
    """What was recorded of one device, as a run of the protocol that it underwent."""

    path: Path
    info: RunInfo
    samples: Samples
    plays: tuple[RecordedPlay, ...]
    outcome: Outcome


@dataclass(frozen=True)
class Spread:
    """One measure over the devices in one state.

    Parameters
    ----------
    nominal
        Regulating resistance, in ohm; `inf` when open.
    name
        Of the measure, one of `NAMES`.
    values
        By device; None where it has none.
    mean
        Over the devices.
    spread
        Over the devices, relative.
    """

    nominal: float
    name: str
    values: Mapping[str, float | None]
    mean: Measure
    spread: Measure


@dataclass(frozen=True)
class ArrayResult(Result):
    """The measures of every device of a run, and their spread.

    Parameters
    ----------
    protocol
        That each device underwent.
    planned
        Names of the devices that were asked for.
    devices
        LTP/LTD measures of each device that was reached; empty for another protocol.
    spreads
        State by state, measure by measure.
    """

    provenance: Provenance
    protocol: str
    planned: tuple[str, ...]
    devices: Mapping[str, LtpLtdResult]
    spreads: tuple[Spread, ...]

    @property
    def complete(self) -> bool:
        """Whether all of every device was read; for another protocol as the run says."""
        if self.protocol != LtpLtdAnalysis.protocol:
            return self.provenance.outcome == Outcome.FINISHED
        return set(self.devices) == set(self.planned) and all(
            d.complete for d in self.devices.values()
        )

    def of(self, name: str) -> tuple[Spread, ...]:
        """One measure in every state."""
        return tuple(s for s in self.spreads if s.name == name)

    def table(self) -> Table:
        """A row a device and state, and a row a state for the spread."""
        rows = []
        for nominal in dict.fromkeys(s.nominal for s in self.spreads):
            chosen = [s for s in self.spreads if s.nominal == nominal]
            label = RESISTANCE.format(nominal)
            for device in self.devices:
                cells = (_text(s, s.values.get(device)) for s in chosen)
                rows.append((label, device, *cells))
            rows.append((label, "mean", *(_text(s, s.mean.value) for s in chosen)))
            rows.append((label, "spread", *(_percent(s.spread) for s in chosen)))
        return Table(("R", "device", *NAMES), tuple(rows), tuple(self._notes()))

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON values; SI units, resistances in ohm with "open" for no branch."""
        return {
            "analysis": ArrayAnalysis.protocol,
            "provenance": asdict(self.provenance),
            "protocol": self.protocol,
            "complete": self.complete,
            "planned": list(self.planned),
            "spreads": [
                {
                    "nominal": ohm(s.nominal), "measure": s.name, "values": dict(s.values),
                    "mean": s.mean.as_json(), "spread": s.spread.as_json(),
                }
                for s in self.spreads
            ],
            "devices": {name: result.as_json() for name, result in self.devices.items()},
            "definitions": definitions(m for s in self.spreads for m in (s.mean, s.spread)),
        }  # fmt: skip

    def _notes(self) -> Iterator[str]:
        if self.protocol != LtpLtdAnalysis.protocol:
            yield (
                f"the devices underwent {self.protocol}; the spread is that of the measures of "
                f"{LtpLtdAnalysis.protocol}"
            )
            return
        yield f"{len(self.devices)} of {len(self.planned)} devices; spread = std/|mean| over them"
        yield from dict.fromkeys(s.spread.note for s in self.spreads if s.spread.note)
        for name, result in self.devices.items():
            if not result.complete:
                yield f"{name}: partial"


@dataclass(frozen=True)
class ArrayAnalysis(Analysis[ArrayResult]):
    """Device-to-device spread of the measures of LTP/LTD."""

    options: Options = Options()  # noqa: RUF009 (frozen)
    protocol: ClassVar[str] = "array"

    def analyse(self, run: Run) -> ArrayResult:
        """Measure every device that was reached."""
        asked = Array(**run.info.parameters)
        devices = {}
        if asked.protocol == LtpLtdAnalysis.protocol:
            each = LtpLtdAnalysis(self.options)
            devices = {name: each.analyse(of) for name, of in runs_of_devices(run).items()}
        return ArrayResult(
            provenance=Provenance.of(run), protocol=asked.protocol, planned=asked.devices,
            devices=devices, spreads=tuple(_spreads(devices)),
        )  # fmt: skip

    def figure(self, result: ArrayResult, dark: bool = False) -> Figure:
        """Curves of all devices, and each measure of every device with its spread."""
        from analysis.array_figure import draw

        return draw(result, dark)


def runs_of_devices(run: Run) -> dict[str, DeviceRun]:
    """The record of an array taken apart: device by device, in the order of measurement.

    A device's run has the parameters of the protocol that it underwent, and its own name as
    its sample.
    """
    inner = Array(**run.info.parameters).on_each()
    found = {}
    for device, group in groupby(run.plays, key=lambda play: play.device):
        plays = tuple(group)
        first = plays[0].first_row
        # The part of the record that is the device's; its plays count from its start.
        rows = slice(first, plays[-1].first_row + plays[-1].n_rows)
        found[device] = DeviceRun(
            path=run.path,
            info=replace(
                run.info, protocol=inner.name, parameters=inner.model_dump(mode="json"),
                sample=device,
            ),
            samples=run.samples[rows],
            plays=tuple(replace(p, first_row=p.first_row - first) for p in plays),
            outcome=run.outcome,
        )  # fmt: skip
    return found


def measures(state: StateMeasures) -> dict[str, Measure]:
    """The measures of a state's first cycle by `NAMES`; empty when nothing was read."""
    cycle: CycleMeasures | None = state.first
    if cycle is None:
        return {}
    found = (
        cycle.dynamic_range, cycle.up.nonlinearity.label, cycle.down.nonlinearity.label,
        cycle.up.range, cycle.down.range, cycle.asymmetry_ratio, cycle.up.energy.last,
    )  # fmt: skip
    return dict(zip(NAMES, found, strict=True))


def _spreads(devices: Mapping[str, LtpLtdResult]) -> Iterator[Spread]:
    nominal = dict.fromkeys(s.state.nominal for d in devices.values() for s in d.states)
    for resistance in nominal:
        by_device = {
            name: measures(next(s for s in d.states if s.state.nominal == resistance))
            for name, d in devices.items()
        }
        for name in NAMES:
            found = {device: m[name] for device, m in by_device.items() if name in m}
            yield _spread(resistance, name, by_device, found)


def _spread(
    nominal: float, name: str, devices: Mapping[str, Any], found: Mapping[str, Measure]
) -> Spread:
    unit = next((m.definition.unit for m in found.values()), "")
    mean = Definition(f"{name} mean", unit, f"Mean of {name} over the devices.", _SOURCE)
    spread = Definition(f"{name} spread", "", SPREAD.format(name), _SOURCE)
    values = {device: found[device].value if device in found else None for device in devices}
    known = np.array([v for v in values.values() if v is not None], dtype=np.float64)
    note = "" if len(known) == len(values) else f"{len(known)} of {len(values)} devices have values"
    if len(known) < 2 or known.mean() == 0:
        why = f"{len(known)} devices have a value; at least 2 are needed"
        return Spread(
            nominal, name, values, Measure.undefined(mean, why), Measure.undefined(spread, why)
        )
    centre = float(known.mean())
    relative = float(known.std(ddof=1)) / abs(centre)
    return Spread(
        nominal, name, values, Measure(mean, centre, note=note),
        Measure(spread, relative, note=note),
    )  # fmt: skip


def _text(s: Spread, value: float | None) -> str:
    return str(Measure(s.mean.definition, value))


def _percent(measure: Measure) -> str:
    return "-" if measure.value is None else f"{100 * measure.value:.2g} %"
