import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import ProtocolError
from protocols.plan import Plan
from protocols.program import Instant
from protocols.steps import Play
from protocols.waveform import Waveform


@given(
    interval=st.sampled_from([1e-6, 1e-5, 3e-5, 2e-4, 7e-3]), on=st.integers(1, 40),
    off=st.integers(1, 40), before=st.integers(1, 9), count=st.integers(1, 4),
    amplitude=st.floats(1e-6, 0.1), repeats=st.integers(1, 2),
)  # fmt: skip
def test_every_interval_is_a_segment_and_pulse_and_gap_end_where_they_do_in_a_train(
    interval, on, off, before, count, amplitude, repeats
):
    protocol = Waveform.build(
        interval=interval, aperture=interval / 2, width=on * interval, gap=off * interval,
        baseline=before * interval, count=count, amplitude=amplitude, repeats=repeats,
    )  # fmt: skip
    played = [s.program for s in Plan.of(protocol).steps if isinstance(s, Play)]
    assert len(played) == repeats * len(protocol.states)
    for program in played:
        assert len(program) == before + count * (on + off)
        assert np.all(program.duration == interval)
        ends = program.start + program.duration
        k = np.arange(count)
        pulse, gap = program.instant == Instant.PULSE_END, program.instant == Instant.GAP_END
        period = (on + off) * interval
        first = before * interval
        np.testing.assert_allclose(ends[pulse], first + on * interval + k * period)
        np.testing.assert_allclose(ends[gap], first + (k + 1) * period)
        during = program.instant == Instant.DURING
        assert np.count_nonzero(during) == count * (on + off - 2)
        assert np.all(program.level[pulse] == amplitude)
        assert not program.level[gap].any()
        assert program.charge == pytest.approx(amplitude * count * on * interval)
        rest = program.instant == Instant.REST
        assert np.count_nonzero(rest) == before
        assert not program.level[rest].any()
        assert np.array_equal(program.pulse_index[pulse], k + 1)


@pytest.mark.parametrize("name", ["width", "gap", "baseline"])
def test_a_time_that_is_no_multiple_of_the_interval_is_refused_with_the_nearest(name):
    with pytest.raises(ProtocolError, match=rf"{name} 5.05 ms is not a multiple.*nearest is 5 ms"):
        Waveform.build(**{name: "5.05 ms", "interval": "1 ms"})
    with pytest.raises(ProtocolError, match=rf"{name} 0.1 ms is not|{name} 100 us is not a mul"):
        Waveform.build(**{name: "0.1 ms", "interval": "1 ms"})


def test_an_aperture_of_an_interval_and_too_many_intervals_are_refused():
    with pytest.raises(ProtocolError, match=r"aperture 200 us does not fit into the interval"):
        Waveform.build(aperture="200 us")
    with pytest.raises(ProtocolError, match=r"readings, one an interval; at most 2000000"):
        Waveform.build(interval="2 us", aperture="1 us", gap="5 s")
    assert math.isinf(Waveform.build().states[-1])
