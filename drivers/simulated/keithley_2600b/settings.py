"""The settings of one channel, by attribute path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from drivers.simulated.keithley_2600b.models import Model
from drivers.simulated.keithley_2600b.smu_table import attributes
from drivers.simulated.tsp.values import Value

T = TypeVar("T")


class Settings:
    """Typed access to the attributes of the command table."""

    def __init__(self, model: Model) -> None:
        self.model, self.kinds = model, attributes(model)
        self._values: dict[str, Value] = {}
        self._derived: dict[str, Any] = {}
        self.reset()

    def reset(self) -> None:
        """Restore every default."""
        self._derived.clear()
        self._values.update({path: kind.default for path, kind in self.kinds.items()})

    def __getitem__(self, path: str) -> Value:
        return self._values[path]

    def __setitem__(self, path: str, value: Value) -> None:
        self._derived.clear()
        self._values[path] = value

    def derived(self, name: str, compute: Callable[[], T]) -> T:
        """What follows from settings alone, worked out again only after one was written."""
        known = self._derived
        if name not in known:
            known[name] = compute()
        found: T = known[name]
        return found

    def number(self, path: str) -> float:
        """A numeric setting."""
        return float(self._values[path])

    def choice(self, path: str) -> int:
        """A setting that is one of a few constants or a count."""
        return int(self._values[path])
