"""Links whose other end is an emulated instrument on a simulated bench."""

from __future__ import annotations

import math
import time

from pymeasure.adapters import Adapter

from drivers.errors import LinkError
from drivers.link import Link
from drivers.simulated.bench import Bench, EmulatedInstrument
from drivers.simulated.catalogue import emulated
from drivers.simulated.link import SimulatedAdapter


class SimulatedLink(Link):
    """A link to an emulated instrument in this process."""

    def __init__(self, bench: Bench, instrument: EmulatedInstrument) -> None:
        self.address = f"simulated {instrument.name}"
        self.instrument = instrument
        self._bench = bench
        self._adapters: list[SimulatedAdapter] = []
        self._gone = False

    def open(self, *, write_termination: str = "\n", read_termination: str = "\n") -> Adapter:
        if self._gone:
            raise LinkError(f"{self.address} cannot be opened; its cable is pulled")
        adapter = SimulatedAdapter(
            self._bench, self.instrument,
            write_termination=write_termination, read_termination=read_termination,
        )  # fmt: skip
        self._adapters.append(adapter)
        return adapter

    def close(self) -> None:
        self._adapters.clear()
        self.instrument.close()

    def cut(self, *, for_good: bool = False) -> None:
        """Break every connection that is open; `for_good` lets no new one be opened."""
        self._gone = for_good
        for adapter in self._adapters:
            adapter.cut()
        self._adapters.clear()

    def wait(self, seconds: float) -> None:
        # As fast as possible, only messages move bench time; otherwise the host really waits.
        if math.isfinite(self._bench.clock.speed):
            time.sleep(seconds / self._bench.clock.speed)


def simulated_links(
    bench: Bench, meter: str, bank: str, models: tuple[str, str] = ("", "")
) -> tuple[SimulatedLink, SimulatedLink]:
    """Put the emulated instruments for two drivers on a bench and hand out links to them.

    Parameters
    ----------
    models
        Of both; "" is the usual one.

    Raises
    ------
    InstrumentError
        One of them is not emulated.
    """
    meter_link, bank_link = (
        SimulatedLink(bench, emulated(driver, bench, model))
        for driver, model in zip((meter, bank), models, strict=True)
    )
    return meter_link, bank_link
