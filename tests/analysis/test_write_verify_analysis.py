"""The tries of a write-and-verify run, as they are in its file."""

import json

import pytest

from app import lab


def test_every_try_is_told_and_the_error_is_that_of_the_last_reading(tmp_path):
    run = lab.run("write-verify", target="0.21 V", out=tmp_path / "w.h5")
    result = lab.analyse(run)
    assert result.reached
    judged = [run.samples.voltage[p.rows][-1] for p in run.plays if "verify" in p.label]
    assert [t.voltage for t in result.tries[1:]] == judged
    assert result.error.value == pytest.approx(judged[-1] - 0.21)
    assert abs(result.error.value) <= 1e-3
    written = [p for p in run.plays if p.label.startswith("try")]
    assert sum(1 for t in result.tries if t.pulses) == len(written)
    assert result.tries[1].pulses > 0
    json.dumps(result.as_json(), allow_nan=False)
    assert "reached" in result.table().notes[0]
    assert lab.figure(run).axes
