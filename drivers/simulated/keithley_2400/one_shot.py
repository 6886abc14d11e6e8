"""CONFigure and MEASure: one reading of one quantity, with the trigger model out of the way.

Source: 2400 Series SourceMeter User's Manual, section 17, signal oriented measurement commands.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from drivers.simulated.scpi.table import Action, Query, Row

if TYPE_CHECKING:
    from drivers.simulated.keithley_2400.instrument import Emulated2400

_NAMES = {"VOLT": "VOLTage[:DC]", "CURR": "CURRent[:DC]"}
_SET = {
    "arm.source": "IMM", "arm.count": 1.0, "trigger.source": "IMM", "trigger.count": 1.0,
    "trigger.delay": 0.0,
}  # fmt: skip


def one_shot_rows(instrument: Emulated2400, read: Callable[[], bytes]) -> list[Row]:
    """The commands for voltage and current.

    Parameters
    ----------
    read
        What READ? does.
    """

    def configure(quantity: str) -> None:
        instrument.source.functions = {quantity}
        for name, value in _SET.items():
            instrument.settings[name, 1] = value

    def measure(quantity: str) -> bytes:
        configure(quantity)
        return read()

    rows: list[Row] = []
    for quantity, name in _NAMES.items():
        rows += [
            Action(f"CONFigure:{name}", lambda *_, q=quantity: configure(q)),
            Query(f"MEASure:{name}?", lambda *_, q=quantity: measure(q)),
        ]
    return rows
