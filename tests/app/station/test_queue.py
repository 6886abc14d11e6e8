"""The queue: what is asked for is checked, frozen, played in order, and can be rearranged."""

import json
import math
import os
from pathlib import Path

import pytest
from station_window import BRIEF, FAILING, Refused, run

from app.campaigns.campaign_folder import CampaignFolder
from app.errors import InputError
from app.station.origins import Origin
from app.station.run_queue import RunQueue, Status
from data.reader import open_run
from data.run import Outcome
from drivers.transcript import What, read_transcript
from protocols.catalogue import find as find_protocol

MINE = """
from protocols.program import PulseProgram, Instant, Segment
from protocols.protocol import Preset, Protocol
from protocols.quantities import Current
from protocols.steps import Play, SelectResistance


class Mine(Protocol):
    name = "mine"
    title = "One pulse"
    phases = ("pulse",)
    presets = {"default": Preset("The only one.")}
    amplitude: Current = 1e-3

    def steps(self):
        yield SelectResistance(500.0)
        parts = [Segment(self.amplitude, 0.02, "pulse", Instant.PULSE_END)]
        yield Play(PulseProgram.compile(parts, phases=("pulse",), limit=0.8, aperture=2e-4), "p")
"""


def numbers(picture, status):
    return [row["run"] for row in picture["queue"] if row["status"] == status]


def test_runs_are_played_in_order_and_recorded_each_in_a_file_of_its_own(window, tmp_path):
    runs = [run(tmp_path, {**BRIEF, "up": n}, sample=f"D{n}", note="why") for n in (3, 4, 5)]
    assert window.ask("queue", runs=runs)["ids"] == [1, 2, 3]
    assert numbers(window.latest, "waiting") == [1, 2, 3]
    window.ask("start")
    rows = [window.ended(number) for number in (1, 2, 3)]
    for n, row in zip((3, 4, 5), rows, strict=True):
        assert (row["status"], row["reason"], row["fraction"]) == ("finished", "", 1.0)
        recorded = open_run(row["file"])
        assert recorded.outcome is Outcome.FINISHED
        assert recorded.info.parameters["up"] == n == row["values"]["up"]
        assert (recorded.info.sample, recorded.info.notes) == (f"D{n}", "why")
    assert len({row["file"] for row in rows}) == 3
    end = window.station(lambda m: m["state"] == "idle")
    assert (end["output"], end["resistance"], end["current"]) == ("off", "open", None)


def test_a_rig_file_has_a_transcript_kept_of_each_run(station, tmp_path):
    rig = tmp_path / "rig.toml"
    rig.write_text("[transcript]\nkeep = true\n")
    window = station.window()
    window.ask("connect", rig=str(rig))
    window.ask("queue", runs=[run(tmp_path), run(tmp_path)])
    window.ask("start")
    for number in (1, 2):
        row = window.ended(number)
        assert row["status"] == "finished", row["reason"]
        messages = read_transcript(Path(row["file"]).with_suffix(".transcript.jsonl"))
        assert any(b"trigger.initiate()" in m.data for m in messages)
        assert messages[0].what is not What.OPENED, "the rig was open before"


def test_the_events_tell_the_whole_run(window, tmp_path):
    window.ask("queue", runs=[run(tmp_path)])
    window.ask("start")
    row = window.ended(1)
    told = window.events(1)
    assert told[:2] == ["begin", "state"]
    assert told[-2:] == ["end", "state"]
    begin = window.event("begin", run=1)
    assert begin["file"] == row["file"]
    assert begin["simulated"] is True
    samples = open_run(row["file"]).samples
    (first, *_), arrays = zip(*window.blocks(1), strict=True)
    assert first == 0
    assert set(arrays[0]) == {
        "time", "voltage", "current", "source_level", "resistance", "pulse_index", "cycle",
        "phase", "instant", "mode", "flags",
    }  # fmt: skip
    for name in arrays[0]:
        column = [value for block in arrays for value in block[name].tolist()]
        assert column == getattr(samples, name).tolist()
    assert math.inf in arrays[-1]["resistance"]


def test_the_picture_follows_the_run(window, tmp_path):
    window.ask("queue", runs=[run(tmp_path)])
    window.ask("start")
    window.ended(1)
    pictures = [m for m, _ in window.told if m.get("event") == "station"]
    playing = [m for m in pictures if m["current"] == 1]
    assert {m["state"] for m in playing} == {"running"}
    assert [m["resistance"] for m in playing if m["resistance"]][-1] == "open"
    assert 500.0 in [m["resistance"] for m in playing]
    assert "on" in [m["output"] for m in playing]
    assert pictures[-1]["output_text"] == "output off, off mode high-impedance; R = open"


BAD = [
    ({"protocol": "ltp-lt"}, "ltp-lt"),
    ({"values": {"width": "20 A"}}, "the unit of another quantity"),
    ({"values": {"amplitude": 1.0}}, "max_current"),
    ({"values": {"states": [20e3]}}, "the nearest is 8 kohm"),
    ({"preset": "fast"}, "no preset 'fast'"),
    ({"out": "runs"}, "give an absolute path"),
    ({"out": os.devnull}, "the folder cannot be made"),
    ({"protocol": "mine.py:Mine"}, "give the file's absolute path"),
]


def test_bad_input_queues_nothing(window, tmp_path):
    for bad, says in BAD:
        with pytest.raises(Refused, match=says) as refused:
            window.ask("queue", runs=[run(tmp_path), {**run(tmp_path), **bad}])
        assert "runs.1" in str(refused.value)
        assert window.latest["queue"] == []
    with pytest.raises(Refused, match="no run waits"):
        window.ask("start")


def test_nothing_is_queued_or_played_without_a_rig(station, tmp_path):
    window = station.window()
    for request in ({"do": "queue", "runs": [run(tmp_path)]}, {"do": "start"}, {"do": "safe"}):
        with pytest.raises(Refused, match="no rig is connected"):
            window.ask(**request)


def test_two_runs_never_go_into_one_file(window, tmp_path):
    out = str(tmp_path / "run.h5")
    with pytest.raises(Refused, match="two runs of the queue would go into this file"):
        window.ask("queue", runs=[run(tmp_path, out=out)] * 2)
    window.ask("queue", runs=[run(tmp_path, out=out)])
    with pytest.raises(Refused, match="two runs of the queue would go into this file"):
        window.ask("queue", runs=[run(tmp_path, out=out)])
    window.ask("start")
    assert window.ended(1)["file"] == out
    with pytest.raises(Refused, match="exists already"):
        window.ask("queue", runs=[run(tmp_path, out=out)])


def test_a_file_that_appears_meanwhile_is_not_replaced(window, tmp_path):
    out = tmp_path / "run.h5"
    window.ask("queue", runs=[run(tmp_path, out=str(out))])
    out.write_bytes(b"mine")
    window.ask("start")
    row = window.ended(1)
    assert (row["status"], row["file"]) == ("failed", None)
    assert "exists already" in row["reason"]
    assert window.event("end", run=1)["file"] is None
    assert out.read_bytes() == b"mine"


def test_a_users_own_file_is_played_as_it_was_when_queued_or_not_at_all(window, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(MINE)
    asked = run(tmp_path, {"amplitude": "0.5 mA"}, protocol=f"{file}:Mine")
    window.ask("queue", runs=[asked, asked])
    window.ask("start")
    first = window.ended(1)
    assert (first["status"], first["name"]) == ("finished", "mine")
    assert first["protocol"] == f"{file}:Mine"
    window.ended(2)
    window.ask("queue", runs=[asked, run(tmp_path)])
    file.write_text(MINE.replace("1e-3", "2e-3"))
    window.ask("start")
    row = window.ended(3)
    assert (row["status"], row["file"]) == ("failed", None)
    assert f"{file} has changed since the run was queued" in row["reason"]
    held = window.station(lambda m: m["hold"])
    assert held["state"] == "fault"
    assert numbers(held, "waiting") == [4]
    assert window.event("fault", run=3)["message"] == row["reason"]


def test_a_fault_in_a_users_own_file_fails_its_run_and_the_station_goes_on(window, tmp_path):
    file = tmp_path / "mine.py"
    # Not while it is planned, where what was read is all zeros.
    bug = "        if readings.voltage.any():\n            raise RuntimeError('a bug of mine')\n"
    file.write_text(MINE.replace("yield Play", "readings = yield Play") + bug)
    window.ask("queue", runs=[run(tmp_path, {}, protocol=f"{file}:Mine"), run(tmp_path)])
    window.ask("start")
    row = window.ended(1)
    assert row["status"] == "failed"
    assert f"{file}, line " in row["reason"]
    assert "a bug of mine" in row["reason"]
    assert open_run(row["file"]).outcome is Outcome.FAILED
    assert window.station(lambda m: m["hold"])["output"] == "off"
    window.ask("start")
    assert window.ended(2)["status"] == "finished"


def test_runs_that_wait_can_be_moved_and_removed(window, tmp_path):
    window.ask("queue", runs=[run(tmp_path)] * 4)
    window.ask("move", run=4, to=0)
    window.ask("remove", run=2)
    assert numbers(window.latest, "waiting") == [4, 1, 3]
    window.ask("move", run=4, to=2)
    assert numbers(window.latest, "waiting") == [1, 3, 4]
    for request, says in [
        ({"do": "move", "run": 1, "to": 3}, "the places are 0 to 2"),
        ({"do": "move", "run": 2, "to": 0}, "run 2 is not in the list"),
        ({"do": "remove", "run": 9}, "run 9 is not in the list"),
    ]:
        with pytest.raises(Refused, match=says):
            window.ask(**request)
    window.ask("move", run=4, to=0)
    window.ask("start")
    window.ended(3)
    assert [m["run"] for m, _ in window.told if m.get("event") == "begin"] == [4, 1, 3]
    with pytest.raises(Refused, match="run 4 is finished"):
        window.ask("remove", run=4)
    window.ask("queue", runs=[run(tmp_path)] * 2)
    window.ask("clear")
    assert numbers(window.latest, "waiting") == []


def test_the_list_forgets_the_oldest_that_have_ended(tmp_path):
    protocol = find_protocol("ltp-ltd").build(None)
    origin = Origin("ltp-ltd", protocol, "paper-20ms", None, "", "", 1.0, tmp_path)
    queue = RunQueue()
    queue.add([origin] * 250)
    while len(queue.waiting) > 10:
        queue.end(queue.next(), Status.FINISHED, "")
    assert [row["run"] for row in queue.rows] == list(range(41, 251))
    with pytest.raises(InputError, match="1001 runs would wait; at most 1000"):
        queue.add([origin] * 991)
    assert len(queue.waiting) == 10


CAMPAIGN = """
[defaults]
protocol = "ltp-ltd"
set = {{ states = "500", up = 5, down = 5 }}
on_fault = "{on_fault}"

[[run]]
sample = "D1"
{first}
[[run]]
sample = "D2"
"""


def campaign(tmp_path, on_fault="stop", first=""):
    file = tmp_path / "plan.toml"
    file.write_text(CAMPAIGN.format(on_fault=on_fault, first=first))
    return {"file": str(file), "out": str(tmp_path / "campaign")}


def index(tmp_path):
    lines = (tmp_path / "campaign" / "campaign.jsonl").read_text().splitlines()
    return {entry["run"]: entry["state"] for entry in map(json.loads, lines)}


def test_a_campaign_goes_through_the_queue_and_its_folder_is_held_meanwhile(window, tmp_path):
    asked = campaign(tmp_path)
    assert window.ask("campaign", **asked) == {
        "reply": 3, "ok": True, "ids": [1, 2], "not_counted": [],
    }  # fmt: skip
    folder = tmp_path / "campaign"
    with (
        pytest.raises(InputError, match="a campaign is running in this folder"),
        CampaignFolder.hold(folder),
    ):
        pass
    with pytest.raises(Refused, match="a campaign is running in this folder"):
        window.ask("campaign", **asked)
    window.ask("start")
    assert window.ended(2)["sample"] == "D2"
    assert sorted(p.name for p in folder.glob("*.h5")) == [
        "0001_ltp-ltd_D1.h5", "0002_ltp-ltd_D2.h5",
    ]  # fmt: skip
    assert index(tmp_path) == {1: "finished", 2: "finished"}
    with CampaignFolder.hold(folder):
        pass
    with pytest.raises(Refused, match="every run is complete"):
        window.ask("campaign", **asked)


def test_a_campaign_lets_go_of_its_folder_when_its_runs_are_taken_out(window, tmp_path):
    asked = campaign(tmp_path)
    window.ask("campaign", **asked)
    window.ask("remove", run=1)
    window.ask("clear")
    assert window.ask("campaign", **asked)["ids"] == [3, 4]


@pytest.mark.parametrize(("on_fault", "then"), [("stop", "waiting"), ("continue", "finished")])
def test_a_campaign_says_whether_the_queue_goes_on_after_a_failure(
    window, tmp_path, on_fault, then
):
    failing = 'set = { states = "open", up = 150, voltage_limit = "200 mV" }'
    window.ask("campaign", **campaign(tmp_path, on_fault, failing))
    window.ask("start")
    assert window.ended(1)["status"] == "failed"
    window.station(lambda m: m["queue"][1]["status"] == then and m["current"] is None)
    assert bool(window.latest["hold"]) == (then == "waiting")
    assert index(tmp_path) == {1: "failed", 2: "pending" if then == "waiting" else "finished"}


def test_a_campaign_is_not_measured_on_another_rig(window, tmp_path):
    (tmp_path / "rig.toml").write_text('[device]\nmax_voltage = "0.9 V"\n')
    asked = campaign(tmp_path)
    file = tmp_path / "plan.toml"
    file.write_text('rig = "rig.toml"\n' + file.read_text())
    with pytest.raises(Refused, match=r"is for .*rig\.toml, which is not the rig that is conn"):
        window.ask("campaign", **asked)
    window.ask("disconnect")
    window.ask("connect", rig=str(tmp_path / "rig.toml"), speed=1000)
    assert len(window.ask("campaign", **asked)["ids"]) == 2


def test_the_first_of_three_that_fails_holds_the_queue_until_start(window, tmp_path):
    runs = [run(tmp_path, FAILING), run(tmp_path), run(tmp_path)]
    window.ask("queue", runs=runs)
    window.ask("start")
    row = window.ended(1)
    assert row["status"] == "failed"
    assert "limit of 200 mV at pulse" in row["reason"]
    assert open_run(row["file"]).outcome is Outcome.FAILED
    held = window.station(lambda m: m["hold"])
    assert held["state"] == "fault"
    assert held["hold"] == f"run 1 failed: {row['reason']}"
    assert (held["output"], held["resistance"]) == ("off", "open")
    assert numbers(held, "waiting") == [2, 3]
    window.ask("start")
    assert window.ended(3)["status"] == "finished"
    assert window.station(lambda m: m["state"] == "idle")["hold"] == ""
