"""Windows come, go, hang and die; the run and its file do not notice."""

import contextlib
import math
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from station_window import LONG, Window, run

from app.station.server import MOST_CLIENTS
from data.reader import open_run
from data.run import Outcome

SPEED, SLOWLY = 20.0, 3.0
SUPPORT = Path(__file__).parents[2] / "support"

DOOMED = """
import json, sys
from pathlib import Path
from station_window import LONG, Window, run
from app.station.whereabouts import find

window = Window(find())
window.ask("connect", rig=sys.argv[1])
window.ask("queue", runs=[run(Path(sys.argv[2]), LONG)])
window.ask("start")
window.wait(lambda m: m.get("event") == "progress" and m["pulse"] > 0)
print("playing", flush=True)
while True:
    window.read()
"""


def playing(window, number=1):
    window.wait(lambda m: m.get("event") == "progress" and m["run"] == number and m["pulse"] > 0)


def rows(blocks, name):
    return np.concatenate([arrays[name] for _, arrays in blocks] or [np.empty(0)])


def test_two_windows_see_the_same(window, station, tmp_path):
    other = station.window()
    window.ask("queue", runs=[run(tmp_path), run(tmp_path)])
    other.ask("start")
    for one in (window, other):
        one.ended(2)
    assert window.latest == other.latest
    for number in (1, 2):
        assert window.events(number) == other.events(number)
        for name in ("time", "voltage"):
            np.testing.assert_array_equal(
                rows(window.blocks(number), name), rows(other.blocks(number), name)
            )


def test_a_window_that_is_killed_mid_run_costs_nothing(start, served, tmp_path):
    bench, station = served(SPEED), start("--idle", "0.3")
    assert station.where
    doomed = subprocess.Popen(
        [sys.executable, "-c", DOOMED, str(bench.rig), str(tmp_path)], text=True,
        stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(SUPPORT)},
    )  # fmt: skip
    assert doomed.stdout.readline() == "playing\n"
    doomed.kill()
    doomed.wait()
    doomed.stdout.close()
    assert "station ended: nothing to do" in station.end()
    assert station.process.returncode == 0
    (file,) = (tmp_path / "runs").iterdir()
    recorded = open_run(file)
    assert recorded.outcome is Outcome.FINISHED
    assert (recorded.samples.pulse_index > 0).sum() == 600
    assert (bench.safe()["mode"], bench.safe()["current"]) == ("high_z", 0)
    assert math.isinf(bench.safe()["resistance"])


def test_a_window_that_comes_mid_run_gets_exactly_what_is_not_in_the_file_yet(station, tmp_path):
    first = station.window()
    first.ask("connect", speed=SLOWLY)
    first.ask("queue", runs=[run(tmp_path, {**LONG, "states": "500,open"})])
    first.ask("start")
    playing(first)
    first.ask("pause")  # after the program that plays, so that the run cannot end before
    late = station.window()
    resume = late.event("resume_from", run=1)
    first.ask("resume")
    early = open_run(resume["file"]).samples[: resume["rows"]]
    assert 0 < len(early) == resume["rows"]
    assert late.events(1)[:2] == ["begin", "play"]
    assert "progress" in late.events(1)
    assert late.event("begin", run=1) == first.event("begin", run=1)
    row = late.ended(1)
    assert row["status"] == "finished"
    blocks = late.blocks(1)
    assert blocks[0][0] == resume["rows"]
    whole = open_run(row["file"]).samples
    for name in ("time", "voltage", "current", "resistance", "pulse_index", "flags"):
        together = np.concatenate([getattr(early, name), rows(blocks, name)])
        np.testing.assert_array_equal(together, getattr(whole, name))
    starts = [first_row for first_row, _ in blocks]
    ends = np.cumsum([len(arrays["time"]) for _, arrays in blocks]) + resume["rows"]
    assert starts == [resume["rows"], *ends[:-1]]
    assert ends[-1] == len(whole)


def test_strangers_who_keep_coming_take_the_door_from_no_window(window, station):
    where = station.where.host, station.where.port
    with contextlib.ExitStack() as stack:
        strangers = [
            stack.enter_context(socket.create_connection(where, timeout=60.0))
            for _ in range(MOST_CLIENTS - 1)
        ]
        with socket.create_connection(where, timeout=60.0) as one_too_many:
            assert one_too_many.recv(1) == b""
        assert window.ask("read_back")["output"] == "off"
        for stranger in strangers:
            stranger.shutdown(socket.SHUT_WR)
        assert {stranger.recv(1) for stranger in strangers} == {b""}
        assert station.window().ask("read_back")["output"] == "off"
    window.ask("quit")
    assert f"a connection was closed: there are {MOST_CLIENTS} already" in station.end()


def test_a_window_that_comes_between_runs_is_told_no_run(window, station, tmp_path):
    window.ask("queue", runs=[run(tmp_path)])
    window.ask("start")
    window.ended(1)
    late = station.window()
    late.ask("read_back")
    assert late.events(1) == []
    assert [r["status"] for r in late.latest["queue"]] == ["finished"]


def test_a_window_that_does_not_read_is_dropped_and_holds_nobody_up(station, tmp_path):
    window = station.window()
    window.ask("connect", speed=SLOWLY)
    window.ask("queue", runs=[run(tmp_path, LONG)])
    window.ask("start")
    window.ask("stop_after")
    playing(window)
    slow = Window(station.where)
    # Each change tells the whole list: with long notes that soon is more than anybody holds.
    waiting = [run(tmp_path, note=f"{n}" * 100_000) for n in range(40)]
    window.ask("queue", runs=waiting)
    for _ in range(25):
        window.ask("move", run=2, to=0)
    with pytest.raises(ConnectionError):
        slow.wait(lambda _: False, again=False)
    slow.close()
    window.ask("clear")
    row = window.ended(1)
    assert row["status"] == "finished"
    recorded = open_run(row["file"])
    assert (recorded.samples.pulse_index > 0).sum() == 600
    assert sum(len(arrays["time"]) for _, arrays in window.blocks(1)) == len(recorded.samples)
    again = station.window()
    assert again.latest["queue"][0]["file"] == row["file"]
