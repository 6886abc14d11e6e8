"""The finished file: small, complete, and showing first what a person wants to see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import h5py
import numpy as np
import pytest

from data.errors import DataError
from data.finish import finish
from data.reader import open_run
from data.recorder import Recorder
from data.run import Outcome, PlayInfo, RunInfo
from data.samples import Samples
from protocols.program import Instant

Ramp = Callable[[int, int], Samples]
END = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)


def pulses(count: int, resistance: float, voltage: float) -> Samples:
    """Two readings a pulse: `voltage` at its end, half of it at the end of the gap."""
    n = 2 * count
    time = np.linspace(0.0, 1.0, n)
    return Samples(
        time=time,
        requested_time=time,
        pulse_index=np.repeat(np.arange(1, count + 1, dtype=np.int32), 2),
        phase=np.ones(n, np.uint8),
        instant=np.tile(np.array([Instant.PULSE_END, Instant.GAP_END], np.uint8), count),
        cycle=np.ones(n, np.int32),
        source_level=np.full(n, 1e-3),
        mode=np.zeros(n, np.uint8),
        voltage=np.tile([voltage, voltage / 2], count),
        current=np.full(n, 1e-3),
        resistance=np.full(n, resistance),
        flags=np.zeros(n, np.uint8),
    )


def test_psv_per_state_is_shown_first(tmp_path: Path, info: RunInfo) -> None:
    recorder = Recorder.begin(tmp_path / "run.h5", info, capacity=100, plays=4)
    states = [(500.0, 0.2, 5), (np.inf, 0.6, 3), (499.7, 0.4, 1), (500.0, 0.8, 1)]
    for number, (resistance, voltage, count) in enumerate(states):
        recorder.play(PlayInfo("up", "", float(number), resistance, {}))
        recorder.append(pulses(count, resistance, voltage))
    with h5py.File(recorder.end(Outcome.FINISHED, "", END)) as file:
        psv = file["entry"][file["entry"].attrs["default"]]
        assert psv["pulse_number"][()].tolist() == [1, 2, 3, 4, 5, 6]
        signals = [psv.attrs["signal"], *map(bytes.decode, psv.attrs["auxiliary_signals"])]
        curves = {psv[s].attrs["long_name"]: psv[s][()] for s in signals}
        assert {psv[s].attrs["units"] for s in signals} == {"V"}
        log = file["entry/instrument/resistor_log"]
        assert log["time"][()].tolist() == [0.0, 1.0, 2.0, 3.0]
        assert log["value"][()].tolist() == [500.0, np.inf, 499.7, 500.0]
    nan = np.nan
    assert list(curves) == ["PSV at R = 500 ohm", "PSV at R = open", "PSV at R = 499.7 ohm"]
    np.testing.assert_allclose(
        list(curves.values()),
        [[0.1, 0.1, 0.1, 0.1, 0.1, 0.4], [0.3, 0.3, 0.3, nan, nan, nan], [0.2] + [nan] * 5],
    )


def test_without_pulses_the_readings_are_shown_first(tmp_path: Path, info: RunInfo) -> None:
    recorder = Recorder.begin(tmp_path / "run.h5", info, capacity=10, plays=1)
    rest = replace(pulses(5, 500.0, 0.2), pulse_index=np.zeros(10, np.int32))
    recorder.append(rest)
    with h5py.File(recorder.end(Outcome.FINISHED, "", END)) as file:
        assert file["entry"].attrs["default"] == "data"
        assert "psv" not in file["entry"]


def test_more_states_than_can_be_told_apart_are_not_drawn(tmp_path: Path, info: RunInfo) -> None:
    recorder = Recorder.begin(tmp_path / "run.h5", info, capacity=20_000, plays=1)
    recorder.append(replace(pulses(10_000, 0.0, 0.2), resistance=np.arange(20_000.0)))
    path = recorder.end(Outcome.FINISHED, "", END)
    assert len(open_run(path).samples) == 20_000
    with h5py.File(path) as file:
        assert file["entry"].attrs["default"] == "data"


def test_an_indexer_needs_the_root_attributes_only(finished: Path) -> None:
    run = open_run(finished)
    with h5py.File(finished) as file:
        attributes = dict(file.attrs)
    assert attributes["run_id"] == run.info.run_id
    assert attributes["sample"] == run.info.sample
    assert attributes["protocol"] == run.info.protocol
    assert attributes["user"] == run.info.user
    assert datetime.fromisoformat(attributes["start"]) == run.info.start
    assert datetime.fromisoformat(attributes["end"]) == run.end
    assert Outcome(attributes["outcome"]) is run.outcome
    assert attributes["simulated"] == run.info.simulated
    assert attributes["rows"] == len(run.samples)


def test_a_crashed_run_can_be_finished(working: Path, ramp: Ramp) -> None:
    before = open_run(working)
    finish(working, lambda run: replace(run, outcome=Outcome.FAILED, reason="crash", end=END))
    run = open_run(working)
    assert (run.outcome, run.reason, run.end, run.working) == (Outcome.FAILED, "crash", END, False)
    np.testing.assert_array_equal(run.samples.voltage, ramp(0, 30).voltage)
    assert run.writer == before.writer
    np.testing.assert_array_equal(run.blocks, before.blocks)


def test_a_run_without_an_outcome_is_not_finished(working: Path) -> None:
    before = working.read_bytes()
    with pytest.raises(DataError, match="has no outcome yet"):
        finish(working)
    assert working.read_bytes() == before


def test_what_an_interrupted_rewrite_left_is_replaced(working: Path) -> None:
    (working.parent / "working.h5.rewriting").write_bytes(b"half a file")
    finish(working, lambda run: replace(run, outcome=Outcome.FAILED, end=END))
    assert [path.name for path in working.parent.iterdir()] == ["working.h5"]


def test_a_finished_file_is_small(tmp_path: Path, info: RunInfo) -> None:
    recorder = Recorder.begin(tmp_path / "run.h5", info, capacity=100_000, plays=1)
    recorder.append(pulses(5_000, 500.0, 0.3))
    room = recorder.path.stat().st_size
    assert recorder.end(Outcome.FINISHED, "", END).stat().st_size < room / 5
