"""How punctual the programs of a run are, while it goes on."""

from __future__ import annotations

from collections.abc import Iterator

from data.samples import Samples
from data.timing import Timing


class TimingLog:
    """Judges each program by all its readings, recorded or not."""

    def __init__(self) -> None:
        self._label = ""
        self._blocks: list[Timing] = []
        self._programs: list[Timing] = []

    def begin(self, label: str) -> None:
        """A program starts."""
        self._label = label

    def add(self, samples: Samples) -> None:
        """Readings of the present program."""
        self._blocks.append(Timing.of(samples))

    def end(self) -> str:
        """The present program is over: what to warn of, or nothing."""
        if not self._blocks:
            return ""
        timing = Timing.together(self._blocks)
        self._blocks.clear()
        self._programs.append(timing)
        return f"{self._label}: {timing}; its readings are flagged" if timing.overrun else ""

    def last_words(self) -> Iterator[tuple[str, str]]:
        """Level and message of what is to be said at the end, also within a program."""
        if trouble := self.end():
            yield "warning", trouble
        if self._programs:
            bad = sum(timing.overrun for timing in self._programs)
            which = f"OVERRUN in {bad} of them" if bad else "no overrun"
            together = Timing.together(self._programs)
            yield "info", f"timing: {len(self._programs)} programs, {which}; {together}"
