"""Trains networks of measured devices, each into a file of its own, and resumes what was begun."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from app.errors import InputError
from app.output import OwnFolder, file_words
from app.training.training_pool import Part, Pool
from network.training import Snapshot, Task
from network.training_file import Trained, load, save

UNFINISHED = ".h5.part"
"""Ending of the file of a training that goes on."""
_SAVE = 2.0
"""Seconds after which a training that goes on is saved again."""

Tell = Callable[[Task, Snapshot], None]


class TrainingFolder(OwnFolder):
    """A folder that this process alone trains into."""

    lock_name = ".training.lock"
    busy = "another fmes train is at work"

    def file(self, task: Task) -> Path:
        """The file of a training: the same task has the same name, another has another."""
        words = (task.label, f"rate{task.rate:g}", f"seed{task.seed}", task.digest[:8])
        return self.path / f"{file_words(*words)}.h5"

    def found(self, task: Task) -> Trained | None:
        """What there is of a training, finished or not.

        Raises
        ------
        DataError
            A file that cannot be read.
        InputError
            A file of that name is of something else.
        """
        for path in (self.file(task), self._unfinished(task)):
            if path.exists():
                trained = load(path)
                if trained.digest != task.digest:
                    raise InputError(f"{path} is of another training; move it away")
                return trained
        return None

    def keep(self, task: Task, snapshot: Snapshot) -> None:
        """Save a training; the finished file is written once and never replaced."""
        if snapshot.done < task.epochs:
            save(self._unfinished(task), task, snapshot)
        else:
            save(self.file(task), task, snapshot)
            self._unfinished(task).unlink(missing_ok=True)

    def _unfinished(self, task: Task) -> Path:
        return self.file(task).with_suffix(UNFINISHED)


def train(tasks: Sequence[Task], folder: TrainingFolder, pool: Pool, tell: Tell) -> list[Trained]:
    """Train what is not finished in the folder; all of it in the order of the tasks.

    Parameters
    ----------
    tasks
        What to train.
    folder
        Where the files are.
    pool
        What computes.
    tell
        Is told of every training that went on, and once of each that had been begun.
    """
    saved: dict[int, float] = {}
    going: dict[int, Snapshot] = {}
    waiting = 0
    for number, task in enumerate(tasks):
        found = folder.found(task)
        if found:
            tell(task, found.snapshot)
        if found is None or not found.finished:
            pool.submit(Part(number, task, found.snapshot if found else None))
            saved[number] = time.monotonic()
            waiting += 1
    try:
        while waiting:
            part, snapshot = pool.done()
            number, task = part.number, part.task
            going[number] = snapshot
            if snapshot.done >= task.epochs:
                folder.keep(task, going.pop(number))
                waiting -= 1
            else:
                if time.monotonic() - saved[number] > _SAVE:
                    folder.keep(task, snapshot)
                    saved[number] = time.monotonic()
                pool.submit(part._replace(snapshot=snapshot))
            tell(task, snapshot)
    finally:
        # Ctrl-C or a worker that is lost costs no more than the parts that were being computed.
        for number, snapshot in going.items():
            folder.keep(tasks[number], snapshot)
    return [load(folder.file(task)) for task in tasks]
