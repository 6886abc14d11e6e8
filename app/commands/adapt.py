"""`fmes adapt`: a network of four digits adapts to four others while it is shown them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self, get_args

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from analysis.ltp_ltd import LtpLtdAnalysis
from analysis.update_curve import NoCurveError, UpdateCurve, update_curves
from app import lab
from app.commands.analyse import show_table
from app.commands.train import digits_of
from app.errors import InputError
from app.figure_file import save_figure
from app.output import free, new_file, output_file
from app.training.training_plan import measured_devices
from data.run import Outcome
from network.adaptation import AdaptationError, adapt
from network.adaptation_file import write_adaptation
from network.adaptation_result import FIRST, SECOND, Options, Pairing, pairs
from network.mapped_devices import Law
from protocols.quantities import CURRENT, OPEN


def adapt_network(
    runs: Sequence[Path],
    data: Path | None,
    *,
    images: int,
    epochs: int,
    seed: int,
    law: str,
    amplitude: str,
    pairing: str,
    noise: str,
    spread: str,
    out: Path,
    dark: bool,
) -> None:
    """Train, map images, and write the result's file and figure.

    Raises
    ------
    InputError
        The runs, the digits or an option cannot be used; nothing was written.
    """
    options = Options(
        images=images,
        epochs=epochs,
        seed=seed,
        law=_law(law),
        amplitude=_amplitude(amplitude),
        pairing=_pairing(pairing),
        noise=_share("--noise", noise),
        spread=_share("--spread", spread),
    )
    digits = digits_of(data)
    path = output_file(out, "adaptation", "")
    picture = path.with_suffix(".png")
    free((picture,))
    console = Console(highlight=False, soft_wrap=True)
    curve = open_curve(runs) if runs else _simulated_curve(path.parent, console)
    try:
        with Stages(console) as stages:
            result = adapt(digits, curve, options, stages.tell)
    except AdaptationError as error:
        raise InputError(str(error)) from error
    write_adaptation(path, result)
    from network.adaptation_figure import draw

    save_figure(draw(result, dark=dark), picture)
    show_table(result.table(), Console())
    console.print(f"file    {path}\nfigure  {picture}", markup=False)


def open_curve(runs: Sequence[Path]) -> UpdateCurve:
    """The update curve of the open state, from runs of ltp-ltd, endurance or array.

    Raises
    ------
    InputError
        There is none in them.
    """
    results = []
    for path in runs:
        for result in measured_devices(path):
            opened = tuple(s for s in result.states if s.state.nominal == OPEN)
            if not opened:
                raise InputError(
                    f"{path}: the network is trained with the resistor open, and the run is of "
                    f"{', '.join(s.state.label for s in result.states) or 'no state'}; measure "
                    "the open state"
                )
            results.append(replace(result, states=opened))
    try:
        (curve,) = update_curves(results)
    except NoCurveError as error:
        raise InputError(str(error)) from error
    return curve


class Stages:
    """A bar for each stage, with the time still to wait; a context manager."""

    def __init__(self, console: Console) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(),
            TimeElapsedColumn(), TextColumn("ETA"), TimeRemainingColumn(), console=console,
        )  # fmt: skip
        self._tasks: dict[str, TaskID] = {}

    def tell(self, stage: str, share: float) -> None:
        """Show how far a stage is, from 0 to 1."""
        if stage not in self._tasks:
            self._tasks[stage] = self._bar.add_task(stage, total=1.0)
        self._bar.update(self._tasks[stage], completed=share)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


def _simulated_curve(folder: Path, console: Console) -> UpdateCurve:
    path = new_file(folder, "adaptation-ltp-ltd")
    console.print(
        f"no run is given: ltp-ltd is measured on the SIMULATED rig, {path}", markup=False
    )
    run = lab.run(LtpLtdAnalysis.protocol, states="open", out=path)
    if run.outcome is not Outcome.FINISHED:
        raise InputError(f"{path}: the run {run.outcome}: {run.reason}")
    return open_curve([path])


def _law(text: str) -> Law:
    for law in get_args(Law):
        if text == law:
            return law  # type: ignore[no-any-return]
    raise InputError(f"--law {text!r}: give one of {', '.join(get_args(Law))}")


def _pairing(text: str) -> Pairing:
    found = re.findall(r"(?:^|,)\s*(\d)\s*-\s*(\d)\s*(?=,|$)", text)
    old = {int(new): int(old) for old, new in found}
    pairing = tuple(old.get(digit, -1) for digit in SECOND)
    if len(found) != text.count(",") + 1 or sorted(pairing) != sorted(FIRST) or len(old) != 4:
        raise InputError(
            f"--pairing {text}: pair each of {', '.join(map(str, FIRST))} with one of "
            f"{', '.join(map(str, SECOND))}, as in {pairs(FIRST).replace(' ', '')}"
        )
    return pairing


def _share(name: str, text: str) -> float | None:
    if text == "measured":
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise InputError(f"{name} {text}: give measured, or a number from 0 to 1")
    return value


def _amplitude(text: str) -> float:
    try:
        value = CURRENT.parse(text)
    except ValueError as error:
        raise InputError(f"--amplitude: {error}") from error
    if value <= 0:
        raise InputError(f"--amplitude {text}: the pulses that charge a device are above 0 A")
    return value
