"""What scripts see of a reading buffer's rows: columns that they index and hand to functions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from drivers.simulated.tsp.errors import wrong_type
from drivers.simulated.tsp.namespace import Namespace


class Rows(ABC):
    """The rows of a reading buffer."""

    pending = 0
    """Acquisitions under way that store here."""

    @classmethod
    def of(cls, value: object) -> Self:
        """The buffer that a script passed."""
        if not isinstance(value, Column) or not isinstance(value.buffer, cls):
            raise wrong_type("a reading buffer is expected")
        return value.buffer

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def column(self, name: str, rows: slice) -> Sequence[float | str]:
        """Values of one column; empty when it is not collected."""

    def table(self, names: Iterable[str]) -> Namespace:
        """A table of the named columns; passed to a function, it stands for its readings."""
        readings = Column(self, "readings")
        space = Namespace(subject=readings, item=readings.item)
        for name in names:
            column = Column(self, name)
            space.children[name] = Namespace(subject=column, item=column.item)
        return space


@dataclass(frozen=True)
class Column:
    """One column of a buffer, as a script hands it to `printbuffer` or indexes it."""

    buffer: Rows
    name: str

    @property
    def stored(self) -> int:
        """Rows that the buffer holds."""
        return len(self.buffer)

    @property
    def filling(self) -> bool:
        """Whether an acquisition under way stores in it."""
        return self.buffer.pending > 0

    def values(self, rows: slice) -> Sequence[float | str]:
        """The values of some rows."""
        return self.buffer.column(self.name, rows)

    def item(self, key: object) -> float | str | None:
        """The value at a Lua index, None beyond the end."""
        if not isinstance(key, (int, float)) or key not in range(1, len(self.buffer) + 1):
            return None
        values = self.values(slice(int(key) - 1, int(key)))
        return values[0] if values else None
