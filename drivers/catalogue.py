"""The drivers that exist. A new one is one new file and one line here."""

from __future__ import annotations

from drivers.iet_prs import IetPrs
from drivers.keithley_2400 import Keithley2400
from drivers.keithley_2450 import Keithley2450
from drivers.keithley_2461 import Keithley2461
from drivers.keithley_2600b import Keithley2600B
from drivers.keithley_3706a import Keithley3706A
from drivers.keysight_34970a import Keysight34970A
from drivers.keysight_b2900 import KeysightB2900
from drivers.numato_relay import NumatoRelay
from drivers.resistor_bank import ResistorBank
from drivers.source_meter import SourceMeter

SOURCE_METERS: tuple[type[SourceMeter], ...] = (
    Keithley2600B,
    Keithley2461,
    Keithley2450,
    Keithley2400,
    KeysightB2900,
)
RESISTOR_BANKS: tuple[type[ResistorBank], ...] = (
    Keysight34970A,
    Keithley3706A,
    NumatoRelay,
    IetPrs,
)
