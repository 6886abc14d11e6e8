"""The emulated Keithley 2461 in its SCPI command set."""

from drivers.simulated.keithley_2461.instrument import Emulated2461

__all__ = ["Emulated2461"]
