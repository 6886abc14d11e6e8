"""A small instrument that is declared on the SCPI core, for trying the core out."""

from drivers.simulated.scpi.errors import ScpiError
from drivers.simulated.scpi.instrument import ScpiInstrument
from drivers.simulated.scpi.parameters import (
    Block,
    Boolean,
    Channels,
    Choice,
    Many,
    Number,
    Text,
)
from drivers.simulated.scpi.response import definite_block, indefinite_block, numbers
from drivers.simulated.scpi.table import Action, Query, Setting

LEVEL = "[:SOURce[1|2]]:CURRent[:LEVel][:IMMediate][:AMPLitude]"
OPERATING = 16


class Demo(ScpiInstrument):
    driver = "maker-demo"
    models = ("DEMO",)
    identity = "MAKER,DEMO,0,1.0"

    def __init__(self, bench):
        self._runs_until = None
        self.stored = b""
        super().__init__(bench, "DEMO")

    def rows(self):
        return [
            Setting(LEVEL, "level", Number(-3.0, 3.0, 0.0, "A"), check=self._check_level),
            Setting(":OUTPut[1|2][:STATe]", "output", Boolean(False)),
            Setting("[:SOURce]:FUNCtion:MODE", "mode", Choice("CURRent|VOLTage[:DC]", "VOLT")),
            Setting(":SENSe:FUNCtion", "sense", Choice("VOLTage[:DC]|RESistance", "VOLT", True)),
            Setting(":SYSTem:NAME", "label", Text(12, "")),
            Setting(":TRIGger:COUNt", "count", Number(1, 1000, 1, whole=True,
                                                      words={"INFinity": 1001.0})),
            Setting(":TRIGger:TIMer", "period", Number(1e-5, 1e5, 1e-3, "S")),
            Setting(":ROUTe:FREQuency", "frequency", Number(0, 1e9, 1e3, "HZ")),
            Action(":LIST:CURRent", self._list, Many(Number(-3.0, 3.0, unit="A"), 5)),
            Query(":LIST:CURRent?", lambda: list(self.listed)),
            Action(":INITiate", self._initiate, Channels((1, 2), (1,))),
            Action(":DATA", self._store, Block(100)),
            Query(":DATA?", lambda: definite_block(self.stored)),
            Query(":DATA:REST?", lambda: indefinite_block(self.stored)),
            Query(":READ?", lambda: numbers([1.0, -2.5], "REAL64", swapped=True,
                                            style=self.style)),
            Query(":FAULT?", lambda: 1 / 0),
            *self.status.rows(),
        ]  # fmt: skip

    listed = (0.0,)

    def reset(self):
        self._runs_until = None

    @property
    def pending(self):
        return self._runs_until is not None

    def _check_level(self, source, value):
        if abs(value) > 1 and source == 2:
            raise ScpiError(-221)

    def _list(self, values):
        self.listed = values

    def _store(self, content):
        self.stored = content

    def _initiate(self, _channels):
        if self.pending:
            raise ScpiError(-213)
        self._runs_until = self.now + 1.0
        self.status.operation.put(OPERATING, True)
        self.scheduler.at(self._runs_until, self._end)

    def _end(self):
        self._runs_until = None
        self.status.operation.put(OPERATING, False)
