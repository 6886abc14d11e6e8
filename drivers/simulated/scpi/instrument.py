"""The base of emulated SCPI instruments: takes messages, executes them, answers.

    read ◄── output queue ◄── execute ◄── input queue ◄── write
                                 │ ▲
                          *WAI, *OPC? wait for pending operations

As fast as possible, a message that waits lets bench time pass until it need not wait any
more. At a real speed the rest of it waits in the instrument while the bench goes on.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

from drivers.simulated.bench import Bench
from drivers.simulated.scheduled import ScheduledInstrument
from drivers.simulated.scheduler import Scheduler
from drivers.simulated.scpi.errors import ErrorQueue, ScpiError
from drivers.simulated.scpi.parameters import Number, bind
from drivers.simulated.scpi.program import Unit, split_messages, units
from drivers.simulated.scpi.response import Style
from drivers.simulated.scpi.settings import Settings
from drivers.simulated.scpi.status import OPERATION_COMPLETE, Status
from drivers.simulated.scpi.table import Action, Query, Row, Setting, Table

INPUT_QUEUE = 1000
"""Messages that wait behind one that waits."""


class ScpiInstrument(ScheduledInstrument):
    """An instrument on a bench; a subclass declares `rows` and what they do.

    Parameters
    ----------
    bench
        What it stands on; the instrument attaches itself.
    model
        One of `models`.
    errors_kept
        Entries of the error queue.
    """

    style: ClassVar[Style] = Style()
    error_query: ClassVar[str] = "SYSTem:ERRor[:NEXT]?"

    def __init__(self, bench: Bench, model: str, *, errors_kept: int = 30) -> None:
        super().__init__(bench, model)
        self._scheduler = Scheduler(bench.clock.now)
        self.errors = ErrorQueue(errors_kept)
        self._output: deque[bytes] = deque()
        self._input: deque[bytes] = deque()
        self.status = Status(
            lambda: len(self.errors) > 0, lambda: len(self._output) > 0 or self.unread
        )
        self._table = Table([*self.rows(), *self._common_rows()])
        self.settings = Settings(self._table.settings)
        self._units: Iterator[Unit] | None = None
        self._answers: list[bytes] = []
        self._path = ""
        self._complete_asked = False
        self._held: Literal["", "wait", "answer"] = ""

    def rows(self) -> Sequence[Row]:
        """The commands besides those that every instrument has (`*IDN?`, `SYST:ERR?`, ...)."""
        raise NotImplementedError

    @property
    def identity(self) -> str:
        """Answer to ``*IDN?``: maker, model, serial number, firmware."""
        raise NotImplementedError

    def reset(self) -> None:
        """What ``*RST`` does after the settings have their values again."""

    def self_test(self) -> int:
        """Answer to ``*TST?``: 0 when everything works."""
        return 0

    @property
    def pending(self) -> bool:
        """Whether an overlapped operation (a train, a moving relay) is under way."""
        return False

    # What a bench and a transport need of it.

    @property
    def scheduler(self) -> Scheduler:
        return self._scheduler

    @property
    def busy(self) -> bool:
        """Whether something is under way by itself, or a message waits for that."""
        return self.pending or self._held != ""

    @property
    def status_byte(self) -> int:
        """What a serial poll reads."""
        return self.status.byte

    @staticmethod
    def split(received: bytes) -> tuple[list[bytes], bytes]:
        """Complete messages of a stream of bytes, and what is left of it."""
        return split_messages(received)

    def write(self, message: bytes) -> None:
        """Take one message, without its terminator."""
        self.run_to(self.bench.clock.now)
        if self._units is not None or self._input:
            if len(self._input) < INPUT_QUEUE:
                self._input.append(message)
            else:
                self.report(ScpiError(-363))
            return
        self._begin(message)

    def read(self) -> bytes | None:
        """The next complete response with its terminator, or None."""
        response = self._output.popleft() if self._output else None
        self._take_next()
        return response

    def interrupted(self) -> None:
        """The host sends something new before it has read an answer."""
        self.report(ScpiError(-410))

    def unterminated(self) -> None:
        """The host asks for a response that no query has been sent for."""
        if self._units is None:
            self.report(ScpiError(-420))

    def clear(self) -> None:
        """Device clear: drop input and output, forget what was waited for."""
        self._input.clear()
        self._output.clear()
        self._units, self._held, self._complete_asked = None, "", False

    # What its commands use.

    @property
    def now(self) -> float:
        """The instrument's time, in bench seconds."""
        return self.scheduler.now

    def log(self, what: str) -> None:
        """Write into the bench's journal."""
        self.bench.log(self.name, what)

    def report(self, error: ScpiError) -> None:
        """Put an error into the queue and its bit into the standard event register."""
        self.errors.push(error.code, error.text)
        self.status.happen(error.event)
        self.log(f"error {error.code}: {error.text}")

    def wait_complete(self) -> bool:
        """Let bench time pass until nothing is pending, when it passes by itself.

        Returns
        -------
        bool
            Whether nothing is pending any more.
        """
        while self.pending:
            due = self.next_event
            if due is None or math.isfinite(self.bench.clock.speed):
                return False
            self.bench.clock.advance_to(due)
            self.bench.run_to(self.bench.clock.now)
        return True

    # How a message is executed.

    def _begin(self, message: bytes) -> None:
        if self._output:
            self._output.clear()
            self.interrupted()
        self._units, self._answers, self._path = units(message.decode("latin-1")), [], ""
        self._go_on()

    def _go_on(self) -> None:
        """Execute what is left of the present message, up to its end or a wait."""
        while self._units is not None and not self._held:
            try:
                unit = next(self._units, None)
                if unit is None:
                    self._end_message()
                else:
                    self._execute(unit)
            except ScpiError as error:
                self.report(error)
                if error.is_command_error:
                    self._end_message()
            except Exception as error:  # noqa: BLE001 (an emulator must outlive any message)
                self.report(ScpiError(-310, f"System error;{error!r}"))

    def _end_message(self) -> None:
        self._units = None
        if self._answers:
            self._output.append(b";".join(self._answers) + b"\n")

    def _settle(self) -> None:
        """Go on with what waited for pending operations."""
        if self._complete_asked and not self.pending:
            self._complete_asked = False
            self.status.happen(OPERATION_COMPLETE)
        while self._held and not self.pending:
            if self._held == "answer":
                self._answers.append(b"1")
            self._held = ""
            self._go_on()
            self._take_next()

    def _take_next(self) -> None:
        """Begin messages that wait in the input queue, once there is room for their answers."""
        while self._units is None and self._input and not self._output:
            self._begin(self._input.popleft())

    def _execute(self, unit: Unit) -> None:
        header = unit.header.upper()
        if not header.startswith("*"):
            # Without a leading colon a header goes on where the last one left off.
            header = header if header.startswith(":") else f"{self._path}:{header}"
            self._path = header.rpartition(":")[0]
        row, suffixes = self._table.find(header, query=unit.query)
        if isinstance(row, Setting):
            self._access(row, suffixes, unit)
            return
        result = row.handler(*suffixes, *bind(row.parameters, unit.data))
        if isinstance(row, Query) and not self._held:
            self._answers.append(self.style.answer(result))

    def _access(self, row: Setting, suffixes: tuple[int, ...], unit: Unit) -> None:
        key: tuple[str | int, ...] = (row.name, *suffixes)
        if unit.query:
            value = self.settings[key]
            if unit.data:
                value = _limit_asked(row, unit)
            self._answers.append(row.kind.answer(value, self.style).encode("latin-1"))
            return
        if not unit.data:
            raise ScpiError(-109)
        (value,) = bind((row.kind,), unit.data)
        if row.check is not None:
            checked = row.check(*suffixes, value)
            value = value if checked is None else checked
        self.settings[key] = value
        if row.changed is not None:
            row.changed(*suffixes)

    def _common_rows(self) -> list[Row]:
        return [
            Query("*IDN?", lambda: self.identity),
            Action("*RST", self._reset),
            Action("*CLS", self._clear_status),
            Action("*OPC", self._ask_complete),
            Query("*OPC?", lambda: self._hold("answer")),
            Action("*WAI", lambda: self._hold("wait")),
            Query("*TST?", self.self_test),
            Query(self.error_query, self._next_error),
            *self.status.common_rows(),
        ]

    def _reset(self) -> None:
        self._complete_asked = False
        self.settings.reset()
        self.reset()

    def _clear_status(self) -> None:
        self._complete_asked = False
        self.errors.clear()
        self.status.clear()

    def _ask_complete(self) -> None:
        self._complete_asked = True
        self._settle()

    def _hold(self, how: Literal["answer", "wait"]) -> str:
        if not self.wait_complete():
            self._held = how
        return "1"

    def _next_error(self) -> str:
        code, text = self.errors.next()
        return f"{self.style.integer(code)},{self.style.string(text)}"


def _limit_asked(row: Setting, unit: Unit) -> float:
    """What a query with MINimum, MAXimum or DEFault asks for."""
    if not isinstance(row.kind, Number) or len(unit.data) > 1:
        raise ScpiError(-108)
    limit = row.kind.limit(unit.data[0].text)
    if limit is None:
        raise ScpiError(-224)
    return limit
