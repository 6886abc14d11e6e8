"""The live plot: time a frame, and how long the window stands still while readings come.

    python benchmarks/plot.py

Frame: the whole trace on 1000 x 500 pixels, data set and painted, against a plain pyqtgraph
plot and pymeasure's plot widget with the same numbers. Each of ours takes a block of readings
besides; pymeasure's is given its table in memory, without the reading of its file.

Standing still: how far apart the ticks of a timer of 5 ms are while another process sends
1,000 readings a second, in blocks of 10, after a number that is there already. Ours come as
frames through a pipe; pymeasure's as its workers send them, as lines of a CSV file that its
plot looks at every 0.2 s.
"""

from __future__ import annotations

import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_FONT_DPI", "96")

import numpy as np
import pandas as pd

from app.gui.binding import QtCore, QtWidgets, pg
from app.gui.live_plot import LivePlot
from app.gui.live_view import LiveView, Mode
from app.gui.readings import Readings
from app.station.wire import Unpacker, pack
from protocols.program import Instant

logging.disable(logging.WARNING)  # pymeasure remarks that no network is set up
from pymeasure.display.curves import ResultsCurve  # noqa: E402 (after the binding)
from pymeasure.display.widgets.plot_widget import PlotWidget  # noqa: E402
from pymeasure.experiment import Procedure, Results  # noqa: E402

COUNTS = (10_000, 100_000, 1_000_000, 10_000_000)
SIZE = (1000, 500)
RATE, BLOCK = 1000, 10
"""Readings a second, and in a block."""
SECONDS = 12.0
RUN = {"run": 1, "protocol": "ltp-ltd", "sample": "bench", "simulated": True, "parameters": {}}
X, Y = "Time (s)", "Voltage (V)"


def readings(first: int, n: int) -> dict[str, np.ndarray]:
    """Rows of a run of pulses every millisecond, with a state every 100 s."""
    k = np.arange(first, first + n)
    noise = np.random.default_rng(first).normal(0, 2e-3, n)
    return {
        "time": k * 1e-3, "voltage": 0.2 * np.sin(k * 1e-4) + 0.05 * (k % 2) + noise,
        "resistance": np.where(k // 100_000 % 2, 500.0, np.inf),
        "pulse_index": (k // 2 + 1).astype(np.int32),
        "instant": np.where(k % 2, Instant.PULSE_END, Instant.GAP_END).astype(np.uint8),
        "flags": np.zeros(n, np.uint8),
    }  # fmt: skip


class Columns(Procedure):  # type: ignore[misc]
    """The same columns for pymeasure."""

    DATA_COLUMNS: ClassVar = [X, Y]


def shown(widget: QtWidgets.QWidget) -> QtWidgets.QWidget:
    widget.resize(*SIZE)
    widget.show()
    QtWidgets.QApplication.processEvents()
    return widget


def seconds_a_frame(draw: Callable[[], None], plot: QtWidgets.QWidget) -> float:
    """Median time to set the data and to paint, after one that is not counted."""
    times: list[float] = []
    while len(times) < 4 or (sum(times) < 1.0 and len(times) < 60):
        start = time.perf_counter()
        draw()
        plot.viewport().repaint()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def our_view(count: int, mode: Mode = Mode.TRACE) -> LiveView:
    """A view that has so many readings."""
    view = LiveView()
    view.begin(RUN)
    view.set_mode(mode)
    for first in range(0, count, 1_000_000):
        view.append(1, first, readings(first, min(1_000_000, count - first)))
        view.refresh()
    return shown(view)


def our_frame(count: int, mode: Mode) -> float:
    view = our_view(count, mode)
    rows = [count]

    def draw() -> None:
        view.append(1, rows[0], readings(rows[0], 33))
        rows[0] += 33
        view.refresh()

    found = seconds_a_frame(draw, view.findChild(LivePlot, "live_plot"))
    view.deleteLater()
    return found


def plain_frame(x: np.ndarray, y: np.ndarray) -> float:
    plot = shown(pg.PlotWidget())
    item = plot.plot()
    found = seconds_a_frame(lambda: item.setData(x, y), plot)
    plot.deleteLater()
    return found


def pymeasure_frame(x: np.ndarray, y: np.ndarray) -> float:
    plot = PlotWidget("bench", [X, Y], X, Y, check_status=False)
    plot.plot_frame.timer.stop()
    results = SimpleNamespace(data=pd.DataFrame({X: x, Y: y}), procedure=Columns())
    curve = ResultsCurve(results, X, Y, wdg=plot, pen=pg.mkPen("b", width=1), antialias=False)
    curve.setSymbol(None)
    plot.load(curve)
    found = seconds_a_frame(curve.update_data, shown(plot).plot_frame.plot_widget)
    plot.deleteLater()
    return found


def measure_frames() -> None:
    print(f"ms a frame, whole trace on {SIZE[0]} x {SIZE[1]}; in brackets: times ours")
    print(f"{'points':>11} {'raw trace':>10} {'PSV':>8} {'pyqtgraph':>18} {'pymeasure':>18}")
    for count in COUNTS:
        data = readings(0, count)
        ours, psv = our_frame(count, Mode.TRACE), our_frame(2 * count, Mode.PULSES)
        others = [f(data["time"], data["voltage"]) for f in (plain_frame, pymeasure_frame)]
        del data
        cells = "".join(f"{1e3 * t:>10.1f} ({t / ours:>5.1f})" for t in others)
        print(f"{count:>11,} {1e3 * ours:>10.1f} {1e3 * psv:>8.1f} {cells}", flush=True)
    verdict = "met" if max(ours, psv) <= 1 / 30 else "NOT met"
    print(f"target: {COUNTS[-1]:,} points at 30 frames a second: {verdict} "
          f"({1 / ours:.0f} and {1 / psv:.0f} a second)")  # fmt: skip


def feed(first: int, write: Callable[[int], None]) -> None:
    """Call for each block when its time has come."""
    start, sent = time.monotonic(), 0
    while sent < SECONDS * RATE:
        write(first + sent)
        sent += BLOCK
        time.sleep(max(0.0, start + sent / RATE - time.monotonic()))


def feed_frames(first: int) -> None:
    """As the station does: frames, here to standard output."""

    def write(row: int) -> None:
        sys.stdout.buffer.write(pack({"event": "block", "first_row": row}, readings(row, BLOCK)))
        sys.stdout.buffer.flush()

    feed(first, write)


def lines(data: dict[str, np.ndarray]) -> str:
    pairs = zip(data["time"].tolist(), data["voltage"].tolist(), strict=True)
    return "".join(f"{x},{y}\n" for x, y in pairs)


def feed_lines(first: int, path: str) -> None:
    """As pymeasure's recorder does: lines at the end of a file."""
    with Path(path).open("a", encoding="utf-8") as file:

        def write(row: int) -> None:
            file.write(lines(readings(row, BLOCK)))
            file.flush()

        feed(first, write)


def ticks_while(process: QtCore.QProcess, arguments: list[str]) -> list[float]:
    """Times between the ticks of a timer of 5 ms while another process feeds, in s."""
    found: list[float] = []
    last = [0.0]
    loop = QtCore.QEventLoop()

    def tick() -> None:
        now = time.perf_counter()
        found.append(now - last[0])
        last[0] = now

    timer = QtCore.QTimer(interval=5, timerType=QtCore.Qt.TimerType.PreciseTimer)
    timer.timeout.connect(tick)
    process.finished.connect(loop.quit)
    process.start(sys.executable, [__file__, *arguments])
    # The first second is the start of the other process.
    QtCore.QTimer.singleShot(
        1000, lambda: (last.__setitem__(0, time.perf_counter()), timer.start())
    )
    loop.exec_()
    timer.stop()
    return found


def stall_of_ours(count: int) -> list[float]:
    view = our_view(count)
    process, unpacker, rows = QtCore.QProcess(), Unpacker(), [count]

    def read() -> None:
        for message, arrays in unpacker.feed(bytes(process.readAllStandardOutput())):
            view.append(1, message["first_row"], arrays)
            rows[0] += len(arrays["time"])

    process.readyReadStandardOutput.connect(read)
    found = ticks_while(process, ["frames", str(count)])
    assert rows[0] >= count + SECONDS * RATE, rows
    view.deleteLater()
    return found


def stall_of_pymeasure(count: int) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.csv"
        results = Results(Columns(), str(path))
        with path.open("a", encoding="utf-8") as file:
            for first in range(0, count, 1_000_000):
                file.write(lines(readings(first, min(1_000_000, count - first))))
        results.procedure.status = Procedure.RUNNING
        plot = PlotWidget("bench", [X, Y], X, Y)
        plot.load(plot.new_curve(results, color=pg.mkColor("b")))
        shown(plot)
        found = ticks_while(QtCore.QProcess(), ["lines", str(count), str(path)])
        plot.plot_frame.timer.stop()
        assert len(results.data) >= count + (SECONDS - 2) * RATE
        plot.deleteLater()
        QtWidgets.QApplication.processEvents()
        return found


def measure_stalls() -> None:
    print(f"ms between ticks of a 5 ms timer while {RATE:,} readings a second come for "
          f"{SECONDS:.0f} s")  # fmt: skip
    print(f"{'already there':>14} {'plot':<10} {'p50':>7} {'p99':>8} {'longest':>9} {'ticks':>7}")
    worst = 0.0
    for count in (0, 1_000_000, 10_000_000):
        for name, measure in (("fmes-lab", stall_of_ours), ("pymeasure", stall_of_pymeasure)):
            if name == "pymeasure" and count > 1_000_000:
                continue  # it takes some 4 s a frame, 5 times a second: it never gets to a tick
            ticks = [1e3 * t for t in measure(count)]
            if not ticks:
                print(f"{count:>14,} {name:<10} no tick at all")
                continue
            p50, p99 = np.percentile(ticks, (50, 99))
            worst = max(worst, p99) if name == "fmes-lab" else worst
            print(f"{count:>14,} {name:<10} {p50:>7.1f} {p99:>8.1f} {max(ticks):>9.1f} "
                  f"{len(ticks):>7}", flush=True)  # fmt: skip
    print(f"target: p99 below 50 ms: {'met' if worst < 50 else 'NOT met'} ({worst:.1f} ms)")


def measure_memory() -> None:
    """What a run of hours in two states needs: one block again and again, later each time."""
    held, block = Readings(), readings(50_000, 100_000)
    print(f"memory of the plot at {RATE:,} readings a second:", end="")
    for hours in (1, 10, 20):
        while held.rows < hours * 3600 * RATE:
            later = block["time"] + held.rows / RATE
            held.add(held.rows, {**block, "time": later})
        curves = [c for s in (held.trace, held.in_order, held.in_state) for c in s.curves.values()]
        print(f" {sum(c.points.nbytes for c in curves) / 1e6:.0f} MB after {hours} h", end="")
    print()


def main() -> None:
    match sys.argv[1:]:
        case ["frames", first]:
            feed_frames(int(first))
            return
        case ["lines", first, path]:
            feed_lines(int(first), path)
            return
    application = QtWidgets.QApplication([])
    import pymeasure

    print(f"Qt {QtCore.qVersion()} ({application.platformName()}), pyqtgraph {pg.__version__}, "
          f"pymeasure {pymeasure.__version__}, Python {sys.version.split()[0]}, "
          f"{os.cpu_count()} CPUs")  # fmt: skip
    measure_frames()
    measure_stalls()
    measure_memory()


if __name__ == "__main__":
    main()
