"""Trainings side by side: what each kind came to over its seeds, beside the study's accuracy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.analysis import Result, Table
from analysis.plays import ohm
from network.mnist import MNIST, alert, described
from network.training import Epoch
from network.training_file import Trained
from protocols.quantities import OPEN, with_prefix

PAPER = {8000.0: 0.90, OPEN: 0.89}
"""Accuracy after 100 epochs by regulating resistance in ohm: Zhao et al., Fig. 4d and text."""
PAPER_EPOCHS = 100


@dataclass(frozen=True, eq=False)
class Kind:
    """Trainings that differ by their seed alone.

    Parameters
    ----------
    label
        Of the state: ``"8 kohm"``, ``"open"``, or ``"float"`` for plain numbers.
    resistance
        In ohm, `inf` for open; NaN for plain numbers.
    rate, effective_rate
        Learning rate asked for, and what the devices make of it.
    noise
        Standard deviation of a step over the window; None where there are no devices.
    trained
        One or more.
    """

    label: str
    resistance: float
    rate: float
    effective_rate: float
    noise: float | None
    trained: tuple[Trained, ...]

    def over_epochs(self, name: str) -> NDArray[np.float64]:
        """A field of `Epoch` of every training, shape (trainings, epochs + 1)."""
        return np.array([[getattr(e, name) for e in t.snapshot.epochs] for t in self.trained])

    @property
    def final(self) -> NDArray[np.float64]:
        """Accuracies after the last epoch, shape (trainings,)."""
        return self.over_epochs("accuracy")[:, -1]

    @property
    def paper(self) -> float | None:
        """The study's accuracy in this state; None where it gives none, or for other digits."""
        return PAPER.get(self.resistance) if self.of_mnist else None

    @property
    def digits(self) -> tuple[str, str]:
        """`Digits.digest` of the training and of the test set."""
        train, test = self.trained[0].task["digits"]
        return train, test

    @property
    def of_mnist(self) -> bool:
        """Whether the digits are the study's."""
        return self.digits == MNIST

    def per_epoch(self, name: str) -> float:
        """Mean over the epochs of learning and the trainings of a field of `Epoch`."""
        return float(self.over_epochs(name)[:, 1:].mean())


@dataclass(frozen=True, eq=False)
class Summary(Result):
    """What `fmes train` came to."""

    kinds: tuple[Kind, ...]

    @property
    def epochs(self) -> int:
        """Of every training."""
        return int(self.kinds[0].trained[0].task["epochs"])

    @property
    def simulated(self) -> bool:
        """Whether a curve is of the simulated rig."""
        tasks = [t.task for k in self.kinds for t in k.trained]
        return any(task["curve"] and task["curve"]["simulated"] for task in tasks)

    @property
    def of_mnist(self) -> bool:
        """Whether the digits are the study's."""
        return all(kind.of_mnist for kind in self.kinds)

    @property
    def digits(self) -> str:
        """What the digits are."""
        return "; ".join(dict.fromkeys(described(kind.digits) for kind in self.kinds))

    @property
    def alert(self) -> str:
        """What a figure has to say of the digits; nothing of all of MNIST."""
        return "; ".join(filter(None, dict.fromkeys(alert(kind.digits) for kind in self.kinds)))

    def table(self) -> Table:
        """One row a kind."""
        rows = tuple(_row(kind) for kind in self.kinds)
        seeds = [str(t.task["seed"]) for t in self.kinds[0].trained]
        after = f"accuracy on the test set after {self.epochs} epochs"
        spread = "mean and standard deviation over seeds" if len(seeds) > 1 else "seed"
        study = f"study: after {PAPER_EPOCHS} epochs of its network, simulated with its LTP/LTD"
        notes = (
            f"{after}, {spread} {', '.join(seeds)}",
            study if self.of_mnist else f"digits: {self.digits}; no comparison with the study",
        )
        return Table(_COLUMNS, rows, notes)

    def as_json(self) -> dict[str, Any]:
        """Everything but the weights, as JSON values."""
        return {
            "epochs": self.epochs,
            "simulated": self.simulated,
            "digits": self.digits,
            "kinds": [
                {
                    "label": k.label, "resistance": ohm(k.resistance), "rate": k.rate,
                    "effective_rate": k.effective_rate, "noise": k.noise, "paper": k.paper,
                    "trainings": [
                        {
                            "file": t.path.name, "seed": t.task["seed"],
                            "epochs": [_json(e) for e in t.snapshot.epochs],
                        }
                        for t in k.trained
                    ],
                }
                for k in self.kinds
            ],
        }  # fmt: skip


def summarise(trained: Sequence[Trained]) -> Summary:
    """Group trainings by everything but their seed, in the order in which they come."""
    groups: dict[tuple[Any, ...], list[Trained]] = {}
    for one in trained:
        groups.setdefault(_key(one), []).append(one)
    kinds = []
    for (label, resistance, rate, effective, noise, _), group in groups.items():
        kinds.append(Kind(label, resistance, rate, effective, noise, tuple(group)))
    return Summary(tuple(kinds))


_COLUMNS = (
    "R", "rate", "noise", "accuracy", "best epoch", "study", "pulses/epoch", "energy/epoch",
    "returned",
)  # fmt: skip


def _row(kind: Kind) -> tuple[str, ...]:
    pulses = kind.per_epoch("up") + kind.per_epoch("down")
    best = kind.over_epochs("accuracy")[:, 1:].max(axis=1)
    rate = f"{kind.effective_rate:.3g}"
    device = math.isfinite(kind.resistance) or math.isinf(kind.resistance)
    return (
        kind.label, rate, "-" if kind.noise is None else f"{kind.noise:.2g}",
        percent(kind.final), percent(best), "-" if kind.paper is None else f"{kind.paper:.0%}",
        f"{pulses:.3g}" if device else "-",
        with_prefix(kind.per_epoch("delivered"), "J", 3) if device else "-",
        with_prefix(kind.per_epoch("returned"), "J", 3) if device else "-",
    )  # fmt: skip


def percent(accuracies: NDArray[np.float64]) -> str:
    """Mean and, over several, standard deviation: ``"96.1 +- 0.2 %"``."""
    mean = 100 * float(accuracies.mean())
    if len(accuracies) < 2:
        return f"{mean:.2f} %"
    return f"{mean:.2f} \N{PLUS-MINUS SIGN} {100 * float(accuracies.std(ddof=1)):.2f} %"


def _key(one: Trained) -> tuple[Any, ...]:
    task, curve = one.task, one.task["curve"]
    if curve is None:
        return "float", math.nan, task["rate"], task["rate"], None, None
    resistance = OPEN if curve["resistance"] == "open" else float(curve["resistance"])
    # The measured noise and one that was asked for are two kinds, even if they are equal.
    asked = task["rule"]["noise"]
    noise = (curve["step_noise"]["value"] or 0.0) if asked is None else asked
    return one.label, resistance, task["rate"], one.effective_rate, noise, asked


def _json(epoch: Epoch) -> dict[str, Any]:
    values = vars(epoch)
    return {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in values.items()}
