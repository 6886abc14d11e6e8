from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

from analysis.analysis import Analysis
from analysis.catalogue import ANALYSES, for_protocol
from analysis.ltp_ltd import LtpLtdAnalysis, Options
from data.run import Outcome
from protocols.catalogue import PROTOCOLS

MakeRun = Callable[..., Any]

CASES: dict[str, dict[str, Any]] = {
    "four states": {},
    "eight states": {"states": (500, 1000, 2000, 4000, 7000, 8000, 16000, "open")},
    "one state": {"states": (1000,)},
    "open only": {"states": ("open",)},
    "partial": {"readings": 1010, "outcome": Outcome.ABORTED},
    "one pulse": {"readings": 12, "outcome": Outcome.FAILED},
    "nothing": {"readings": 0, "outcome": Outcome.FAILED},
    "potentiation only": {"down": 0},
    "cycles": {"cycles": 2, "up": 10, "down": 10},
}


def draw(run: Any, dark: bool = False, analysis: Analysis[Any] | None = None) -> Figure:
    analysis = analysis or LtpLtdAnalysis()
    figure = analysis.figure(analysis.analyse(run), dark)
    figure.canvas.draw()
    return figure


def texts(figure: Figure) -> list[Text]:
    """What is drawn; an axis keeps labels of ticks outside its limits, which are not."""
    outside = set()
    for axes in all_axes(figure):
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = axis.get_major_ticks()
            outside |= {id(t.label1) for t in ticks if not low <= t.get_loc() <= high}
    found: Any = figure.findobj(Text)
    return [t for t in found if t.get_visible() and t.get_text() and id(t) not in outside]


def all_axes(figure: Figure) -> list[Axes]:
    found: Any = figure.findobj(Axes)
    return list(found)


def panels(figure: Figure) -> dict[str, Any]:
    return {axes.get_title(loc="left"): axes for axes in all_axes(figure)}


def brightness(figure: Figure) -> float:
    return sum(to_rgb(figure.get_facecolor())) / 3


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_no_text_overlaps_another_or_leaves_the_page(
    make_run: MakeRun, case: str, dark: bool
) -> None:
    figure = draw(make_run(**CASES[case]), dark)
    page = figure.bbox
    boxes = [(t.get_text(), t.get_window_extent()) for t in texts(figure)]
    shown = [(name, box) for name, box in boxes if box.width]
    assert shown
    for name, box in shown:
        assert page.x0 <= box.x0, name
        assert box.x1 <= page.x1, name
        assert page.y0 <= box.y0, name
        assert box.y1 <= page.y1, name
    for (a, box), (b, other) in combinations(shown, 2):
        assert not box.overlaps(other), f"{a!r} over {b!r}"


def test_size_is_that_of_a_two_column_figure(make_run: MakeRun) -> None:
    width, height = draw(make_run()).get_size_inches()
    assert width * 25.4 == pytest.approx(180)
    assert height < width


def test_panels_show_the_measures(make_run: MakeRun) -> None:
    run = make_run()
    result = LtpLtdAnalysis().analyse(run)
    found = panels(draw(run))
    assert set(found) == {"a", "b", "c", "d"}
    for axes in found.values():
        assert axes.get_xlabel()
        assert axes.get_ylabel()
    ranges = [s.first.dynamic_range.value for s in result.states if s.first]
    drawn = [c[0].get_ydata()[0] for c in found["d"].containers]
    assert drawn == pytest.approx(ranges)
    labels = [s.first.down.nonlinearity.label for s in result.states if s.first]
    squares = found["b"].containers[4:]
    assert [c[0].get_ydata()[0] for c in squares] == pytest.approx(
        [-(m.value or 0) for m in labels]
    )
    assert any("criterion > 6" in t.get_text() for t in found["d"].get_legend().get_texts())


@pytest.mark.parametrize("simulated", [True, False])
def test_simulated_runs_are_marked_and_others_not(make_run: MakeRun, simulated: bool) -> None:
    words = " ".join(
        t.get_text() for t in texts(draw(make_run(simulated=simulated, states=(500,))))
    )
    assert ("SIMULATED" in words) == simulated
    assert "MX-12" in words
    assert "0b3e9a52" in words
    assert "2025-03-04 15:06" in words
    assert "PARTIAL" not in words


def test_partial_runs_are_marked(make_run: MakeRun) -> None:
    figure = draw(make_run(**CASES["partial"]))
    words = [t.get_text() for t in texts(figure)]
    assert any("PARTIAL RUN (aborted)" in word for word in words)
    assert "8 k\N{GREEK CAPITAL LETTER OMEGA}, not measured" in words
    hollow = panels(figure)["c"].containers[-1][0]
    assert hollow.get_markerfacecolor() != hollow.get_color()


def test_dark_and_light_differ_in_paper(make_run: MakeRun) -> None:
    run = make_run(states=(500,))
    light, dark = draw(run), draw(run, dark=True)
    assert brightness(light) > 0.9
    assert brightness(dark) < 0.2


def test_alpha_is_drawn_too(make_run: MakeRun) -> None:
    found = panels(draw(make_run(), analysis=LtpLtdAnalysis(Options(nonlinearity="alpha"))))
    assert found["b"].get_ylabel() == "Exponent alpha"


def test_every_analysis_has_a_protocol_and_is_found_by_it() -> None:
    keys = [(analysis.protocol, analysis.name) for analysis in ANALYSES]
    assert len(set(keys)) == len(keys)
    assert {protocol for protocol, _ in keys} <= {protocol.name for protocol in PROTOCOLS}
    assert all(for_protocol(*key) is a for key, a in zip(keys, ANALYSES, strict=True))
    assert all(for_protocol(protocol) is not None for protocol, _ in keys)
    assert for_protocol("no-such-protocol") is None


def test_the_catalogue_loads_neither_scipy_nor_matplotlib() -> None:
    program = (
        "import sys, analysis.catalogue\n"
        "print([m for m in ('scipy', 'matplotlib', 'h5py') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_drawing_leaves_pyplot_and_its_settings_alone() -> None:
    program = (
        "import sys, matplotlib\n"
        "before = matplotlib.rcParams.copy()\n"
        "import analysis.ltp_ltd_figure\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        "assert matplotlib.rcParams.copy() == before\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
