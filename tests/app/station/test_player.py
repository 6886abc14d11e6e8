"""What the station shows when it is the program itself that fails."""

import pytest
from station_window import BRIEF

from app.station.instruments import Connected
from app.station.requests import RunSection
from app.station.station import Station


@pytest.fixture
def station():
    station = Station()
    station.connect(None, None)
    yield station
    assert station.close("the end of the test") == ""


def test_a_run_that_a_fault_of_the_program_stopped_is_not_shown_as_playing(
    station, tmp_path, monkeypatch
):
    section = RunSection(protocol="ltp-ltd", values=BRIEF, out=tmp_path)
    station.add([section.origin(station), section.origin(station)])

    def fault(_connected):
        raise RuntimeError("a fault")

    monkeypatch.setattr(Connected, "read_back", fault)
    station.player.start()
    station.errands.join()
    first, second = station.board.queue.rows
    assert (first["status"], first["reason"]) == ("failed", "RuntimeError('a fault')")
    assert second["status"] == "waiting"
    assert not station.board.playing
    assert station.board.hold == "RuntimeError('a fault')"
    assert station.board.output.state == "unknown"
