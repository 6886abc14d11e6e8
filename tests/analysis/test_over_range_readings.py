"""Whatever readings are beyond the measuring range, no measure or figure is made of them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest

from analysis.autocorrelation import AutocorrelationAnalysis
from analysis.catalogue import for_protocol
from analysis.curves import curves
from data.samples import Flag
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

RUNS: dict[str, Protocol] = {
    p.name: p
    for p in (
        Endurance.build(cycles=5, up=10, down=10, kept_pulses=10, resistance=8000.0),
        Intensity.build(states=(500.0, 8000.0)),
        IvSweep.build(states=(8000.0,), cycles=2, step=0.02),
        Learning.build(states=(500.0,), relearn_states=(500.0,), dwell=0.1, forget_time=2.0,
                       forget_readings=10),
        LtpLtd.build(states=(500.0, 8000.0), up=10, down=10, cycles=2),
        Ppf.build(states=(8000.0,)),
        PulseTrains.build(states=(8000.0,)),
        Retention.build(pulses=20, rest=100.0),
        Waveform.build(states=(8000.0,)),
        Width.build(states=(500.0, 8000.0)),
    )
}  # fmt: skip
WHICH: dict[str, Callable[[int], slice]] = {
    "one": lambda n: slice(n // 3, n // 3 + 1),
    "last": lambda n: slice(n - 1, n),
    "every fifth": lambda n: slice(2, None, 5),
    "all": lambda n: slice(None),
}


def numbers(value: Any) -> Iterator[float]:
    """All but the ends of intervals, which a fit of little data may have anywhere."""
    if isinstance(value, dict):
        value = [v for name, v in value.items() if name not in ("low", "high")]
    if isinstance(value, list | tuple):
        for one in value:
            yield from numbers(one)
    elif isinstance(value, float):
        yield value


@pytest.mark.parametrize("which", WHICH)
@pytest.mark.parametrize("protocol", RUNS)
def test_readings_beyond_the_range_are_left_out(
    record: Callable[..., Any], protocol: str, which: str
) -> None:
    run = record(RUNS[protocol])
    s = run.samples
    flags, voltage, current = s.flags.copy(), s.voltage.copy(), s.current.copy()
    rows = WHICH[which](len(s))
    flags[rows] = Flag.OVERRANGE
    voltage[rows] = current[rows] = 9.91e37
    run = replace(run, samples=replace(s, flags=flags, voltage=voltage, current=current))
    count = int(np.count_nonzero(flags))

    analysis = for_protocol(protocol)
    assert analysis is not None
    for each in (analysis, *([AutocorrelationAnalysis()] if protocol == "width" else [])):
        result = each.analyse(run)
        said = result.as_json()
        assert said["provenance"]["left_out"] == count
        text = json.dumps(said, allow_nan=False)
        assert not [v for v in numbers(json.loads(text)) if abs(v) > 1e12], "made of what is none"
        assert any("overrange" in note for note in result.table().notes)
        figure = each.figure(result)
        texts = " ".join(t.get_text() for part in figure.subfigs for t in part.texts)
        assert f"{count} OVER-RANGE" in texts + " ".join(t.get_text() for t in figure.texts)
        for axes in figure.axes:
            for end in (*axes.get_xlim(), *axes.get_ylim()):
                assert math.isfinite(end)
                assert abs(end) < 1e12
        plt.close(figure)
    for x, y in curves(run).panels.values():
        assert not (np.abs(x[np.isfinite(x)]) > 1e12).any()
        assert not (np.abs(y[np.isfinite(y)]) > 1e12).any()
