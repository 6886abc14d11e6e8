"""What the instruments that are programmed in TSP share on the wire."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray
from pymeasure.instruments import Instrument


class TspInstrument(Instrument):
    """Commands of the mainframe; binary answers with ``format.REAL64``, little-endian."""

    def floats(self, command: str, count: int) -> NDArray[np.float64]:
        """Values of a binary reply: ``#0``, float64 values, a line feed.

        Raises
        ------
        ValueError
            Another reply.
        """
        self.write(command)
        reply = self.read_bytes(2 + 8 * count + 1)
        if reply[:2] != b"#0" or len(reply) != 3 + 8 * count:
            raise ValueError(f"{len(reply)} bytes that begin with {reply[:8]!r}")
        return np.array(struct.unpack(f"<{count}d", reply[2:-1]))
