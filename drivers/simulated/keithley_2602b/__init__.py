"""An emulated Keithley 2602B that runs the vendor's scripting language.

Its authority is the vendor's command reference and manual, not the driver that is tested
against it. The parts, from the host inwards: `instrument` takes messages and runs scripts in
`lua`, which shows them the tables (`namespace`) of `channel`, `timers`, `status`, `output`,
`scripts` and `panel`; a channel has a `source`, a `meter` and a `sweep` (the trigger model),
which act at moments kept by `scheduler`.
"""

from drivers.simulated.keithley_2602b.instrument import Emulated2602B

__all__ = ["Emulated2602B"]
