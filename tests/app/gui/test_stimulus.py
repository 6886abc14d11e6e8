"""The drawing of a stimulus comes from the compiled program and is bounded, however long it is."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gui import theme
from app.gui.stimulus_preview import StimulusPreview, describe
from app.gui.stimulus_shape import COLUMNS, Shape, What
from protocols.catalogue import PROTOCOLS, find
from protocols.plan import Plan
from protocols.program import Instant, PulseProgram, PulseTrain, Segment
from protocols.quantities import CURRENT, OPEN, VOLTAGE
from protocols.steps import Play, SelectResistance

PHASES = ("reset", "up")
EVERY = [
    pytest.param(protocol, preset, id=f"{protocol.name} {preset}")
    for protocol in PROTOCOLS
    for preset in protocol.presets
]


def program(*parts, **settings):
    return PulseProgram.compile(parts, phases=PHASES, limit=0.8, aperture=1e-4, **settings)


def shape_of(*programs):
    return Shape.of(Plan((SelectResistance(OPEN), *(Play(p, "x") for p in programs))))


def sizes(shape):
    first, whole = shape.first, shape.whole
    return [len(a) for a in (*vars(first).values(), *vars(whole).values()) if np.ndim(a)]


@pytest.mark.parametrize(("protocol", "preset"), EVERY)
def test_every_preset_has_a_drawing_of_its_own_levels_and_time(protocol, preset):
    plan = Plan.of(protocol.build(preset))
    shape = Shape.of(plan)
    levels = [p.level for p in plan.programs]
    assert np.nanmax(shape.whole.high) == max(level.max() for level in levels)
    assert np.nanmin(shape.whole.low) == min(level.min() for level in levels)
    assert shape.whole.duration == pytest.approx(plan.expected_duration)
    assert max(sizes(shape)) <= COLUMNS + 1
    # A reset of less than a column may be hidden by what follows it.
    resets = [s for step, s in zip(plan.steps, plan.durations, strict=True) if step in plan.resets]
    wide = max(resets, default=0.0) > 2 * shape.whole.duration / COLUMNS
    assert (What.RESET in shape.whole.what) >= wide
    assert (What.RESET in shape.whole.what) <= bool(resets)
    drawn = set(shape.whole.resistance[~np.isnan(shape.whole.resistance)])
    assert drawn <= set(plan.resistances) | {OPEN}


def test_the_first_pulses_are_drawn_as_they_are():
    shape = shape_of(program(PulseTrain(1e-3, 0.02, 0.03, 100, "up")))
    assert (shape.first.pulses, shape.first.of) == (3, 100)
    assert shape.first.edges == pytest.approx([0, 0.02, 0.05, 0.07, 0.1, 0.12, 0.15])
    assert shape.first.level.tolist() == [1e-3, 0, 1e-3, 0, 1e-3, 0]
    assert shape.first.reading_to == pytest.approx([0.02, 0.05, 0.07, 0.1, 0.12, 0.15])
    assert shape.first.reading_to - shape.first.reading_from == pytest.approx(np.full(6, 1e-4))


def test_a_short_pulse_before_a_long_rest_is_not_lost_in_it():
    parts = [
        Segment(0.0, 5.0, "up", Instant.REST),
        Segment(1e-3, 1e-3, "up", Instant.PULSE_END, 1),
        Segment(0.0, 100.0, "up", Instant.GAP_END, 1),
    ]
    first = shape_of(program(*parts)).first
    pulse = first.edges[1:][first.level > 0] - first.edges[:-1][first.level > 0]
    assert pulse == pytest.approx([1e-3])
    assert first.edges[-1] - first.edges[0] < 5e-3


def test_a_pulse_that_is_sampled_throughout_is_drawn_from_its_beginning():
    protocol = find("waveform").build("edge")
    first = Shape.of(Plan.of(protocol)).first
    assert (first.pulses, first.of) == (1, 1)
    on = first.edges[1:][first.level > 0] - first.edges[:-1][first.level > 0]
    assert on.sum() == pytest.approx(protocol.width)
    assert first.edges[0] < protocol.baseline


def test_only_recorded_readings_are_marked():
    train = PulseTrain(1e-3, 0.02, 0.02, 4, "up", kept=(2,))
    shape = shape_of(program(train))
    assert shape.first.reading_to == pytest.approx([0.06, 0.08])
    marked = np.flatnonzero(shape.whole.read) * shape.whole.duration / COLUMNS
    assert len(marked) == 2
    assert marked == pytest.approx([0.06, 0.08], abs=2 * shape.whole.duration / COLUMNS)


def test_a_voltage_sweep_is_drawn_in_volts_over_one_cycle():
    plan = Plan.of(find("iv-sweep").build())
    shape = Shape.of(plan)
    assert shape.quantity == VOLTAGE
    assert shape.first.of == 0
    assert shape.first.edges[-1] == pytest.approx(32.0)


def test_a_closed_loop_is_drawn_by_what_it_may_play():
    shape = Shape.of(Plan.of(find("write-verify").build()))
    loop = shape.whole.what == What.LOOP
    assert loop.any()
    assert np.nanmax(shape.whole.high[loop]) == 1e-3
    assert shape.first.level.max() == 1e-3


def test_a_program_of_another_source_does_not_mix_its_levels_in():
    volts = program(Segment(0.5, 1.0, "up", Instant.HOLD), source="voltage")
    shape = shape_of(program(PulseTrain(1e-3, 0.5, 0.5, 1, "up")), volts)
    assert shape.quantity == CURRENT
    assert np.nanmax(shape.whole.high) == 1e-3
    assert np.isnan(shape.whole.high[-1])


@given(
    st.lists(
        st.tuples(st.floats(-1, 1), st.floats(1e-3, 1e3), st.integers(1, 3)),
        min_size=1, max_size=30,
    ),
    st.integers(1, 3),
)  # fmt: skip
def test_no_extreme_is_lost_between_columns(parts, cuts):
    segments = [Segment(a, d, "up", Instant.HOLD, repeat=n) for a, d, n in parts]
    size = -(-len(segments) // cuts)
    programs = [program(*segments[k : k + size]) for k in range(0, len(segments), size)]
    whole = shape_of(*programs).whole
    now, width = 0.0, whole.duration / COLUMNS
    for played in programs:
        edges = now + np.append(played.start, played.total_duration)
        for level, (begin, end) in zip(played.level, pairwise(edges), strict=True):
            middle = min(COLUMNS - 1, int((begin + end) / 2 / width))
            assert whole.low[middle] <= level <= whole.high[middle]
        now += played.total_duration


def test_a_huge_program_has_a_small_drawing():
    train = PulseTrain(1e-3, 1e-3, 1e-3, 400_000, "up")
    down = PulseTrain(-1e-3, 1e-3, 1e-3, 400_000, "up")
    shape = shape_of(program(train, down))
    assert max(sizes(shape)) <= COLUMNS + 1
    assert np.all(shape.whole.high[: COLUMNS // 2 - 1] == 1e-3)
    assert np.all(shape.whole.low[COLUMNS // 2 + 1 :] == -1e-3)


@pytest.fixture(params=[False, True], ids=["light", "dark"])
def preview(qtbot, qapp, request):
    theme.apply(qapp, request.param)
    widget = StimulusPreview()
    widget.resize(300, widget.minimumHeight())
    qtbot.addWidget(widget)
    yield widget
    theme.apply(qapp, False)


def colours(widget):
    """How many pixels have each colour, by row."""
    image = widget.grab().toImage()
    rows = [
        [image.pixelColor(x, y).name() for x in range(image.width())] for y in range(image.height())
    ]
    return np.array(rows)


def test_polarity_and_readings_are_seen_on_their_sides(preview):
    preview.show_plan(Plan.of(find("ltp-ltd").build()))
    look = theme.current()
    drawn = colours(preview)[: preview.height() * 2 // 3]
    up, down, read = (
        np.flatnonzero((drawn == colour).any(axis=1))
        for colour in (look.figure.up, look.figure.down, look.good)
    )
    assert len(up)
    assert len(down)
    assert len(read)
    assert up.max() < down.max()


def test_nothing_to_draw_says_so(preview):
    empty = colours(preview)
    preview.show_plan(Plan.of(find("ppf").build()))
    assert (colours(preview) != empty).any()
    assert "first sweep" not in preview.accessibleDescription()
    preview.show_plan(None)
    assert (colours(preview) == empty).all()
    assert "once all parameters are accepted" in preview.accessibleDescription()


def test_the_theme_changes_the_drawing(preview, qapp):
    preview.show_plan(Plan.of(find("ltp-ltd").build()))
    before = colours(preview)
    theme.apply(qapp, not theme.current().dark)
    assert (colours(preview) != before).mean() > 0.5


def test_the_picture_is_told_in_words():
    shape = Shape.of(Plan.of(find("ltp-ltd").build(states="open")))
    assert describe(shape) == ("first 3 of 300 pulses; whole run 22 s; levels from -1 mA to 1 mA")
