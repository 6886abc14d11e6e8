"""The window's end of the library: a process that reads recorded runs and draws them."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from numpy.typing import NDArray

from app.gui.binding import QtCore
from app.station.wire import Unpacker, WireError, pack

Arrays = Mapping[str, NDArray[Any]]
Reply = Callable[[Mapping[str, Any], Arrays], None]

_PATIENCE = 60_000
"""Time that one request may take, in ms; a file that hangs its reader is given up then."""


class LibraryLink(QtCore.QObject):
    """Asks the library one thing after the other; it starts with the first question.

    A library that dies or hangs is replaced; the question that it was at gets an error. A gentle
    one leaves the processor to others.
    """

    def __init__(
        self,
        parent: QtCore.QObject | None = None,
        patience: int = _PATIENCE,
        *,
        gentle: bool = False,
    ) -> None:
        super().__init__(parent)
        self._arguments = ["-m", "app.library.worker", *(["--gentle"] if gentle else [])]
        self._numbers = count(1)
        self._waiting: deque[tuple[dict[str, Any], Reply]] = deque()
        self._asked: tuple[dict[str, Any], Reply] | None = None
        self._unpacker = Unpacker()
        self._process: QtCore.QProcess | None = None
        self._hanging = QtCore.QTimer(self, interval=patience, singleShot=True)
        self._hanging.timeout.connect(self._give_up)

    def ask(self, question: str, then: Reply, **content: Any) -> None:
        """Put a question; `then` gets the reply, also one that says no, and its arrays."""
        number = next(self._numbers)
        self._waiting.append(({"ask": question, "id": number, **content}, then))
        self._next()

    def close(self) -> None:
        """End the library and forget what was asked; the next question starts another."""
        self._waiting.clear()
        self._asked = None
        self._hanging.stop()
        self._drop()

    def _next(self) -> None:
        if self._asked is not None or not self._waiting:
            return
        self._asked = self._waiting.popleft()
        self._hanging.start()
        self._running().write(pack(self._asked[0]))

    def _running(self) -> QtCore.QProcess:
        if self._process is None:
            self._unpacker = Unpacker()
            self._process = process = QtCore.QProcess(self)
            process.setProcessChannelMode(QtCore.QProcess.ProcessChannelMode.ForwardedErrorChannel)
            process.readyReadStandardOutput.connect(self._read)
            process.finished.connect(self._died)
            process.start(sys.executable, self._arguments)
        return self._process

    def _read(self) -> None:
        if self._process is None:
            return
        data = bytes(self._process.readAllStandardOutput())
        try:
            for message, arrays in self._unpacker.feed(data):
                self._answer(message, arrays)
        except WireError as error:
            self._drop()
            self._answer({"ok": False, "error": f"the library's answer is damaged: {error}"}, {})

    def _answer(self, message: Mapping[str, Any], arrays: Arrays) -> None:
        if self._asked is None:
            return
        (question, then), self._asked = self._asked, None
        self._hanging.stop()
        if "reply" in message and message["reply"] != question["id"]:
            message = {"ok": False, "error": "the library answered another question"}
        then(message, arrays)
        self._next()

    def _died(self) -> None:
        self._drop()
        self._answer({"ok": False, "error": "the library ended while it read this"}, {})

    def _give_up(self) -> None:
        self._drop()
        seconds = self._hanging.interval() / 1000
        self._answer({"ok": False, "error": f"no answer within {seconds:g} s; given up"}, {})

    def _drop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.readyReadStandardOutput.disconnect()
        process.finished.disconnect()
        process.kill()
        process.waitForFinished(2000)
        process.deleteLater()
