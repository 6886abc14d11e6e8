"""One station for each user: found by its file, kept alone by its lock, entered by token."""

import contextlib
import dataclasses
import json
import os
import signal
import socket
import sys
import time

import pytest
from station_window import Refused, Window, run

from app.errors import InputError
from app.station.launch import launch
from app.station.whereabouts import FOLDER, Whereabouts, find
from app.station.wire import pack


def test_a_window_that_knows_the_token_is_told_how_things_stand(station):
    window = station.window()
    assert window.hello["ok"]
    picture = window.station(lambda _: True)
    assert picture["rig"] == {"connected": False, "connecting": False, "path": None}
    assert picture["state"] == "idle"
    assert picture["output"] == "unknown"
    assert picture["output_text"] == "no rig is connected"
    assert picture["queue"] == []


STRANGERS = {
    "wrong token": pack({"do": "hello", "token": "guessed", "id": 1}),
    "no token": pack({"do": "hello", "id": 1}),
    "no hello": pack({"do": "connect", "id": 1}),
    "too long": pack({"do": "hello", "token": "x" * 10_000}),
    "no frame": b"GET / HTTP/1.1\r\n\r\n",
}


def test_who_does_not_know_the_token_is_told_nothing(station):
    where = station.where
    for who, first in STRANGERS.items():
        with socket.create_connection((where.host, where.port), timeout=30) as stranger:
            stranger.sendall(first)
            with contextlib.suppress(ConnectionResetError):
                assert stranger.recv(1) == b"", who
    assert station.window().hello["ok"], "others are served as before"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_the_file_is_for_its_user_alone(station, runtime):
    assert station.where == find()
    assert (runtime / "station.json").stat().st_mode & 0o777 == 0o600
    assert runtime.stat().st_mode & 0o777 == 0o700


def test_a_second_station_is_refused_and_the_first_goes_on(start):
    first = start()
    where = first.where
    second = start()
    said = second.end()
    assert second.process.returncode == 2
    assert f"a station is running (process {first.process.pid})" in said
    assert find() == where
    assert first.window().hello["ok"]


def test_the_file_of_a_station_that_was_killed_is_replaced(start):
    dead = start()
    where = dead.where
    dead.process.kill()
    dead.process.wait()
    assert find() == where, "nobody could tidy up"
    with pytest.raises(ConnectionRefusedError):
        Window(where)
    alive = start()
    assert alive.window().hello["ok"]
    assert find().token != where.token


def test_a_file_that_is_not_a_stations_is_told(runtime, start):
    runtime.mkdir(mode=0o700)
    (runtime / "station.json").write_text("{}")
    with pytest.raises(InputError, match=r"station\.json is not a station's"):
        find()
    station = start()
    # Without the lock it is nobody's, so a station replaces it.
    while "{}" in (runtime / "station.json").read_text():
        assert station.process.poll() is None
        time.sleep(0.05)
    assert station.window().hello["ok"]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_a_folder_that_others_can_write_to_is_refused(runtime, monkeypatch):
    runtime.mkdir()
    runtime.chmod(0o777)
    with pytest.raises(InputError, match="could pose as the station"):
        find()
    monkeypatch.setenv(FOLDER, os.devnull)
    with pytest.raises(InputError, match=FOLDER):
        find()


def test_it_ends_when_there_is_no_window_and_nothing_to_do(start):
    station = start("--idle", "0.3")
    window = station.window()
    window.ask("connect")
    window.close()
    assert "station ended: nothing to do" in station.end()
    assert station.process.returncode == 0
    assert find() is None


def test_runs_that_wait_keep_it(start, tmp_path):
    station = start("--idle", "0.3")
    window = station.window()
    window.ask("connect")
    window.ask("queue", runs=[run(tmp_path)])
    window.close()
    time.sleep(1.5)  # what is shown is that it does not end, however long that is
    window = station.window()
    assert [row["status"] for row in window.station(lambda _: True)["queue"]] == ["waiting"]
    window.ask("clear")
    window.close()
    assert "nothing to do" in station.end()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it(start, number):
    station = start()
    station.window().ask("connect")
    station.process.send_signal(number)
    assert f"station ended: stopped by {signal.Signals(number).name}" in station.end()
    assert station.process.returncode == 0
    assert find() is None


def test_a_window_starts_a_station_that_outlives_it(runtime):
    process = launch()
    try:
        while find() is None:
            assert process.poll() is None
            time.sleep(0.05)
        window = Window(find())
        assert find().pid == process.pid
        if sys.platform != "win32":
            assert os.getsid(process.pid) == process.pid, "it belongs to no terminal"
        window.ask("quit")
        assert process.wait(timeout=30) == 0
        window.close()
    finally:
        process.kill()
        process.wait()
    assert "a window asked the station to end" in (runtime / "station.log").read_text()


def test_the_file_says_all_that_is_needed(station, runtime):
    where = station.where
    content = json.loads((runtime / "station.json").read_text())
    assert content == dataclasses.asdict(where)
    assert Whereabouts(**content).host == "127.0.0.1"


def test_a_request_that_cannot_be_understood_is_refused_with_what_is_accepted(window):
    for message, says in [
        ({"do": "fly"}, "there are: connect, disconnect, queue"),
        ({"do": "move", "run": 1}, "move: to"),
        ({"do": "abort", "reasn": "x"}, "unknown key reasn; accepted here: reason"),
        ({"do": "select", "resistance": "5 V"}, "the unit of another quantity"),
        ({"do": "connect", "rig": "rig.toml"}, "give an absolute path"),
        ({"do": "connect"}, "a rig is connected; disconnect it first"),
    ]:
        with pytest.raises(Refused, match=says):
            window.ask(**message)
