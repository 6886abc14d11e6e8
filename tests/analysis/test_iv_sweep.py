from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from analysis.crossing import first_rise
from analysis.iv_sweep import IvSweepAnalysis, Options
from data.run import Outcome
from protocols.iv_sweep import IvSweep

Record = Callable[..., Any]


@pytest.fixture(scope="module")
def run(record: Record) -> Any:
    return record(IvSweep())


def test_values_at_a_point_of_the_third_cycle_are_those_of_the_circuit(run: Any) -> None:
    sweeps = IvSweepAnalysis().analyse(run).sweeps
    low, high = sweeps[0].chosen, sweeps[-1].chosen
    assert low.loop.number == high.loop.number == 3
    # The reference circuit: 1.5985 and 0.4735 mA at 0.6 V, 0.1220 and 0.7419 V at 0.5 mA.
    assert low.current_at.value == pytest.approx(1.5985e-3, rel=1e-3)
    assert high.current_at.value == pytest.approx(0.4735e-3, rel=1e-3)
    assert low.voltage_at.value == pytest.approx(0.1220, rel=5e-3)
    assert high.voltage_at.value == pytest.approx(0.7419, rel=2e-3)


def test_current_falls_and_voltage_rises_with_resistance(run: Any) -> None:
    sweeps = IvSweepAnalysis().analyse(run).sweeps
    assert (np.diff([s.chosen.current_at.value for s in sweeps]) < 0).all()
    assert (np.diff([s.chosen.voltage_at.value for s in sweeps]) > 0).all()


def test_capacitance_does_not_depend_on_the_resistance_in_parallel(run: Any) -> None:
    device = IvSweepAnalysis().analyse(run).sweeps
    terminal = IvSweepAnalysis(Options(branch="terminal")).analyse(run).sweeps
    values = [s.chosen.capacitance.value for s in (*device, *terminal)]
    # The step at the top counts to the way up: half a percent of its current is not cancelled.
    assert np.ptp(values) < 0.02 * np.mean(values)
    assert device[0].chosen.efficiency.value == pytest.approx(
        device[-1].chosen.efficiency.value, rel=1e-6
    )
    assert terminal[0].chosen.efficiency.value < 0.5 < device[0].chosen.efficiency.value < 1


def test_the_first_cycle_takes_more_charge_than_it_gives_back(run: Any) -> None:
    cycles = IvSweepAnalysis().analyse(run).sweeps[0].cycles
    assert [c.loop.number for c in cycles] == [1, 2, 3]
    assert (np.diff([c.efficiency.value for c in cycles]) > 0).all()


def test_a_cycle_that_was_cut_short_has_values_and_no_charge(record: Record) -> None:
    steps = 2 * 160
    partial = record(IvSweep(), plays=1, readings=2 * steps + 140, outcome=Outcome.ABORTED)
    found = IvSweepAnalysis().analyse(partial)
    assert not found.complete
    assert found.states[0].complete
    cycle = found.sweeps[1].chosen
    assert cycle.current_at.value is not None
    assert cycle.voltage_at.value is not None
    assert cycle.charge_up.value is None
    assert cycle.capacitance.note == "cycle 3 was cut short"
    assert [s.reason for s in found.states[2:]] == ["not measured"] * 3
    assert json.dumps(found.as_json(), allow_nan=False)


def test_a_value_that_is_not_reached_says_what_was_read(run: Any) -> None:
    found = IvSweepAnalysis(Options(at_current=5e-3)).analyse(run).sweeps[0].chosen.voltage_at
    assert found.value is None
    assert "5 mA is not passed on the way up, which was read from" in found.note


def test_of_a_terminal_that_is_shorted_there_is_no_capacitance_nor_efficiency(run: Any) -> None:
    zero = np.zeros(len(run.samples))
    shorted = replace(run, samples=replace(run.samples, voltage=zero, current=zero))
    cycle = IvSweepAnalysis().analyse(shorted).sweeps[0].chosen
    assert (cycle.capacitance.value, cycle.efficiency.value) == (None, None)
    assert cycle.capacitance.note == "the voltage does not change"
    assert cycle.efficiency.note == "no charge on the way up"


def test_fewer_cycles_than_asked_for_show_the_last_and_say_so(record: Record) -> None:
    found = IvSweepAnalysis().analyse(record(IvSweep(cycles=1, states=(1000.0,))))
    assert found.sweeps[0].chosen.loop.number == 1
    assert any("there is no cycle 3" in note for note in found.table().notes)


def test_rates_make_rows_of_their_own(record: Record) -> None:
    found = IvSweepAnalysis().analyse(record(IvSweep(rates=(0.05, 0.2), states=(8000.0,))))
    assert [s.rate for s in found.sweeps] == pytest.approx([0.05, 0.2])
    slow, fast = (s.chosen.current_at.value or 0.0 for s in found.sweeps)
    assert fast > 2 * slow
    assert len(found.table().rows) == 2


@pytest.mark.parametrize(
    ("y", "place"),
    [([0.0, 1.0, 2.0], 0.5), ([2.0, 1.0, 0.0, 2.0], 2.25), ([1.0, 0.9], None), ([], None)],
)
def test_first_rise_through_a_half(y: list[float], place: float | None) -> None:
    found = first_rise(np.arange(len(y), dtype=float), np.array(y), 0.5)
    assert (found[0] if found else None) == place
