"""The remote trigger model of one channel: idle, arm layer, trigger layer.

    idle --initiate--> arm --[arm event]--> source --[source event]--> step
      ^                 ^                     ^                         |
      |                 |                     |                  [measure event]
      |                 |                     |                       measure
      |                 |                     |                  [endpulse event]
      +--- arm count ---+---- trigger count --+------------------- end of pulse

At each bracket an event detector holds the model until its stimulus has come; a stimulus of
zero holds nothing. A detector latches; an event that finds it latched is an overrun
(Series 2600B reference manual, "Using the remote trigger model").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from drivers.simulated.keithley_2600b.meter import Acquisition, Meter
from drivers.simulated.keithley_2600b.models import SOURCE_OVERHEAD, Quantity
from drivers.simulated.keithley_2600b.smu_table import ASYNC, DISABLE, IDLE, OFF
from drivers.simulated.keithley_2600b.source import Source
from drivers.simulated.scheduler import Appointment
from drivers.simulated.tsp.core import Core
from drivers.simulated.tsp.errors import Fault, conflict

DETECTORS = {"arm": 2, "source": 4, "measure": 8, "endpulse": 16}
"""The four event detectors with their bits in the trigger overrun register."""

EVENTS = (
    "SWEEPING",
    "ARMED",
    "SOURCE_COMPLETE",
    "MEASURE_COMPLETE",
    "PULSE_COMPLETE",
    "SWEEP_COMPLETE",
    "IDLE",
)


@dataclass
class Detector:
    """Latches the event that is its stimulus."""

    stimulus: int = 0
    latched: bool = False

    def pass_(self) -> bool:
        """Whether the model may go on; takes the event."""
        if not self.stimulus:
            return True
        passed, self.latched = self.latched, False
        return passed


@dataclass
class SweepPlan:
    """What the source and measure actions of the next sweep do.

    Parameters
    ----------
    quantity
        What the levels are, None when no sweep is configured.
    levels
        Source levels, in A or V; they start over when used up.
    acquisition
        Measurement of each step.
    """

    quantity: Quantity | None = None
    levels: Sequence[float] = ()
    acquisition: Acquisition | None = None


@dataclass
class Sweep:
    """The trigger model.

    Parameters
    ----------
    bit
        The channel's bit in the summary registers.
    """

    core: Core
    source: Source
    meter: Meter
    bit: int
    plan: SweepPlan = field(default_factory=SweepPlan)

    def __post_init__(self) -> None:
        self.state = "idle"
        self.events = {name: self.core.bus.new_event() for name in EVENTS}
        self.detectors = {name: Detector() for name in DETECTORS}
        self._listeners = {name: self._latcher(name) for name in DETECTORS}
        self._appointment: Appointment | None = None
        path = f"operation.instrument.{self.source.name}.trigger_overrun"
        self._overruns = self.core.status[path]
        self._advancing = False
        self._stepping = False
        self._ready = 0.0
        self._steps: dict[str, Callable[[], bool]] = {
            "arm": self._arm,
            "source": self._step_source,
            "stepped": self._source_complete,
            "measure": self._measure,
            "measured": self._measure_complete,
            "endpulse": self._end_pulse,
            "idle": self._hold,
            "busy": self._hold,
        }

    @property
    def active(self) -> bool:
        """Whether the model is out of idle."""
        return self.state != "idle"

    @property
    def stepping(self) -> bool:
        """Whether a sweep step holds the source."""
        return self._stepping

    def set_stimulus(self, name: str, stimulus: int) -> None:
        """Choose the event that a detector waits for."""
        detector = self.detectors[name]
        self.core.bus.listen(self._listeners[name], detector.stimulus, stimulus)
        detector.stimulus = stimulus
        self._advance()

    def set(self, name: str) -> None:
        """Put a detector in the detected state by command."""
        self._listeners[name]()

    def initiate(self) -> None:
        """Leave idle.

        Raises
        ------
        Fault
            The sweep is already running or not configured.
        """
        self._check()
        self._overruns.condition = 0
        for detector in self.detectors.values():
            detector.latched = False
        if self.plan.acquisition is not None:
            for buffer in self.plan.acquisition.buffers.values():
                buffer.prepare()
        settings = self.source.settings
        self._arms = settings.choice("trigger.arm.count")
        self._position = 0
        self.state = "arm"
        self._note_sweeping(True)
        self._fire("SWEEPING")
        self._advance()

    def abort(self) -> None:
        """Return to idle at once; the source stays as it is."""
        if self._appointment is not None:
            self._appointment.cancel()
            self._appointment = None
        self._stepping = False
        if self.active:
            self._to_idle()

    def _check(self) -> None:
        settings, source = self.source.settings, self.source
        if self.active:
            raise Fault(-211, f"Trigger ignored: {source.name} is sweeping")
        measure = settings.choice("trigger.measure.action")
        if measure == ASYNC:
            raise conflict("asynchronous sweep measurements are not emulated")
        if measure != DISABLE and self.plan.acquisition is None:
            raise conflict("measure action enabled but no sweep measurement configured")
        if settings.choice("trigger.source.action") == DISABLE:
            return
        quantity = self.plan.quantity
        if quantity is None or quantity != source.quantity:
            raise conflict("source action enabled but no sweep of the source function configured")
        automatic = settings.choice(f"source.autorange{quantity}") != OFF
        # Reported from pulsed sweeps; the vendor's own DC sweeps set a limit with autorange on.
        pulsed = settings.choice("trigger.endpulse.action") == IDLE
        if automatic and pulsed and source.sweep_limit() is not None:
            raise Fault(
                5028,
                f"{source.name}: Cannot perform requested operation while source autorange "
                "is enabled",
            )
        for level in (min(self.plan.levels), max(self.plan.levels)):
            source.check(level)

    def _latcher(self, name: str) -> Callable[[], None]:
        detector, bit = self.detectors[name], DETECTORS[name]

        def latch() -> None:
            if not self.active:
                return
            if detector.latched:
                self._overruns.put(bit, True)
                self.core.status["operation.trigger_overrun"].put(self.bit, True)
            detector.latched = True
            self._advance()

        return latch

    def _advance(self) -> None:
        """Go on as far as possible; events that this fires come back here and find it busy."""
        if self._advancing:
            return
        self._advancing = True
        try:
            while self._steps[self.state]():
                pass
        finally:
            self._advancing = False

    def _hold(self) -> bool:
        return False

    def _later(self, t: float, state: str) -> bool:
        """Wait until `t`, then go on in a state; at once when that time has come."""
        if t <= self.core.now:
            self.state = state
            return True
        self.state = "busy"

        def resume() -> None:
            self._appointment = None
            self.state = state
            self._advance()

        self._appointment = self.core.scheduler.at(t, resume)
        return False

    def _arm(self) -> bool:
        if not self.detectors["arm"].pass_():
            return False
        settings = self.source.settings
        if settings.choice("trigger.autoclear"):
            for detector in self.detectors.values():
                detector.latched = False
        self._passes = settings.choice("trigger.count")
        self.state = "source"
        self._fire("ARMED")
        return True

    def _step_source(self) -> bool:
        if self.core.now < self._ready:
            return self._later(self._ready, "source")
        if not self.detectors["source"].pass_():
            return False
        if self.source.settings.choice("trigger.source.action") == DISABLE:
            self.state = "measure"
            return True
        levels = self.plan.levels
        self._stepping = True
        self.source.force(levels[self._position % len(levels)], self.source.sweep_limit())
        self._position += 1
        return self._later(self.core.now + self.source.delay(), "stepped")

    def _source_complete(self) -> bool:
        self.state = "measure"
        self._fire("SOURCE_COMPLETE")
        return True

    def _measure(self) -> bool:
        if not self.detectors["measure"].pass_():
            return False
        acquisition = self.plan.acquisition
        if acquisition is None or (
            self.source.settings.choice("trigger.measure.action") == DISABLE
        ):
            self.state = "endpulse"
            return True
        self.state = "busy"
        count = self.source.settings.choice("measure.count")
        self.meter.start(
            Acquisition(acquisition.functions, acquisition.buffers, count), self._measured
        )
        return False

    def _measured(self) -> None:
        self.state = "measured"
        self._advance()

    def _measure_complete(self) -> bool:
        self.state = "endpulse"
        self._fire("MEASURE_COMPLETE")
        return True

    def _end_pulse(self) -> bool:
        if not self.detectors["endpulse"].pass_():
            return False
        settings = self.source.settings
        pulsed = self._stepping and settings.choice("trigger.endpulse.action") == IDLE
        if pulsed:
            self._release_source()
        self._ready = self.core.now + SOURCE_OVERHEAD
        self._passes -= 1
        self.state = "source"
        if self._passes == 0:
            self._end_sweep()
        if pulsed:
            self._fire("PULSE_COMPLETE")
        return True

    def _end_sweep(self) -> None:
        if self._stepping and self.source.settings.choice("trigger.endsweep.action") == IDLE:
            self._release_source()
        self._stepping = False
        self._arms -= 1
        self.state = "arm"
        self._fire("SWEEP_COMPLETE")
        if self._arms == 0:
            self._to_idle()

    def _release_source(self) -> None:
        self._stepping = False
        self.source.force(self.source.programmed)

    def _to_idle(self) -> None:
        self.state = "idle"
        self._note_sweeping(False)
        self._fire("IDLE")

    def _fire(self, name: str) -> None:
        self.core.bus.fire(self.events[name])

    def _note_sweeping(self, on: bool) -> None:
        self.core.status["operation.sweeping"].put(self.bit, on)
        self.core.status[f"operation.instrument.{self.source.name}"].put(8, on)
