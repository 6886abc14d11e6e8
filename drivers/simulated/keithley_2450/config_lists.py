"""Source and measure configuration lists: settings stored by index, recalled as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from drivers.simulated.keithley_2450.events import NO_LIST
from drivers.simulated.keithley_2450.smu import Smu
from drivers.simulated.tsp.errors import Fault, wrong_type
from drivers.simulated.tsp.namespace import Namespace
from drivers.simulated.tsp.values import Number, Value

_INDEX = Number(1, 1, whole=True)
_SETTINGS = dict[str, Value]


@dataclass
class ConfigList:
    """One list.

    Parameters
    ----------
    kind
        "source" or "measure".
    """

    name: str
    kind: str
    indexes: list[tuple[str, _SETTINGS]] = field(default_factory=list)
    position: int = 0
    """Index that was recalled last, 0 for none."""


class ConfigLists:
    """All lists of the instrument; a name stands for one list only."""

    def __init__(self, smu: Smu) -> None:
        self._smu = smu
        self.reset()

    def reset(self) -> None:
        """Forget every list."""
        self._lists: dict[str, ConfigList] = {}
        self._names: dict[str, Iterator[str]] = {}

    def named(self, name: object) -> ConfigList:
        """A list by its name.

        Raises
        ------
        Fault
            There is none.
        """
        if not isinstance(name, str) or name not in self._lists:
            raise Fault(NO_LIST, f"Configuration list, error, does not exist: {name}")
        return self._lists[name]

    def create(self, kind: str, name: object) -> ConfigList:
        """Make an empty list."""
        if not isinstance(name, str) or not name:
            raise wrong_type("a configuration list needs a name")
        if name in self._lists:
            raise Fault(-224, f"Illegal parameter value: configuration list {name} exists already")
        made = self._lists[name] = ConfigList(name, kind)
        return made

    def replace(self, kind: str, name: object) -> ConfigList:
        """Make an empty list, as a sweep does whether or not there is one of that name."""
        if isinstance(name, str):
            self._lists.pop(name, None)
        return self.create(kind, name)

    def recall(self, chosen: ConfigList, index: int) -> bool:
        """Apply the settings of one index; whether the source level changed."""
        if not 1 <= index <= len(chosen.indexes):
            raise Fault(
                NO_LIST, f"Configuration list, error, does not exist: {chosen.name} index {index}"
            )
        chosen.position = index
        function, settings = chosen.indexes[index - 1]
        if chosen.kind == "measure":
            self._smu.meter.function = function
            self._smu.meter.settings[function].update(settings)
            return False
        self._smu.source.recall("v" if function == "v" else "i", settings)
        return True

    def step(self, chosen: ConfigList, by: int) -> bool:
        """Recall the index after or before the one recalled last, going round at the ends."""
        size = len(chosen.indexes)
        start = chosen.position if chosen.position or by > 0 else 1
        return self.recall(chosen, (start + by - 1) % size + 1 if size else 1)

    def store(self, chosen: ConfigList, index: object = None) -> None:
        """Store the present settings, at the end unless an index is given."""
        smu = self._smu
        if chosen.kind == "source":
            quantity = smu.source.quantity
            settings = dict(smu.source.settings[quantity])
            settings["range"] = smu.source.range
            row = (str(quantity), settings)
        else:
            row = (smu.meter.function, dict(smu.meter.settings[smu.meter.function]))
        at = len(chosen.indexes) + 1 if index is None else int(_INDEX.accept("index", index))
        if at <= len(chosen.indexes):
            chosen.indexes[at - 1] = row
        else:
            chosen.indexes.append(row)

    def namespace(self, kind: str) -> Namespace:
        """`smu.source.configlist` or `smu.measure.configlist`."""
        own = self._of(kind)

        def create(name: object) -> None:
            self.create(kind, name)

        def delete(name: object, index: object = None) -> None:
            chosen = own(name)
            if index is None:
                del self._lists[chosen.name]
            elif (k := int(_INDEX.accept("index", index))) <= len(chosen.indexes):
                del chosen.indexes[k - 1]

        def recall(name: object, index: object = 1, *others: object) -> None:
            k = int(_INDEX.accept("index", index))
            self.recall(own(name), k)
            if others:
                second = int(_INDEX.accept("index", others[1])) if len(others) > 1 else k
                self.recall(self.named(others[0]), second)

        def query(name: object, index: object = 1, separator: object = ",") -> str:
            k = int(_INDEX.accept("index", index))
            function, settings = own(name).indexes[k - 1]
            words = [f"smu.{kind}.{n}={v}" for n, v in settings.items()]
            return str(separator).join([f"func={function}", *words])

        return Namespace(
            functions={
                "create": create,
                "delete": delete,
                "store": lambda name, index=None: self.store(own(name), index),
                "recall": recall,
                "size": lambda name: len(own(name).indexes),
                "query": query,
                "catalog": lambda: self._catalog(kind),
            }
        )

    def _of(self, kind: str) -> Callable[[object], ConfigList]:
        def own(name: object) -> ConfigList:
            chosen = self.named(name)
            if chosen.kind != kind:
                raise Fault(NO_LIST, f"Configuration list, error, does not exist: {name}")
            return chosen

        return own

    def _catalog(self, kind: str) -> str | None:
        """One name a call, then None once."""
        if kind not in self._names:
            self._names[kind] = iter([c.name for c in self._lists.values() if c.kind == kind])
        name = next(self._names[kind], None)
        if name is None:
            del self._names[kind]
        return name
