from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from analysis.catalogue import for_protocol
from app import lab
from data.run import Outcome
from protocols.endurance import Endurance
from protocols.intensity import Intensity
from protocols.iv_sweep import IvSweep
from protocols.learning import Learning
from protocols.ltp_ltd import LtpLtd
from protocols.ppf import Ppf
from protocols.protocol import Protocol
from protocols.pulse_train import PulseTrains
from protocols.retention import Retention
from protocols.waveform import Waveform
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
    "waveform": (Waveform, "main", {"interval": 1e-3}),
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
    assert_readable(analysis.figure(result, dark=cut == "partial"), result.complete)


def assert_readable(figure: Figure, complete: bool) -> None:
    """No text is cut or lies over another; what must not be overlooked is there."""
    figure.canvas.draw()
    texts = shown(figure)
    words = " ".join(text for text, _ in texts)
    assert "SIMULATED" in words
    assert ("PARTIAL RUN" in words) == (not complete)
    for text, box in texts:
        assert figure.bbox.x0 <= box.x0, text
        assert box.x1 <= figure.bbox.x1, text
        assert figure.bbox.y0 <= box.y0, text
        assert box.y1 <= figure.bbox.y1, text
    for (a, box), (b, other) in combinations(texts, 2):
        assert not box.overlaps(other), f"{a!r} over {b!r}"


OTHERS: dict[str, Protocol] = {
    "learning": Learning.build(),
    "learning, four states": Learning.build("four-states", dwell=1.0),
    "learning, once": Learning.build(relearn_states=[], forget_time=0.0, dwell=1.0),
    "retention": Retention.build("by-count"),
    "retention, hours": Retention.build("by-count", rest=10_800.0),
    "endurance": Endurance.build("quick"),
    "endurance, three": Endurance.build(cycles=3, up=8, down=5, resistance=500.0),
    "ltp-ltd, several cycles": LtpLtd.build(up=30, down=30, cycles=4),
    "iv-sweep, one state": IvSweep.build("rates", cycles=1, step=0.05),
}


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("kind", OTHERS)
def test_figures_of_other_protocols_are_readable(record: Record, kind: str, cut: str) -> None:
    analysis = for_protocol(OTHERS[kind].name)
    assert analysis is not None
    # Some of them play a single program.
    cuts = {**CUTS, "partial": {"plays": 0, "readings": 20, "outcome": Outcome.ABORTED}}
    result = analysis.analyse(record(OTHERS[kind], **cuts[cut]))
    assert_readable(analysis.figure(result, dark=cut == "partial"), result.complete)


@pytest.mark.parametrize(
    "values",
    [
        {"target": 0.3}, {"target": -0.25}, {"target": 0.02, "tries": 1, "tolerance": 1e-6},
        {"target": 0.5, "states": "500", "tries": 3},
        {"target": 0.2, "most_pulses": 10, "tries": 30},
    ],
)  # fmt: skip
def test_the_tries_of_write_and_verify_are_readable(tmp_path: Path, values: dict[str, Any]) -> None:
    run = lab.run("write-verify", out=tmp_path / "run.h5", **values)
    for dark in (False, True):
        assert_readable(lab.figure(run, dark=dark), lab.analyse(run).complete)  # type: ignore[attr-defined]


@pytest.mark.parametrize("count", [1, 2, 4, 9])
def test_an_array_is_readable(tmp_path: Path, count: int) -> None:
    names = [f"D{k}" for k in range(1, count + 1)]
    wired = ", ".join(f'{{name="{n}", channel={k}}}' for k, n in enumerate(names, start=111))
    rig = tmp_path / "rig.toml"
    rig.write_text(f"[resistor_bank]\ndevices = [{wired}]\n[simulation]\nspread = 0.05\n")
    settings = "up=25; down=25; states=500, 8k, open"
    run = lab.run("array", rig=rig, out=tmp_path / "a.h5", devices=names, settings=settings)
    assert_readable(lab.figure(run), True)
