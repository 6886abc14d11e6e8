"""READ? and MEASure: readings that are taken while the query is answered.

Model 2461 Reference Manual, section 6: `:READ?` makes as many readings as `SENSe:COUNt` says, puts
them into the buffer and answers the last; `:MEASure:function?` chooses the function first; `FETCh?`
answers the latest of the buffer. Inferred: that an output that is off is a settings conflict.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from drivers.simulated.keithley_2461.buffer import ELEMENTS
from drivers.simulated.keithley_2461.digitizer import NONE
from drivers.simulated.scpi.errors import ScpiError
from drivers.simulated.scpi.parameters import Choice, Many, Text
from drivers.simulated.scpi.table import Query, Row

if TYPE_CHECKING:
    from drivers.simulated.keithley_2461.instrument import Emulated2461

_FUNCTIONS = {"CURR": "CURRent[:DC]", "VOLT": "VOLTage[:DC]"}


def spot_rows(of: Emulated2461) -> list[Row]:
    """The commands, each with the buffer and the elements that it answers."""

    def read(name: str, elements: Sequence[str]) -> bytes:
        of.idle_only()
        if of.digitizer.function != NONE:
            raise ScpiError(-221, "Settings conflict;a digitize function is selected")
        buffer = of.buffer(name)
        if not of.settings.flag("output", 1):
            raise ScpiError(-221, "Settings conflict;the output is off")
        for _ in range(int(of.settings.number("reading count", 1))):
            begin = of.sample()
            _pass_time(of, of.timing.aperture)
            of.keep(begin, of.sample(), of.number("level", of.function), name)
            _pass_time(of, of.timing.measuring - of.timing.aperture)
        return of.data(len(buffer.readings), len(buffer.readings), name, elements)

    def measure(kind: str, name: str, elements: Sequence[str]) -> bytes:
        of.settings["sense", 1] = kind
        of.measure()
        return read(name, elements)

    def fetch(name: str, elements: Sequence[str]) -> bytes:
        count = len(of.buffer(name).readings)
        return of.data(count, count, name, elements)

    parameters = Text(31, "defbuffer1"), Many(Choice(ELEMENTS), 14, ("READ",))
    rows: list[Row] = [Query(":READ?", read, *parameters), Query(":FETCh?", fetch, *parameters)]
    for kind, words in _FUNCTIONS.items():
        rows.append(Query(f":MEASure:{words}?", lambda n, e, k=kind: measure(k, n, e), *parameters))
    return rows


def _pass_time(of: Emulated2461, seconds: float) -> None:
    """Let the bench go on while the instrument is busy with a query."""
    of.bench.clock.advance_to(of.bench.clock.now + seconds)
    of.bench.run_to(of.bench.clock.now)
