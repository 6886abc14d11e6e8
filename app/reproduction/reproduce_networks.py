"""The networks of the study, made of what a reproduction measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from analysis.analysis import Result
from analysis.study import Row
from app.errors import InputError
from data.errors import DataError
from network.idx import Digits

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Tell: TypeAlias = Callable[[str, float], None]
"""Called with what is done and the share of it that is done, from 0 to 1."""

NO_DATA = "skipped: give --data FOLDER, a folder with the four files of MNIST"


@dataclass(frozen=True)
class Made:
    """What came of a study of networks.

    Parameters
    ----------
    result, rows, figures
        Its measures, its lines of the comparison, and what was drawn.
    parameters
        How it was made, as JSON values.
    """

    result: Result
    rows: tuple[Row, ...]
    figures: tuple[Figure, ...]
    parameters: dict[str, Any]


@dataclass(frozen=True)
class NetworkStudy:
    """One study of networks.

    Parameters
    ----------
    name, title, panels
        As in `app.reproduction.reproduce.Study`.
    make
        From the LTP/LTD run's file, the training and test digits and the new file.
    ending
        Of the name of the new file; empty for a folder of files.
    """

    name: str
    title: str
    panels: str
    make: Callable[[Path, tuple[Digits, Digits], Path, Tell], Made]
    ending: str = ".h5"


@dataclass(frozen=True)
class Computed:
    """A study of networks and what came of it; `reason` says why there is nothing."""

    study: NetworkStudy
    path: Path | None
    made: Made | None
    reason: str


def _adaptation(ltp_ltd: Path, digits: tuple[Digits, Digits], path: Path, tell: Tell) -> Made:
    # Heavy imports wait until a network is made.
    from dataclasses import asdict

    from app.commands.adapt import open_curve
    from network.adaptation import AdaptationError, adapt
    from network.adaptation_figure import draw
    from network.adaptation_file import write_adaptation
    from network.adaptation_result import Options

    options = Options()
    try:
        result = adapt(digits, open_curve([ltp_ltd]), options, tell)
    except AdaptationError as error:
        raise InputError(str(error)) from error
    write_adaptation(path, result)
    return Made(result, tuple(result.rows()), (draw(result),), asdict(options))


EPOCHS, PAPER_EPOCHS = 10, 100
"""Of the networks that learn handwritten digits: of every day, and the study's."""


def _recognition(
    ltp_ltd: Path, digits: tuple[Digits, Digits], path: Path, tell: Tell, epochs: int
) -> Made:
    from app.training.train import TrainingFolder, train
    from app.training.training_figures import figures
    from app.training.training_plan import Plan
    from app.training.training_pool import Here
    from network.comparison import rows
    from network.summary import summarise
    from network.training import Snapshot, Task

    plan = Plan(epochs=epochs)
    curves = plan.curves([ltp_ltd])
    tasks = plan.tasks(curves, (digits[0].digest, digits[1].digest))
    done: dict[str, int] = {}

    def told(task: Task, snapshot: Snapshot) -> None:
        done[task.digest] = snapshot.done
        tell(f"{task.label}: {epochs} epochs", sum(done.values()) / (epochs * len(tasks)))

    with TrainingFolder.hold(path) as folder:
        summary = summarise(train(tasks, folder, Here(*digits), told))
    task = tasks[-1].as_json()
    parameters = {
        name: task[name] for name in ("rule", "rate", "seed", "epochs", "batch", "hidden")
    }
    return Made(summary, tuple(rows(summary, curves)), figures(summary), parameters)


ADAPTATION = NetworkStudy("adaptation", "A network that adapts to other digits", "5", _adaptation)


def networks(full: bool) -> tuple[NetworkStudy, ...]:
    """The studies of networks; `full`: with as many epochs of recognition as the study's."""
    recognition = partial(_recognition, epochs=PAPER_EPOCHS if full else EPOCHS)
    title = "Networks that recognise digits"
    return NetworkStudy("recognition", title, "4b-4f", recognition, ending=""), ADAPTATION


def make_networks(
    studies: Sequence[NetworkStudy],
    ltp_ltd: Path | None,
    digits: tuple[Digits, Digits] | None,
    folder: Path,
    tell: Callable[[NetworkStudy], Tell],
) -> tuple[Computed, ...]:
    """Make every network; one that fails does not stop the others.

    Parameters
    ----------
    studies
        What to make.
    ltp_ltd
        File of the LTP/LTD run; None where it was not measured.
    digits
        Training and test digits; None where none are given.
    folder
        Where the files go; none of them may exist.
    tell
        What shows a study's progress.
    """
    computed = []
    for study in studies:
        if digits is None:
            computed.append(Computed(study, None, None, NO_DATA))
        elif ltp_ltd is None:
            computed.append(Computed(study, None, None, "ltp-ltd was not measured"))
        else:
            path = folder / f"{study.name}{study.ending}"
            try:
                made = study.make(ltp_ltd, digits, path, tell(study))
                computed.append(Computed(study, path, made, ""))
            except (InputError, DataError) as error:
                computed.append(Computed(study, None, None, str(error)))
    return tuple(computed)
