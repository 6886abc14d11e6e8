"""The base of emulated TSP instruments: messages in, responses out, scripts run in between.

Scripts run at once and take no time, but for what waits: then bench time passes up to the next
thing that happens on the bench; at a real speed the script waits while the bench goes on. A
script for which nothing is left to happen (it waits for the TRIG key, say) stays waiting, later
messages queue up behind it, and only the event, the message `abort` or a device clear release it.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections import deque
from collections.abc import Callable
from typing import ClassVar

from drivers.simulated.bench import Bench
from drivers.simulated.scheduled import ScheduledInstrument
from drivers.simulated.scheduler import Scheduler
from drivers.simulated.tsp import panel
from drivers.simulated.tsp.core import EPOCH, Core, Wait
from drivers.simulated.tsp.errors import Fault
from drivers.simulated.tsp.lua import Lua, Outcome
from drivers.simulated.tsp.namespace import Namespace
from drivers.simulated.tsp.output import Output
from drivers.simulated.tsp.scripts import Scripts
from drivers.simulated.tsp.status import OPERATION_COMPLETE, Registers
from drivers.simulated.tsp.triggers import Trigger
from drivers.simulated.tsp.values import Choice, Number

INPUT_QUEUE = 1000
"""Messages that wait while a script runs."""

PATIENCE = 1_000_000
"""Events that a call waits through before its script is left waiting."""

_SECONDS = Number(0.0, 0.0, 1e9)
_PROMPTS = Choice(0, (0, 1))

# IEEE 488.2 commands that are programs in the instrument's own language.
_COMMON = {
    "*OPC": "opc()",
    "*OPC?": "waitcomplete() print('1')",
    "*RST": "reset()",
    "*TST?": "print('0')",
    "*WAI": "waitcomplete()",
}


class TspInstrument(ScheduledInstrument):
    """An instrument that runs scripts; a subclass adds its tables with `define`.

    Parameters
    ----------
    bench
        What it stands on; the instrument attaches itself.
    model
        One of `models`.
    linefreq
        Power line frequency, in Hz.
    """

    serial_number = "4000001"
    firmware: ClassVar[str]
    registers: ClassVar[Registers]
    ascii_digits: ClassVar[int] = 6
    """Digits of numbers in text after a reset; 0 lets the instrument choose."""

    def __init__(self, bench: Bench, model: str, *, linefreq: float = 50.0) -> None:
        super().__init__(bench, model)
        self._output = Output(self.ascii_digits)
        self._core = Core(
            bench, self.name, linefreq, self.registers, lambda: len(self._output) > 0 or self.unread
        )
        self._interface = Trigger(self._core)
        self._lua = Lua(self._report, self._poll, self._elapse)
        self._scripts = Scripts(self._lua, self._output)
        self._input: deque[str] = deque()
        self._waiting: Outcome | None = None
        self._wait: Wait | None = None
        self._executing = self._direct = False
        self._complete_pending = False
        self._prompts = self._show_errors = 0

    @property
    def identity(self) -> str:
        """Answer to ``*IDN?``."""
        return (
            f"Keithley Instruments Inc., Model {self.model}, {self.serial_number}, {self.firmware}"
        )

    @property
    def pending(self) -> bool:
        """Whether an overlapped operation (a sweep, a measurement) is under way."""
        return False

    @abstractmethod
    def reset(self) -> None:
        """What the command `reset()` restores, besides the format of answers."""

    # What a bench and a transport need of it.

    @property
    def scheduler(self) -> Scheduler:
        return self._core.scheduler

    @property
    def busy(self) -> bool:
        """Whether an overlapped operation or a waiting script is under way."""
        return self._waiting is not None or self.pending

    @property
    def status_byte(self) -> int:
        """What a serial poll reads."""
        return self._core.status.byte

    def split(self, received: bytes) -> tuple[list[bytes], bytes]:
        """Complete messages of a stream, a line each, and what is left of it."""
        *messages, unfinished = received.split(b"\n")
        return [message.removesuffix(b"\r") for message in messages], unfinished

    @property
    def next_event(self) -> float | None:
        """Bench time of the next thing the instrument does by itself."""
        due = self._core.scheduler.next
        deadline = self._wait.deadline if self._waiting and self._wait else None
        if due is None or deadline is None:
            return deadline if due is None else due
        return min(due, deadline)

    def write(self, message: bytes) -> None:
        """Take one message; what is wrong with it ends up in the error queue."""
        self.run_to(self.bench.clock.now)
        for line in message.decode("latin-1").splitlines():
            self._take(line)

    def read(self) -> bytes | None:
        """The next complete response, or None when there is none."""
        return self._output.take()

    def close(self) -> None:
        """Switch the instrument off for good; its Lua state and what that holds are freed."""
        self._lua.close()

    def clear(self) -> None:
        """Device clear: drop input and responses, end the running script."""
        self._end_script()
        self._scripts.drop()
        self._output.clear()

    # How a message is executed.

    def _take(self, line: str) -> None:
        text = line.strip()
        if text == "abort":
            self._end_script()
        elif self._waiting is not None and text.upper() == "*TRG":
            self._interface.emit()
            self._settle()
        elif self._waiting is not None or self._executing:
            self._queue(line)
        else:
            self._execute(line, direct=True)

    def _queue(self, line: str) -> None:
        if len(self._input) < INPUT_QUEUE:
            self._input.append(line)
        else:
            self._report(Fault(-363, "Input buffer overrun"))

    def _execute(self, line: str, *, direct: bool) -> None:
        """Carry out a message; with `direct`, waiting in it lets bench time pass."""
        text = line.strip()
        try:
            if self._scripts.loading or text.split(" ")[0] in ("loadscript", "loadandrunscript"):
                program = self._scripts.collect(line)
                if program is not None:
                    self._run(lambda: self._lua.run_kept(program), direct)
            elif text.startswith("*"):
                for part in text.split(";"):
                    self._common(part.strip(), direct)
            elif text:
                self._run(lambda: self._lua.run(line), direct)
        except Fault as fault:
            self._report(fault)
        if self._waiting is None:
            self._prompt()

    def _common(self, text: str, direct: bool) -> None:
        header, _, argument = text.partition(" ")
        header = header.upper()
        status = self._core.status
        if header == "*IDN?":
            self._output.line(self.identity)
        elif header == "*TRG":
            self._interface.emit()
        elif header == "*STB?":
            self._output.line(str(status.byte))
        elif header == "*ESR?":
            self._output.line(str(status["standard"].take_event()))
        elif header == "*SRE?":
            self._output.line(str(status.request_enable))
        elif header == "*ESE?":
            self._output.line(str(status["standard"].enable))
        elif header == "*SRE":
            status.set_request_enable(argument)
        elif header == "*ESE":
            status["standard"].set_enable(argument)
        elif header == "*CLS":
            status.clear_events()
            self._core.errors.clear()
        elif header in _COMMON:
            self._run(lambda: self._lua.run(_COMMON[header]), direct)
        else:
            raise Fault(-285, f"TSP Syntax error at line 1: unknown common command {header}")

    def _run(self, go: Callable[[], Outcome], direct: bool) -> None:
        self._executing, self._direct = True, direct
        try:
            outcome = go()
        except Fault as fault:
            self._report(fault)
            outcome = Outcome("done")
        finally:
            self._executing = self._direct = False
        self._waiting = outcome if outcome.state == "waiting" else None
        if outcome.state == "failed":
            self._report(Fault(-286, outcome.message))

    def _poll(self, wait: Wait) -> bool:
        """Whether a wait is over; lets time pass for a script that a message started."""
        for _ in range(PATIENCE):
            self._wait = wait
            if wait.ready() or (wait.deadline is not None and self._core.now >= wait.deadline):
                return True
            due = [t for t in (self._core.scheduler.next, wait.deadline) if t is not None]
            if not self._lets_time_pass or not due:
                return False
            self._pass_time(min(due))
        return False

    def _elapse(self, seconds: float) -> None:
        if self._lets_time_pass:
            self._pass_time(self._core.now + seconds)

    @property
    def _lets_time_pass(self) -> bool:
        """Whether bench time is the script's to move; at a real speed it passes by itself."""
        return self._direct and math.isinf(self.bench.clock.speed)

    def _pass_time(self, t: float) -> None:
        self.bench.clock.advance_to(t)
        self.bench.run_to(max(t, self.bench.clock.now))

    def _settle(self) -> None:
        """Go on with what an event may have released: a script, queued messages, OPC."""
        if self._complete_pending and not self.pending:
            self._complete_pending = False
            self._core.status["standard"].happen(OPERATION_COMPLETE)
        if self._executing:
            return
        while self._waiting is not None and self._wait_over():
            self._run(self._lua.resume, direct=False)
            if self._waiting is None:
                self._prompt()
            while self._waiting is None and self._input:
                self._execute(self._input.popleft(), direct=False)

    def _wait_over(self) -> bool:
        wait = self._wait
        if wait is None:
            return False
        return wait.ready() or (wait.deadline is not None and self._core.now >= wait.deadline)

    def _end_script(self) -> None:
        if self._waiting is not None:
            self._core.log("script aborted")
        self._waiting = None
        self._input.clear()

    def _report(self, fault: Fault) -> None:
        self._core.error(fault.code, fault.message)

    def _prompt(self) -> None:
        errors = self._core.errors
        failed = len(errors) > 0
        while self._show_errors and len(errors):
            entry = errors.next()
            self._output.print(float(entry.code), entry.message)
        if self._prompts:
            self._output.line(">>>>" if self._scripts.loading else "TSP?" if failed else "TSP>")

    def _reset(self, *_: object) -> None:
        self.reset()
        self._output.reset()

    # What every instrument's scripts see.

    def define(self, tables: dict[str, Namespace]) -> None:
        """Fill the scripts' global scope; call it once, when the instrument is made.

        Parameters
        ----------
        tables
            The instrument's own, by name; they are in `localnode` as well.
        """
        lua, core, output = self._lua, self._core, self._output
        shared = {
            "status": core.status.namespace(),
            "errorqueue": self._error_queue(),
            "timer": panel.stopwatch(core),
            "userstring": panel.user_strings(),
            **tables,
        }
        for name, space in shared.items():
            lua.define(name, space)
        lua.define("localnode", self._local_node(shared))
        lua.define("format", output.namespace())
        lua.define("bit", panel.bits())
        lua.define("script", self._scripts.namespace())
        clock = Namespace(functions={"time": lambda: int(EPOCH + core.now)})
        lua.define("os", clock)
        lua.define_printer("print", output.print)
        lua.define_function("printnumber", output.print_number)
        lua.define_function("reset", self._reset)
        lua.define_function("opc", self._operation_complete)
        lua.define_blocking("printbuffer", output.print_buffer)
        lua.define_blocking("delay", self._delay)
        lua.define_blocking("waitcomplete", self._wait_complete)

    def _local_node(self, shared: dict[str, Namespace]) -> Namespace:
        constants = {
            "model": self.model, "serialno": self.serial_number, "revision": self.firmware,
        }  # fmt: skip
        space = panel.local_node(self._core, constants, self._reset)
        space.children.update(shared)

        def set_prompts(value: object) -> None:
            self._prompts = int(_PROMPTS.accept("localnode.prompts", value))

        def set_show_errors(value: object) -> None:
            self._show_errors = int(_PROMPTS.accept("localnode.showerrors", value))

        space.attribute("prompts", lambda: self._prompts, set_prompts)
        space.attribute("showerrors", lambda: self._show_errors, set_show_errors)
        return space

    def _error_queue(self) -> Namespace:
        errors = self._core.errors

        def take() -> tuple[object, ...]:
            entry = errors.next()
            return entry.code, entry.message, entry.severity, 1

        space = Namespace(functions={"next": take, "clear": errors.clear})
        space.attribute("count", lambda: len(errors))
        return space

    def _delay(self, seconds: object) -> Wait:
        length = _SECONDS.accept("delay", seconds)
        return Wait(lambda: False, deadline=self._core.now + length)

    def _wait_complete(self, _group: object = None) -> Wait:
        return Wait(lambda: not self.pending)

    def _operation_complete(self) -> None:
        self._complete_pending = True
        self._settle()
