"""The status model: register sets that summarise into the status byte.

A condition that changes sets the event bit when the transition filter lets it; an enabled
event bit sets one condition bit of the register above (Series 2600B reference manual,
"Status model"; the other families have the same).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from drivers.simulated.tsp.namespace import Namespace
from drivers.simulated.tsp.values import Number

_WORD = Number(0, 0, 65_535, whole=True)
_BYTE = Number(0, 0, 255, whole=True)

MSB, SSB, EAV, QSB, MAV, ESB, MSS, OSB = (1 << n for n in range(8))
OPERATION_COMPLETE, POWER_ON = 1, 128

Registers = Mapping[str, tuple[int, dict[str, int]]]
"""Of each register set its dotted path below `status`, its bit in the register above (for the
uppermost ones in the status byte), and the names of its bits. Above comes before below."""


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
    """All register sets and the status byte.

    Parameters
    ----------
    registers
        The instrument's register sets; "standard" is one of them.
    error_available, message
        Whether the error queue and the output queue hold something.
    """

    def __init__(
        self,
        registers: Registers,
        error_available: Callable[[], bool],
        message: Callable[[], bool],
    ) -> None:
        self._tree = registers
        self._error_available, self._message_available = error_available, message
        self._summaries = 0
        self._request_enable = 0
        self._node_enable = 0
        self._registers: dict[str, Register] = {}
        for path, (bit, _) in self._tree.items():
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
        for path, (_, bits) in self._tree.items():
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
