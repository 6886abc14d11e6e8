import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rigs.opening import make_bench, open_rig
from app.running.experiment import Experiment
from app.running.recording import FileSink
from app.running.runner import Runner
from data.reader import open_run
from data.run import Outcome
from protocols.endurance import Endurance
from protocols.errors import ProtocolError
from protocols.plan import Plan
from protocols.steps import Play

GOOD = st.fixed_dictionaries(
    {
        "amplitude": st.floats(1e-6, 0.1), "width": st.floats(1e-3, 1.0),
        "gap": st.floats(1e-3, 1.0), "up": st.integers(1, 20), "down": st.integers(1, 20),
        "cycles": st.integers(1, 300), "full_per_decade": st.integers(0, 20),
        "kept_pulses": st.integers(1, 30), "cycles_per_program": st.integers(1, 50),
    }
)  # fmt: skip


@given(GOOD)
def test_any_valid_protocol_plays_every_pulse_and_records_what_it_says(values):
    protocol = Endurance.build(**values)
    plan = Plan.of(protocol)
    plays = [s for s in plan.steps if isinstance(s, Play)]
    played, kept = {}, {}
    for play in plays:
        cycle = play.program.cycle + play.cycles_before
        for number in np.unique(cycle):
            assert number not in played, "no cycle is played twice"
            rows = cycle == number
            played[int(number)] = int(rows.sum())
            kept[int(number)] = int(play.program.keep[rows].sum())
            up, down = [values["amplitude"], 0.0], [-values["amplitude"], 0.0]
            assert play.program.level[rows].tolist() == up * values["up"] + down * values["down"]
            assert np.all(play.program.duration[rows][::2] == values["width"])
            assert np.all(play.program.duration[rows][1::2] == values["gap"])
    pulses = values["up"] + values["down"]
    assert played == dict.fromkeys(range(1, values["cycles"] + 1), 2 * pulses)
    full = protocol.full_cycles()
    assert full[0] == 1
    assert full[-1] == values["cycles"]
    for number, readings in kept.items():
        if number in full:
            assert readings == 2 * pulses
        else:
            assert 4 <= readings <= min(4 * values["kept_pulses"], 2 * pulses)
    period = values["width"] + values["gap"]
    assert plan.stimulus_duration == pytest.approx(values["cycles"] * pulses * period)
    net = values["cycles"] * (values["up"] - values["down"])
    assert plan.charge == pytest.approx(net * values["amplitude"] * values["width"], abs=1e-9)
    assert plan.most_readings - sum(r.most_readings for r in plan.resets) == sum(kept.values())


def test_readings_grow_far_slower_than_pulses_and_programs_hardly_at_all():
    hundred, many = (Plan.of(Endurance.build(cycles=n)) for n in (100, 10_000))
    assert many.most_readings < 8 * 10_000 + 200 * 20 + 1000
    assert len(many.programs) <= 2 + 9
    assert len(hundred.programs) <= 2 + 9


def test_thinned_cycles_keep_the_first_and_the_last_pulse():
    program = Endurance.build(up=30, down=40).program(2, thinned=True)
    assert sorted(set(program.pulse_index[program.keep])) == [1, 30, 40]
    assert program.readings == 16
    assert len(program) == 2 * 2 * 70


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (
            {"up": 10**4, "cycles_per_program": 10**4},
            "up 10000, down 50 and cycles_per_program 10000 make 100500000 pulses a program",
        ),
        ({"cycles": 0}, "cycles: 0 is not accepted; >= 1"),
        ({"cycles": 10**6}, "cycles: 1000000 is not accepted"),
        ({"down": 0}, "down: 0 is not accepted"),
        ({"kept_pulses": 0}, "kept_pulses: 0 is not accepted"),
        ({"full_per_decade": -1}, "full_per_decade: -1 is not accepted"),
        ({"resistance": "1 V"}, "resistance: '1 V' has the unit of another"),
        ({"aperture": "20 ms"}, "aperture 20 ms does not fit into the width"),
        ({"cycels": 3}, "endurance has no parameter 'cycels'"),
    ],
)
def test_an_invalid_parameter_is_named_when_the_protocol_is_built(values, says):
    with pytest.raises(ProtocolError, match=says):
        Endurance.build(**values)


def test_the_file_holds_what_is_kept_and_the_physics_ran_all(tmp_path):
    values = {"up": 6, "down": 4, "cycles": 12, "full_per_decade": 1, "resistance": "1k"}
    runs = []
    for number, kept in enumerate((1, 10)):
        experiment = Experiment.prepare(
            "endurance", preset=None, values={**values, "kept_pulses": kept}, rig=None
        )
        bench = make_bench(experiment.rig, noise=False)
        rig = open_rig(experiment.rig, bench)
        path = tmp_path / f"{number}.h5"
        info = experiment.info(rig, sample="", notes="")
        result = Runner(rig, [FileSink(path)]).run(experiment.protocol, experiment.plan, info)
        rig.close()
        assert result.outcome is Outcome.FINISHED, result.reason
        runs.append(open_run(path))
    thin, full = runs
    assert len(full.samples) - len(thin.samples) == 9 * (20 - 4)
    programs = {p.digest: p for p in thin.info.programs}
    assert any(not p.keep.all() for p in programs.values())
    for play, whole in zip(thin.plays, full.plays, strict=True):
        program = programs[play.digest]
        assert play.n_rows == program.readings
        rows = full.samples[whole.rows][program.keep]
        assert np.allclose(thin.samples[play.rows].voltage, rows.voltage, atol=1e-9)
        assert np.array_equal(thin.samples[play.rows].cycle, rows.cycle)
    assert set(thin.samples.cycle[thin.samples.cycle > 0]) == set(range(1, 13))
