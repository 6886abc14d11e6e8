"""Runs over each other, whatever their protocols."""

import numpy as np
import pytest

from app.errors import InputError
from app.library.compare import compare
from app.library.thin import MOST, thin
from data.reader import open_run
from protocols.program import Instant


def opened(runs, *names):
    return [open_run(runs[name]) for name in names]


def test_psv_of_several_protocols_a_panel_a_state(runs):
    ltp, width = opened(runs, "ltp-ltd", "width")
    chart = compare([ltp, width], "psv")
    panels = {panel.title: panel for row in chart.rows for panel in row}
    assert list(panels) == ["R = 500 \u03a9", "R = 8 k\u03a9", "R = open"]
    assert [len(panel.curves) for panel in panels.values()] == [2, 1, 2]
    s = ltp.samples
    read = s.voltage[(s.instant == Instant.GAP_END) & np.isinf(s.resistance) & (s.pulse_index > 0)]
    assert np.array_equal(panels["R = open"].curves[0].y, read)
    assert len({c.run for panel in panels.values() for c in panel.curves}) == 2
    assert [row[1] for row in chart.table] == ["ltp-ltd.h5", "width.h5"]
    assert chart.alert == "SIMULATED"


def test_traces_are_the_readings_over_time(runs):
    both = opened(runs, "ltp-ltd", "retention")
    (row,) = compare(both, "trace").rows
    for curve, run in zip(row[0].curves, both, strict=True):
        assert np.array_equal(curve.x, run.samples.time)
        assert np.array_equal(curve.y, run.samples.voltage)


def test_loops_are_those_of_the_analysis_and_runs_without_are_named(runs):
    chart = compare(opened(runs, "iv-sweep", "rates", "ltp-ltd"), "iv")
    panels = [panel for row in chart.rows for panel in row]
    assert [len(p.curves) for p in panels] == [1, 3]
    assert any("no current-voltage loop" in note and "ltp-ltd" in note for note in chart.notes)


def test_what_is_simulated_or_partial_is_counted(runs):
    assert compare(opened(runs, "real"), "psv").alert == ""
    chart = compare(opened(runs, "ltp-ltd", "real", "ltp-ltd cut"), "psv")
    assert chart.alert == "SIMULATED (2 of 3 runs) \u00b7 PARTIAL (1 of 3 runs)"
    assert [row[-1] for row in chart.table] == ["SIMULATED", "real", "SIMULATED"]


def test_nothing_to_compare_is_an_error(runs):
    with pytest.raises(InputError, match="no current-voltage loop"):
        compare(opened(runs, "ltp-ltd"), "iv")


@pytest.mark.parametrize("count", [1, MOST, MOST + 1, 3 * MOST + 7, 1_000_003])
def test_long_curves_keep_their_extrema(count):
    y = np.random.default_rng(3).normal(size=count)
    y[count // 3] = 50.0
    y[-1] = -60.0
    x, thinned, stretch = thin(np.arange(count, dtype=float), y)
    assert len(x) <= MOST + 2
    assert (stretch == 0) == (count <= MOST)
    assert np.array_equal(thinned, y[x.astype(int)])
    assert np.all(np.diff(x) >= 0)
    assert thinned.min() == y.min()
    assert thinned.max() == y.max()
