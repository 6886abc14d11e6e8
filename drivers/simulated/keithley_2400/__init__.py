"""Emulated Keithley 2400 SourceMeter."""

from drivers.simulated.keithley_2400.instrument import Emulated2400

__all__ = ["Emulated2400"]
