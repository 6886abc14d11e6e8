"""Where trainings are computed: in this process, or by Dask on this machine or on a cluster."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

from app.errors import InputError
from network.idx import Digits
from network.training import Snapshot, Task, advance

_PATIENCE = 5
"""Seconds that a scheduler has to answer."""
_OTHERS = (OSError, ValueError, TypeError, KeyError, AttributeError, MemoryError)
"""What comes of another service's answer when it is taken for Dask's."""


class WorkerLost(RuntimeError):
    """A worker or the cluster went away; what was trained is in the files."""


class Part(NamedTuple):
    """Some epochs of one training: its number, the task and where it is."""

    number: int
    task: Task
    snapshot: Snapshot | None


class Pool(Protocol):
    """Computes parts, in any order."""

    epochs: int
    """How many a part is advanced by."""

    def submit(self, part: Part) -> None:
        """Take a part."""

    def done(self) -> tuple[Part, Snapshot]:
        """Wait for any of the parts taken.

        Raises
        ------
        WorkerLost
            What computes went away.
        """


class Here:
    """One part after the other in this process.

    Parameters
    ----------
    train, test
        The digits.
    """

    epochs = 1

    def __init__(self, train: Digits, test: Digits) -> None:
        self._digits = train, test
        self._parts: deque[Part] = deque()

    def submit(self, part: Part) -> None:
        # A training that goes on comes before those that have not begun.
        self._parts.appendleft(part) if part.snapshot else self._parts.append(part)

    def done(self) -> tuple[Part, Snapshot]:
        part = self._parts.popleft()
        return part, advance(part.task, *self._digits, part.snapshot, self.epochs)


class Workers:
    """The workers of a Dask client; made by `workers`."""

    epochs = 5

    def __init__(self, client: Any, train: Digits, test: Digits) -> None:
        from distributed import as_completed

        self._client = client
        # Every worker holds the digits, so that parts travel without them.
        self._digits = client.scatter([train, test], broadcast=True)
        self._parts: dict[str, Part] = {}
        self._completed = as_completed()

    def submit(self, part: Part) -> None:
        future = self._client.submit(
            advance, part.task, *self._digits, part.snapshot, self.epochs, pure=False
        )
        self._parts[future.key] = part
        self._completed.add(future)

    def done(self) -> tuple[Part, Snapshot]:
        from distributed import KilledWorker

        future = next(self._completed)
        try:
            return self._parts.pop(future.key), future.result()
        except (CancelledError, KilledWorker) as error:
            raise WorkerLost(
                f"a worker or the cluster was lost ({error}); start again to go on"
            ) from error


@contextmanager
def workers(count: int, scheduler: str | None, train: Digits, test: Digits) -> Iterator[Pool]:
    """A pool: this process for one worker without a scheduler, else Dask.

    Parameters
    ----------
    count
        Processes of this machine; of no account with a scheduler.
    scheduler
        Address of a cluster's scheduler, as ``"tcp://host:8786"``.
    train, test
        The digits.

    Raises
    ------
    InputError
        Dask is not installed, or the scheduler does not answer.
    """
    if scheduler is None and count == 1:
        yield Here(train, test)
        return
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise InputError(
            f"--workers and --scheduler need Dask ({error}); install it with pip install "
            "'fmes-lab[sweep]'"
        ) from error
    if scheduler is None:
        with (
            LocalCluster(
                n_workers=count,
                threads_per_worker=1,
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
                preload=["app.training.training_worker"],
            ) as cluster,
            Client(cluster) as client,
        ):
            yield Workers(client, train, test)
        return
    _ask(scheduler)
    try:
        client = Client(scheduler, timeout=_PATIENCE)
    except (OSError, ValueError) as error:
        raise InputError(f"--scheduler {scheduler}: no answer ({error})") from error
    with client:
        yield Workers(client, train, test)


def _ask(scheduler: str) -> None:
    """Ask whoever is at an address who it is: of a silent one Dask's client waits forever."""
    from distributed.core import rpc
    from distributed.security import Security

    async def identity() -> Any:
        async with rpc(
            scheduler, timeout=_PATIENCE,
            connection_args=Security().get_connection_args("client"),
        ) as at:  # fmt: skip
            return await at.identity()

    async def in_time() -> Any:
        return await asyncio.wait_for(identity(), 2 * _PATIENCE)

    try:
        # In a thread of its own: a notebook's has an event loop already.
        with ThreadPoolExecutor(1) as thread:
            found = thread.submit(asyncio.run, in_time()).result()
        kind, workers = found["type"], found["workers"]
    except TimeoutError as error:
        raise InputError(
            f"--scheduler {scheduler}: no answer within {2 * _PATIENCE} s; is it Dask's, and up?"
        ) from error
    except _OTHERS as error:
        raise InputError(
            f"--scheduler {scheduler}: no answer as a Dask scheduler's ({error})"
        ) from error
    if kind != "Scheduler":
        raise InputError(f"--scheduler {scheduler}: a Dask {kind}, not the scheduler")
    if not workers:
        raise InputError(
            f"--scheduler {scheduler}: it has no workers; start some with dask worker {scheduler}"
        )
