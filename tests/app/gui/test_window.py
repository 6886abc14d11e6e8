"""The window on a real station: what it shows is what the station and the files say."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from window_steps import LONG, SHORT, answer, fill, press, queue, states, status

from app.gui.binding import QtCore, QtWidgets
from data.reader import open_run
from data.run import Outcome

Qt = QtCore.Qt


def test_a_first_start_is_connected_to_the_simulated_rig_and_ready(ready):
    window = ready()
    assert status(window, "state") == "IDLE"
    assert window.findChild(QtWidgets.QLabel, "status_simulated").isVisible()
    assert status(window, "output") == "Output OFF"
    assert "2602B" in window.findChild(QtWidgets.QLabel, "rig_identity").text()
    assert window.layout_.run.isEnabled()


def test_a_run_is_drawn_recorded_listed_and_analysed(ready, qtbot):
    window = ready(speed="as fast as possible")
    fill(window, **SHORT)
    qtbot.waitUntil(window.layout_.run.isEnabled, timeout=60_000)
    press(qtbot, window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: "finished" in states(window), timeout=60_000)
    (row,) = window.model.rows
    run = open_run(row.file)
    assert run.outcome is Outcome.FINISHED
    assert (run.samples.pulse_index > 0).sum() == 2 * (5 + 5)
    tab = window.layout_.result_tab("ltp-ltd")
    qtbot.waitUntil(lambda: tab.source is not None, timeout=60_000)
    assert tab.source["file"] == row.file


def test_an_invalid_field_blocks_both_buttons_and_is_named(ready, qtbot):
    window = ready()
    fill(window, width="3 V")
    qtbot.waitUntil(lambda: not window.layout_.run.isEnabled(), timeout=60_000)
    assert not window.layout_.queue.isEnabled()
    fill(window, width="20 ms")
    qtbot.waitUntil(window.layout_.run.isEnabled, timeout=60_000)
    assert window.layout_.queue.isEnabled()


def test_abort_mid_run_switches_off_and_keeps_what_was_read(ready, qtbot):
    window = ready(speed="real time")
    fill(window, **LONG)
    qtbot.waitUntil(window.layout_.run.isEnabled, timeout=60_000)
    window.layout_.run.trigger()
    qtbot.waitUntil(lambda: status(window, "state") == "RUNNING", timeout=60_000)
    qtbot.waitUntil(lambda: "pulse" in window.layout_.log.toPlainText() or window.feed.pulses > 3,
                    timeout=60_000)  # fmt: skip
    press(qtbot, window, Qt.Key.Key_F12)
    qtbot.waitUntil(lambda: "aborted" in states(window), timeout=60_000)
    (row,) = window.model.rows
    assert window.model.index(0, 6).data() == "Aborted"
    assert status(window, "output") == "Output OFF"
    run = open_run(row.file)
    assert run.outcome is Outcome.ABORTED
    assert run.reason == "aborted by the operator"
    assert 3 < run.samples.pulse_index.max() < 1500


def test_the_first_of_three_fails_and_the_queue_holds(ready, qtbot):
    window = ready(speed="as fast as possible")
    queue(qtbot, window, **SHORT, voltage_limit="15 mV")
    queue(qtbot, window, **SHORT, voltage_limit="0.8 V")
    queue(qtbot, window, up="6")
    window.layout_.start.trigger()
    qtbot.waitUntil(lambda: "failed" in states(window), timeout=60_000)
    qtbot.waitUntil(lambda: status(window, "state") == "FAULT", timeout=60_000)
    assert sorted(states(window)) == ["failed", "waiting", "waiting"]
    assert "limit" in window.banner.text
    assert window.banner.kind == "FAULT"
    assert window.layout_.start.text() == "Continue queue"
    window.layout_.start.trigger()
    qtbot.waitUntil(lambda: states(window).count("finished") == 2, timeout=60_000)


def test_queued_runs_hold_a_frozen_copy(ready, qtbot):
    window = ready(speed="as fast as possible")
    queue(qtbot, window, **SHORT)
    fill(window, up="9")
    qtbot.waitUntil(window.layout_.run.isEnabled, timeout=60_000)
    window.layout_.run.trigger()
    qtbot.waitUntil(lambda: "finished" in states(window), timeout=60_000)
    assert sorted(states(window)) == ["finished", "waiting"], "Run plays the form alone"
    qtbot.waitUntil(window.layout_.start.isEnabled, timeout=60_000)
    window.layout_.start.trigger()
    qtbot.waitUntil(lambda: states(window).count("finished") == 2, timeout=60_000)
    ups = [open_run(row.file).info.parameters["up"] for row in window.model.rows]
    assert sorted(ups) == [5, 9]


def test_a_pause_falls_between_programs_and_is_in_the_file(ready, qtbot):
    window = ready(speed="10 times")
    fill(window, up="100", down="0", states="8k, open", reset_watch="0.1 s", reset_hold="0.1 s",
         reset_tolerance="0.2 V")  # fmt: skip
    qtbot.waitUntil(window.layout_.run.isEnabled, timeout=60_000)
    window.layout_.run.trigger()
    qtbot.waitUntil(lambda: status(window, "state") == "RUNNING", timeout=60_000)
    window.layout_.pause.trigger()
    qtbot.waitUntil(lambda: status(window, "state") == "PAUSED", timeout=60_000)
    assert status(window, "output") == "Output OFF"
    assert window.layout_.pause.text() == "Resume"
    window.layout_.pause.trigger()
    qtbot.waitUntil(lambda: "finished" in states(window), timeout=60_000)
    run = open_run(window.model.rows[0].file)
    (paused,) = [e for e in run.events if e.message.startswith("paused")]
    inside = [
        play for play in run.plays
        if run.samples.time[play.rows][0] < paused.time < run.samples.time[play.rows][-1] - 1e-9
    ]  # fmt: skip
    assert not inside, "a pause in the middle of a program"
    late = run.samples.time - run.samples.requested_time
    assert np.abs(late).max() < 1e-3


def test_an_exception_in_a_slot_is_shown_and_the_window_goes_on(ready, qtbot):
    window = ready()
    with qtbot.captureExceptions():
        pass
    error = ValueError("a fault in a slot")
    window.slot_failed(ValueError, error, None)
    assert "a fault in a slot" in window.banner.text
    assert window.layout_.run.isEnabled()


@pytest.mark.parametrize("choice", ["Cancel", "Stop", "Leave"])
def test_closing_while_a_run_plays_asks(ready, qtbot, choice, station_process):
    window = ready(speed="real time")
    fill(window, **LONG)
    qtbot.waitUntil(window.layout_.run.isEnabled, timeout=60_000)
    window.layout_.run.trigger()
    qtbot.waitUntil(lambda: window.feed.pulses > 3, timeout=60_000)
    answer(window, choice)
    window.close()
    if choice == "Cancel":
        assert window.isVisible()
        assert status(window, "state") == "RUNNING"
        window.abort()
        qtbot.waitUntil(lambda: "aborted" in states(window), timeout=60_000)
        return
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=60_000)
    file = window.feed.file
    if choice == "Stop":
        assert open_run(file).outcome is Outcome.ABORTED
    else:
        assert open_run(file).outcome is Outcome.RUNNING


def test_a_killed_station_is_told(ready, qtbot, station_process):
    window = ready(speed="real time")
    os.kill(station_process(), signal.SIGKILL)
    qtbot.waitUntil(lambda: status(window, "state") == "NO STATION", timeout=60_000)
    assert "UNKNOWN" in window.banner.text
    assert status(window, "output") == "Output UNKNOWN"


def test_messages_after_the_end_of_the_window_are_harmless(ready, qtbot):
    window = ready()
    station = window._station
    window.close()
    station.told.emit({"event": "progress", "run": 1, "fraction": 0.5}, {})
    station.told.emit({"event": "block", "run": 1, "first_row": 0}, {"voltage": np.zeros(3)})
    QtWidgets.QApplication.processEvents()


def test_what_is_shown_is_exported_with_units_and_provenance(ready, qtbot, tmp_path):
    window = ready(speed="as fast as possible")
    fill(window, **SHORT)
    qtbot.waitUntil(window.layout_.run.isEnabled, timeout=60_000)
    window.layout_.run.trigger()
    qtbot.waitUntil(lambda: "finished" in states(window), timeout=60_000)
    for title, name in (("Live", "live.csv"), ("LTP/LTD", "ltp.csv"), ("LTP/LTD", "ltp.svg")):
        window.layout_.show_tab(title)
        tab = window.layout_.result_tab("ltp-ltd")
        qtbot.waitUntil(lambda tab=tab: tab.source is not None, timeout=60_000)
        window.export_shown(str(tmp_path / name))
        qtbot.waitUntil((tmp_path / name).exists, timeout=20_000)
        qtbot.waitUntil(lambda n=name: n in window.layout_.log.toPlainText(), timeout=60_000)
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert "SIMULATED" in text
    assert "V" in (tmp_path / "live.csv").read_text(encoding="utf-8")
    again = (tmp_path / "ltp.csv").read_bytes()
    window.export_shown(str(tmp_path / "ltp.csv"))
    qtbot.waitUntil(lambda: "not exported" in window.banner.text, timeout=60_000)
    assert (tmp_path / "ltp.csv").read_bytes() == again


def test_a_new_window_finds_the_run_and_shows_all_of_it(ready, qtbot):
    first = ready(speed="real time")
    fill(first, **LONG)
    qtbot.waitUntil(first.layout_.run.isEnabled, timeout=60_000)
    first.layout_.run.trigger()
    qtbot.waitUntil(lambda: first.feed.pulses > 20, timeout=60_000)
    answer(first, "Leave")
    first.close()
    qtbot.waitUntil(lambda: not first.isVisible(), timeout=60_000)
    second = ready(connected_only=True)
    qtbot.waitUntil(lambda: status(second, "state") == "RUNNING", timeout=60_000)
    qtbot.waitUntil(lambda: second.feed.pulses > 40, timeout=60_000)
    second.abort()
    qtbot.waitUntil(lambda: "aborted" in states(second), timeout=60_000)
    run = open_run(second.feed.file)
    said = f"{len(run.samples)} readings"
    labels = second.layout_.live.findChildren(QtWidgets.QLabel)
    qtbot.waitUntil(lambda: any(said in label.text() for label in labels), timeout=60_000)


def test_theme_and_geometry_are_remembered(ready, qtbot):
    first = ready()
    first.resize(1111, 700)
    first.set_dark(True)
    first.close()
    second = ready()
    assert second.layout_.dark.isChecked()
    assert (second.width(), second.height()) == (1111, 700)


@pytest.mark.parametrize("size", [(960, 560), (1024, 640), (1920, 1080)])
def test_everything_fits(ready, size):
    window = ready()
    window.resize(*size)
    QtWidgets.QApplication.processEvents()
    assert (window.width(), window.height()) == size
    bar = window.findChild(QtWidgets.QToolBar)
    for action in (window.layout_.run, window.layout_.queue, window.layout_.pause,
                   window.layout_.abort):  # fmt: skip
        widget = bar.widgetForAction(action)
        assert bar.rect().contains(widget.geometry()), action.text()
        assert widget.isVisible()


def test_the_window_never_imports_h5py_nor_matplotlib(ready):

    code = (
        "import sys, app.gui.main\n"
        "print([m for m in ('h5py', 'matplotlib', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_pause_that_waits_for_a_long_program_says_for_how_long(ready, qtbot):
    window = ready(speed="real time")
    fill(window, **LONG)
    qtbot.waitUntil(window.layout_.run.isEnabled, timeout=60_000)
    window.layout_.run.trigger()
    qtbot.waitUntil(lambda: window.feed.pulses > 3, timeout=60_000)
    window.layout_.pause.trigger()
    said = "PAUSING after this program, at most "
    qtbot.waitUntil(lambda: status(window, "state").startswith(said), timeout=60_000)
    first = int(status(window, "state").removeprefix(said).removesuffix(" s"))
    assert 0 < first <= 60
    qtbot.waitUntil(
        lambda: int(status(window, "state").removeprefix(said).removesuffix(" s")) < first,
        timeout=60_000,
    )
    window.layout_.pause.trigger()
    qtbot.waitUntil(lambda: status(window, "state") == "RUNNING", timeout=60_000)
    window.abort()
    qtbot.waitUntil(lambda: "aborted" in states(window), timeout=60_000)


def test_the_queue_is_cleared_when_that_is_confirmed(ready, qtbot):
    window = ready()
    for _ in range(3):
        queue(qtbot, window, **SHORT)
    answer(window, "Cancel")
    window.layout_.clear.trigger()
    assert states(window) == ["waiting"] * 3
    answer(window, "Take out")
    window.layout_.clear.trigger()
    qtbot.waitUntil(lambda: states(window) == [], timeout=60_000)
    assert not window.layout_.clear.isEnabled()
