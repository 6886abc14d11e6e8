"""Plays a protocol on a rig: one thread owns the instruments, and safety comes first.

Whatever ends a run (its end, an abort, an exception, a broken link), the source goes to 0
and high-impedance and the bank opens before anything else happens; then the sinks learn
how it ended.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.running import safeguards
from app.running.clock_watch import ClockWatch
from app.running.remaining import Remaining
from app.running.sinks import Progress, RunState, Sink
from app.running.timing_log import TimingLog
from data.errors import DataError
from data.run import Event, Outcome, PlayInfo, RunInfo
from data.samples import Samples
from drivers.errors import InstrumentError
from drivers.rig import Rig
from drivers.source_meter import Readout
from protocols.errors import ProtocolError
from protocols.plan import Plan
from protocols.program import PulseProgram
from protocols.protocol import Protocol
from protocols.quantities import OPEN, RESISTANCE, TIME
from protocols.steps import (
    ClosedLoop,
    Mark,
    Play,
    SelectDevice,
    SelectResistance,
    Step,
    Steps,
)

_POLL = 0.05
"""Time between two looks at a running program, or for the end of a pause, in s of wall time."""
_GRACE = 10.0
"""Time that a program may take beyond its own before it counts as lost, in s."""


@dataclass(frozen=True)
class Result:
    """How a run ended, and why."""

    outcome: Outcome
    reason: str


class _Abort(Exception):
    """Raised inside the runner's own thread when an abort was requested."""


class Runner:
    """Plays one protocol on an open rig.

    Parameters
    ----------
    rig
        Open instruments; the thread that calls `run` owns them until it returns.
    sinks
        Told everything, in the given order.
    """

    def __init__(self, rig: Rig, sinks: Sequence[Sink]) -> None:
        self._rig, self._sinks = rig, tuple(sinks)
        self._abort_reason: str | None = None
        # Without a lock, which a signal handler could find held by the thread that it interrupts.
        self._pausing = False
        self._state = RunState.IDLE
        self._resistance, self._device = OPEN, ""
        self._known: set[str] = set()
        self._timing = TimingLog()
        self._zero = self._time = 0.0
        self._since = 0.0
        self._remaining = Remaining(Plan(()))
        self._clock = ClockWatch()

    @property
    def state(self) -> RunState:
        """Where the run is."""
        return self._state

    def abort(self, reason: str) -> None:
        """Ask the run to end now; may be called from any thread or a signal handler."""
        if self._abort_reason is None:
            self._abort_reason = reason

    def pause(self) -> None:
        """Ask the run to pause after the program that is playing; from any thread."""
        self._pausing = True

    def resume(self) -> None:
        """Carry on after a pause; from any thread."""
        self._pausing = False

    def run(self, protocol: Protocol, plan: Plan, info: RunInfo) -> Result:
        """Play a protocol to its end, whatever that is.

        Errors of instruments, protocols and data become a failed `Result`; anything else is
        raised again once the rig is safe and the sinks know.
        """
        self._remaining = Remaining(plan)
        self._known = {program.digest for program in plan.every_program}
        self._clock = ClockWatch()
        unforeseen: BaseException | None = None
        by_instrument = False
        try:
            for sink in self._sinks:
                sink.begin(info, plan)
            self._enter(RunState.RUNNING, "")
            self._hear()
            self._rig.make_safe()
            for step in plan.selections:
                self._rig.bank.check(step.resistance, step.tolerance)
            self._zero = self._rig.meter.now()
            self._walk(protocol.steps(), counted=True)
            outcome, reason = Outcome.FINISHED, ""
        except _Abort:
            outcome, reason = Outcome.ABORTED, self._abort_reason or ""
        except (InstrumentError, ProtocolError, DataError) as error:
            outcome, reason = Outcome.FAILED, str(error)
            by_instrument = isinstance(error, InstrumentError)
        except BaseException as error:  # noqa: BLE001 (raised again once the rig is safe)
            outcome, reason, unforeseen = Outcome.FAILED, f"{type(error).__name__}: {error}", error
        result = self._end(outcome, reason, by_instrument=by_instrument)
        if unforeseen is not None:
            raise unforeseen
        return result

    def _end(self, outcome: Outcome, reason: str, *, by_instrument: bool) -> Result:
        if outcome is Outcome.ABORTED:
            self._state = RunState.ABORTING
        self._rig.transcript.note(f"{outcome}: {reason}".removesuffix(": "))
        try:
            states = self._rig.make_safe()
            final = ", ".join(f"{role}: {state}" for role, state in states.items())
        except InstrumentError as error:
            outcome, reason = Outcome.FAILED, "; ".join(filter(None, (reason, str(error))))
            final, by_instrument = str(error), True
        if by_instrument:
            kept = [sink.instrument_failed(self._rig.transcript) for sink in self._sinks]
            reason = "; ".join(filter(None, (reason, *kept)))
        # The rig is safe; a sink that fails now must not keep the others from their end.
        words = [*self._timing.last_words(), ("info", f"safe state: {final}")]
        events = [Event(self._time, level, text) for level, text in words]
        said = [reason] if reason else []
        for sink in self._sinks:
            try:
                for event in events:
                    sink.event(event)
                sink.end(outcome, reason)
                sink.state(RunState(outcome.value), reason)
            except (DataError, OSError) as error:
                # Those that come after it learn of it.
                said.append(str(error))
                outcome, reason = Outcome.FAILED, "; ".join(dict.fromkeys(said))
        self._state = RunState(outcome.value)
        return Result(outcome, reason)

    def _walk(self, steps: Steps, *, counted: bool = False) -> Samples | None:
        """Take steps one by one, telling each what the one before read; returns the last's.

        Those of the plan are counted for the time that is left, those within a loop are not.
        """
        readings: Samples | None = None
        step: Step | None = next(steps, None)
        while step is not None:
            if counted:
                self._since = self._time
            readings = self._take(step)
            if readings is not None and not counted:
                safeguards.stop_without_value(readings)
            if counted:
                self._remaining.taken(step, self._time - self._since)
            try:
                step = steps.send(readings)
            except StopIteration:
                step = None
        return readings

    def _take(self, step: Step) -> Samples | None:
        samples: Samples | None = None
        match step:
            case SelectResistance():
                self._select(step)
            case SelectDevice():
                self._select_device(step)
            case Play():
                samples = self._play(step)
            case ClosedLoop():
                samples = self._walk(step.steps())
            case Mark():
                self._event("mark", step.text)
        return samples

    def _select(self, step: SelectResistance) -> None:
        self._checkpoint()
        state = self._rig.bank.select(step.resistance, step.tolerance)
        self._resistance = state.resistance
        self._time = self._rig.meter.now() - self._zero
        self._event("info", f"R = {RESISTANCE.format(state.resistance)}")

    def _select_device(self, step: SelectDevice) -> None:
        self._checkpoint()
        if step.by_hand:
            self._rig.make_safe()
            self._pausing = True
            self._checkpoint(f"connect {step.name}, then resume")
        else:
            self._rig.bank.select_device(step.name)
        self._resistance, self._device = OPEN, step.name
        self._time = self._rig.meter.now() - self._zero
        self._event("info", f"device {step.name}")

    def _play(self, play: Play) -> Samples:
        self._checkpoint()
        program, meter = play.program, self._rig.meter
        self._rig.limits.check(program)
        settings = meter.load(program)
        started = meter.start() - self._zero
        info = PlayInfo(
            play.label, program.digest, started, self._resistance, settings, device=self._device
        )
        unplanned = program.digest not in self._known
        self._known.add(program.digest)
        for sink in self._sinks:
            if unplanned:
                sink.program(program)
            sink.play(info)
        blocks: list[Samples] = []
        self._timing.begin(play.label)
        deadline = time.monotonic() + program.total_duration + _GRACE
        running = True
        while running:
            readout = meter.drain()
            running = readout.running
            if len(readout):
                blocks.append(self._block(play, readout, started))
            elif time.monotonic() > deadline:
                raise InstrumentError(
                    f"{play.label}: still running {TIME.format(_GRACE)} after it should have "
                    "ended; check the instrument's front panel"
                )
            if self._abort_reason is not None:
                raise _Abort
            self._hear()
            if running:
                self._announce_pausing(program, started)
                self._rig.wait(_POLL)
        meter.stand_by()
        if trouble := self._timing.end():
            self._event("warning", trouble)
        return Samples.concatenate(blocks).blanked()

    def _block(self, play: Play, readout: Readout, started: float) -> Samples:
        program = play.program
        samples = _samples(play, readout, started, self._resistance)
        self._timing.add(samples)
        self._time = float(samples.time[-1])
        last = readout.first + len(readout) - 1
        kept = samples[program.keep[readout.first : last + 1]]
        if len(kept):
            for sink in self._sinks:
                sink.block(kept)
        left = self._remaining.seconds(self._time - self._since)
        progress = Progress(
            fraction=self._remaining.fraction(self._time, left), remaining=left, label=play.label,
            resistance=self._resistance, pulse=int(samples.pulse_index[-1]),
            pulses=play.pulses_before + int(program.pulse_index.max()),
            cycle=int(samples.cycle[-1]),
            voltage=float(samples.voltage[-1]),
        )  # fmt: skip
        for sink in self._sinks:
            sink.progress(progress)
        safeguards.stop_beyond(samples, play.label, self._rig.limits)
        if program.on_limit == "fail":
            safeguards.stop_at_limit(samples, play)
        return kept

    def _announce_pausing(self, program: PulseProgram, started: float) -> None:
        """Say that a pause waits for the program, or that it was taken back."""
        if self._state is RunState.PAUSING and not self._pausing:
            self._enter(RunState.RUNNING, "")
        elif self._state is RunState.RUNNING and self._pausing:
            left = max(0.0, started + program.total_duration - self._time)
            self._enter(
                RunState.PAUSING, f"after the program that plays, at most {TIME.format(left)}"
            )
            for sink in self._sinks:
                sink.pausing(left)

    def _checkpoint(self, what: str = "output off; volatile state decays meanwhile") -> None:
        """Between programs, with the output off: the place to abort or to pause."""
        if self._waits():
            self._enter(RunState.PAUSED, what)
            self._event("warning", f"paused: {what}")
            while self._waits():
                time.sleep(_POLL)
            if self._abort_reason is None:
                self._event("info", "resumed")
        self._hear()
        if self._abort_reason is None and self._state is not RunState.RUNNING:
            self._enter(RunState.RUNNING, "")
        if self._abort_reason is not None:
            raise _Abort

    def _waits(self) -> bool:
        return self._pausing and self._abort_reason is None

    def _hear(self) -> None:
        """Write down what there is to say of the rig itself, and of the computer's clock."""
        for text in (*self._rig.news(), *self._clock.news()):
            self._event("warning", text)

    def _enter(self, state: RunState, reason: str) -> None:
        self._state = state
        for sink in self._sinks:
            sink.state(state, reason)

    def _event(self, level: str, message: str) -> None:
        for sink in self._sinks:
            sink.event(Event(self._time, level, message))


def _samples(play: Play, readout: Readout, started: float, resistance: float) -> Samples:
    """What was commanded and what was read, row by row."""
    program = play.program
    n, rows = len(readout), slice(readout.first, readout.first + len(readout))
    pulse_index, cycle = program.pulse_index[rows], program.cycle[rows]
    return Samples(
        time=started + readout.time,
        requested_time=started + readout.requested_time,
        pulse_index=np.where(pulse_index > 0, pulse_index + play.pulses_before, 0).astype(np.int32),
        phase=program.phase[rows],
        instant=program.instant[rows],
        cycle=np.where(cycle > 0, cycle + play.cycles_before, 0).astype(np.int32),
        source_level=program.level[rows],
        mode=np.full(n, 0 if program.source == "current" else 1, np.uint8),
        voltage=readout.voltage,
        current=readout.current,
        resistance=np.full(n, resistance),
        flags=readout.flags,
    )
