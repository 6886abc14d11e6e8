"""A table of the instrument's command language: constants, attributes, functions, tables.

The language runtime shows it to scripts as a table that refuses every name it does not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from drivers.simulated.tsp.errors import ScriptFault

Getter = Callable[[], object]
Setter = Callable[[object], None]
Function = Callable[..., object]


@dataclass
class Namespace:
    """One table.

    Parameters
    ----------
    constants
        Fixed values by name.
    functions
        What scripts may call; each returns at once.
    blocking
        What scripts may call and then wait for: each begins something and returns a `Wait`.
    compiling
        What scripts may call with a program and a name; given the number under which the
        program is kept, or None and a message, as well.
    children
        Tables below this one, by name or number.
    subject
        What this table stands for when a script passes it to a function.
    item
        Value at a key that is not a name, for tables that hold data.
    program
        Number of the kept program that runs when the table is called.
    """

    constants: Mapping[str, object] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    blocking: dict[str, Function] = field(default_factory=dict)
    compiling: dict[str, Function] = field(default_factory=dict)
    children: dict[str | int, Namespace] = field(default_factory=dict)
    subject: object = None
    item: Callable[[object], object] | None = None
    program: int | None = None

    def __post_init__(self) -> None:
        self._attributes: dict[str, tuple[Getter, Setter | None]] = {}

    def attribute(self, name: str, get: Getter, put: Setter | None = None) -> None:
        """Add an attribute; without `put` it is read-only."""
        self._attributes[name] = get, put

    def at(self, path: str) -> Namespace:
        """The table at a dotted path below this one, made when it is not there yet."""
        space = self
        for name in path.split(".") if path else ():
            space = space.children.setdefault(name, Namespace())
        return space

    def get(self, key: object) -> object:
        """The value of an attribute; None for a name that this table does not have."""
        if isinstance(key, str):
            known = self._attributes.get(key)
            return None if known is None else known[0]()
        return None if self.item is None else self.item(key)

    def put(self, key: object, value: object) -> None:
        """Write an attribute.

        Raises
        ------
        ScriptFault
            The table has no such attribute or it cannot be written.
        """
        known = self._attributes.get(key) if isinstance(key, str) else None
        if known is None:
            fixed = (self.constants, self.functions, self.blocking, self.children)
            if any(key in members for members in fixed):
                raise ScriptFault(f"attempt to write read-only `{key}'")
            raise ScriptFault(f"attempt to write unknown attribute `{key}'")
        if known[1] is None:
            raise ScriptFault(f"attempt to write read-only attribute `{key}'")
        known[1](value)
