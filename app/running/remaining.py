"""How much of a run is left: what was planned, corrected by what the resets took."""

from __future__ import annotations

from collections import deque

from protocols.plan import Plan, expected_duration
from protocols.steps import ReturnToBaseline, Step


class Remaining:
    """The time that a run still needs on its instruments.

    Resets are what a plan cannot know: how long a device takes to forget. Those to come are
    expected to be longer or shorter than planned as those before were, the plan itself counting
    as one of these.

    Parameters
    ----------
    plan
        Of the run.
    """

    def __init__(self, plan: Plan) -> None:
        self._stimulus = plan.stimulus_duration
        planned = zip(plan.steps, plan.durations, strict=True)
        self._resets = deque(s for step, s in planned if isinstance(step, ReturnToBaseline))
        self._ahead = sum(self._resets)
        self._planned = self._taken = self._ahead / len(self._resets) if self._resets else 1.0
        self._greatest = 0.0

    def taken(self, step: Step, seconds: float) -> None:
        """Tell that a step is over, and the time that it took."""
        if not isinstance(step, ReturnToBaseline):
            # A closed loop may take more or less than planned; the plan's own time counts.
            self._stimulus -= expected_duration(step)
        elif self._resets:
            planned = self._resets.popleft()
            self._ahead -= planned
            self._planned, self._taken = self._planned + planned, self._taken + seconds

    def seconds(self, playing: float) -> float:
        """What is left, in s, when the step that goes on has played for so long."""
        resets = self._ahead * self._taken / self._planned
        return max(0.0, self._stimulus + resets - playing)

    def fraction(self, elapsed: float, left: float) -> float:
        """Part of the whole run that is over; it never falls, though what is left may grow."""
        whole = elapsed + left
        self._greatest = max(self._greatest, min(elapsed / whole, 1.0) if whole > 0 else 0.0)
        return self._greatest
