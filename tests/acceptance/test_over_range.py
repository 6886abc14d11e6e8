"""Readings beyond the measuring range, of an emulated instrument whose range somebody lowers.

They are kept as they came, flagged; nothing is made of them, and that is said.
"""

import json
import math

import numpy as np
import pytest

from analysis.curves import curves
from analysis.iv_sweep import IvSweepAnalysis
from analysis.ltp_ltd import LtpLtdAnalysis
from analysis.update_curve import NoCurveError, update_curves
from app.library.compare import compare
from app.library.results import Analysed
from data.finish import psv_curves
from data.reader import open_run
from data.run import Outcome

OVERFLOW = 9.91e37
LEFT_OUT = "beyond the measuring range, left out"


@pytest.fixture
def lowered(served, fmes, tmp_path, monkeypatch):
    """Run a protocol; as it starts, a hand on the front panel lowers a range."""
    monkeypatch.setenv("FMES_LAB_STATE", str(tmp_path / "state"))

    def run(panel, *arguments):
        bench = served(math.inf)
        take = bench.meter.write

        def write(received):
            if b"trigger.initiate" in received:
                bench.meter._execute(panel, direct=True)
            take(received)

        bench.meter.write = write
        return bench, fmes("run", *arguments, "--rig", str(bench.rig), "--out", "run.h5")

    return run


def test_currents_beyond_their_range(lowered, fmes, tmp_path):
    _, done = lowered("smua.measure.rangei=100e-6", "iv-sweep", "--set", "states=8k",
                          "--set", "cycles=1")  # fmt: skip
    assert done.returncode == 0, done.stderr
    run = open_run(tmp_path / "run.h5")
    over = run.samples.over_range
    count = int(over.sum())
    assert 0 < count < len(over)
    assert (run.samples.current[over] == OVERFLOW).all(), "kept as they came"
    assert f"{count} readings flagged overrange: {LEFT_OUT}" in " ".join(done.stdout.split())
    assert (tmp_path / "run.png").exists()

    result = IvSweepAnalysis().analyse(run)
    loop = result.sweeps[0].chosen.loop
    assert len(loop.current) == count_of_sweep(run) - count
    assert np.abs(loop.current).max() < 103e-6
    assert result.sweeps[0].chosen.charge_up.value is None
    assert f"{count} readings are beyond" in result.sweeps[0].chosen.charge_up.note
    assert np.isnan(loop.line[0]).any(), "no line across what was left out"
    chart = Analysed(run, IvSweepAnalysis(), result).chart()
    assert f"{count} OVER-RANGE READINGS LEFT OUT" in chart.alert
    for _, current in curves(run).panels.values():
        assert np.nanmax(np.abs(current)) < 0.11, "in mA"
    beside = compare([run], "trace")
    assert any(LEFT_OUT in note for note in beside.notes)
    assert np.nanmax(np.abs(beside.rows[0][0].curves[0].y)) < 1

    said = json.loads(fmes("analyse", "run.h5", "--json").stdout)
    assert said["provenance"]["left_out"] == count
    assert fmes("export", "run.h5", "--to", "run.csv").returncode == 0
    lines = (tmp_path / "run.csv").read_text().splitlines()
    assert any(line.startswith(f"# {count} readings are flagged overrange") for line in lines)
    assert run.to_xarray().attrs["readings_over_range"] == count
    assert fmes("compare", "run.h5", "run.h5", "--out", "two.png").returncode == 0


def count_of_sweep(run):
    return int((run.samples.cycle > 0).sum())


def test_voltages_beyond_their_range(lowered, fmes, tmp_path):
    bench, done = lowered("smua.measure.rangev=0.1", "ltp-ltd", "--set", "states=open",
                          "--set", "up=60", "--set", "down=20")  # fmt: skip
    # Nobody knows then whether the device's greatest voltage is kept.
    assert done.returncode == 1
    assert "was beyond the measuring range at pulse 2 of" in done.stdout
    assert "max_voltage of 800 mV" in done.stdout
    assert bench.safe() == {"current": 0, "resistance": math.inf, "mode": "high_z"}
    run = open_run(tmp_path / "run.h5")
    assert run.outcome is Outcome.FAILED
    over = run.samples.over_range
    assert (run.samples.voltage[over] == OVERFLOW).all()

    result = LtpLtdAnalysis().analyse(run)
    state = result.states[0]
    assert "partial" in state.reason
    branch = state.first.up.branch
    assert 1 < len(branch.weights) < 60
    assert branch.weights.max() < 0.103
    assert len(branch.pulses) == len(branch.weights)
    text = " ".join(fmes("analyse", "run.h5").stdout.split())
    assert f"{int(over.sum())} readings flagged overrange: {LEFT_OUT}" in text
    with pytest.raises(NoCurveError, match="partial"):
        update_curves([result])
    for psv in psv_curves(run.samples).values():
        assert np.nanmax(np.abs(psv)) < 0.103
    assert np.nanmax(np.abs(compare([run], "psv").rows[0][0].curves[0].y)) < 0.103
