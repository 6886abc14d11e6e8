"""The emulated Keithley 2450 and 2460, whose trigger model is built from blocks.

Commands, limits and defaults are those of the vendor's machine-readable TSP command reference of
both models and of the 2450 reference manual (2450-901-01), accuracies those of the 2450 data
sheet. What neither states is marked where it stands.
"""

from drivers.simulated.keithley_2450.instrument import Emulated2450

__all__ = ["Emulated2450"]
