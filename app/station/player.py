"""Plays the queue, one run after the other, and steers the run that plays.

After a run that failed or was aborted the queue holds, until it is started again.
"""

from __future__ import annotations

import logging
from typing import NamedTuple

from app.errors import InputError
from app.running.play import play
from app.running.runner import Result
from app.running.sinks import RunState
from app.running.steering import Steering
from app.station.audience import RunTeller
from app.station.board import Board
from app.station.errands import Errands
from app.station.instruments import Connected, Output
from app.station.run_queue import QueuedRun, Status
from data.run import Outcome
from drivers.errors import InstrumentError

_log = logging.getLogger(__name__)


class _Turn(NamedTuple):
    """A run whose turn it is, who tells of it, and the rig."""

    run: QueuedRun
    teller: RunTeller
    connected: Connected


class Player:
    """Plays in the instruments' thread; its public methods may be called from any.

    Parameters
    ----------
    board
        Whose queue is played, and where everything is shown.
    errands
        Where the instruments' thread is.
    """

    def __init__(self, board: Board, errands: Errands) -> None:
        self._board, self._errands = board, errands
        self._steering = Steering()

    def start(self) -> None:
        """Play the queue until it is empty; also the answer to a hold.

        Raises
        ------
        InputError
            No rig is connected, or there is nothing to play and no hold to answer.
        """
        board = self._board
        with board.lock:
            connected = board.rig()
            if not board.queue.waiting and not board.hold and not board.playing:
                raise InputError("no run waits; queue one first")
            if self._errands.closed:
                raise InputError("the station is ending")
            board.hold, board.fault = "", False
            if board.playing:
                board.show()
            elif (turn := self._next(connected)) is not None:
                self._errands.with_instruments(lambda: self._play_on(turn))

    def stop_after(self) -> None:
        """Let the run that plays come to its end, and begin no further one.

        Raises
        ------
        InputError
            None plays.
        """
        with self._board.lock:
            run = self._current()
            self._board.change(hold=f"asked to stop after run {run.number}")

    def pause(self) -> None:
        """Pause after the program that plays."""
        with self._board.lock:
            self._current()
            self._steering.pause()

    def resume(self) -> None:
        """Carry on after a pause."""
        with self._board.lock:
            self._current()
            self._steering.resume()

    def abort(self, reason: str) -> None:
        """End the run that plays now; no further one begins.

        Raises
        ------
        InputError
            None plays.
        """
        board = self._board
        with board.lock:
            if not board.playing:
                raise InputError("no run plays; 'safe' switches the output off")
            board.hold = board.hold or reason
            self._steering.abort(reason)
            if board.teller:
                board.teller.state(RunState.ABORTING, reason)

    def abort_if_playing(self, reason: str) -> bool:
        """End the run that plays, if one does; whether that was so."""
        with self._board.lock:
            if self._board.playing:
                self.abort(reason)
            return self._board.playing

    def _current(self) -> QueuedRun:
        if self._board.run is None:
            raise InputError("no run plays")
        return self._board.run

    def _play_on(self, turn: _Turn | None) -> None:
        try:
            while turn is not None:
                turn = self._end(turn, self._play(turn))
        except BaseException as error:
            self._stop_by(error)
            raise

    def _stop_by(self, error: BaseException) -> None:
        """A fault of this program: it must not look as if the queue were still being played."""
        board, unknown = self._board, Output("unknown", "the station has met a fault", None)
        with board.lock:
            if board.run is not None and board.run.status is Status.RUNNING:
                board.queue.end(board.run, Status.FAILED, repr(error))
            board.change(
                run=None, teller=None, fault=True, hold=repr(error), driven=False, output=unknown
            )

    def _next(self, connected: Connected) -> _Turn | None:
        board = self._board
        with board.lock:
            run = None if board.hold or self._errands.closed else board.queue.next()
            board.run, board.teller = run, None
            turn = None
            if run is not None:
                self._steering = Steering()
                board.state, board.state_text = RunState.RUNNING, ""
                board.teller = RunTeller(run, board.audience, board.lock, self._entered, board.show)
                turn = _Turn(run, board.teller, connected)
            board.show()
            return turn

    def _play(self, turn: _Turn) -> Result:
        run, teller, connected = turn
        origin, path = run.origin, None
        try:
            path = origin.new_file()
            experiment = origin.experiment(connected.file)
            origin.tell(path, Outcome.RUNNING, "")
            teller.path = str(path)
            result = play(
                experiment, connected.rig, path, teller, self._steering.of,
                sample=origin.sample, note=origin.note,
            )  # fmt: skip
        except InputError as error:
            result = Result(Outcome.FAILED, str(error))
        except Exception as error:  # noqa: BLE001 (the rig is safe, and all that it ends is told)
            _log.exception("run %d", run.number)
            result = Result(Outcome.FAILED, f"{type(error).__name__}: {error}")
        if not teller.begun:
            teller.end(result.outcome, result.reason)
        try:
            if path is not None:
                origin.tell(path, result.outcome, result.reason)
        except OSError as error:
            self._board.change(hold=f"the index of the campaign cannot be written: {error}")
        return result

    def _entered(self, state: RunState, reason: str) -> None:
        """The run has entered a state; called in the instruments' thread, or by an abort."""
        board = self._board
        paused = board.rig().read_back() if state is RunState.PAUSED else None
        with board.lock:
            if paused:
                board.output, board.driven = paused, False
            elif state is RunState.RUNNING:
                board.driven = True
            underway = (RunState.RUNNING, RunState.PAUSING, RunState.PAUSED)
            if state is RunState.ABORTING or (
                state in underway and board.state is not RunState.ABORTING
            ):
                board.state, board.state_text = state, reason
                board.show()

    def _end(self, turn: _Turn, result: Result) -> _Turn | None:
        """Say how a run has ended; returns the next, so that none plays only when none will."""
        board = self._board
        holds = self._holds(turn, result)
        output = turn.connected.read_back()
        with board.lock:
            board.queue.end(turn.run, Status(result.outcome.value), result.reason)
            board.hold = holds or board.hold
            board.fault = board.fault or (bool(holds) and result.outcome is Outcome.FAILED)
            board.output, board.driven = output, False
            return self._next(turn.connected)

    def _holds(self, turn: _Turn, result: Result) -> str:
        """Why no further run begins after this one; "" when one may."""
        text = f"run {turn.run.number} {result.outcome}: {result.reason}"
        if result.outcome is Outcome.FINISHED:
            return ""
        if result.outcome is Outcome.FAILED and turn.run.origin.goes_on:
            try:
                turn.connected.rig.make_safe()
            except InstrumentError as error:
                return f"{text}; {error}"
            return ""
        return text
