"""Recorded files in the window: listed, noted, verified, recovered, done once more."""

import subprocess
import sys
from pathlib import Path

import h5py
from window_steps import SHORT, chosen, fill, states

from app import lab
from app.gui.binding import QtCore, QtWidgets
from data.reader import open_run

Qt = QtCore.Qt


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
