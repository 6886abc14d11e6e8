"""From the start of the process to the first drawn window, against the least window there is.

    python benchmarks/window_start.py

The reference is a main window with one empty pyqtgraph plot, and pymeasure's with a plot, a
form and a table, each in a process of its own, in turn with ours. Beside the time on the clock
stands the processor's, which other programs on the machine do not lengthen much.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 3
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


def start(code: str, settings: str) -> tuple[float, float]:
    """Time to the first drawn window, on the clock and of the processor, in s."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", WATCH + code, str(time.time()), settings],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    if done.returncode or not done.stdout.strip():
        raise RuntimeError(done.stderr[-2000:])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return float(done.stdout.split()[-1]), worked


def main() -> None:
    """Print the medians and their ratios."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    kinds = {"fmes-gui": OURS, "an empty plot": LEAST, "pymeasure ManagedWindow": PYMEASURE}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in kinds}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(ROUNDS):
            for name, code in kinds.items():
                times[name].append(start(code, f"{folder}/gui.ini"))
    columns = {name: tuple(zip(*values, strict=True)) for name, values in times.items()}
    clock = {name: statistics.median(values[0]) for name, values in columns.items()}
    work = {name: statistics.median(values[1]) for name, values in columns.items()}
    for name, (seconds, _) in columns.items():
        print(
            f"{name:24s} clock {clock[name]:5.2f} s ({min(seconds):.2f} to {max(seconds):.2f}), "
            f"processor {work[name]:5.2f} s; fmes-gui {clock['fmes-gui'] / clock[name]:.2f} and "
            f"{work['fmes-gui'] / work[name]:.2f} times that"
        )
    print(f"target {TARGET} s: {'met' if clock['fmes-gui'] < TARGET else 'missed'}")


if __name__ == "__main__":
    main()
