"""Curves of endurance and array runs: noise and spread that are known beforehand come out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.curve_runs import curve_measures
from analysis.ltp_ltd import LtpLtdAnalysis
from analysis.update_curve import NoCurveError, update_curves
from app import lab
from app.rigs.opening import make_bench
from app.rigs.rig_file import RigFile
from data.reader import Run
from drivers.simulated.device import current_driven, pulse_train
from protocols.endurance import Endurance
from protocols.program import Instant

RIG = """[source_meter]
address = "simulated"
[simulation]
seed = 1
spread = {spread}
noise = {noise}
[resistor_bank]
devices = [{{name="D1", channel=111}}, {{name="D2", channel=112}}, {{name="D3", channel=113}},
{{name="D4", channel=114}}]
"""
PULSES = 60


def array(folder: Path, spread: float = 0.2, noise: bool = False, **values: Any) -> Run:
    rig = folder / "rig.toml"
    rig.write_text(RIG.format(spread=spread, noise=str(noise).lower()), encoding="utf-8")
    given = {"settings": f"up={PULSES}; down={PULSES}; states=8k", **values}
    return lab.run("array", rig=rig, out=folder / "array.h5", **given)


def known_spread(rig: Path) -> float:
    """Of the circuits that stand on the bench, stepped without any instrument."""
    bench, logs = make_bench(RigFile.read(rig)), []
    for channel in (111, 112, 113, 114):
        bench.set_relays(0.0, frozenset({channel}))
        modes = current_driven(bench.device.circuit, 8000.0)
        weights = pulse_train(modes, np.zeros((3, 1)), 1e-3, 20e-3, 20e-3, PULSES)[:, 0]
        logs.append(math.log((weights[-1] - weights[0]) / (PULSES - 1)))
    return float(np.std(logs, ddof=1))


@pytest.mark.parametrize("spread", [0.02, 0.2])
def test_an_array_gives_the_spread_of_its_devices(tmp_path: Path, spread: float) -> None:
    (curve,) = update_curves(curve_measures(array(tmp_path, spread)))
    known = known_spread(tmp_path / "rig.toml")
    assert curve.device_spread.value == pytest.approx(known, rel=0.02)
    assert curve.device_spread.note == "4 samples"
    assert curve.source.endswith(", D1, cycle 1")
    assert curve.step_noise.value is None


def test_an_array_of_endurance_gives_spread_and_noise(tmp_path: Path) -> None:
    settings = "up=60; down=60; cycles=4; full_per_decade=100; resistance=8k"
    run = array(tmp_path, 0.1, True, protocol="endurance", settings=settings, devices="D1, D3")
    (curve,) = update_curves(curve_measures(run))
    assert curve.device_spread.note == "2 samples"
    assert curve.step_noise.note == "3 cycles of endurance"
    assert 1e-5 < curve.step_noise.value < 3e-3


def test_arrays_of_two_samples_are_of_different_devices(tmp_path: Path) -> None:
    run = array(tmp_path, devices="D1, D2")
    both = [
        result
        for sample in ("A", "B")
        for result in curve_measures(replace(run, info=replace(run.info, sample=sample)))
    ]
    assert [r.provenance.sample for r in both] == ["A D1", "A D2", "B D1", "B D2"]
    assert update_curves(both)[0].device_spread.note == "4 samples"


def walked(
    record: Callable[..., Any], noise: float, drift: float, cycles: int = 60, up: int = 50
) -> Any:
    """Endurance whose steps have independent noise (V) and grow by `drift` (share) a cycle."""
    run = record(
        Endurance.build(cycles=cycles, up=up, down=up, full_per_decade=30, resistance=8000.0)
    )
    s, rng = run.samples, np.random.default_rng(5)
    gap = s.instant == Instant.GAP_END
    for cycle in np.unique(s.cycle):
        for code in (1, 2):
            rows = np.flatnonzero(gap & (s.cycle == cycle) & (s.phase == code))
            if len(rows) == up:
                moved = (s.voltage[rows] - s.voltage[rows[0]]) * (1 + drift * cycle)
                walk = np.concatenate(([0.0], np.cumsum(rng.normal(0, noise, up - 1))))
                s.voltage[rows] = s.voltage[rows[0]] + moved + walk
    return run


@pytest.mark.parametrize("drift", [0.0, 2e-3])
def test_endurance_gives_the_noise_of_a_step_whatever_the_drift(
    record: Callable[..., Any], drift: float
) -> None:
    noise = 40e-6
    (curve,) = update_curves(curve_measures(walked(record, noise, drift)))
    known = noise / (curve.window[1] - curve.window[0])
    assert curve.step_noise.value == pytest.approx(known, rel=0.1)
    assert "cycles of endurance" in curve.step_noise.note
    assert curve.device_spread.value is None
    assert (curve.resistance, curve.states) == (8000.0, 50)


def test_runs_of_other_pulse_counts_add_their_noise_to_a_curve(
    record: Callable[..., Any], make_run: Callable[..., Any]
) -> None:
    noise = 40e-6
    first = LtpLtdAnalysis().analyse(make_run(states=(8000.0,)))
    (curve,) = update_curves([first, *curve_measures(walked(record, noise, 0.0))])
    assert curve.states == 150
    assert curve.step_noise.value == pytest.approx(
        noise / (curve.window[1] - curve.window[0]), rel=0.1
    )


def test_repeats_in_several_runs_and_cycles_count_together(make_run: Callable[..., Any]) -> None:
    results = [
        LtpLtdAnalysis().analyse(make_run(states=(8000.0,), **values))
        for values in ({"cycles": 3}, {"cycles": 1}, {"cycles": 1, "up": 40, "down": 40})
    ]
    (curve,) = update_curves(results)
    assert curve.step_noise.note == "cycles 2 to 3; 2 runs"


def test_runs_of_other_pulses_are_refused(make_run: Callable[..., Any]) -> None:
    results = [
        LtpLtdAnalysis().analyse(make_run(states=(8000.0,), amplitude=amplitude))
        for amplitude in (1e-3, 2e-3)
    ]
    with pytest.raises(NoCurveError, match=r"pulses of 1 mA, 20 ms on, .* 2 mA.*the same pulses"):
        update_curves(results)


def test_other_protocols_and_arrays_of_them_are_refused(tmp_path: Path) -> None:
    run = array(tmp_path, protocol="intensity", settings="states=500; amplitudes=1 mA",
                devices="D1")  # fmt: skip
    with pytest.raises(NoCurveError, match=r"array\.h5: a run of intensity; update curves"):
        curve_measures(run)
