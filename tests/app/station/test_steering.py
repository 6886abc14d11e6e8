"""Pause, abort, hold, and the hand on the instruments; checked on the bench's analogue side."""

import math
import signal
import sys

import pytest
from station_window import BRIEF, LONG, Refused, run

from data.reader import open_run
from data.run import Outcome

FAST, REAL_TIME = 8.0, 1.0


@pytest.fixture
def bench(served):
    return served(REAL_TIME)


@pytest.fixture
def connected(station, bench):
    """A window of a station whose rig is on sockets of this process."""
    window = station.window()
    window.ask("connect", rig=str(bench.rig))
    return window


def assert_safe(bench):
    state = bench.safe()
    assert (state["mode"], state["current"]) == ("high_z", 0)
    assert math.isinf(state["resistance"])


def pulses(window, number=1):
    """Wait until readings of pulses have come."""
    window.wait(lambda m: m.get("event") == "progress" and m["run"] == number and m["pulse"] > 0)


def test_connecting_makes_safe_and_says_what_is_there(station, bench):
    with bench.bench.lock:
        bench.meter.write(b"smua.source.output=1")
        bench.bank.write(b"ROUT:CLOS (@101)")
    window = station.window()
    window.ask("connect", rig=str(bench.rig))
    assert_safe(bench)
    rig = window.latest["rig"]
    assert rig["connected"]
    assert rig["path"] == str(bench.rig)
    assert rig["simulated"] is False
    assert rig["speed"] is None
    assert "2602B" in rig["meter"]
    assert "34970A" in rig["bank"]
    assert rig["addresses"]["source_meter"] == bench.servers[0].resource_name
    assert (rig["max_voltage"], rig["max_current"]) == (0.8, 0.02)
    assert len(rig["states"]) == 42
    assert rig["states"][-1] == "open"
    assert window.latest["output"] == "off"
    told = [m["rig"]["connecting"] for m, _ in window.told if m.get("event") == "station"]
    assert True in told


def test_a_rig_that_cannot_be_reached_is_refused(station, served, tmp_path):
    bench = served(REAL_TIME)
    for server in bench.servers:
        server.close()
    window = station.window()
    with pytest.raises(Refused, match=r"no reply from .*check power and cable"):
        window.ask("connect", rig=str(bench.rig))
    assert not window.latest["rig"]["connected"]
    assert not window.latest["rig"]["connecting"]
    with pytest.raises(Refused, match=r"only a simulated rig has a speed"):
        window.ask("connect", rig=str(bench.rig), speed=10)
    with pytest.raises(Refused, match=r"speed = 0.5: it should be greater than or equal to 1"):
        window.ask("connect", speed=0.5)
    with pytest.raises(Refused, match="cannot be read"):
        window.ask("connect", rig=str(tmp_path / "none.toml"))
    window.ask("connect", speed="10x")
    assert window.latest["rig"]["speed"] == 10.0


def test_the_hand_on_the_instruments(connected, bench):
    assert connected.ask("select", resistance=500.0)["resistance"] == 500.0
    assert bench.bench.device.resistance == 500.0
    assert connected.latest["resistance"] == 500.0
    assert connected.ask("select", resistance="8 kohm")["resistance"] == 8000.0
    with pytest.raises(Refused, match="the nearest is 8 kohm"):
        connected.ask("select", resistance=20e3)
    safe = connected.ask("safe")
    assert (safe["output"], safe["resistance"]) == ("off", "open")
    assert_safe(bench)


def test_what_is_read_back_is_what_is_there(connected, bench):
    with bench.bench.lock:
        bench.meter.write(b"smua.source.output=1")
        bench.bank.write(b"ROUT:CLOS (@101)")
    state = connected.ask("read_back")
    assert (state["output"], state["resistance"]) == ("on", 500.0)
    assert (connected.latest["output"], connected.latest["resistance"]) == ("on", 500.0)
    bench.servers[0].close()
    state = connected.ask("read_back")
    assert (state["output"], state["resistance"]) == ("unknown", 500.0)
    assert "the output is UNKNOWN: no reply from" in state["output_text"]
    with pytest.raises(Refused, match="state UNKNOWN of source_meter"):
        connected.ask("disconnect")
    assert not connected.latest["rig"]["connected"]
    assert connected.latest["output"] == "unknown"
    assert "Switch it off by hand" in connected.latest["output_text"]


def test_nothing_else_touches_the_instruments_while_a_run_plays(connected, bench, tmp_path):
    connected.ask("queue", runs=[run(tmp_path, LONG)])
    connected.ask("start")
    pulses(connected)
    for request in (
        {"do": "select", "resistance": 500.0}, {"do": "read_back"}, {"do": "disconnect"},
        {"do": "connect"},
    ):  # fmt: skip
        with pytest.raises(Refused, match="the queue is being played"):
            connected.ask(**request)
    with pytest.raises(Refused, match="run 1 is running"):
        connected.ask("remove", run=1)
    with pytest.raises(Refused, match="give abort = true"):
        connected.ask("quit")
    connected.ask("safe")
    row = connected.ended(1)
    assert (row["status"], row["reason"]) == ("aborted", "asked for the safe state")
    assert_safe(bench)


def test_pause_falls_between_programs_with_the_output_off_and_resume_carries_on(
    station, served, tmp_path
):
    bench, window = served(FAST), station.window()
    window.ask("connect", rig=str(bench.rig))
    window.ask("queue", runs=[run(tmp_path, {**LONG, "states": "500,2k,open"})])
    window.ask("start")
    pulses(window)
    window.ask("pause")
    paused = window.station(lambda m: m["state"] == "paused")
    assert (paused["output"], paused["current"]) == ("off", 1)
    assert "volatile state decays" in paused["state_text"]
    assert bench.safe()["mode"] == "high_z"
    assert "pausing" in [m["state"] for m, _ in window.told if m.get("event") == "state"]
    window.ask("resume")
    row = window.ended(1)
    assert row["status"] == "finished"
    recorded = open_run(row["file"])
    messages = [event.message for event in recorded.events]
    assert any(message.startswith("paused") for message in messages)
    assert "resumed" in messages
    assert (recorded.samples.pulse_index > 0).sum() == 1800
    assert_safe(bench)


def test_abort_acts_at_once_and_holds_the_queue(connected, bench, tmp_path):
    connected.ask("queue", runs=[run(tmp_path, LONG), run(tmp_path, LONG)])
    connected.ask("start")
    pulses(connected)
    connected.ask("abort", reason="smoke")
    row = connected.ended(1)
    assert (row["status"], row["reason"]) == ("aborted", "smoke")
    assert_safe(bench)
    held = connected.station(lambda m: m["state"] == "idle")
    assert held["hold"] == "run 1 aborted: smoke"
    assert (held["output"], held["resistance"]) == ("off", "open")
    assert [r["status"] for r in held["queue"]] == ["aborted", "waiting"]
    states = [m["state"] for m, _ in connected.told if m.get("event") == "station"]
    assert "aborting" in states
    assert states.index("aborting") > states.index("running")
    recorded = open_run(row["file"])
    assert (recorded.outcome, recorded.reason) == (Outcome.ABORTED, "smoke")
    assert 0 < (recorded.samples.pulse_index > 0).sum() < 600
    connected.ask("start")
    pulses(connected, 2)
    assert connected.latest["hold"] == ""
    connected.ask("abort")
    assert connected.ended(2)["reason"] == "asked to abort"


def test_a_device_that_is_connected_by_hand_waits_for_resume(window, tmp_path):
    values = {"devices": "A1,A2", "by": "hand", "settings": BRIEF}
    window.ask("queue", runs=[run(tmp_path, values, protocol="array")])
    window.ask("start")
    for name in ("A1", "A2"):
        paused = window.station(lambda m, n=name: n in m["state_text"])
        assert (paused["state"], paused["output"]) == ("paused", "off")
        assert paused["state_text"] == f"connect {name}, then resume"
        window.ask("resume")
    assert window.ended(1)["status"] == "finished"


def test_an_abort_while_paused(connected, bench, tmp_path):
    connected.ask("queue", runs=[run(tmp_path)])
    connected.ask("start")
    connected.ask("pause")
    connected.station(lambda m: m["state"] == "paused")
    connected.ask("abort")
    assert connected.ended(1)["status"] == "aborted"
    assert_safe(bench)


def test_stop_after_lets_the_run_end_and_begins_no_other(station, tmp_path):
    window = station.window()
    window.ask("connect", speed=FAST)
    window.ask("queue", runs=[run(tmp_path, LONG), run(tmp_path)])
    window.ask("start")
    window.ask("pause")  # so that it cannot end before
    window.ask("stop_after")
    window.ask("resume")
    assert window.ended(1)["status"] == "finished"
    held = window.station(lambda m: m["state"] == "idle")
    assert held["hold"] == "asked to stop after run 1"
    assert [r["status"] for r in held["queue"]] == ["finished", "waiting"]
    window.ask("start")
    assert window.ended(2)["status"] == "finished"


def test_what_steers_a_run_is_refused_without_one(window):
    for do in ("pause", "resume", "abort", "stop_after"):
        with pytest.raises(Refused, match="no run plays"):
            window.ask(do)


def test_quit_with_abort_ends_safely(station, connected, bench, tmp_path):
    connected.ask("queue", runs=[run(tmp_path, LONG), run(tmp_path)])
    connected.ask("start")
    pulses(connected)
    connected.ask("quit", abort=True)
    row = connected.ended(1)
    assert row["status"] == "aborted"
    assert "a window asked the station to end" in station.end()
    assert station.process.returncode == 0
    assert_safe(bench)
    assert open_run(row["file"]).outcome is Outcome.ABORTED
    assert len(list((tmp_path / "runs").iterdir())) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_signal_mid_run_aborts_it_safely(station, connected, bench, tmp_path):
    connected.ask("queue", runs=[run(tmp_path, LONG), run(tmp_path)])
    connected.ask("start")
    pulses(connected)
    station.process.send_signal(signal.SIGTERM)
    row = connected.ended(1)
    assert (row["status"], row["reason"]) == ("aborted", "stopped by SIGTERM")
    assert "station ended: stopped by SIGTERM" in station.end()
    assert_safe(bench)
    recorded = open_run(row["file"])
    assert (recorded.outcome, recorded.reason) == (Outcome.ABORTED, "stopped by SIGTERM")
    assert 0 < (recorded.samples.pulse_index > 0).sum() < 600
    assert len(list((tmp_path / "runs").iterdir())) == 1


def test_a_link_that_breaks_for_good_is_a_fault_and_the_output_unknown(
    station, connected, bench, tmp_path
):
    connected.ask("queue", runs=[run(tmp_path, LONG), run(tmp_path)])
    connected.ask("start")
    pulses(connected)
    bench.servers[0].close()
    row = connected.ended(1)
    assert row["status"] == "failed"
    assert "state UNKNOWN of source_meter" in row["reason"]
    held = connected.station(lambda m: m["state"] == "fault")
    assert held["output"] == "unknown"
    assert math.isinf(bench.bench.device.resistance), "the bank is open nevertheless"
    assert [r["status"] for r in held["queue"]] == ["failed", "waiting"]
    station.process.terminate()
    assert "state UNKNOWN of source_meter" in station.end()
    assert station.process.returncode == 1
