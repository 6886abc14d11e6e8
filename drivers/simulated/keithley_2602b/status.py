"""The status model: register sets that summarise into the status byte.

A condition that changes sets the event bit when the transition filter lets it; an enabled
event bit sets one condition bit of the register above (Series 2600B reference manual,
"Status model").
"""

from __future__ import annotations

from collections.abc import Callable

from drivers.simulated.keithley_2602b.namespace import Namespace
from drivers.simulated.keithley_2602b.values import Number

_WORD = Number(0, 0, 65_535, whole=True)
_BYTE = Number(0, 0, 255, whole=True)

MSB, SSB, EAV, QSB, MAV, ESB, MSS, OSB = (1 << n for n in range(8))
OPERATION_COMPLETE, POWER_ON = 1, 128

_SMUS = {"SMUA": 2, "SMUB": 4}
_OVERRUNS = {"SMUA": 2, "SMUB": 4, "TRGBLND": 1024, "TRGTMR": 2048, "DIGIO": 4096}
_INSTRUMENTS = _OVERRUNS | {"TSPLINK": 8192, "LAN": 16384}
_TIMERS = {f"TMR{n}": 1 << n for n in range(1, 9)}
_LINES = {f"LINE{n}": 1 << n for n in range(1, 15)}
_SMU_OVERRUN = {"ARM": 2, "SRC": 4, "MEAS": 8, "ENDP": 16}
_SMU_OPERATION = {"CAL": 1, "SWE": 8, "MEAS": 16, "TRGOVR": 1024}
_SMU_MEASUREMENT = {"VLMT": 1, "ILMT": 2, "ROF": 128, "BAV": 256}

# path: (bit in the register above, names of the bits)
_TREE: dict[str, tuple[int, dict[str, int]]] = {
    "measurement": (MSB, _SMU_MEASUREMENT | {"OE": 2048, "INST": 8192}),
    "measurement.voltage_limit": (1, _SMUS),
    "measurement.current_limit": (2, _SMUS),
    "measurement.reading_overflow": (128, _SMUS),
    "measurement.buffer_available": (256, _SMUS),
    "measurement.instrument": (8192, _SMUS),
    "measurement.instrument.smua": (2, _SMU_MEASUREMENT),
    "measurement.instrument.smub": (4, _SMU_MEASUREMENT),
    "operation": (
        OSB,
        {
            "CAL": 1,
            "SWE": 8,
            "MEAS": 16,
            "TRGOVR": 1024,
            "REM": 2048,
            "USER": 4096,
            "INST": 8192,
            "PROG": 16384,
        },
    ),
    "operation.calibrating": (1, _SMUS),
    "operation.sweeping": (8, _SMUS),
    "operation.measuring": (16, _SMUS),
    "operation.trigger_overrun": (1024, _INSTRUMENTS),
    "operation.remote": (2048, {"CAV": 2, "PRMPT": 2048}),
    "operation.user": (4096, {f"BIT{n}": 1 << n for n in range(15)}),
    "operation.instrument": (8192, _INSTRUMENTS),
    "operation.instrument.smua": (2, _SMU_OPERATION),
    "operation.instrument.smua.trigger_overrun": (1024, _SMU_OVERRUN),
    "operation.instrument.smub": (4, _SMU_OPERATION),
    "operation.instrument.smub.trigger_overrun": (1024, _SMU_OVERRUN),
    "operation.instrument.trigger_blender": (1024, {"TRGOVR": 1024}),
    "operation.instrument.trigger_blender.trigger_overrun": (
        1024,
        {f"BLND{n}": 1 << n for n in range(1, 7)},
    ),
    "operation.instrument.trigger_timer": (2048, {"TRGOVR": 1024}),
    "operation.instrument.trigger_timer.trigger_overrun": (1024, _TIMERS),
    "operation.instrument.digio": (4096, {"TRGOVR": 1024}),
    "operation.instrument.digio.trigger_overrun": (1024, _LINES),
    "operation.instrument.tsplink": (8192, {"TRGOVR": 1024}),
    "operation.instrument.tsplink.trigger_overrun": (1024, {f"LINE{n}": 1 << n for n in (1, 2, 3)}),
    "operation.instrument.lan": (16384, {"CON": 2, "TRGOVR": 1024}),
    "operation.instrument.lan.trigger_overrun": (1024, {f"LAN{n}": 1 << n for n in range(1, 9)}),
    "questionable": (QSB, {"CAL": 256, "UO": 512, "OTEMP": 4096, "INST": 8192}),
    "questionable.calibration": (256, _SMUS),
    "questionable.unstable_output": (512, _SMUS),
    "questionable.over_temperature": (4096, _SMUS),
    "questionable.instrument": (8192, _SMUS),
    "questionable.instrument.smua": (2, {"CAL": 256, "UO": 512, "OTEMP": 4096}),
    "questionable.instrument.smub": (4, {"CAL": 256, "UO": 512, "OTEMP": 4096}),
    "standard": (
        ESB,
        {"OPC": 1, "QYE": 4, "DDE": 8, "EXE": 16, "CME": 32, "URQ": 64, "PON": 128},
    ),
    "system": (SSB, {"EXT": 1} | {f"NODE{n}": 1 << n for n in range(1, 15)}),
}


class Register:
    """Condition, transition filters, event and enable of one set of bits."""

    def __init__(self, summary: Callable[[bool], None]) -> None:
        self._summary = summary
        self._condition = self._event = self._enable = self._ntr = 0
        self._ptr = 0xFFFF

    @property
    def condition(self) -> int:
        """The present state."""
        return self._condition

    @condition.setter
    def condition(self, value: int) -> None:
        if value == self._condition:
            return
        rising, falling = value & ~self._condition, self._condition & ~value
        self._condition = value
        self._event |= (rising & self._ptr) | (falling & self._ntr)
        self._summarise()

    def put(self, bits: int, on: bool) -> None:
        """Set or clear condition bits."""
        self.condition = self._condition | bits if on else self._condition & ~bits

    def happen(self, bits: int) -> None:
        """Set event bits that have no lasting condition."""
        self._event |= bits
        self._summarise()

    def take_event(self) -> int:
        """Read the event register, which clears it."""
        event, self._event = self._event, 0
        self._summarise()
        return event

    def preset(self) -> None:
        """Clear events, filters and enable to their defaults."""
        self._event = self._enable = self._ntr = 0
        self._ptr = 0xFFFF
        self._summarise()

    @property
    def enable(self) -> int:
        """Which event bits count in the summary."""
        return self._enable

    def set_enable(self, value: object) -> None:
        """Choose which event bits count in the summary."""
        self._writer("enable")(value)

    def namespace(self, bits: dict[str, int]) -> Namespace:
        """The register set as a table of attributes."""
        space = Namespace(constants=dict(bits))
        space.attribute("condition", lambda: self._condition)
        space.attribute("event", self.take_event)
        for name in ("enable", "ntr", "ptr"):
            space.attribute(name, self._reader(name), self._writer(name))
        return space

    def _reader(self, name: str) -> Callable[[], int]:
        return lambda: int(getattr(self, f"_{name}"))

    def _writer(self, name: str) -> Callable[[object], None]:
        def write(value: object) -> None:
            setattr(self, f"_{name}", int(_WORD.accept(name, value)))
            self._summarise()

        return write

    def _summarise(self) -> None:
        self._summary(bool(self._event & self._enable))


class Status:
    """All register sets and the status byte."""

    def __init__(self, error_available: Callable[[], bool], message: Callable[[], bool]) -> None:
        self._error_available, self._message_available = error_available, message
        self._summaries = 0
        self._request_enable = 0
        self._node_enable = 0
        self._registers: dict[str, Register] = {}
        for path, (bit, _) in _TREE.items():
            above = self._registers.get(path.rpartition(".")[0])
            self._registers[path] = Register(
                self._summary_into(bit) if above is None else _summary_of(above, bit)
            )
        self["standard"].happen(POWER_ON)

    def __getitem__(self, path: str) -> Register:
        return self._registers[path]

    @property
    def byte(self) -> int:
        """The status byte, with its master summary bit."""
        byte = self._summaries
        byte |= EAV if self._error_available() else 0
        byte |= MAV if self._message_available() else 0
        return byte | (MSS if byte & self._request_enable & ~MSS else 0)

    @property
    def request_enable(self) -> int:
        """Which bits of the status byte ask for service."""
        return self._request_enable

    def set_request_enable(self, value: object) -> None:
        """Choose which bits of the status byte ask for service."""
        self._request_enable = int(_BYTE.accept("status.request_enable", value))

    def error_pushed(self, code: int) -> None:
        """Note an error's class in the standard event register."""
        command, execution, device = 32, 16, 8
        classes = {-1: command, -2: execution}
        self["standard"].happen(classes.get(-(-code // 100) if code < 0 else 0, device))

    def clear_events(self) -> None:
        """Clear every event register."""
        for register in self._registers.values():
            register.take_event()

    def preset(self) -> None:
        """Restore every register's filters and enable."""
        for register in self._registers.values():
            register.preset()
        self._request_enable = self._node_enable = 0

    def namespace(self) -> Namespace:
        """The `status` table."""
        root = Namespace(
            constants={
                "MSB": MSB,
                "SSB": SSB,
                "EAV": EAV,
                "QSB": QSB,
                "MAV": MAV,
                "ESB": ESB,
                "MSS": MSS,
                "OSB": OSB,
            }
        )
        for path, (_, bits) in _TREE.items():
            above, _, name = path.rpartition(".")
            root.at(above).children[name] = self[path].namespace(bits)
        root.attribute("condition", lambda: self.byte)
        root.attribute("request_enable", lambda: self._request_enable, self.set_request_enable)
        root.attribute("request_event", lambda: self.byte & self._request_enable)
        root.attribute("node_enable", lambda: self._node_enable, self._set_node_enable)
        root.attribute("node_event", lambda: self.byte & self._node_enable)
        root.functions["reset"] = self.preset
        return root

    def _set_node_enable(self, value: object) -> None:
        self._node_enable = int(_BYTE.accept("status.node_enable", value))

    def _summary_into(self, bit: int) -> Callable[[bool], None]:
        def put(on: bool) -> None:
            self._summaries = self._summaries | bit if on else self._summaries & ~bit

        return put


def _summary_of(register: Register, bit: int) -> Callable[[bool], None]:
    return lambda on: register.put(bit, on)
