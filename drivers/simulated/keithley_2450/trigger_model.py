"""The trigger model: blocks that are executed in the order of their numbers.

An event is detected once, whether the model waits for it at that moment or not, and the next
WAIT block for it takes it; an event that comes while the one before is still untaken is lost.
That the detectors are common to all WAIT blocks follows from the vendor's pulse examples, two
blocks of which wait for one timer in turn; that starting the model clears them is inferred.
"""

from __future__ import annotations

from collections.abc import Callable

from drivers.simulated.keithley_2450 import events as happened
from drivers.simulated.keithley_2450.blocks import AUTO, INFINITE, STOP, Block, Blocks
from drivers.simulated.keithley_2450.config_lists import ConfigLists
from drivers.simulated.keithley_2450.events import Events
from drivers.simulated.keithley_2450.meter import ENDLESS
from drivers.simulated.keithley_2450.models import BLOCK_TIME, OUTPUT_TIME, RECALL_TIME
from drivers.simulated.keithley_2450.smu import Smu
from drivers.simulated.keithley_2450.timers import TriggerEvents
from drivers.simulated.scheduler import Appointment
from drivers.simulated.tsp.errors import Fault
from drivers.simulated.tsp.namespace import Namespace
from drivers.simulated.tsp.values import Number

LOOK = 0.1
"""How often the instrument looks at the state that it reports, in s (`trigger.model.state`)."""
_BLOCK = Number(1, 1, 255, whole=True)
_STATES = ("ABORTED", "ABORTING", "BUILDING", "EMPTY", "FAILED", "IDLE", "RUNNING", "WAITING")
CONSTANTS = {f"STATE_{name}": f"trigger.STATE_{name}" for name in _STATES}


class TriggerModel:
    """The blocks, and the one that is executed."""

    def __init__(
        self, smu: Smu, lists: ConfigLists, events: Events, triggers: TriggerEvents, blocks: Blocks
    ) -> None:
        self._smu, self._lists, self._events, self._triggers = smu, lists, events, triggers
        self.maker = blocks
        self._listeners: dict[int, Callable[[], None]] = {}
        self._detected: set[int] = set()
        self._next: Appointment | None = None
        self._waiting_since: float | None = None
        self._running = False
        self.reset()

    @property
    def running(self) -> bool:
        """Whether blocks are being executed."""
        return self._running

    def reset(self) -> None:
        """Stop and forget every block."""
        if self._running:
            self._stop("ABORTED")
        self.blocks: dict[int, Block] = {}
        self._at = self._last = 0
        self._states = [(self._now, "EMPTY")]
        self._counts: dict[int, int] = {}

    def namespace(self) -> Namespace:
        """The `trigger.model` table."""
        return Namespace(
            functions={
                "abort": self.abort, "initiate": self.initiate, "setblock": self.set_block,
                "state": self.state, "getblocklist": self._block_list,
                "getbranchcount": self._branch_count,
            }
        )  # fmt: skip

    def set_block(self, number: object, kind: object, *arguments: object) -> None:
        """Define a block."""
        self.put(int(_BLOCK.accept("blockNumber", number)), self.maker.make(kind, arguments))

    def put(self, number: int, block: Block) -> None:
        """Put a block in its place."""
        if self._running:
            raise Fault(-221, "Settings conflict: the trigger model is running")
        self.blocks[number] = block
        self._states = [(self._now, "BUILDING")]

    def replace(self, *blocks: Block) -> None:
        """Forget every block and put others in their place."""
        if self._running:
            raise Fault(-221, "Settings conflict: the trigger model is running")
        self.reset()
        for number, block in enumerate(blocks, 1):
            self.put(number, block)

    def initiate(self) -> None:
        """Start at the first block.

        Raises
        ------
        Fault
            It runs already, or has no blocks.
        """
        if self._running:
            raise Fault(-211, "Trigger ignored: the trigger model is running")
        if not self.blocks:
            raise Fault(-221, "Settings conflict: the trigger model has no blocks")
        self._detected.clear()
        self._counts = {}
        for chosen in {e for block in self.blocks.values() for e in block.events}:
            self._listeners[chosen] = self._detector(chosen)
            self._smu.core.bus.listen(self._listeners[chosen], 0, chosen)
        self._running = True
        self._at = min(self.blocks)
        self._states = [(self._now, "RUNNING")]
        self._events.happen(happened.RUNNING)
        self._later(BLOCK_TIME)

    def abort(self) -> None:
        """Stop at once; the source stays as it is."""
        if self._running:
            self._smu.core.log("trigger model aborted")
            self._stop("ABORTED")
            self._events.happen(happened.ABORTED)

    def state(self) -> tuple[str, str, int]:
        """State, state of the second model that this instrument lacks, last block executed."""
        start = self._states[0][0]
        looked = start + (self._now - start) // LOOK * LOOK
        now = [state for since, state in self._states if since <= looked][-1]
        waited = self._running and self._waiting_since is not None
        if waited and looked - (self._waiting_since or 0.0) > LOOK:
            now = "WAITING"
        return f"trigger.STATE_{now}", "trigger.STATE_EMPTY", self._last

    @property
    def _now(self) -> float:
        return self._smu.core.now

    def _stop(self, state: str) -> None:
        self._states = [self._states[0], (self._now, state)]
        self._running = False
        self._waiting_since = None
        if self._next is not None:
            self._next.cancel()
            self._next = None
        self._smu.meter.abort()
        for chosen, listener in self._listeners.items():
            self._smu.core.bus.listen(listener, chosen, 0)
        self._listeners.clear()

    def _detector(self, event: int) -> Callable[[], None]:
        def detect() -> None:
            if event in self._detected:
                self._smu.core.log(f"lost {self._triggers.name_of(event)}")
            self._detected.add(event)
            if self._waiting_since is not None:
                self._pass_wait()

        return detect

    def _later(self, seconds: float) -> None:
        self._next = self._smu.core.scheduler.at(self._now + seconds, self._execute)

    def _go(self, seconds: float = BLOCK_TIME, to: int | None = None) -> None:
        """On to the block after this one, or to another, when this one's time is over."""
        self._at = self._at + 1 if to is None else to
        self._later(seconds)

    def _execute(self) -> None:
        self._next = None
        block = self.blocks.get(self._at)
        if block is None:
            self._finish()
            return
        self._last = self._at
        try:
            _ACTIONS[block.kind](self, block)
        except Fault as fault:
            self._events.happen(fault.code, str(fault), happened.ERROR)
            self._stop("FAILED")
            text = "Trigger model was running, but has failed and returned to idle"
            self._events.happen(happened.FAILED, text, happened.ERROR)

    def _finish(self) -> None:
        self._stop("IDLE")
        self._events.happen(happened.IDLE)

    # What the blocks do.

    def _buffer_clear(self, block: Block) -> None:
        if block.buffer is not None:
            block.buffer.clear()
        self._go()

    def _output(self, block: Block) -> None:
        source = self._smu.source
        source.switch(block.on)
        self._go(OUTPUT_TIME[source.quantity])

    def _config(self, block: Block) -> None:
        steps = {"CONFIG_NEXT": 1, "CONFIG_PREV": -1}
        sourced = False
        for name, index in block.lists:
            chosen = self._lists.named(name)
            by = steps.get(block.kind)
            done = self._lists.recall(chosen, index) if by is None else self._lists.step(chosen, by)
            sourced = sourced or done
        self._go(RECALL_TIME[self._smu.source.quantity] if sourced else BLOCK_TIME)

    def _measure(self, block: Block) -> None:
        meter = self._smu.meter
        if block.count == STOP:
            meter.abort()
            self._go()
        elif block.buffer is None or meter.busy:
            raise Fault(-221, "Settings conflict: readings are under way")
        elif block.count == INFINITE:
            meter.start(block.buffer, ENDLESS)
            self._go()
        else:
            count = meter.count if block.count == AUTO else int(block.count)
            meter.start(block.buffer, count, self._measured)

    def _measured(self) -> None:
        if self._smu.meter.limited:
            self._triggers.fire("trigger.EVENT_SOURCE_LIMIT")
        self._go()

    def _wait(self, block: Block) -> None:
        if block.clear:
            self._detected -= set(block.events)
        self._waiting_since = self._now
        self._pass_wait()

    def _pass_wait(self) -> None:
        block = self.blocks[self._at]
        come = [event in self._detected for event in block.events]
        if all(come) if block.both else any(come):
            self._detected -= set(block.events)
            self._waiting_since = None
            self._go()

    def _delay(self, block: Block) -> None:
        self._go(block.delay + BLOCK_TIME)

    def _notify(self, block: Block) -> None:
        self._triggers.fire(block.notify)
        self._go()

    def _nothing(self, _block: Block) -> None:
        self._go()

    def _always(self, block: Block) -> None:
        self._go(to=block.target)

    def _counter(self, block: Block) -> None:
        passes = self._counts.get(self._at, 0) + 1
        self._counts[self._at] = passes
        if passes < int(block.count):
            self._go(to=block.target)
        else:
            self._counts[self._at] = 0
            self._go()

    def _duration(self, block: Block) -> None:
        """Go back until a time after the start; only the template DurationLoop has it."""
        again = self._now - self._states[0][0] < block.delay
        self._go(to=block.target if again else None)

    def _once(self, block: Block) -> None:
        first = self._counts.setdefault(self._at, 0) == 0
        self._counts[self._at] = 1
        self._go(to=block.target if first == (block.kind == "BRANCH_ONCE") else None)

    def _on_event(self, block: Block) -> None:
        (event,) = block.events
        branch = event in self._detected
        self._detected.discard(event)
        self._go(to=block.target if branch else None)

    def _reset_count(self, block: Block) -> None:
        self._counts[block.target] = 0
        self._go()

    def _branch_count(self, number: object) -> int:
        return self._counts.get(int(_BLOCK.accept("blockNumber", number)), 0)

    def _block_list(self) -> str:
        lines = [f" {n}) {block.text()}" for n, block in sorted(self.blocks.items())]
        return "\n".join(lines) or "EMPTY"


_ACTIONS: dict[str, Callable[[TriggerModel, Block], None]] = {
    "BUFFER_CLEAR": TriggerModel._buffer_clear,
    "SOURCE_OUTPUT": TriggerModel._output,
    "CONFIG_RECALL": TriggerModel._config,
    "CONFIG_NEXT": TriggerModel._config,
    "CONFIG_PREV": TriggerModel._config,
    "MEASURE_DIGITIZE": TriggerModel._measure,
    "WAIT": TriggerModel._wait,
    "DELAY_CONSTANT": TriggerModel._delay,
    "NOTIFY": TriggerModel._notify,
    "NOP": TriggerModel._nothing,
    "BRANCH_ALWAYS": TriggerModel._always,
    "BRANCH_COUNTER": TriggerModel._counter,
    "BRANCH_DURATION": TriggerModel._duration,
    "BRANCH_ONCE": TriggerModel._once,
    "BRANCH_ONCE_EXCLUDED": TriggerModel._once,
    "BRANCH_ON_EVENT": TriggerModel._on_event,
    "RESET_BRANCH_COUNT": TriggerModel._reset_count,
}
