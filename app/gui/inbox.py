"""Blocks of readings that came and were not drawn yet."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import numpy as np

from app.gui.readings import Block


class Inbox:
    """A queue of blocks; knows nothing of Qt, so that it may outlive a widget."""

    def __init__(self) -> None:
        self._blocks: deque[tuple[int, Block]] = deque()
        self.rows = 0
        """Rows that wait."""
        self.closed = False
        """Whether nothing is taken any more."""

    def close(self) -> None:
        """Take nothing any more: whoever would have drawn it is gone."""
        self.closed = True
        self.empty()

    def empty(self) -> None:
        """Forget what waits."""
        self._blocks.clear()
        self.rows = 0

    def put(self, first_row: int, block: Block) -> None:
        """Add a block."""
        if len(block["time"]):
            self._blocks.append((first_row, block))
            self.rows += len(block["time"])

    def take(self, rows: int) -> Iterator[tuple[int, Block]]:
        """Blocks in the order they came, joined where one goes on after another; so many rows."""
        parts: list[Block] = []
        start = end = 0
        while rows > 0 and self._blocks:
            first_row, block = self._blocks.popleft()
            n = len(block["time"])
            if n > rows:
                self._blocks.appendleft((first_row + rows, _part(block, slice(rows, None))))
                block, n = _part(block, slice(rows)), rows
            if parts and first_row != end:
                yield start, _joined(parts)
                parts = []
            if not parts:
                start = first_row
            parts.append(block)
            end = first_row + n
            rows -= n
            self.rows -= n
        if parts:
            yield start, _joined(parts)


def _part(block: Block, rows: slice) -> Block:
    return {name: column[rows] for name, column in block.items()}


def _joined(parts: list[Block]) -> Block:
    if len(parts) == 1:
        return parts[0]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
