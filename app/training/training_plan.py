"""What `fmes train` is asked for, and the trainings that it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Literal

from analysis.curve_runs import curve_measures
from analysis.ltp_ltd import LtpLtdResult
from analysis.update_curve import Depression, NoCurveError, UpdateCurve, update_curves
from app.errors import InputError
from data.reader import open_run
from data.run import Outcome
from network.synapses import Rule
from network.training import Task, set_by_resistor
from protocols.quantities import RESISTANCE

Learning = Literal["same", "resistor"]


def measured_devices(path: Path) -> tuple[LtpLtdResult, ...]:
    """What update curves are taken from, of a file of ltp-ltd, endurance or array.

    Raises
    ------
    InputError
        It is of another protocol or did not finish.
    DataError
        It cannot be read.
    """
    run = open_run(path)
    try:
        results = curve_measures(run)
    except NoCurveError as error:
        raise InputError(str(error)) from error
    if run.outcome is not Outcome.FINISHED:
        raise InputError(f"{path}: the run is {run.outcome}; give finished runs")
    return results


@dataclass(frozen=True)
class Plan:
    """Every combination of what is listed is one training.

    Parameters
    ----------
    states
        Regulating resistances in ohm, `inf` for open; empty for all that were measured.
    seeds, rates
        Of each state.
    noises
        Standard deviation of a step over the window; None for the measured one.
    epochs, batch
        See `network.training.Task`.
    rule
        What all of them share.
    depression
        See `analysis.update_curve.UpdateCurve`.
    learning
        "same": every state has the same learning rate; "resistor": the resistor sets it, see
        `network.training.set_by_resistor`, with the greatest resistance as the reference.
    reference
        Whether weights that are plain numbers are trained too.
    """

    states: tuple[float, ...] = ()
    seeds: tuple[int, ...] = (1,)
    rates: tuple[float, ...] = (1.0,)
    noises: tuple[float | None, ...] = (None,)
    epochs: int = 100
    batch: int = 100
    rule: Rule = field(default_factory=Rule)
    depression: Depression = "truncate"
    learning: Learning = "same"
    reference: bool = True

    def curves(self, files: Sequence[Path]) -> tuple[UpdateCurve, ...]:
        """The update curves of the states from runs of ltp-ltd, endurance or array.

        Raises
        ------
        InputError
            A file is of another protocol or gives no curve, or a state is in none of them.
        DataError
            A file cannot be read.
        """
        results = [result for path in files for result in measured_devices(path)]
        try:
            found = update_curves(results, depression=self.depression)
        except NoCurveError as error:
            raise InputError(str(error)) from error
        if not self.states:
            return found
        known = {curve.resistance: curve for curve in found}
        if missing := [r for r in self.states if r not in known]:
            raise InputError(
                f"--states: {', '.join(map(RESISTANCE.format, missing))} was not measured; the "
                f"files hold {', '.join(curve.label for curve in found)}"
            )
        return tuple(known[r] for r in self.states)

    def tasks(self, curves: Sequence[UpdateCurve], digits: tuple[str, str]) -> list[Task]:
        """The trainings, the reference first; `digits` are the digests of both sets."""
        tasks = []
        for rate, seed in product(self.rates, self.seeds):
            if self.reference:
                tasks.append(
                    Task(None, Rule(), rate, seed, self.epochs, digits, self.batch)
                )  # fmt: skip
        greatest = max(curves, key=lambda c: c.resistance)
        for curve, rate, noise, seed in product(curves, self.rates, self.noises, self.seeds):
            rule = replace(self.rule, noise=noise)
            if self.learning == "resistor":
                rule = set_by_resistor(rule, curve, greatest)
            tasks.append(Task(curve, rule, rate, seed, self.epochs, digits, self.batch))
        return tasks
