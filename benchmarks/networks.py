"""Seconds that one epoch of the study's network takes: devices, plain numbers, torch, aihwkit.

    python benchmarks/networks.py [--data FOLDER] [--batches 100,10,1]

784-100-10 on the same images, seconds of processor time on one thread, of an epoch of 60,000: what
small batches take is measured on fewer images and counted up. Devices are those of an LTP/LTD run
on the simulated rig, open. torch and aihwkit come with ``pip install 'fmes-lab[bench]'``, in a pair
of versions that works; what is not there is left out. Without digits, drawn ones are taken.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # before numpy is loaded
# Run as a script this file would hide the package of its name.
sys.path.remove(str(Path(__file__).parent))

import numpy as np

from analysis.update_curve import update_curves
from app import lab
from network.drawn_digits import write_drawn_digits
from network.idx import Digits, read_digits
from network.synapses import Rule
from network.training import Task, advance

EPOCH, ROUNDS = 60_000, 3
IMAGES = {1: 1500, 10: 12_000}
"""Of a round, by the size of the batch; all of them for larger ones."""
RATES = {1: 0.02, 10: 0.1}
"""Learning rates, by the size of the batch; 1 for larger ones."""

Learn = Callable[[Digits, int, float], None]


def ours(curve: object) -> Learn:
    """Our network, of devices with a curve, or of plain numbers for None."""

    def learn(digits: Digits, batch: int, rate: float) -> None:
        task = Task(curve, Rule(), rate, 1, 1, ("", ""), batch)
        advance(task, digits, digits.first(1), None, 1)

    return learn


def by_torch() -> Learn:
    """The same network in torch."""
    import torch

    torch.set_num_threads(1)

    def learn(digits: Digits, batch: int, rate: float) -> None:
        net = torch.nn.Sequential(
            torch.nn.Linear(digits.pixels, 100), torch.nn.Sigmoid(), torch.nn.Linear(100, 10)
        )
        _torch_epoch(net, torch.optim.SGD(net.parameters(), lr=rate), digits, batch)

    return learn


def by_aihwkit() -> Learn:
    """The same network of aihwkit's devices with soft bounds and 150 states."""
    import torch
    from aihwkit.nn import AnalogLinear, AnalogSequential
    from aihwkit.optim import AnalogSGD
    from aihwkit.simulator.configs import SingleRPUConfig, SoftBoundsDevice

    torch.set_num_threads(1)

    def learn(digits: Digits, batch: int, rate: float) -> None:
        config = SingleRPUConfig(device=SoftBoundsDevice(dw_min=2 / 150, w_max=1.0, w_min=-1.0))
        config.mapping.max_input_size = 0  # one array a layer, as ours
        net = AnalogSequential(
            AnalogLinear(digits.pixels, 100, rpu_config=config), torch.nn.Sigmoid(),
            AnalogLinear(100, 10, rpu_config=config),
        )  # fmt: skip
        optimiser = AnalogSGD(net.parameters(), lr=rate)
        optimiser.regroup_param_groups(net)
        _torch_epoch(net, optimiser, digits, batch)

    return learn


def _torch_epoch(net: object, optimiser: object, digits: Digits, batch: int) -> None:
    import torch

    images = torch.from_numpy(digits.images)
    labels = torch.from_numpy(digits.labels.astype(np.int64))
    loss = torch.nn.CrossEntropyLoss()
    order = torch.randperm(len(digits))
    for k in range(0, len(digits), batch):
        chosen = order[k : k + batch]
        optimiser.zero_grad()
        loss(net(images[chosen]), labels[chosen]).backward()
        optimiser.step()


def methods() -> Iterator[tuple[str, Learn]]:
    """What is there to be timed; what is not is told."""
    with tempfile.TemporaryDirectory() as folder:
        run = lab.run("ltp-ltd", states="open", out=folder)
        (curve,) = update_curves([lab.analyse(run)])
    yield "plain numbers (numpy)", ours(None)
    yield "measured devices (numpy)", ours(curve)
    for name, make in (("torch", by_torch), ("aihwkit", by_aihwkit)):
        try:
            yield name, make()
        except ImportError as error:
            print(f"{name} is not there: {error}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    parser.add_argument("--batches", default="100,10,1")
    asked = parser.parse_args()
    batches = [int(text) for text in asked.batches.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        data = asked.data or write_drawn_digits(Path(folder), 12_000, 10)
        digits, _ = read_digits(data)
    found = list(methods())
    print(f"{len(digits)} images; processor seconds for {EPOCH}, best of {ROUNDS}")
    print(f"{'batch':28}" + "".join(f"{batch:>10}" for batch in batches))
    for name, learn in found:
        row = []
        for batch in batches:
            part = digits.first(IMAGES.get(batch, len(digits)))
            best = min(_timed(learn, part, batch) for _ in range(ROUNDS))
            row.append(f"{best * EPOCH / len(part):10.2f}")
        print(f"{name:28}" + "".join(row), flush=True)


def _timed(learn: Learn, digits: Digits, batch: int) -> float:
    start = time.process_time()
    learn(digits, batch, RATES.get(batch, 1.0))
    return time.process_time() - start


if __name__ == "__main__":
    main()
