"""Charts say what the runs' readings say, state by state; partial runs say that they are."""

import math

import numpy as np
import pytest

from app.errors import InputError
from app.library.chart import Chart, decode, encode
from app.library.results import Results
from data.reader import open_run
from protocols.program import Instant


def chart_of(path) -> Chart:
    chart = Results().of(path, "main").chart()
    assert chart is not None
    return decode(*encode(chart))


def curves(panel, **wanted):
    return [c for c in panel.curves if all(getattr(c, k) == v for k, v in wanted.items())]


def test_ltp_ltd_shows_the_weights_their_fit_and_what_is_left(runs):
    chart, run = chart_of(runs["ltp-ltd"]), open_run(runs["ltp-ltd"])
    (weights,), (residuals,), measures = chart.rows
    assert weights.x == residuals.x
    s = run.samples[(run.samples.instant == Instant.GAP_END) & (run.samples.pulse_index > 0)]
    for state in (500.0, 8000.0, math.inf):
        up, down = curves(weights, state=state, role="data")
        assert np.array_equal(np.concatenate([up.x, down.x]), np.arange(1, 81))
        read = s.voltage[np.isclose(s.resistance, state, rtol=0.05)]
        assert np.array_equal(np.concatenate([up.y, down.y]), read)
        fits = curves(weights, state=state, role="fit")
        for data, fit, left in zip((up, down), fits, curves(residuals, state=state), strict=True):
            assert left.y[[0, -1]] == pytest.approx([0, 0], abs=1e-12)
            middle = np.interp(data.x, fit.x, fit.y)
            assert left.y == pytest.approx(data.y - middle, abs=2e-5)
    assert [p.y.label for p in measures] == ["Non-linearity NL", "Range \u0394w", "Wmax/Wmin"]
    nl, _, dynamic = measures
    (up_nl,) = curves(nl, name="LTP: NL")
    assert np.all(up_nl.low <= up_nl.y)
    assert np.all(up_nl.y <= up_nl.high)
    first = [curves(weights, state=r, role="data")[0].y for r in (500.0, 8000.0, math.inf)]
    assert curves(dynamic, name="LTP")[0].y == pytest.approx([w[-1] / w[0] for w in first])
    assert len(chart.table) == 3
    assert chart.columns[0] == "R"
    assert chart.alert == "SIMULATED"


def test_open_has_a_place_of_its_own_beside_the_resistances(runs):
    panel = chart_of(runs["ltp-ltd"]).rows[2][0]
    (low, five), (middle, eight), (place, word) = sorted(panel.x.ticks)
    assert (five, eight, word) == ("500", "8k", "open")
    assert (low, middle) == pytest.approx((500, 8000), rel=0.05)
    assert middle < place < 1e6
    assert panel.x.log
    assert panel.x.unit == "ohm"
    assert [c.x.tolist() for c in curves(panel, role="data")] == [[low, middle, place]] * 2


def test_ppf_shows_the_index_of_the_readings(runs):
    chart, run = chart_of(runs["ppf"]), open_run(runs["ppf"])
    (index,), (cells_panel, _) = chart.rows
    ends = run.samples[run.samples.instant == Instant.PULSE_END]
    for k, state in enumerate((500.0, 7000.0, math.inf)):
        psv = ends.voltage[np.isclose(ends.resistance, state, rtol=0.05)]
        ratio = psv[1::2] / psv[::2]
        (data,) = curves(index, state=state, role="data")
        assert data.x == pytest.approx(np.geomspace(10e-3, 10, 7))
        assert data.y == pytest.approx(ratio)
        assert cells_panel.cells.values[k] == pytest.approx(ratio)
        (fit,) = curves(index, state=state, role="fit")
        assert np.interp(np.log(data.x), np.log(fit.x), fit.y) == pytest.approx(data.y, abs=5e-3)
    assert index.x.log


def test_the_edges_of_cells_lie_halfway_in_the_logarithm(runs):
    panel = chart_of(runs["ppf"]).rows[1][0]
    places, edges = np.geomspace(10e-3, 10, 7), panel.cells.x_edges
    assert panel.x.log
    assert edges[1:-1] == pytest.approx(np.sqrt(places[1:] * places[:-1]))
    assert edges[:-1] * edges[1:] == pytest.approx(places**2)
    assert panel.y.ticks == ((0.5, "500 \u03a9"), (1.5, "7 k\u03a9"), (2.5, "open"))
    assert panel.cells.y_edges.tolist() == [0, 1, 2, 3]


def test_iv_shows_the_loop_and_its_values(runs):
    chart, run = chart_of(runs["iv-sweep"]), open_run(runs["iv-sweep"])
    (loops,), small = chart.rows
    chosen = run.samples[(run.samples.mode == 1) & (run.samples.cycle == 2)]
    for state in (500.0, 8000.0):
        (loop,) = curves(loops, state=state, role="data")
        of_state = chosen[np.isclose(chosen.resistance, state, rtol=0.05)]
        assert np.array_equal(loop.x, of_state.voltage)
        assert np.array_equal(loop.y, of_state.current)
        (points,) = curves(loops, state=state, role="fit")
        up = slice(0, len(loop.x) // 2)
        assert points.x[0] == 0.6
        assert points.y[0] == pytest.approx(np.interp(0.6, loop.x[up], loop.y[up]), rel=1e-6)
    assert small[0].curves[0].y[0] == curves(loops, state=500.0, role="fit")[0].y[0]


def test_rates_of_one_state_are_told_by_name(runs):
    (loops,), _ = chart_of(runs["rates"]).rows
    data = [c for c in loops.curves if c.role == "data"]
    assert [(c.name, c.state) for c in data] == [("50 mV/s", None), ("100 mV/s", None)]


def test_retention_shows_the_rest_its_fits_and_what_they_leave(runs):
    chart, run = chart_of(runs["retention"]), open_run(runs["retention"])
    (rest,), (residuals,), _ = chart.rows
    (data,) = curves(rest, name="read")
    s = run.samples[run.samples.phase == run.info.phases.index("retention")]
    assert np.array_equal(data.y, s.voltage)
    assert np.diff(data.x) == pytest.approx(np.diff(s.time))
    assert rest.x.log
    assert rest.x == residuals.x
    assert {c.name for c in curves(rest, role="fit")} == {c.name for c in residuals.curves} - {""}
    for fit in curves(rest, role="fit"):
        (left,) = curves(residuals, name=fit.name)
        assert fit.y + left.y == pytest.approx(data.y)


@pytest.mark.parametrize("name", ["ltp-ltd cut", "ppf cut", "iv-sweep cut", "retention cut"])
def test_a_partial_run_is_shown_as_far_as_it_goes_and_says_so(runs, name):
    chart = chart_of(runs[name])
    assert "PARTIAL RUN (aborted)" in chart.alert
    assert any(c.role == "data" and len(c.x) for row in chart.rows for p in row for c in p.curves)


def test_measures_of_a_part_are_hollow(runs):
    measures = chart_of(runs["ltp-ltd cut"]).rows[2]
    assert any(c.partial for panel in measures for c in panel.curves)
    assert not any(c.partial for p in chart_of(runs["ltp-ltd"]).rows[2] for c in p.curves)


def test_real_instruments_are_not_called_simulated(runs):
    assert chart_of(runs["real"]).alert == ""


def test_other_analyses_have_a_figure_and_unknown_ones_are_named(runs):
    assert Results().of(runs["width"], "autocorrelation").chart() is None
    with pytest.raises(InputError, match="'best' of protocol 'ppf'; there are: main"):
        Results().of(runs["ppf"], "best")
