"""The settings of an instrument, by name and numeric suffixes."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from drivers.simulated.scpi.table import Setting


class Settings:
    """What the `Setting` rows of a table hold; every one has a value from the beginning.

    Parameters
    ----------
    rows
        Each setting with the accepted numbers of its suffixes.

    Raises
    ------
    ValueError
        A setting without a value after *RST.
    """

    def __init__(self, rows: Sequence[tuple[Setting, tuple[tuple[int, ...], ...]]]) -> None:
        self._defaults: dict[tuple[str | int, ...], Any] = {}
        for row, suffixes in rows:
            if row.kind.default is None:
                raise ValueError(f"setting {row.header} has no value after *RST")
            for numbers in itertools.product(*suffixes):
                self._defaults[row.name, *numbers] = row.kind.default
        self._values = dict(self._defaults)

    def reset(self) -> None:
        """Restore every value of *RST."""
        self._values = dict(self._defaults)

    def __getitem__(self, key: tuple[str | int, ...]) -> Any:
        return self._values[key]

    def __setitem__(self, key: tuple[str | int, ...], value: Any) -> None:
        if key not in self._values:
            raise KeyError(f"there is no setting {key}")
        self._values[key] = value

    def number(self, name: str, *suffixes: int) -> float:
        """A numeric setting."""
        return float(self._values[name, *suffixes])

    def word(self, name: str, *suffixes: int) -> str:
        """The short form of a setting that is one of a few words."""
        return str(self._values[name, *suffixes])

    def flag(self, name: str, *suffixes: int) -> bool:
        """A setting that is on or off."""
        return bool(self._values[name, *suffixes])
