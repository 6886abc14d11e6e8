import dataclasses
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.capabilities import Capabilities
from protocols.errors import ProtocolError
from protocols.program import MOST_SEGMENTS, Instant, PulseProgram, PulseTrain, Segment
from protocols.quantities import TIME

PHASES = ("reset", "up", "down")
levels = st.floats(-1.0, 1.0)
times = st.floats(1e-3, 10.0)
trains = st.builds(
    PulseTrain, levels, times, times, st.integers(1, 40), st.sampled_from(PHASES),
    first_index=st.integers(1, 99), cycle=st.integers(0, 9),
)  # fmt: skip
segments = st.builds(
    Segment, levels, times, st.sampled_from(PHASES), st.sampled_from(Instant),
    repeat=st.integers(1, 20),
)  # fmt: skip
parts = st.lists(trains | segments, min_size=1, max_size=6)


def compiled(parts, **changes):
    return PulseProgram.compile(
        parts, **{"phases": PHASES, "limit": 0.8, "aperture": 1e-4, **changes}
    )


@given(parts)
def test_times_levels_and_charge_match_the_description(parts):
    program = compiled(parts)
    duration = charge = rows = 0.0
    for part in parts:
        if isinstance(part, PulseTrain):
            duration += part.count * (part.width + part.gap)
            charge += part.count * part.amplitude * part.width
            rows += 2 * part.count
        else:
            duration += part.repeat * part.duration
            charge += part.repeat * part.level * part.duration
            rows += part.repeat
    assert len(program) == rows
    assert program.total_duration == pytest.approx(duration)
    assert program.charge == pytest.approx(charge, abs=1e-9)
    assert program.start[0] == 0
    assert np.allclose(np.diff(program.start), program.duration[:-1])
    table = program.level_table()
    assert sum(count for _, count, _ in table) == rows
    assert sum(time for _, _, time in table) == pytest.approx(duration)


def test_a_train_alternates_pulse_and_gap_and_counts_pulses():
    program = compiled([PulseTrain(1e-3, 2e-3, 3e-3, 3, "up", first_index=5, cycle=2)])
    assert program.level.tolist() == [1e-3, 0] * 3
    assert program.duration.tolist() == [2e-3, 3e-3] * 3
    assert program.pulse_index.tolist() == [5, 5, 6, 6, 7, 7]
    assert program.instant.tolist() == [Instant.PULSE_END, Instant.GAP_END] * 3
    assert set(program.phase) == {PHASES.index("up")}
    assert set(program.cycle) == {2}


def test_the_digest_tells_programs_apart():
    one = compiled([Segment(1e-3, 1.0, "up", Instant.REST)])
    assert one.digest == compiled([Segment(1e-3, 1.0, "up", Instant.REST)]).digest
    assert one.digest != compiled([Segment(1e-3, 1.0, "down", Instant.REST)]).digest
    assert one.digest != compiled([Segment(1e-3, 1.0, "up", Instant.REST)], limit=0.7).digest


@pytest.mark.parametrize(
    ("parts", "changes", "says"),
    [
        ([], {}, "at least one segment"),
        ([Segment(0, 0, "up", Instant.REST)], {}, "positive"),
        ([Segment(0, -1, "up", Instant.REST)], {}, "positive"),
        ([Segment(np.nan, 1, "up", Instant.REST)], {}, "finite"),
        ([Segment(0, 1, "sideways", Instant.REST)], {}, "sideways"),
        ([PulseTrain(1, 1, 1, 0, "up")], {}, "at least one pulse"),
        ([Segment(0, 1, "up", Instant.REST)], {"limit": 0}, "limit"),
        ([Segment(0, 1, "up", Instant.REST)], {"aperture": -1}, "aperture"),
        ([Segment(0, 1, "up", Instant.REST)], {"aperture": 1}, "does not fit"),
    ],
)
def test_a_program_that_makes_no_sense_is_never_built(parts, changes, says):
    with pytest.raises(ProtocolError, match=says):
        compiled(parts, **changes)


CAPABLE = Capabilities(
    model="X1", current_ranges=(1e-3, 1e-2), voltage_ranges=(1.0, 10.0), shortest_segment=1e-4,
    longest_segment=100.0, time_resolution=1e-6, reading_overhead=1e-4, shortest_aperture=1e-5,
    longest_aperture=1e-1, most_levels=100, most_readings=100, least_limit_voltage=0.01,
    least_limit_current=1e-6, settling=((1e-3, 1e-3), (1e-2, 1e-4)),
)  # fmt: skip


@pytest.mark.parametrize(
    ("part", "changes", "says"),
    [
        (Segment(2e-2, 1, "up", Instant.REST), {}, "20 mA is beyond the X1; at most 10 mA"),
        (Segment(1e-3, 1, "up", Instant.REST), {"limit": 11}, "limit 11 V .* 10 mV to 10 V"),
        (Segment(1e-3, 1, "up", Instant.REST), {"limit": 1e-3}, "limit 1 mV"),
        (Segment(1e-3, 1, "up", Instant.REST), {"aperture": 0.5}, "aperture 500 ms"),
        (Segment(1e-3, 101, "up", Instant.REST), {}, "longer than the X1 can time; at most 100 s"),
        (Segment(1e-3, 1e-3, "up", Instant.REST), {}, "at least 1.2 ms"),
        (Segment(1e-3, 1, "up", Instant.REST, repeat=101), {}, "101 segments .* at most 100"),
    ],
)
def test_each_limit_of_an_instrument_is_named_with_what_would_be_accepted(part, changes, says):
    with pytest.raises(ProtocolError, match=says):
        compiled([part], **changes).check(CAPABLE)


def test_settling_depends_on_the_range_and_not_on_rest():
    quick = compiled([Segment(5e-3, 4e-4, "up", Instant.REST)])
    quick.check(CAPABLE)
    compiled([Segment(0.0, 4e-4, "up", Instant.REST)]).check(CAPABLE)
    slow = dataclasses.replace(quick, level=np.array([5e-4]))
    with pytest.raises(ProtocolError, match="shorter than the X1 can time"):
        slow.check(CAPABLE)


def test_a_program_beyond_every_instrument_is_refused_before_it_takes_memory():
    train = PulseTrain(1e-3, 20e-3, 20e-3, 10**12, "up")
    with pytest.raises(ProtocolError, match=f"2000000000000 segments .* at most {MOST_SEGMENTS}"):
        PulseProgram.compile([train], phases=("reset", "up"), limit=0.8, aperture=1e-4)


WORKS = re.compile(r"width of (.*?) and a gap of (.*?), a period of")
PERIODIC = dataclasses.replace(
    CAPABLE, model="X2", shortest_period=4e-3, period_hint="or verify a shorter one",
    sources={"shortest_period": "manual, section 3"},
)  # fmt: skip


@given(st.floats(1.1e-4, 3e-3), st.floats(1.1e-4, 3e-3), st.sampled_from([CAPABLE, PERIODIC]))
def test_the_nearest_program_that_is_offered_can_be_played(width, gap, capable):
    asked = compiled([PulseTrain(5e-4, width, gap, 3, "up")], aperture=1e-4)
    for problem in capable.violations(asked):
        width, gap = (TIME.parse(text) for text in WORKS.search(problem).groups())
        offered = compiled([PulseTrain(5e-4, width, gap, 3, "up")], aperture=1e-4)
        assert not capable.violations(offered)


def test_a_period_that_is_too_short_is_refused_with_its_source_and_what_can_be_done():
    asked = compiled([PulseTrain(1e-3, 1.5e-3, 1.5e-3, 3, "up")])
    asked.check(CAPABLE)
    with pytest.raises(ProtocolError) as refused:
        asked.check(PERIODIC)
    assert str(refused.value) == (
        "a period of 3 ms is shorter than the X2 can time; at least 4 ms (manual, section 3), or "
        "verify a shorter one; the nearest that fits has a width of 1.5 ms and a gap of 2.5 ms, a "
        "period of 4 ms"
    )


def test_a_program_that_is_too_long_is_refused_with_the_longest_that_fits():
    asked = compiled([PulseTrain(1e-3, 1e-2, 1e-2, 60, "up")])
    with pytest.raises(ProtocolError) as refused:
        asked.check(dataclasses.replace(CAPABLE, most_levels=50))
    assert str(refused.value) == (
        "120 segments need 120 levels, more than the X1 holds; at most 50; the longest that plays "
        "without a gap in time is the first 50 segments (up to pulse 25), 500 ms"
    )
