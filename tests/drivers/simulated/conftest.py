"""A bench with ideal instruments and a console to talk to the emulated 2602B."""

import pytest

from drivers.simulated.bench import Bench
from drivers.simulated.keithley_2600b import Emulated2600B
from drivers.simulated.stage import StageErrors

RESISTORS = {101: 500.0, 102: 8000.0}
IDEAL = StageErrors(
    source_offset=((3.0, 0.0),), voltage_offset=((40.0, 0.0),), current_offset=((3.0, 0.0),),
    noise=0.0, settling=((3.0, 1e-6),), voltage_settling=1e-6,
)  # fmt: skip


class Console:
    """Sends lines over the bench and collects what comes back."""

    def __init__(self, bench, instrument):
        self.bench, self.instrument = bench, instrument

    def send(self, text):
        for line in text.strip("\n").split("\n"):
            self.bench.message_arrives()
            self.instrument.write(line.encode("latin-1"))

    def read(self):
        return self.instrument.read()

    def lines(self):
        received = []
        while (response := self.instrument.read()) is not None:
            received.append(response.decode("latin-1").rstrip("\n"))
        return received

    def ask(self, text):
        self.send(text)
        (answer,) = self.lines()
        return answer

    def number(self, expression):
        return float(self.ask(f"print({expression})"))

    def run(self, text):
        """A whole script, loaded and run."""
        self.send(f"loadandrunscript\n{text}\nendscript")

    def errors(self):
        """Codes and texts in the error queue, which is empty afterwards."""
        found = []
        while self.number("errorqueue.count"):
            code, text = self.ask("print(errorqueue.next())").split("\t")[:2]
            found.append((int(float(code)), text))
        return found

    def journal(self, instrument=None):
        name = instrument or self.instrument.name
        return [(e.time, e.what) for e in self.bench.journal if e.instrument == name]


@pytest.fixture
def bench():
    return Bench(RESISTORS, IDEAL, noise=False)


@pytest.fixture
def console(bench):
    return Console(bench, Emulated2600B(bench))


@pytest.fixture
def talk():
    """Makes consoles to instruments that are alone on an ideal bench.

    Given the instrument's class, its wired channel and a resistance across the device, in ohm.
    """

    def made(kind, channel, resistance, *arguments, **options):
        bench = Bench(RESISTORS, IDEAL, noise=False, channel=channel)
        bench.set_resistance(0.0, resistance)
        return Console(bench, kind(bench, *arguments, **options))

    return made
