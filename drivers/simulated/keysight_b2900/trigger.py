"""The trigger model of one action of one channel: idle, ARM layer, TRIGger layer.

    idle --INITiate--> ARM event, delay --> TRIGger event, delay --> action
      ^                 ^                    ^                          |
      |                 +---- ARM count -----+---- TRIGger count -------+
      +------------------------------------------------------------------

Transient (source) and acquire (measure) have one each (User's Guide, Trigger System). A timer
fires first when its layer is entered and then every period; what it fires while the layer is
busy is lost and sets a bit of the questionable status. That the first firing is at the entry
is from memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from drivers.simulated.scheduler import Appointment, Scheduler

State = Literal["idle", "arm", "trigger", "busy"]
Done = Callable[[], None]
FOREVER = 2_147_483_647
"""Count that stands for INFinity."""


class Layer:
    """One layer's event source and count, as its settings are when it is entered.

    Parameters
    ----------
    source, count, delay, timer
        Read from the settings each time they are needed.
    """

    def __init__(
        self,
        source: Callable[[], str],
        count: Callable[[], float],
        delay: Callable[[], float],
        timer: Callable[[], float],
    ) -> None:
        self.source, self.count, self.delay, self.timer = source, count, delay, timer
        self.enter(0.0)

    def enter(self, t: float) -> None:
        """Begin to count and, with a timer, to fire."""
        self.entered, self.fired, self.passed = t, 0, 0

    def next(self, t: float) -> tuple[float, bool]:
        """When the timer fires next at or after `t`, and whether it fired before unheard."""
        period = self.timer()
        due = max(self.fired, math.ceil((t - self.entered) / period - 1e-7))
        lost = due > self.fired
        self.fired = due + 1
        return self.entered + due * period, lost

    @property
    def finished(self) -> bool:
        """Whether it has passed as often as it should."""
        count = self.count()
        return count < FOREVER and self.passed >= count


class Machine:
    """The two layers and the action that they lead to.

    Parameters
    ----------
    action
        Begins the device action of this step (from 0 in each pass of the TRIGger layer) and
        calls what it is given once another may follow.
    ready
        Whether an automatic trigger may come now: the other action has gone as far.
    ended
        Called when it is back in idle.
    lost
        Called when an event came while it was busy.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        arm: Layer,
        trigger: Layer,
        action: Callable[[int, Done], None],
        ready: Callable[[], bool],
        ended: Done,
        lost: Done,
    ) -> None:
        self._scheduler, self._arm, self._trigger = scheduler, arm, trigger
        self._action, self._ready, self._ended, self._lost = action, ready, ended, lost
        self.state: State = "idle"
        self.steps = 0
        """Device actions begun since it left idle."""
        self._bus = False
        self._appointment: Appointment | None = None
        self._epoch = 0

    @property
    def active(self) -> bool:
        """Whether it is out of idle."""
        return self.state != "idle"

    @property
    def automatic(self) -> bool:
        """Whether its triggers are automatic ones."""
        return self._trigger.source() == "AINT"

    def initiate(self) -> None:
        """Leave idle."""
        self.steps, self._bus = 0, False
        self._arm.enter(self._scheduler.now)
        self._wait_for("arm")

    def abort(self) -> None:
        """Return to idle at once."""
        self._epoch += 1
        if self._appointment is not None:
            self._appointment.cancel()
        self.state = "idle"

    def bus_trigger(self) -> None:
        """*TRG, or a trigger of the interface."""
        self._fire_if("BUS")

    def immediate(self, layer: State) -> None:
        """:ARM or :TRIGger[:IMMediate]: pass the named layer without its event."""
        if self.state == layer:
            self._passed(layer)

    def look(self) -> None:
        """Go on if an automatic trigger is due."""
        if self.state == "trigger" and self.automatic and self._ready():
            self._passed("trigger")

    def _fire_if(self, source: str) -> None:
        layer = self._layer(self.state)
        if layer is not None and layer.source() == source:
            self._passed(self.state)

    def _layer(self, state: State) -> Layer | None:
        return {"arm": self._arm, "trigger": self._trigger}.get(state)

    def _at(self, t: float, then: Done) -> None:
        self._appointment = self._scheduler.at(t, then)

    def _wait_for(self, state: Literal["arm", "trigger"]) -> None:
        """Be in a layer until its event comes."""
        self.state = state
        layer = self._arm if state == "arm" else self._trigger
        source, now = layer.source(), self._scheduler.now
        if source == "TIM":
            moment, lost = layer.next(now)
            if lost:
                self._lost()
            self._at(moment, lambda: self._passed(state))
        elif source == "AINT" and (state == "arm" or self._ready()):
            self._at(now, lambda: self._automatically(state))

    def _automatically(self, state: State) -> None:
        if self.state == state and (state == "arm" or self._ready()):
            self._passed(state)

    def _passed(self, state: State) -> None:
        """The event of a layer has come."""
        if self.state != state:
            return
        layer = self._arm if state == "arm" else self._trigger
        layer.passed += 1
        self.state = "busy"
        then = self._enter_trigger if state == "arm" else self._act
        self._at(self._scheduler.now + layer.delay(), then)

    def _enter_trigger(self) -> None:
        self._trigger.enter(self._scheduler.now)
        self._wait_for("trigger")

    def _act(self) -> None:
        step = self._trigger.passed - 1
        self.steps += 1
        epoch = self._epoch
        self._action(step, lambda: self._done(epoch))

    def _done(self, epoch: int) -> None:
        if epoch != self._epoch:
            return
        if not self._trigger.finished:
            self._wait_for("trigger")
        elif not self._arm.finished:
            self._wait_for("arm")
        else:
            self.state = "idle"
            self._ended()
