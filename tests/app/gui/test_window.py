"""The window on a real station: what it shows is what the station and the files say."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from app import lab
from app.gui.binding import QtCore, QtWidgets
from data.reader import open_run
from data.run import Outcome

Qt = QtCore.Qt
SHORT = {"up": "5", "down": "5", "states": "open"}
LONG = {
    "up": "1500", "down": "0", "states": "open", "amplitude": "100 uA", "reset_watch": "0.1 s",
}  # fmt: skip


def press(qtbot, window, key, modifier=Qt.KeyboardModifier.NoModifier):
    qtbot.keyClick(window, key, modifier)


def fill(window, **fields):
    for name, text in fields.items():
        window.layout_.form.form.findChild(QtWidgets.QLineEdit, f"field_{name}").setText(text)


def queue(qtbot, window, **fields):
    fill(window, **fields)
    qtbot.waitUntil(lambda: window.layout_.queue.isEnabled(), timeout=60_000)
    before = len(window.model.rows)
    window.layout_.queue.trigger()
    qtbot.waitUntil(lambda: len(window.model.rows) > before, timeout=60_000)


def states(window):
    return [row.status for row in window.model.rows]


def status(window, name):
    return window.findChild(QtWidgets.QLabel, f"status_{name}").text()


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


def answer(window, text):
    """Press the button of the prompt that is open."""

    def press_it():
        box = window.findChild(QtWidgets.QMessageBox)
        if box is None:
            QtCore.QTimer.singleShot(50, press_it)
            return
        next(b for b in box.buttons() if text in b.text().replace("&", "")).click()

    QtCore.QTimer.singleShot(50, press_it)


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


def test_files_that_are_no_runs_are_listed_with_what_is_wrong(ready, qtbot, folder):
    (folder / "foreign.h5").write_text("not HDF5")
    window = ready()
    qtbot.waitUntil(lambda: len(window.model.rows) == 1, timeout=60_000)
    (row,) = window.model.rows
    assert row.status == "unreadable"
    assert row.problem
    notes = window.model.index(0, 8)
    assert notes.data() == row.problem, "it is seen in the list, not only under the mouse"
    assert notes.data(Qt.ItemDataRole.EditRole) == ""
    window.layout_.table.opened.emit(row)
    assert "foreign.h5" in window.banner.text


def test_notes_are_kept_beside_the_run_and_its_file_does_not_change(ready, qtbot):
    window = ready(speed="as fast as possible")
    fill(window, **SHORT)
    qtbot.waitUntil(window.layout_.run.isEnabled, timeout=60_000)
    window.layout_.run.trigger()
    qtbot.waitUntil(lambda: "finished" in states(window), timeout=60_000)
    (row,) = window.model.rows
    before = Path(row.file).read_bytes()
    window.model.setData(window.model.index(0, 8), "dry electrolyte")
    qtbot.waitUntil(lambda: window.model.rows[0].notes == "dry electrolyte", timeout=60_000)
    window.model.setData(window.model.index(0, 7), "good, D7")
    qtbot.waitUntil(lambda: window.model.rows[0].tags == ("good", "D7"), timeout=60_000)
    assert Path(row.file).read_bytes() == before


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
    import subprocess
    import sys

    code = (
        "import sys, app.gui.main\n"
        "print([m for m in ('h5py', 'matplotlib', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def chosen(window, text):
    """Choose from the menu of the list's current row."""
    menu = window.layout_.table.menu()
    (action,) = [a for a in menu.actions() if a.text().replace("&", "") == text]
    assert action.isEnabled(), text
    action.trigger()


def test_a_recorded_run_is_verified_put_into_the_form_and_queued_once_more(ready, qtbot, folder):
    lab.run("ltp-ltd", up=5, down=7, states="open", sample="D7", out=folder / "old.h5")
    lab.run("ppf", intervals="20 ms, 50 ms", states="open", out=folder / "other.h5")
    window = ready()
    qtbot.waitUntil(lambda: len(window.model.rows) == 2, timeout=60_000)
    window.layout_.table.select(str(folder / "old.h5"))
    chosen(window, "Verify")
    qtbot.waitUntil(lambda: window.banner.kind == "RESULT", timeout=60_000)
    assert "old.h5 is whole; the run: finished" in window.banner.text
    fill(window, up="9")
    chosen(window, "Into form")
    form = window.layout_.form
    qtbot.waitUntil(lambda: form.form.sample == "D7", timeout=60_000)
    assert {k: form.form.values()[k] for k in ("up", "down")} == {"up": 5, "down": 7}
    window.layout_.table.select(str(folder / "other.h5"))
    chosen(window, "Queue once more")
    qtbot.waitUntil(lambda: states(window).count("waiting") == 1, timeout=60_000)
    assert window.model.rows[0].protocol == "ppf"


INTERRUPTED = """
import os, sys
from data.reader import open_run
from data.recorder import Recorder
run = open_run(sys.argv[1])
recorder = Recorder.begin(sys.argv[2], run.info, 100, 10)
recorder.play(run.plays[0])
recorder.append(run.samples[:20])
os._exit(9)
"""


def test_a_run_whose_program_was_killed_is_recovered_into_a_new_file(ready, qtbot, folder):
    run = lab.run("ltp-ltd", up=5, down=7, states="open", out=folder / "whole.h5")
    dead = folder / "dead.h5"
    subprocess.run([sys.executable, "-c", INTERRUPTED, str(run.path), str(dead)], check=False)
    content = dead.read_bytes()
    window = ready()
    qtbot.waitUntil(lambda: "interrupted" in states(window), timeout=60_000)
    window.layout_.table.select(str(dead))
    chosen(window, "Make a recovered file")
    qtbot.waitUntil(lambda: len(window.model.rows) == 3, timeout=60_000)
    assert "20 readings are in the new file dead.recovered.h5" in window.banner.text
    assert len(open_run(folder / "dead.recovered.h5").samples) == 20
    assert dead.read_bytes() == content


def test_damage_that_verify_finds_offers_to_recover(ready, qtbot, folder):
    run = lab.run("ltp-ltd", up=5, down=7, states="open", out=folder / "hit.h5")
    with h5py.File(run.path, "r+") as file:
        file.attrs["sample"] = "another"
    window = ready()
    qtbot.waitUntil(lambda: states(window) == ["finished"], timeout=60_000)
    window.layout_.table.select(str(run.path))
    chosen(window, "Verify")
    qtbot.waitUntil(lambda: "hit.h5 is DAMAGED" in window.banner.text, timeout=60_000)
    (button,) = [b for b in window.banner.findChildren(QtWidgets.QPushButton)
                 if "recovered" in b.text()]  # fmt: skip
    button.click()
    qtbot.waitUntil((folder / "hit.recovered.h5").exists, timeout=60_000)


def test_what_the_form_describes_is_rehearsed_and_an_edit_ends_the_rehearsal(ready, qtbot):
    window = ready(rehearse=True)
    fill(window, **SHORT)
    expected = window.findChild(QtWidgets.QLabel, "expected")
    qtbot.waitUntil(lambda: expected.text().startswith("expected up to"), timeout=60_000)
    assert expected.text().endswith("mV of 800 mV")
    first = expected.text()
    fill(window, amplitude="2 mA")
    qtbot.waitUntil(lambda: not expected.text().startswith("expected"), timeout=60_000)
    qtbot.waitUntil(lambda: expected.text().startswith("expected up to"), timeout=60_000)
    assert expected.text() != first
    window.layout_.rehearse.trigger()
    qtbot.waitUntil(lambda: expected.text() == "", timeout=60_000)


def test_what_stands_against_a_run_is_said_where_it_is_looked_for(ready, qtbot):
    window = ready()
    fill(window, states="2.2k")
    qtbot.waitUntil(lambda: "cannot make 2.2 kohm" in window.layout_.run.toolTip(), timeout=60_000)
    assert not window.layout_.run.isEnabled()
    shown = [label.text() for label in window.layout_.live.findChildren(QtWidgets.QLabel)]
    assert any("cannot make 2.2 kohm" in text for text in shown)
    press(qtbot, window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    message = window.findChild(QtWidgets.QLabel, "status_message")
    qtbot.waitUntil(lambda: "cannot make 2.2 kohm" in message.text(), timeout=60_000)
    assert status(window, "output") == "Output OFF", "what is safe stays in sight"
    fill(window, states="open")
    qtbot.waitUntil(window.layout_.run.isEnabled, timeout=60_000)
    assert "cannot" not in window.layout_.run.toolTip()


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


def test_nothing_in_the_panels_is_cut_off_when_letters_are_large(ready, qtbot):
    window = ready()
    left = window.findChild(QtWidgets.QScrollArea, "left")
    font = window.font()
    font.setPointSizeF(1.5 * font.pointSizeF())
    for widget in left.findChildren(QtWidgets.QWidget):
        widget.setFont(font)
    before = left.widget().width()
    qtbot.waitUntil(
        lambda: before < left.widget().width() <= left.viewport().width(), timeout=60_000
    )


def test_a_figure_is_whole_whatever_its_own_size(ready, qtbot, folder):
    lab.run("learning", states="open", out=folder / "learning.h5")
    window = ready()
    qtbot.waitUntil(lambda: len(window.model.rows) == 1, timeout=60_000)
    window.layout_.table.select(str(folder / "learning.h5"))
    window.layout_.show_tab("Other")
    tab = window.layout_.result_tab("learning")
    qtbot.waitUntil(lambda: tab.pixmap() is not None, timeout=60_000)
    window.resize(960, 560)
    qtbot.waitUntil(lambda: tab.pixmap().width() <= tab.width(), timeout=60_000)
    assert tab.pixmap().height() <= tab.height()
