"""`fmes train`: networks of measured devices, from run files to accuracy."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from analysis.update_curve import Depression
from app.commands.analyse import show_table
from app.errors import InputError
from app.training.train import TrainingFolder, train
from app.training.training_figures import draw
from app.training.training_plan import Learning, Plan
from app.training.training_pool import workers
from network.idx import WHERE, Digits, DigitsError, read_digits
from network.mnist import described, installed_digits
from network.summary import Summary, summarise
from network.synapses import Jump, Mapping, Rounding, Rule
from network.training import Snapshot, Task
from protocols.device_parameters import States

Value = TypeVar("Value")
_GREAT = 1e6
"""What scales and learning rates are below."""


@dataclass(frozen=True)
class Asked:
    """The options of the command, as they were typed; `fmes train --help` says what they are."""

    states: str | None = None
    seeds: str = "1"
    rate: str = "1"
    noise: str = "measured"
    epochs: int = 100
    batch: int = 100
    rounding: str = "stochastic"
    jump: str = "formula"
    mapping: str = "single"
    scale: float = 1.0
    depression: str = "truncate"
    learning: str = "same"
    reference: bool = True

    def plan(self) -> Plan:
        """Read them.

        Raises
        ------
        InputError
            One of them cannot be read.
        """
        if not 0 < self.scale < _GREAT:
            raise InputError(f"--scale {self.scale:g}: give a number above 0, below {_GREAT:g}")
        if self.epochs < 1 or self.batch < 1:
            raise InputError(
                f"--epochs {self.epochs}, --batch {self.batch}: give 1 or more of each"
            )
        return Plan(
            states=_states(self.states),
            seeds=_seeds(self.seeds),
            rates=_several("--rate", self.rate, _positive),
            noises=_several("--noise", self.noise, _noise),
            epochs=self.epochs,
            batch=self.batch,
            rule=Rule(
                rounding=_one_of("--rounding", self.rounding, Rounding),
                jump=_one_of("--jump", self.jump, Jump),
                mapping=_one_of("--mapping", self.mapping, Mapping),
                scale=self.scale,
            ),
            depression=_one_of("--depression", self.depression, Depression),
            learning=_one_of("--learning", self.learning, Learning),
            reference=self.reference,
        )


def train_networks(
    files: Sequence[Path],
    asked: Asked,
    *,
    data: Path | None,
    out: Path,
    count: int = 1,
    scheduler: str | None = None,
    console: Console,
) -> Summary:
    """Train what is not finished in the folder.

    Parameters
    ----------
    files
        Of LTP/LTD runs.
    asked
        What to train.
    data
        Folder of the digits; those that are installed without one.
    out
        Folder of the trainings' files.
    count, scheduler
        See `app.training.training_pool.workers`.
    console
        Where the curves and the progress are shown.

    Raises
    ------
    InputError
        Something cannot be used; nothing was made.
    DataError
        A file cannot be read or written.
    """
    plan = asked.plan()
    if count < 1:
        raise InputError(f"--workers {count}: give 1 or more")
    curves = plan.curves(files)
    training, test = digits_of(data)
    digests = training.digest, test.digest
    console.print(f"digits: {described(digests)}")
    for curve in curves:
        console.print(
            f"{curve.label}: {curve.states} states in {curve.window[0] * 1e3:.1f} to "
            f"{curve.window[1] * 1e3:.1f} mV, misfit {curve.up.misfit:.1%} up and "
            f"{curve.down.misfit:.1%} down, step noise {curve.step_noise}, device spread "
            f"{curve.device_spread}"
        )
    tasks = plan.tasks(curves, digests)
    with (
        TrainingFolder.hold(out) as folder,
        workers(count, scheduler, training, test) as pool,
        _Shown(console, tasks) as shown,
    ):
        return summarise(train(tasks, folder, pool, shown.tell))


def report(summary: Summary, out: Path, console: Console, *, figure: bool) -> None:
    """Print the table, and draw the figures into the folder."""
    show_table(summary.table(), console)
    console.print(f"files   {out}", markup=False)
    if figure:
        paths, before = draw(summary, out)
        for path in paths:
            console.print(f"figure  {path}{' (there already)' if before else ''}", markup=False)


def digits_of(data: Path | None) -> tuple[Digits, Digits]:
    """The digits of a folder; without one those of the extra `mnist`.

    Raises
    ------
    InputError
        The folder does not hold them; there is none and the extra is not installed.
    """
    try:
        return installed_digits() if data is None else read_digits(data)
    except DigitsError as error:
        if data is None:
            raise InputError(f"--data: {error}. {WHERE}") from error
        raise InputError(f"--data {error}") from error


class _Shown:
    """A bar over the epochs of all trainings, and what the latest came to."""

    def __init__(self, console: Console, tasks: Sequence[Task]) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(bar_width=None), TaskProgressColumn(),
            TimeElapsedColumn(), TextColumn("ETA"), TimeRemainingColumn(), console=console,
        )  # fmt: skip
        self._total = sum(task.epochs for task in tasks)
        self._done: dict[str, int] = {}
        self._line: Any = None

    def __enter__(self) -> _Shown:
        self._bar.start()
        self._line = self._bar.add_task("training", total=self._total)
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def tell(self, task: Task, snapshot: Snapshot) -> None:
        self._done[task.digest] = snapshot.done
        text = (
            f"{task.label}, seed {task.seed}: epoch {snapshot.done}/{task.epochs}, "
            f"{snapshot.accuracy:.2%}"
        )
        self._bar.update(self._line, completed=sum(self._done.values()), description=text)


def _states(text: str | None) -> tuple[float, ...]:
    if text is None:
        return ()
    try:
        return TypeAdapter(States).validate_python(text)
    except ValidationError as error:
        raise InputError(f"--states {text}: {error.errors()[0]['msg']}") from error


def _seeds(text: str) -> tuple[int, ...]:
    found: list[int] = []
    for item in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,9})(?:\s*-\s*(\d{1,9}))?\s*", item)
        if match is None or int(match[2] or match[1]) < int(match[1]):
            raise InputError(f"--seeds {text}: {item!r} is no seed; give for example 1-5 or 1,4,7")
        found += range(int(match[1]), int(match[2] or match[1]) + 1)
    if len(found) > 1000:
        raise InputError(f"--seeds {text}: {len(found)} seeds; at most 1000")
    return tuple(dict.fromkeys(found))


def _several(name: str, text: str, read: Callable[[str], Value]) -> tuple[Value, ...]:
    try:
        return tuple(dict.fromkeys(read(item.strip()) for item in text.split(",")))
    except ValueError as error:
        raise InputError(f"{name} {text}: {error}") from error


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < _GREAT:
        raise ValueError(f"{text} is not above 0 and below {_GREAT:g}")
    return value


def _noise(text: str) -> float | None:
    if text == "measured":
        return None
    value = float(text)
    if not 0 <= value <= 1:
        raise ValueError(f"{text} is not from 0 to 1, a share of the window")
    return value


def _one_of(name: str, text: str, kind: Any) -> Any:
    if text not in get_args(kind):
        raise InputError(f"{name} {text}: there is {', '.join(get_args(kind))}")
    return text
