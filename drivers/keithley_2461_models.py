"""What a Keithley 2461 can do with its own pulses, with the source of each number."""

from __future__ import annotations

from dataclasses import dataclass

from drivers import keithley_2461_digitizer as digitizer
from drivers import keithley_2461_layout as lists
from protocols.capabilities import Capabilities
from protocols.program import PulseProgram

_MANUAL = "Model 2461 Reference Manual"
_EXAMPLE = "vendor's example 2461_PulseSweep_TriggerOut.tsp, pulse_delay_calc"
_PULSES = f"{_MANUAL}, SOURce:PULSe:SWEep:LIST"
_SOURCES = {
    "current_ranges": f"{_MANUAL}, smu.source.range; the 10 A range sources 7.35 A at most",
    "voltage_ranges": f"{_MANUAL}, smu.source.range",
    "shortest_segment": f"{_MANUAL}, SOURce:PULSe:SWEep:LIST: least pulse width, load dependent",
    "longest_segment": f"{_MANUAL}, SOURce:PULSe:SWEep:LIST: greatest pulse width",
    "time_resolution": f"{_MANUAL}, TRACe:MAKE: timestamps to 1 us",
    "reading_overhead": _EXAMPLE,
    "shortest_aperture": f"{_MANUAL}, SENSe:NPLCycles",
    "longest_aperture": f"{_MANUAL}, SENSe:NPLCycles",
    "most_levels": f"{_MANUAL}, SOURce:PULSe:LIST:APPend",
    "most_readings": f"chosen; {_MANUAL}, TRACe:MAKE: 4,500,000 at most in all buffers",
    "least_limit_voltage": f"{_MANUAL}, smu.source.xlimit.level: 20 mV, and 10.6 % of the range",
    "least_limit_current": f"{_MANUAL}, smu.source.xlimit.level: 100 nA, and 10.6 % of the range",
}


_DIGITIZED = f"{_MANUAL}, [:SENSe[1]]:<function>:SRATe and :APERture of the digitize functions"
_DIGITIZER_SOURCES = {
    "shortest_segment": _DIGITIZED,
    "shortest_aperture": _DIGITIZED,
    "longest_aperture": _DIGITIZED,
    "most_readings": f"{_MANUAL}, TRACe:MAKE: at most in all buffers",
}


@dataclass(frozen=True)
class _Digitizer(Capabilities):
    """Waveforms: equal pulses while the digitizer samples at its own rate."""

    def other_violations(self, program: PulseProgram) -> list[str]:
        why = digitizer.obstacle(program)
        if not why or self._timing_violations(program):
            return []
        return [f"the {self.model} cannot digitize this: {why} ({_DIGITIZED}; {_PULSES})"]

    def levels_needed(self, program: PulseProgram) -> int:
        found = digitizer.trains(program)
        return len(found.levels) if found else 0

    def readings_needed(self, program: PulseProgram) -> int:
        found = digitizer.trains(program)
        return len(program) * (found.samples_per_segment if found else 1)


@dataclass(frozen=True)
class _Capabilities(Capabilities):
    """A program must be a list of equal pulses with gaps on a grid, or of equal steps.

    A waveform is digitized; one with an interval long enough for the measure function, and that
    cannot be digitized, is a list of equal steps too.
    """

    def violations(self, program: PulseProgram) -> list[str]:
        digitized = self._digitized(program)
        return self.digitizer.violations(program) if digitized else super().violations(program)

    def least_segment(self, program: PulseProgram) -> float:
        digitized = self._digitized(program)
        return (
            self.digitizer.least_segment(program) if digitized else super().least_segment(program)
        )

    def _digitized(self, program: PulseProgram) -> bool:
        found = lists.layout(program) if digitizer.wanted(program) else None
        return digitizer.wanted(program) and (found is None or found.rate > 0)

    @property
    def digitizer(self) -> Capabilities:
        """What the same instrument can do with its digitizer."""
        return _Digitizer(
            model=self.model, current_ranges=self.current_ranges,
            voltage_ranges=self.voltage_ranges, shortest_segment=1 / digitizer.MOST_RATE,
            longest_segment=self.longest_segment, time_resolution=self.time_resolution,
            reading_overhead=0.0, shortest_aperture=digitizer.LEAST_APERTURE,
            longest_aperture=digitizer.MOST_APERTURE, most_levels=self.most_levels,
            most_readings=digitizer.MOST_SAMPLES, least_limit_voltage=self.least_limit_voltage,
            least_limit_current=self.least_limit_current,
            sources={**self.sources, **_DIGITIZER_SOURCES},
        )  # fmt: skip

    def other_violations(self, program: PulseProgram) -> list[str]:
        laid_out = lists.layout(program) is not None
        if laid_out or self._timing_violations(program) or self._length_violations(program):
            return []
        return [
            f"the {self.model} times pulses of one width, each with a gap no shorter behind it, "
            f"that begin on a grid of slots ({_PULSES}), or equal steps; "
            f"{lists.nearest(program)}"
        ]

    def levels_needed(self, program: PulseProgram) -> int:
        found = lists.layout(program)
        return len(found.levels) if found else 0

    def readings_needed(self, program: PulseProgram) -> int:
        return lists.readings(program)


def capabilities_of(model: str, line_frequency: float) -> Capabilities:
    """What the model can do."""
    return _Capabilities(
        model=model,
        current_ranges=(1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 4.0, 5.0, 7.0),
        voltage_ranges=(0.2, 2.0, 7.0, 10.0, 20.0, 100.0),
        shortest_segment=digitizer.LEAST_WIDTH,
        longest_segment=10e3,
        time_resolution=1e-6,
        reading_overhead=lists.OVERHEAD,
        shortest_aperture=0.01 / line_frequency,
        longest_aperture=10 / line_frequency,
        most_levels=digitizer.MOST_LEVELS,
        most_readings=lists.MOST_READINGS,
        least_limit_voltage=21.2e-3,
        least_limit_current=106e-9,
        sources=_SOURCES,
    )
