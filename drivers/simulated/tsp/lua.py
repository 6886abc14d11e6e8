"""The Lua 5.1 that runs scripts, closed off from the computer it runs on.

A script sees the language's basic, string, table and math functions and the instrument's own
tables, nothing else: no files, no modules, no debug library, no byte code, and of Python only
functions wrapped in Lua ones. Memory is bounded and a script that does not end is stopped
after `INSTRUCTION_LIMIT` instructions.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from inspect import Parameter, signature
from typing import Any, Literal

from lupa import lua51

from drivers.simulated.tsp.core import Wait
from drivers.simulated.tsp.errors import Fault, ScriptFault
from drivers.simulated.tsp.namespace import Namespace
from drivers.simulated.tsp.prelude import PRELUDE

MEMORY = 64_000_000
"""Greatest memory of all scripts together, in bytes."""

SLICE = 1000
"""Instructions between two looks at the clock and the limit."""

INSTRUCTION_LIMIT = 20_000_000

SECONDS_LIMIT = 10.0
"""Greatest wall time between two waits, in s: few instructions can be long ones."""

INSTRUCTION_TIME = 1e-6
"""Bench time of one instruction, in s, counted in whole slices: so a script that polls sees
time pass, and one that only sets things up takes none."""

EXIT = "\0exit"

State = Literal["done", "waiting", "failed"]


@dataclass(frozen=True)
class Outcome:
    """What became of a script: its state and, when it failed, why."""

    state: State
    message: str = ""


class Lua:
    """A Lua state for one instrument.

    Parameters
    ----------
    report
        Told of faults that commands raise, which leave the script running.
    poll
        Whether a wait is over, letting time pass when it may.
    elapse
        Told how much bench time the script's own instructions took.
    """

    def __init__(
        self,
        report: Callable[[Fault], None],
        poll: Callable[[Wait], bool],
        elapse: Callable[[float], None],
    ) -> None:
        self._report, self._elapse = report, elapse
        self._begin()
        runtime = lua51.LuaRuntime(
            encoding="latin-1",
            register_eval=False,
            register_builtins=False,
            unpack_returned_tuples=True,
            attribute_filter=_no_attributes,
            max_memory=MEMORY,
        )

        def poll_(wait: Wait) -> tuple[object, ...]:
            answer = (True, *wait.result()) if poll(wait) else (False,)
            self._since = time.monotonic()
            return answer

        # Scripts run in coroutines, and a Lua object that reaches Python from a coroutine does
        # not outlive that safely. So none does: tables, functions, programs and threads stay on
        # Lua's side, and lists come over item by item.
        self._define, self._keep, self._run, self._run_kept, self._step = runtime.execute(
            PRELUDE, self._tick, poll_, _Items, _Items.take, _Foreign(), SLICE, EXIT
        )

    def close(self) -> None:
        """Free the state: the garbage collector does not see through it to what it holds."""
        del self._define, self._keep, self._run, self._run_kept, self._step

    def define(self, name: str, value: Namespace) -> None:
        """Set a global variable to a table."""
        self._define(name, *self._table("table", value))

    def define_function(self, name: str, function: Callable[..., object]) -> None:
        """Set a global function that returns at once."""
        self._define(name, "function", self._guarded(function))

    def define_blocking(self, name: str, begin: Callable[..., object]) -> None:
        """Set a global function that waits."""
        self._define(name, "blocking", self._guarded(begin))

    def define_printer(self, name: str, function: Callable[..., object]) -> None:
        """Set a global function that is given numbers and, of everything else, the text."""
        self._define(name, "printer", self._guarded(function))

    def _table(self, kind: str, space: Namespace) -> tuple[object, ...]:
        """How Lua makes the table of a namespace; its members are made when first used."""

        def get(key: object) -> object:
            return self._member(space, key) or space.get(key)

        put = self._guarded(space.put)
        return kind, self._guarded(get), put, space.subject, space.program

    def _member(self, space: Namespace, key: object) -> _Built | None:
        if not isinstance(key, (str, int)):
            return None
        if key in space.children:
            return _Built(self._table("table", space.children[key]))
        name = str(key)
        if name in space.constants:
            return _Built(("constant", space.constants[name]))
        kinds = {
            "function": space.functions,
            "blocking": space.blocking,
            "compiling": space.compiling,
        }
        for kind, members in kinds.items():
            if name in members:
                return _Built((kind, self._guarded(members[name])))
        return None

    def keep(self, source: str) -> int:
        """Compile a program for later and give it a number.

        Raises
        ------
        Fault
            The text is not a program.
        """
        kept = self._within_memory(lambda: self._keep(source))
        if isinstance(kept, tuple):
            raise syntax_fault(kept[1])
        return int(kept)

    def run(self, source: str) -> Outcome:
        """Run a program until it ends or waits.

        Raises
        ------
        Fault
            The text is not a program.
        """
        self._begin()
        return self._outcome(*self._within_memory(lambda: self._run(source)))

    def run_kept(self, program: int) -> Outcome:
        """Run a kept program until it ends or waits."""
        self._begin()
        return self._outcome(*self._within_memory(lambda: self._run_kept(program)))

    def resume(self) -> Outcome:
        """Go on with the script that waits."""
        return self._outcome(*self._within_memory(self._step))

    @staticmethod
    def _within_memory(call: Callable[[], Any]) -> Any:
        """Call Lua; when its memory is used up, the instrument says so and goes on."""
        try:
            return call()
        except MemoryError as error:
            raise Fault(-225, "Out of memory") from error

    def _outcome(self, state: str, message: str) -> Outcome:
        if state == "refused":
            raise syntax_fault(message)
        if state == "waiting":
            return Outcome("waiting")
        if state == "done" or message == EXIT:
            return Outcome("done")
        line, text = _located(message)
        return Outcome("failed", f"TSP Runtime error at line {line}: {text}")

    def _begin(self) -> None:
        self._instructions = 0
        self._since = time.monotonic()

    def _tick(self) -> bool:
        self._instructions += SLICE
        lasted = time.monotonic() - self._since
        self._elapse(SLICE * INSTRUCTION_TIME)
        self._since += time.monotonic() - self._since - lasted
        return self._instructions > INSTRUCTION_LIMIT or lasted > SECONDS_LIMIT

    def _guarded(self, function: Callable[..., object]) -> Callable[..., tuple[object, ...]]:
        """The function as Lua calls it: answers (error or nil, results...), never raises."""
        least, most = _arity(function)

        def call(*arguments: object) -> tuple[object, ...]:
            if len(arguments) < least:
                self._report(Fault(1400, f"Expected at least {least} parameters"))
                return (None,)
            try:
                result = function(*arguments[:most])
            except Fault as fault:
                self._report(fault)
                return (None,)
            except ScriptFault as fault:
                return (str(fault),)
            except Exception as error:  # noqa: BLE001 (reported below)
                self._report(Fault(900, f"Internal system error: {error!r}"))
                return (None,)
            return (None, *self._shown(result))

        return call

    def _shown(self, result: object) -> tuple[object, ...]:
        """A result as Lua takes it: how to build it (None: as it is) and the parts."""
        if isinstance(result, _Built):
            return result.parts
        if isinstance(result, Namespace):
            return self._table("new", result)
        if isinstance(result, list):
            return "list", *result
        return (None, *result) if isinstance(result, tuple) else (None, result)


@dataclass(frozen=True)
class _Built:
    """Something that Lua builds from parts, the first of which names the kind."""

    parts: tuple[object, ...]


class _Items(list[object]):
    """The items of a Lua array."""

    def take(self, *items: object) -> None:
        """Add some."""
        self.extend(items)


class _Foreign:
    """What stands for a value that has no business outside Lua: a function, a thread."""

    def __repr__(self) -> str:
        return "function"


def syntax_fault(message: str) -> Fault:
    """The fault of a text that does not compile."""
    line, text = _located(message)
    return Fault(-285, f"TSP Syntax error at line {line}: {text}")


def _arity(function: Callable[..., object]) -> tuple[int, int | None]:
    parameters = signature(function).parameters.values()
    least = sum(
        p.default is Parameter.empty and p.kind is not Parameter.VAR_POSITIONAL for p in parameters
    )
    unlimited = any(p.kind is Parameter.VAR_POSITIONAL for p in parameters)
    return least, None if unlimited else len(parameters)


def _no_attributes(_object: object, name: object, _setting: bool) -> object:
    raise AttributeError(name)


def _located(message: str) -> tuple[int, str]:
    """Line and text of a Lua error message."""
    found = re.match(r"tsp:(\d+): (.*)", message, re.DOTALL)
    return (int(found[1]), found[2]) if found else (1, message)
