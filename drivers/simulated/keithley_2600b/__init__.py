"""Emulated Keithley 2602B, 2612B and 2636B that run the vendor's scripting language.

Their authority is the vendor's command reference and manual, not the driver that is tested
against them. A channel has a `source`, a `meter` and a `sweep` (the trigger model), whose
attributes `smu_table` lists and whose ranges `models` has.
"""

from drivers.simulated.keithley_2600b.instrument import Emulated2600B

__all__ = ["Emulated2600B"]
