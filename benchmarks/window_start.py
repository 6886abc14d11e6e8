"""From the start of the process to the first drawn window, against the least window there is.

    python benchmarks/window_start.py

The reference is a main window with one empty pyqtgraph plot, and pymeasure's with a plot, a
form and a table, each in a process of its own, in turn with ours.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 5
TARGET = 2.0

WATCH = """
import sys, time
def watch(QtCore, application, window):
    class First(QtCore.QObject):
        def eventFilter(self, watched, event):
            if event.type() == QtCore.QEvent.Type.Paint:
                QtCore.QTimer.singleShot(0, done)
            return False
    def done():
        application.removeEventFilter(first)
        print(time.time() - float(sys.argv[1]))
        sys.stdout.flush()
        import os
        os._exit(0)
    first = First()
    application.installEventFilter(first)
    window.show()
    application.exec()
"""
OURS = """
from app.gui.binding import QtCore, QtWidgets
from app.gui.library_link import LibraryLink
from app.gui.preferences import Preferences
from app.gui.station_link import StationLink
from app.gui.window import Window
application = QtWidgets.QApplication([])
settings = QtCore.QSettings(sys.argv[2], QtCore.QSettings.Format.IniFormat)
watch(QtCore, application, Window(StationLink(), LibraryLink(), Preferences(settings)))
"""
LEAST = """
from app.gui.binding import QtCore, QtWidgets, pg
application = QtWidgets.QApplication([])
window = QtWidgets.QMainWindow()
window.setCentralWidget(pg.PlotWidget())
watch(QtCore, application, window)
"""
PYMEASURE = """
from pymeasure.display.Qt import QtCore, QtWidgets
from pymeasure.display.windows import ManagedWindow
from pymeasure.experiment import FloatParameter, Procedure
class Pulse(Procedure):
    width = FloatParameter("Width", units="s", default=20e-3)
    DATA_COLUMNS = ["Time (s)", "Voltage (V)"]
application = QtWidgets.QApplication([])
window = ManagedWindow(procedure_class=Pulse, inputs=["width"], displays=["width"],
                       x_axis="Time (s)", y_axis="Voltage (V)")
watch(QtCore, application, window)
"""


def start(code: str, settings: str) -> float:
    """Time to the first drawn window, in s."""
    done = subprocess.run(
        [sys.executable, "-c", WATCH + code, str(time.time()), settings],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    if done.returncode or not done.stdout.strip():
        raise RuntimeError(done.stderr[-2000:])
    return float(done.stdout.split()[-1])


def main() -> None:
    """Print the medians and their ratios."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    kinds = {"fmes-gui": OURS, "an empty plot": LEAST, "pymeasure ManagedWindow": PYMEASURE}
    times: dict[str, list[float]] = {name: [] for name in kinds}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(ROUNDS):
            for name, code in kinds.items():
                times[name].append(start(code, f"{folder}/gui.ini"))
    medians = {name: statistics.median(values) for name, values in times.items()}
    ours = medians["fmes-gui"]
    for name, median in medians.items():
        spread = f"{min(times[name]):.2f} to {max(times[name]):.2f}"
        print(f"{name:26s} {median:6.2f} s ({spread}); fmes-gui {ours / median:.2f} times that")
    print(f"target {TARGET} s: {'met' if ours < TARGET else 'missed'}")


if __name__ == "__main__":
    main()
