"""What a rehearsal of the form's run expects of the device, worked out once the form rests.

It is worked out in a process of its own, which the next edit ends: the window stays quick, and
nobody waits for what is out of date.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.gui import theme
from app.gui.binding import QtCore, QtWidgets
from app.gui.library_link import Arrays, LibraryLink
from protocols.quantities import TIME, VOLTAGE

REST = 500
"""Time without an edit after which a rehearsal begins, in ms."""
_TIP = (
    "The greatest voltage across a nominal device in a rehearsal on emulated instruments, of the "
    "device's max_voltage in the rig file. Your device differs."
)


class Expectation(QtWidgets.QLabel):
    """Says how much voltage is expected; it is silent until it is asked.

    Parameters
    ----------
    link
        A library of its own, which rehearses.
    """

    def __init__(self, link: LibraryLink, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("expected")
        self.setWordWrap(True)
        self.setTextFormat(QtCore.Qt.TextFormat.PlainText)
        self._link, self._request = link, dict[str, Any]()
        self.wanted = False
        """Whether anything is rehearsed."""
        self._resting = QtCore.QTimer(self, interval=REST, singleShot=True)
        self._resting.timeout.connect(self._ask)

    def forget(self) -> None:
        """The form is another: end the rehearsal and say nothing."""
        self._resting.stop()
        if self._request:
            self._link.close()
        self._request = {}
        self._say("", "")

    def rehearse(self, run: Mapping[str, Any]) -> None:
        """Rehearse a run (protocol, preset, values, rig) once nothing has changed for a while."""
        self.forget()
        if self.wanted:
            self._request = dict(run)
            self._say("rehearsing...", "")
            self._resting.start()

    def _ask(self) -> None:
        request = self._request

        def answered(reply: Mapping[str, Any], _arrays: Arrays) -> None:
            if request is self._request:
                self._request = {}
                self._say(*_words(reply))

        self._link.ask("rehearse", answered, **request)

    def _say(self, text: str, kind: str) -> None:
        theme.set_kind(self, kind)
        self.setText(text)
        self.setToolTip(_TIP if text else "")


def _words(reply: Mapping[str, Any]) -> tuple[str, str]:
    """A text, and its kind."""
    if not reply.get("ok"):
        return f"not rehearsed: {reply.get('error')}", ""
    limit = VOLTAGE.format(reply["limit"])
    if reply["voltage"] is None:
        return f"not rehearsed, it is too long (limit {limit})", ""
    text = f"expected up to {VOLTAGE.format(_rounded(reply['voltage']))} of {limit}"
    if reply["outcome"] != "finished":
        after = TIME.format(round(reply["duration"], 1))
        return (
            f"{text}; the rehearsal {reply['outcome']} after {after}: {reply['reason']}",
            "warning",
        )
    return text, ""


def _rounded(volts: float) -> float:
    return float(f"{volts:.3g}")
