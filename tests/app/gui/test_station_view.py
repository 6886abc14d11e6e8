"""What may be done follows from the station's last message alone."""

import math

import pytest

from app.gui.station_view import Activity, Allowed, StationView

RIG = {"connected": True, "connecting": False, "path": None, "simulated": True,
       "meter": "2602B", "bank": "34970A", "max_voltage": 0.8, "max_current": 0.02,
       "states": [500.0, "open"]}  # fmt: skip
WAITING = {"run": 2, "protocol": "ltp-ltd", "preset": "", "values": {}, "sample": "", "note": "",
           "expected_duration": 72.0, "status": "waiting", "reason": "", "file": "",
           "fraction": 0.0}  # fmt: skip


def message(rig=(), queue=(), **changes):
    return {
        "event": "station", "rig": {**RIG, **dict(rig)}, "output": "off", "output_text": "",
        "resistance": "open", "state": "idle", "hold": "", "queue": list(queue), "current": None,
        **changes,
    }  # fmt: skip


STATES = {
    "connecting": message(rig={"connected": False, "connecting": True}),
    "disconnected": message(rig={"connected": False}),
    "idle": message(),
    "running": message(state="running", output="on", current=1),
    "pausing": message(state="pausing", output="on", current=1),
    "paused": message(state="paused", current=1),
    "stopping": message(state="aborting", current=1),
    "held": message(hold="aborted by the operator", queue=[WAITING]),
    "fault": message(state="fault", hold="a relay is stuck", queue=[WAITING]),
    "fault, nothing waits": message(state="fault", hold="a relay is stuck"),
    "output unknown": message(output="unknown"),
}
#                         activity               run    queue  start  pause  abort  rig
MATRIX = {
    "connecting": (Activity.CONNECTING, False, False, False, False, False, False),
    "disconnected": (Activity.DISCONNECTED, False, False, False, False, False, True),
    "idle": (Activity.IDLE, True, True, False, False, True, True),
    "running": (Activity.RUNNING, False, True, False, True, True, False),
    "pausing": (Activity.PAUSING, False, True, False, True, True, False),
    "paused": (Activity.PAUSED, False, True, False, True, True, False),
    "stopping": (Activity.STOPPING, False, True, False, False, True, False),
    "held": (Activity.HELD, True, True, True, False, True, True),
    "fault": (Activity.FAULT, True, True, True, False, True, True),
    "fault, nothing waits": (Activity.FAULT, True, True, False, False, True, True),
    "output unknown": (Activity.FAULT, True, True, False, False, True, True),
}


@pytest.mark.parametrize("name", STATES)
def test_every_state_allows_what_the_matrix_says(name):
    view = StationView.of(STATES[name])
    allowed = Allowed.in_state(view, form_valid=True)
    assert (
        view.activity, allowed.run, allowed.queue, allowed.start, allowed.pause, allowed.abort,
        allowed.rig,
    ) == MATRIX[name]  # fmt: skip


@pytest.mark.parametrize("name", STATES)
def test_a_form_that_is_not_valid_blocks_run_and_queue_but_not_what_waits(name):
    allowed = Allowed.in_state(StationView.of(STATES[name]), form_valid=False)
    assert not allowed.run
    assert not allowed.queue
    assert allowed.start == MATRIX[name][3]


@pytest.mark.parametrize(("name", "text"), [("pausing", "Resume"), ("paused", "Resume"),
                                            ("running", "Pause")])  # fmt: skip
def test_the_button_says_what_it_would_do(name, text):
    assert Allowed.in_state(StationView.of(STATES[name]), True).pause_text == text


def test_without_a_station_nothing_is_claimed():
    view = StationView()
    assert view.activity is Activity.AWAY
    assert view.output_words == "Output UNKNOWN"
    assert view.resistance_text == "R unknown"
    allowed = Allowed.in_state(view, True)
    assert not any((allowed.run, allowed.queue, allowed.start, allowed.abort, allowed.rig))


def test_open_is_an_infinite_resistance():
    assert StationView.of(message()).resistance == math.inf
    assert StationView.of(message(resistance=1000.0)).resistance_text == "R = 1 kohm"
