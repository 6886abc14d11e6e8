"""From measured LTP/LTD to the rule by which a network's weight changes: the update curve.

The weight x of a device runs from 0 to 1 over its window, that of the potentiation. In the
MLP+NeuroSim convention the branches are x(P) = (1 - exp(-k P))/(1 - exp(-k)), P the pulses over
those of the whole branch: each is a relaxation at a constant rate r (a pulse) to a target t
outside of the window, so that a jump of n pulses from any x is one expression:

    x' = x + (t - x) (1 - exp(-r n))

Two numbers a direction replace a table. Where a branch has another shape than the formula,
the measured steps themselves are kept beside it, as a table.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from analysis.curve_variation import Measured, device_spread, step_noise
from analysis.ltp_ltd import CycleMeasures, LtpLtdResult, StateMeasures
from analysis.measure import Measure
from analysis.nonlinearity import fit_nonlinearity
from analysis.plays import ohm
from protocols.quantities import CURRENT, RESISTANCE, TIME

Array = NDArray[np.float64]
Depression = Literal["truncate", "renormalise"]
DEPRESSIONS: tuple[Depression, ...] = ("truncate", "renormalise")

_STRAIGHTEST = 1e-6
"""Least curvature that is told from a straight line; its target is then 10^6 windows away."""


class NoCurveError(ValueError):
    """Runs from which no update curve can be taken, and why."""


@dataclass(frozen=True, eq=False)
class Direction:
    """How the weight moves with pulses of one sign.

    Parameters
    ----------
    target
        Weight that endless pulses would lead to, by the formula.
    rate
        Rate of the relaxation to it, per pulse; negative where steps grow on the way.
    table
        Measured weights in the window after 0, 1, ... pulses from the end where the branch
        begins, made monotonic, shape (pulses + 1,).
    energy
        Mean energy of a pulse, in J; NaN where it was not measured. Negative where pulses
        discharge the device on the whole.
    misfit, worst
        Root mean square and greatest difference of the formula from the readings.
    """

    target: float
    rate: float
    table: Array
    energy: float
    misfit: float
    worst: float

    @property
    def step(self) -> float:
        """Change of the weight by one pulse in the middle of the window, by the formula."""
        return -math.expm1(-self.rate) * (self.target - 0.5)

    def after(self, x: Array, n: Array) -> Array:
        """Weights after `n` pulses from weights `x`, by the formula, kept in the window.

        Parameters
        ----------
        x
            Weights from 0 to 1, any shape.
        n
            Pulses, not negative, whole or not, of the same shape.
        """
        moved: Array = x - (self.target - x) * np.expm1(-self.rate * n)
        return np.clip(moved, 0.0, 1.0)

    def after_by_table(self, x: Array, n: Array) -> Array:
        """The same by the measured steps, joined by straight lines; the table's end is the end."""
        count = np.arange(len(self.table), dtype=np.float64)
        falling = self.table[-1] < self.table[0]
        place = (
            np.interp(x, self.table[::-1], count[::-1])
            if falling
            else np.interp(x, self.table, count)
        )
        moved = np.interp(place + n, count, self.table)
        # Beyond the last measured step nothing moves, least of all backwards.
        return np.minimum(moved, x) if falling else np.maximum(moved, x)


@dataclass(frozen=True, eq=False)
class UpdateCurve:
    """What analysis hands to the network: one kind of device in one resistor state.

    Parameters
    ----------
    resistance
        Regulating resistance in ohm, `inf` when open.
    window
        Weights that are 0 and 1, in V: where the potentiation begins and ends.
    up, down
        The two directions.
    step_noise, device_spread
        See `analysis.curve_variation`; undefined where nothing was repeated.
    depression
        "truncate": the part of the depression within the window; "renormalise": the whole
        depression, its own range taken for the window.
    source
        Run and cycle that the curve is of.
    simulated
        Whether the run is of the simulated rig.
    """

    resistance: float
    window: tuple[float, float]
    up: Direction
    down: Direction
    step_noise: Measure
    device_spread: Measure
    depression: Depression
    source: str
    simulated: bool

    @property
    def label(self) -> str:
        """The state as people read it: ``"8 kohm"``, ``"open"``."""
        return RESISTANCE.format(self.resistance)

    @property
    def states(self) -> int:
        """Distinct weights on the way up."""
        return len(np.unique(self.up.table))

    def energy(self, up: int, down: int) -> tuple[float, float]:
        """Energy of pulses in J from the source and back to it, each at its mean per pulse."""
        energies = up * self.up.energy, down * self.down.energy
        return (
            sum(e for e in energies if not e < 0), -sum(e for e in energies if not e > 0) or 0.0
        )  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON values."""
        return {
            "resistance": ohm(self.resistance), "window": list(self.window),
            "states": self.states, "up": _json(self.up), "down": _json(self.down),
            "step_noise": self.step_noise.as_json(),
            "device_spread": self.device_spread.as_json(),
            "depression": self.depression, "source": self.source, "simulated": self.simulated,
        }  # fmt: skip


def update_curves(
    results: Sequence[LtpLtdResult], *, depression: Depression = "truncate"
) -> tuple[UpdateCurve, ...]:
    """The update curve of each state, from one run or several.

    Parameters
    ----------
    results
        Of `LtpLtdAnalysis`, in the neurosim convention, or of `analysis.curve_runs` for runs of
        other protocols. The first one that has a state gives its curve. All of them count for
        the variation: runs of one sample repeat one device,
        different samples are different devices; runs without a sample are taken for one device.
    depression
        See `UpdateCurve`.

    Raises
    ------
    NoCurveError
        No run, another convention, runs of a state with different pulses, a branch that was
        not read to its end, without a depression or without a fit.
    """
    if not results:
        raise NoCurveError("no run is given; give at least one finished LTP/LTD run")
    for result in results:
        if result.options.nonlinearity != "neurosim":
            raise NoCurveError(
                f"{result.provenance.file}: an update curve needs the neurosim convention, not "
                f"{result.options.nonlinearity}"
            )
    found: dict[float, list[tuple[LtpLtdResult, StateMeasures]]] = {}
    for result in results:
        for state in result.states:
            found.setdefault(state.state.nominal, []).append((result, state))
    return tuple(_curve(measured, depression) for measured in found.values())


def _curve(measured: Measured, depression: Depression) -> UpdateCurve:
    result, state = measured[0]
    where = f"{result.provenance.file}, {state.state.label}"
    for other, _ in measured:
        if not np.allclose(other.stimulus, result.stimulus, rtol=1e-6, atol=0):
            raise NoCurveError(
                f"{where}: pulses of {_stimulus(result)}, and those of {other.provenance.file} "
                f"are of {_stimulus(other)}; give runs with the same pulses"
            )
    if (cycle := state.first) is None or not state.state.complete:
        raise NoCurveError(f"{where}: {state.reason or 'nothing was read'}; measure it whole")
    if not cycle.down.branch.planned:
        raise NoCurveError(f"{where}: the run has no depression; give down= a number of pulses")
    weights = cycle.up.branch.weights
    window = float(weights[0]), float(weights[-1])
    if window[1] <= window[0]:
        raise NoCurveError(
            f"{where}: the potentiation ends at {window[1]:.4g} V, not above its beginning at "
            f"{window[0]:.4g} V"
        )
    return UpdateCurve(
        resistance=state.state.nominal,
        window=window,
        up=_direction(weights, window, where, cycle.up.energy.per_pulse[1:]),
        down=_down(cycle, window, depression, where),
        step_noise=step_noise(measured, window[1] - window[0]),
        device_spread=device_spread(measured),
        depression=depression,
        source=_source(measured, cycle),
        simulated=result.provenance.simulated,
    )


def _source(measured: Measured, cycle: CycleMeasures) -> str:
    first = measured[0][0].provenance
    devices = {r.provenance.sample for r, _ in measured if r.provenance.run_id == first.run_id}
    of = f"run {first.run_id[:8]}"
    return f"{of}, {f'{first.sample}, ' if len(devices) > 1 else ''}cycle {cycle.number}"


def _stimulus(result: LtpLtdResult) -> str:
    amplitude, width, gap = result.stimulus
    return f"{CURRENT.format(amplitude)}, {TIME.format(width)} on, {TIME.format(gap)} off"


def _down(
    cycle: CycleMeasures, window: tuple[float, float], depression: Depression, where: str
) -> Direction:
    weights, energy = cycle.down.branch.weights, cycle.down.energy.per_pulse
    if depression == "renormalise":
        own = float(weights[-1]), float(weights[0])
        return _direction(weights, own, where, energy[1:])
    # It begins at the top, the last reading of the potentiation, and leaves the window where
    # it passes the bottom.
    way = np.concatenate(([window[1]], weights))
    below = np.flatnonzero(way < window[0])
    inside = int(below[0]) if len(below) else len(way)
    if inside < 4:
        raise NoCurveError(
            f"{where}: the depression leaves the window within {inside} pulses; a curve needs at "
            "least 4: give more pulses, or renormalise the depression"
        )
    return _direction(way[:inside], window, where, energy[: inside - 1])


def _direction(way: Array, window: tuple[float, float], where: str, energy: Array) -> Direction:
    low, high = window
    x = (way - low) / (high - low)
    count = np.arange(1, len(x) + 1)
    falling = bool(x[-1] < x[0])
    shape = fit_nonlinearity(count, x, mirrored=falling)
    if shape.fit is None or not shape.fit.converged:
        raise NoCurveError(f"{where}: no update curve: {shape.label.note}")
    # The fit reads a falling branch backwards, from its last weight.
    curvature = float(shape.fit.values[0])
    if abs(curvature) < _STRAIGHTEST:
        curvature = math.copysign(_STRAIGHTEST, curvature)
    begin, span = (float(x[-1]), float(x[0] - x[-1])) if falling else (float(x[0]), float(x[-1]))
    residuals = shape.weight(count.astype(np.float64)) - x
    monotonic = np.minimum.accumulate(x) if falling else np.maximum.accumulate(x)
    measured = np.isfinite(energy)
    return Direction(
        target=begin - span / math.expm1(-curvature),
        rate=(-curvature if falling else curvature) / (len(x) - 1),
        table=np.clip(monotonic, 0.0, 1.0),
        energy=float(energy[measured].mean()) if measured.any() else math.nan,
        misfit=float(np.sqrt(np.mean(residuals**2))),
        worst=float(np.abs(residuals).max()),
    )


def _json(direction: Direction) -> dict[str, Any]:
    values = asdict(direction) | {"table": direction.table.tolist()}
    return values | {"energy": None if math.isnan(direction.energy) else direction.energy}
