from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from analysis.catalogue import for_protocol
from data.run import Outcome
from protocols.intensity import Intensity
from protocols.iv_sweep import IvSweep
from protocols.ppf import Ppf
from protocols.protocol import Protocol
from protocols.pulse_train import PulseTrains
from protocols.width import Width

Record = Callable[..., Any]
MANY = (500.0, 1000.0, 2000.0, 4000.0, 7000.0, 8000.0, 16000.0, "open")
KINDS: dict[str, tuple[type[Protocol], str, dict[str, Any]]] = {
    "iv-sweep": (IvSweep, "main", {"cycles": 1, "step": 0.05}),
    "iv-sweep rates": (IvSweep, "main", {"cycles": 1, "step": 0.05, "rates": (0.05, 0.1)}),
    "intensity": (Intensity, "main", {}),
    "width": (Width, "main", {}),
    "autocorrelation": (Width, "autocorrelation", {}),
    "ppf": (Ppf, "main", {}),
    "trains": (PulseTrains, "main", {"gaps": (1e-3, 5e-3, 20e-3, 50e-3)}),
}
STATES = {"many": MANY, "one": (1000.0,), "open": ("open",)}
CUTS: dict[str, dict[str, Any]] = {
    "whole": {},
    "partial": {"plays": 5, "readings": 2, "outcome": Outcome.ABORTED},
    "nothing": {"plays": 0, "outcome": Outcome.FAILED},
}


def shown(figure: Figure) -> list[tuple[str, Any]]:
    """Texts with their boxes; labels of ticks outside an axis are not drawn."""
    outside = set()
    axes: Any = figure.findobj(Axes)
    for axis in (a for one in axes for a in (one.xaxis, one.yaxis)):
        low, high = sorted(axis.get_view_interval())
        outside |= {id(t.label1) for t in axis.get_major_ticks() if not low <= t.get_loc() <= high}
        if not axis.axes.get_visible():
            outside |= {id(t) for t in axis.axes.findobj(Text)}
    found: Any = figure.findobj(Text)
    boxes = [
        (t.get_text(), t.get_window_extent())
        for t in found
        if t.get_visible() and t.get_text() and id(t) not in outside
    ]
    return [(text, box) for text, box in boxes if box.width]


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("states", STATES)
@pytest.mark.parametrize("kind", KINDS)
def test_figures_are_readable(record: Record, kind: str, states: str, cut: str) -> None:
    protocol, name, values = KINDS[kind]
    run = record(protocol.build(states=STATES[states], **values), **CUTS[cut])
    analysis = for_protocol(protocol.name, name)
    assert analysis is not None
    result = analysis.analyse(run)
    figure = analysis.figure(result, dark=cut == "partial")
    figure.canvas.draw()
    texts = shown(figure)
    words = " ".join(text for text, _ in texts)
    assert "SIMULATED" in words
    assert ("PARTIAL RUN" in words) == (not result.complete)
    for text, box in texts:
        assert figure.bbox.x0 <= box.x0, text
        assert box.x1 <= figure.bbox.x1, text
        assert figure.bbox.y0 <= box.y0, text
        assert box.y1 <= figure.bbox.y1, text
    for (a, box), (b, other) in combinations(texts, 2):
        assert not box.overlaps(other), f"{a!r} over {b!r}"
