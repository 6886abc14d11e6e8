"""Write and verify: tune the open-circuit voltage to a target, step by step from what is read."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, model_validator

from protocols.device_parameters import DeviceProtocol, States
from protocols.errors import ProtocolError
from protocols.program import Instant, PulseProgram, PulseTrain, Segment
from protocols.protocol import Preset
from protocols.quantities import (
    OPEN,
    RESISTANCE,
    TIME,
    VOLTAGE,
    Current,
    Quantity,
    Time,
    Voltage,
)
from protocols.steps import ClosedLoop, Mark, Play, Readings, SelectResistance, Steps

_CAPACITANCE = Quantity("a capacitance", "F", "8 mF")
Capacitance = Annotated[float, _CAPACITANCE, BeforeValidator(_CAPACITANCE.parse)]


class WriteVerify(DeviceProtocol):
    """Tune the open-circuit voltage to a target by choosing pulses and resistance.

    A try selects a state, plays pulses of either sign there, opens the bank, waits for
    `settle` and reads. The voltage that is judged is this reading, at open circuit, `settle`
    after the bank opened; the device relaxes further after it (see the protocol retention).
    The run ends when that voltage is within `tolerance` of `target`, and fails after `tries`
    with the nearest voltage that was reached.

    What a try plays follows from what was read. With the charge balance of the study,
    C du/dt = I - u/R, n pulses in a state of resistance R move the voltage by::

        open        n Q / C                                  Q: charge of a pulse
        else        (Q R / T - u) (1 - exp(-n T / (R C)))    T: period

    The state, sign and count are those that come nearest to the target by this, the fewest
    pulses of those that come near enough. C and the drift between two readings are estimated anew
    from every try, so the formula need not hold exactly.

    Targets from 20 mV to 0.5 V of either sign are met with the defaults on devices of half to
    twice the nominal capacitance. Near the voltage limit the driven voltage meets the limit
    first; such readings are flagged and kept.

    References
    ----------
    Charge balance: Zhao et al., Natl Sci Rev 2022, nwac158, the formula for u(t). The procedure
    is that of programming analogue memory cells by write and verify; the study has none.
    """

    name: ClassVar[str] = "write-verify"
    title: ClassVar[str] = "Tune the voltage to a target by pulses and resistance, closed loop"
    phases: ClassVar[tuple[str, ...]] = ("write", "verify")
    presets: ClassVar = {
        "fine": Preset(
            "1 mA [text], 5 ms on, 5 ms off [ours]: 0.6 mV a pulse when open. To within 1 mV, "
            "so that the instrument's own offset of up to 0.2 mV leaves it within 2 mV."
        ),
        "coarse": Preset(
            "20 ms on, 20 ms off as for ltp-ltd, to within 5 mV [ours].",
            {"width": 20e-3, "gap": 20e-3, "most_pulses": 300, "tolerance": 5e-3},
        ),
    }

    target: Voltage = Field(0.3, description="Voltage to reach, of either sign")
    tolerance: Annotated[Voltage, Field(gt=0)] = Field(
        1e-3, description="How far from the target still counts as reached"
    )
    tries: int = Field(20, ge=1, le=1000, description="Tries after which the target is given up")
    settle: Annotated[Time, Field(gt=0)] = Field(
        2.0, description="Time at open circuit before the voltage is judged"
    )
    amplitude: Annotated[Current, Field(gt=0)] = Field(
        1e-3, description="Current of each pulse; downwards the same with the sign changed"
    )
    width: Annotated[Time, Field(gt=0)] = Field(5e-3, description="Time on")
    gap: Annotated[Time, Field(gt=0)] = Field(5e-3, description="Time off after each pulse")
    most_pulses: int = Field(1000, ge=1, le=100_000, description="Most pulses of a try")
    states: States = Field(
        (500.0, 1000.0, 8000.0, OPEN),
        min_length=1, description="Regulating resistances to choose from",
    )  # fmt: skip
    capacitance: Annotated[Capacitance, Field(gt=0)] = Field(
        8e-3, description="First guess of the device's capacitance; corrected by what is read"
    )
    verify_aperture: Annotated[Time, Field(gt=0)] = Field(
        20e-3, description="Averaging time of the reading that is judged; one period of 50 Hz"
    )
    from_baseline: bool = Field(
        True, description="Reset the device first; otherwise go on from its present voltage"
    )

    @model_validator(mode="after")
    def _fits(self) -> WriteVerify:
        self.fit_aperture({"width": self.width, "gap": self.gap})
        if self.verify_aperture >= self.settle:
            raise ValueError(
                f"verify_aperture {TIME.format(self.verify_aperture)} does not fit into settle "
                f"{TIME.format(self.settle)}"
            )
        if abs(self.target) >= self.voltage_limit:
            raise ValueError(
                f"target {VOLTAGE.format(self.target)} must stay below the voltage_limit of "
                f"{VOLTAGE.format(self.voltage_limit)}"
            )
        return self

    def steps(self) -> Steps:
        """One reset, then the loop."""
        yield SelectResistance(OPEN)
        if self.from_baseline:
            yield self.return_to_baseline()
        yield TuneToTarget(self)

    def write_program(self, sign: int, count: int) -> PulseProgram:
        """The pulses of one try."""
        train = PulseTrain(sign * self.amplitude, self.width, self.gap, count, "write")
        return PulseProgram.compile(
            [train], phases=self.phase_names(), limit=self.voltage_limit, aperture=self.aperture,
            on_limit="flag",
        )  # fmt: skip

    def verify_program(self) -> PulseProgram:
        """The rest at open circuit that ends with the reading that is judged."""
        rest = Segment(0.0, self.settle, "verify", Instant.REST)
        return PulseProgram.compile(
            [rest], phases=self.phase_names(), limit=self.voltage_limit,
            aperture=self.verify_aperture,
        )  # fmt: skip


@dataclass(frozen=True)
class _Try:
    """What a try plays, and the change of voltage that the pulses should make, in V."""

    resistance: float
    sign: int
    count: int
    change: float

    def __str__(self) -> str:
        return f"{self.sign * self.count:+d} pulses at {RESISTANCE.format(self.resistance)}"


@dataclass(frozen=True)
class TuneToTarget(ClosedLoop):
    """Write and verify until the voltage is at the target."""

    protocol: WriteVerify

    def __str__(self) -> str:
        return f"tune to {VOLTAGE.format(self.protocol.target)}"

    @property
    def expected_duration(self) -> float:
        p = self.protocol
        charging = abs(p.target) * p.capacitance / (p.amplitude * p.width) * (p.width + p.gap)
        return _USUAL_TRIES * p.settle + charging

    @property
    def most_readings(self) -> int:
        return self.protocol.tries * (2 * self.protocol.most_pulses + 1) + 1

    @property
    def most_plays(self) -> int:
        return 2 * self.protocol.tries + 1

    def programs(self) -> tuple[PulseProgram, ...]:
        p = self.protocol
        return p.write_program(1 if p.target >= 0 else -1, p.most_pulses), p.verify_program()

    def selections(self) -> tuple[SelectResistance, ...]:
        return tuple(map(SelectResistance, self.protocol.states))

    def steps(self) -> Steps:
        p, model = self.protocol, _Model.first(self.protocol)
        verify = p.verify_program()
        voltage = nearest = _judged((yield Play(verify, "first reading")))
        for number in range(1, p.tries + 1):
            chosen = _choose(p, model, voltage)
            if chosen.count:
                yield SelectResistance(chosen.resistance)
                yield Play(p.write_program(chosen.sign, chosen.count), f"try {number}: {chosen}")
                yield SelectResistance(OPEN)
            before, voltage = voltage, _judged((yield Play(verify, f"verify try {number}")))
            if abs(voltage - p.target) < abs(nearest - p.target):
                nearest = voltage
            if abs(voltage - p.target) <= p.tolerance:
                yield Mark(
                    f"target {VOLTAGE.format(p.target)} reached: {VOLTAGE.format(voltage)} at open "
                    f"circuit after {TIME.format(p.settle)}, try {number}"
                )
                return
            model = model.corrected(chosen, voltage - before, p)
        raise ProtocolError(
            f"target {VOLTAGE.format(p.target)} not reached within "
            f"{VOLTAGE.format(p.tolerance)} in {p.tries} tries; the nearest was "
            f"{VOLTAGE.format(nearest)}, the last {VOLTAGE.format(voltage)}. Allow more "
            "most_pulses, tries or tolerance, or states of higher resistance"
        )


_USUAL_TRIES = 5
"""Readings that a target usually takes."""
_NEAR_ENOUGH = 0.25
"""Share of the tolerance within which the try of fewest pulses is taken."""
_DETOUR = 8
"""Most pulses of a try that is there for the next one."""
_WIDEST = 10.0
"""Factor by which the capacitance may differ from the first guess."""
_FIRST_DOUBT = (0.5, 5e-3)
"""Standard deviations of the first guess: of the capacitance, relative, and of the drift in V."""
_NEW_DOUBT = (0.05, 2e-3)
"""What a try adds to them: the device is not quite what the formula says."""
_UNFORESEEN = 2e-4
"""Standard deviation of what neither explains, in V."""


@dataclass(frozen=True)
class _Model:
    """What is known of the device, and how well: a Kalman filter of two numbers.

    Parameters
    ----------
    capacitance, drift
        In F, and from one reading to the next in V.
    doubt
        Covariance of the capacitance's relative error and of the drift's error, shape (2, 2).
    """

    capacitance: float
    drift: float
    doubt: NDArray[np.float64]

    @classmethod
    def first(cls, p: WriteVerify) -> _Model:
        """Before anything was read."""
        return cls(p.capacitance, 0.0, np.diag(np.square(_FIRST_DOUBT)))

    def corrected(self, chosen: _Try, moved: float, p: WriteVerify) -> _Model:
        """The model after a try moved the voltage by `moved`."""
        doubt = self.doubt + np.diag(np.square(_NEW_DOUBT))
        # A capacitance smaller by a fraction e moves the voltage by about e times the change more.
        effect = np.array([chosen.change, 1.0])
        gain = doubt @ effect / (effect @ doubt @ effect + _UNFORESEEN**2)
        smaller, drift = gain * (moved - chosen.change - self.drift)
        least, most = p.capacitance / _WIDEST, p.capacitance * _WIDEST
        capacitance = self.capacitance / max(1.0 + smaller, 1.0 / _WIDEST)
        return _Model(
            min(max(capacitance, least), most), self.drift + float(drift),
            doubt - np.outer(gain, effect @ doubt),
        )  # fmt: skip


def _choose(p: WriteVerify, model: _Model, voltage: float) -> _Try:
    """The try that should come nearest to the target; the fewest pulses near enough.

    Where whole pulses are too coarse for any try to end at the target, the one from which the
    next try can.
    """

    def cost(candidate: tuple[float, _Try]) -> tuple[float, int]:
        miss, chosen = candidate
        return (0.0 if miss < _NEAR_ENOUGH * p.tolerance else miss), chosen.count

    miss, best = min(_candidates(p, model, voltage), key=cost)
    if miss <= p.tolerance:
        return best

    def after(first: _Try) -> tuple[float, int]:
        reached = voltage + first.change + model.drift
        return cost(min(_candidates(p, model, reached), key=cost))

    return min((best, *_detours(p, model, voltage)), key=after)


def _detours(p: WriteVerify, model: _Model, voltage: float) -> Iterator[_Try]:
    """Few pulses in each state and with each sign."""
    for resistance in p.states:
        for sign in (1, -1):
            change = _change(p, model, voltage, resistance, sign)
            for count in range(1, min(_DETOUR, p.most_pulses) + 1):
                yield _Try(resistance, sign, count, float(change[count]))


def _change(
    p: WriteVerify, model: _Model, voltage: float, resistance: float, sign: int
) -> NDArray[np.float64]:
    """Change of the voltage by 0, 1, 2 ... pulses, in V, shape (most_pulses + 1,)."""
    count, period = np.arange(p.most_pulses + 1), p.width + p.gap
    charge = sign * p.amplitude * p.width
    if math.isinf(resistance):
        return np.asarray(count * (charge / model.capacitance), dtype=np.float64)
    lost = -np.expm1(-count * period / (resistance * model.capacitance))
    return np.asarray((charge * resistance / period - voltage) * lost, dtype=np.float64)


def _candidates(p: WriteVerify, model: _Model, voltage: float) -> Iterator[tuple[float, _Try]]:
    """For each state and sign the best count, with how far from the target it should end."""
    for resistance in p.states:
        for sign in (1, -1):
            change = _change(p, model, voltage, resistance, sign)
            miss = np.abs(voltage + change + model.drift - p.target)
            near = np.flatnonzero(miss < _NEAR_ENOUGH * p.tolerance)
            best = int(near[0]) if len(near) else int(np.argmin(miss))
            yield float(miss[best]), _Try(resistance, sign, best, float(change[best]))


def _judged(readings: Readings | None) -> float:
    if readings is None or not len(readings.voltage):
        raise ProtocolError("write and verify needs the reading of its verification")
    return float(readings.voltage[-1])
