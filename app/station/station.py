"""The station: one rig, one queue, one run at a time; windows come and go.

One thread owns the instruments: it connects, plays and reads back. Another prepares runs,
which may take a while. What steers a run acts at once, from whichever thread it comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.errors import InputError
from app.station.board import Board, shown_path
from app.station.errands import Errands
from app.station.instruments import NOTHING, Connected, Output
from app.station.origins import Origin
from app.station.player import Player
from drivers.errors import InstrumentError


class Station:
    """Owns the rig and plays the queue.

    Attributes
    ----------
    board
        The state of it all.
    errands
        Its threads.
    player
        Plays the queue.
    ending
        Why a window wants the station to end; "" while none does.
    """

    def __init__(self) -> None:
        self.board = Board()
        self.ending = ""
        self.errands = Errands()
        self.player = Player(self.board, self.errands)

    @property
    def quiet(self) -> bool:
        """Whether there is no window, nothing to do, and nothing that waits."""
        board = self.board
        with board.lock:
            busy = board.playing or len(self.errands) or board.queue.waiting
            return not busy and not len(board.audience)

    # For the instruments' thread; refused as soon as a run plays.

    def connect(self, path: Path | None, speed: object) -> None:
        """Open a rig and make it safe.

        Raises
        ------
        InputError
            One is connected, or the rig file or the speed cannot be used.
        InstrumentError
            An instrument cannot be reached.
        """
        self.board.check_free()
        if self.board.connected:
            raise InputError("a rig is connected; disconnect it first")
        self.board.change(connecting=shown_path(path), output=NOTHING)
        try:
            connected = Connected.open(path, speed)
        except BaseException:
            self.board.change(connecting=None)
            raise
        self.board.change(connecting=None, connected=connected, output=connected.read_back())

    def disconnect(self) -> None:
        """Make the rig safe and let go of it.

        Raises
        ------
        InstrumentError
            Its state is unknown; it is let go of nevertheless.
        """
        self.board.check_free()
        self._let_go()

    def select(self, resistance: float) -> dict[str, Any]:
        """Put a resistance across the device, in ohm."""
        self.board.check_free()
        connected = self.board.rig()
        try:
            connected.select(resistance)
        finally:
            self.board.change(output=connected.read_back())
        return self.board.output.as_json()

    def read_back(self) -> dict[str, Any]:
        """The state of the terminals as the instruments report it."""
        self.board.check_free()
        self.board.change(output=self.board.rig().read_back())
        return self.board.output.as_json()

    def make_safe(self) -> dict[str, Any]:
        """Source to 0 and high-impedance, then the bank open."""
        self.board.check_free()
        connected = self.board.rig()
        try:
            connected.rig.make_safe()
        finally:
            self.board.change(output=connected.read_back())
        return self.board.output.as_json()

    # The queue.

    def add(self, origins: Sequence[Origin]) -> list[int]:
        """Put runs at the end of the queue; returns their numbers."""
        with self.board.lock:
            try:
                return self.board.queue.add(origins)
            except InputError:
                for origin in origins:
                    origin.let_go()
                raise
            finally:
                self.board.show()

    def remove(self, number: int) -> None:
        """Take out a run that waits."""
        with self.board.lock:
            self.board.queue.remove(number)
            self.board.show()

    def move(self, number: int, to: int) -> None:
        """Give a run that waits another place among those that wait, from 0."""
        with self.board.lock:
            self.board.queue.move(number, to)
            self.board.show()

    def clear(self) -> None:
        """Take out every run that waits."""
        with self.board.lock:
            self.board.queue.clear()
            self.board.show()

    def quit(self, *, abort: bool) -> None:
        """Ask the station to end.

        Raises
        ------
        InputError
            A run plays, and shall not be aborted.
        """
        with self.board.lock:
            if self.board.playing and not abort:
                raise InputError("a run plays; give abort = true, or wait for its end")
            self.ending = "a window asked the station to end"

    def close(self, reason: str) -> str:
        """Abort what plays, make the rig safe, let go of it.

        Returns
        -------
        str
            What is wrong with the rig's state; "" when it is safe.
        """
        with self.board.lock:
            self.errands.close()
            self.player.abort_if_playing(reason)
        self.errands.join()
        try:
            if self.board.connected:
                self._let_go()
        except InstrumentError as error:
            return str(error)
        return ""

    def _let_go(self) -> None:
        rig = self.board.rig().rig
        left = NOTHING
        try:
            rig.make_safe()
        except InstrumentError as error:
            left = Output("unknown", str(error), None)
            raise
        finally:
            rig.close()
            self.board.change(connected=None, output=left)
