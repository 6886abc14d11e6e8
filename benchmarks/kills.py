"""Kills what measures, at random moments, and looks at the rig afterwards.

    python benchmarks/kills.py [COUNT] [SEED] [KIND]

A bench of emulated instruments is served at real-time speed and measured over its sockets. Then
one of these is killed (SIGKILL): the runner; the station; a window whose run plays, and the
station after it, once a bare client of the station and once the window for experimenters (without
a display); the guard, after which the run goes on with another and is aborted; or all at once,
after which the instrument ends its program by itself and the next command makes the rig safe. The
bench's own journal says when the source was off and the bank open. Ends with code 1 when a rig was
not safe in the end. KIND is one of the functions below, for kills of that kind alone.
"""

from __future__ import annotations

import json
import math
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np

from app.guard.lock import holder_of
from app.guard.record import FOLDER as STATE
from app.guard.record import Record, state_folder
from app.rigs.opening import make_bench
from app.rigs.rig_file import RigFile
from app.station.whereabouts import FOLDER as RUNTIME
from data.reader import open_run
from drivers.simulated.catalogue import emulated
from drivers.simulated.server import serve

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))
from station_window import Window

COUNT = 20
BOUND = 10.0
"""Stated bound for the time from a kill to a safe rig, in s."""
PATIENCE = 90.0
FMES = str(Path(sys.executable).with_name("fmes"))
VALUES = {"states": "500,open", "reset_watch": "0.2 s", "reset_tolerance": "10 mV"}
WINDOW = """
import json, sys, time
from station_window import Window
from app.station.whereabouts import find
window = Window(find())
window.ask("connect", rig=sys.argv[1])
run = {"protocol": "ltp-ltd", "values": json.loads(sys.argv[2]), "out": sys.argv[3]}
window.ask("queue", runs=[run])
window.ask("start")
print("begun", flush=True)
while True:
    window.read()
"""

QT_WINDOW = """
import json, os, sys
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from app.gui.binding import QtCore, QtWidgets
from app.gui.library_link import LibraryLink
from app.gui.preferences import Preferences
from app.gui.station_link import StationLink
from app.gui.window import Window
rig, values, folder = sys.argv[1:]
application = QtWidgets.QApplication(sys.argv[:1])
settings = QtCore.QSettings(folder + "/gui.ini", QtCore.QSettings.Format.IniFormat)
preferences = Preferences(settings)
preferences.folder, preferences.rehearse = folder, False
window = Window(StationLink(), LibraryLink(), preferences, rig)
window.show()
window.begin()
state = window.findChild(QtWidgets.QLabel, "status_state")
told = []
def look():
    if state.text() == "RUNNING" and "begun" not in told:
        told.append("begun")
        print("begun", flush=True)
    if state.text() != "IDLE" or not window.layout_.run.isEnabled() or "pressed" in told:
        return
    if "filled" in told:
        told.append("pressed")
        window.layout_.run.trigger()
        return
    told.append("filled")
    for name, text in json.loads(values).items():
        window.layout_.form.form.findChild(QtWidgets.QLineEdit, "field_" + name).setText(text)
timer = QtCore.QTimer()
timer.timeout.connect(look)
timer.start(50)
application.exec()
"""


def until(condition: Callable[[], object], what: str) -> None:
    """Wait for something."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.02)


class Trial:
    """A served bench, its rig file, and the processes that use it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bench = make_bench(RigFile(), speed=1.0)
        self.meter = emulated("keithley-2600b", self.bench)
        bank = emulated("keysight-34970a", self.bench)
        self.servers = [serve(self.bench, self.meter), serve(self.bench, bank)]
        self.addresses = [server.resource_name for server in self.servers]
        self.rig = folder / "rig.toml"
        self.rig.write_text(
            f"[source_meter]\naddress = '{self.addresses[0]}'\n"
            f"[resistor_bank]\naddress = '{self.addresses[1]}'\n[visa]\nlibrary = '@py'\n"
        )
        os.environ[STATE], os.environ[RUNTIME] = str(folder / "state"), str(folder / "runtime")
        self.processes: list[subprocess.Popen[str]] = []

    def start(self, *command: str, pipe: bool = True) -> subprocess.Popen[str]:
        """Start a process."""
        out = subprocess.PIPE if pipe else subprocess.DEVNULL
        with (self.folder / "said.txt").open("a") as said:
            process = subprocess.Popen(
                command, text=True, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=out,
                stderr=said,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "tests/support")},
            )  # fmt: skip
        self.processes.append(process)
        return process

    def run(self) -> subprocess.Popen[str]:
        """Start a run whose output is read by nobody once it has begun."""
        settings = [word for k, v in VALUES.items() for word in ("--set", f"{k}={v}")]
        out = str(self.folder / "run.h5")
        process = self.start(
            FMES, "run", "ltp-ltd", "--events", "--rig", str(self.rig), "--out", out, *settings
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        assert '"begin"' in line, line
        process.stdout.close()
        return process

    def station(self) -> tuple[subprocess.Popen[str], subprocess.Popen[str]]:
        """A station, and a window whose run it plays."""
        station = self.start(FMES, "station", pipe=False)
        until((self.folder / "runtime" / "station.json").exists, "no station")
        window = self.start(
            sys.executable, "-c", WINDOW, str(self.rig), json.dumps(VALUES), str(self.folder)
        )
        assert window.stdout is not None
        line = window.stdout.readline()
        assert line == "begun\n", line
        return station, window

    def qt_window(self) -> subprocess.Popen[str]:
        """The window for experimenters, with a station of its own, whose run plays."""
        window = self.start(
            sys.executable, "-c", QT_WINDOW, str(self.rig), json.dumps(VALUES), str(self.folder)
        )
        assert window.stdout is not None
        line = window.stdout.readline()
        assert line == "begun\n", line
        return window

    def record(self) -> Record:
        """Who has the rig."""
        found = [Record.read(path) for path in state_folder().glob("*.json")]
        return next(record for record in found if record)

    def kill(self, *numbers: int) -> float:
        """Kill processes; when, on the bench."""
        moment = self.bench.clock.now
        for number in numbers:
            os.kill(number, signal.SIGKILL)
        return moment

    def safe(self) -> bool:
        """Whether the source is at 0 and high-impedance and the bank open."""
        with self.bench.lock:
            stage = self.bench.stage("a")
            _, amps = stage.terminal(self.bench.clock.now)
            open_bank = math.isinf(self.bench.device.resistance)
            return stage.mode == "high_z" and amps == 0 and open_bank

    def safe_after(self, moment: float) -> float:
        """Wait until nobody has the rig; time from a moment until it was safe, in s."""
        until(lambda: holder_of(self.addresses) is None, "the rig is not let go of")
        with self.bench.lock:
            ends = [
                entry.time
                for entry in self.bench.journal
                if entry.time > moment and ("output off" in entry.what or " open" in entry.what)
            ]
        return max(ends, default=moment) - moment

    def close(self) -> None:
        """End what is left."""
        for process in self.processes:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()
        for server in self.servers:
            server.close()


def runner(trial: Trial, pick: random.Random) -> float:
    """Kill `fmes run`."""
    process = trial.run()
    time.sleep(pick.uniform(0, 3))
    moment = trial.kill(process.pid)
    return trial.safe_after(moment)


def station(trial: Trial, pick: random.Random) -> float:
    """Kill the station while it plays."""
    process, _ = trial.station()
    time.sleep(pick.uniform(0, 3))
    moment = trial.kill(process.pid)
    return trial.safe_after(moment)


def window(trial: Trial, pick: random.Random) -> float:
    """Kill a window, which ends nothing, then the station."""
    process, client = trial.station()
    time.sleep(pick.uniform(0, 2))
    trial.kill(client.pid)
    time.sleep(pick.uniform(0, 1))
    other = Window(trial_where())
    assert other.latest is not None
    assert other.latest["state"] == "running", other.latest
    other.close()
    moment = trial.kill(process.pid)
    return trial.safe_after(moment)


def qt_window(trial: Trial, pick: random.Random) -> float:
    """Kill the window for experimenters, which ends nothing, then its station."""
    process = trial.qt_window()
    time.sleep(pick.uniform(0, 2))
    trial.kill(process.pid)
    time.sleep(pick.uniform(0, 1))
    where = trial_where()
    assert where is not None, "the station went with the window"
    other = Window(where)
    assert other.latest is not None
    assert other.latest["state"] == "running", other.latest
    other.close()
    moment = trial.kill(where.pid)
    return trial.safe_after(moment)


def guard(trial: Trial, pick: random.Random) -> float:
    """Kill the guard: there is another, and an abort ends the run as ever."""
    process = trial.run()
    time.sleep(pick.uniform(0, 3))
    first = trial.record().guard
    trial.kill(first)
    until(lambda: trial.record().guard != first, "no other guard")
    moment = trial.bench.clock.now
    process.send_signal(signal.SIGTERM)
    code = process.wait(PATIENCE)
    assert code == 3, code
    return trial.safe_after(moment)


def everything(trial: Trial, pick: random.Random) -> float:
    """Kill runner and guard: the program ends at 0 by itself, the next command switches off."""
    process = trial.run()
    time.sleep(pick.uniform(0, 3))
    moment = trial.kill(trial.record().guard, process.pid)

    def idle() -> bool:
        with trial.bench.lock:
            trial.bench.run_to(trial.bench.clock.now)
            return not trial.meter.busy

    until(idle, "the program goes on")
    took = trial.bench.clock.now - moment
    with trial.bench.lock:
        _, amps = trial.bench.stage("a").terminal(trial.bench.clock.now)
    assert abs(amps) < 1e-6, amps
    trial.start(FMES, "rig", "check", str(trial.rig), pipe=False).wait(PATIENCE)
    return took


def trial_where() -> object:
    """Where the present trial's station is."""
    from app.station.whereabouts import find

    return find()


KINDS = {runner: 7, station: 4, window: 1, qt_window: 2, guard: 4, everything: 2}
"""What is killed, and how often in 20 kills."""


def main(count: int, seed: int, only: str = "") -> int:
    """Kill, and print what became of the rigs."""
    pick = random.Random(seed)
    if only:
        chosen = {kind: often for kind, often in KINDS.items() if kind.__name__ == only}
        KINDS.clear()
        KINDS.update(chosen)
    turns = [kind for kind, often in KINDS.items() for _ in range(often)]
    pick.shuffle(turns)
    times: dict[str, list[float]] = defaultdict(list)
    failures = 0
    for k in range(count):
        kind = list(KINDS)[k] if k < len(KINDS) else turns[k % len(turns)]
        with tempfile.TemporaryDirectory() as folder:
            trial = Trial(Path(folder))
            try:
                took = kind(trial, pick)
                times[kind.__name__].append(took)
                if not trial.safe():
                    raise AssertionError("the rig is not safe")
                if kind is not everything and took > BOUND:
                    raise AssertionError(f"safe after {took:.2f} s")
                for path in Path(folder).glob("*.h5"):
                    open_run(path)
            except (AssertionError, TimeoutError, StopIteration) as error:
                failures += 1
                print(f"FAILED kill {k} of {kind.__name__}: {error!r}")
                print("    " + "\n    ".join(str(e) for e in list(trial.bench.journal)[-5:]))
                print((trial.folder / "said.txt").read_text(), flush=True)
            finally:
                trial.close()
    print(f"{count} kills, {failures} not as it should be")
    for name, seconds in sorted(times.items()):
        middle, worst = np.median(seconds), max(seconds)
        print(f"{name:10} {len(seconds):4} kills: safe after {middle:.2f} s, at most {worst:.2f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:3]]
    sys.exit(main(*(numbers + [COUNT, 1][len(numbers) :]), *sys.argv[3:4]))
