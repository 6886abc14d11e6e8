"""What would come of a form: for every preset, for what makes no sense, for what a rig refuses."""

import threading

import pytest

from app.gui.prospect import NO_RIG, Draft, foresee, span
from app.rigs.rig_file import RigFile
from app.running.user_protocol import find_protocol
from protocols.catalogue import PROTOCOLS

RIG = RigFile()
ARRAY = RigFile(
    resistor_bank={"devices": [{"name": f"D{k}", "channel": 200 + k} for k in range(1, 5)]}
)


def prospect_of(name, rig=RIG, preset=None, **values):
    kind, source = find_protocol(name)
    return foresee(Draft(kind, source, preset or next(iter(kind.presets)), values, rig))


OTHERS = [("waveform", "digitizer")]
"""For another instrument than that of the rig here."""


@pytest.mark.parametrize(
    ("name", "preset"),
    [pair for p in PROTOCOLS for pair in ((p.name, n) for n in p.presets) if pair not in OTHERS],
)
def test_every_preset_can_be_run(name, preset):
    rig = ARRAY if (name, preset) == ("array", "ltp-ltd") else RIG
    prospect = prospect_of(name, rig, preset)
    assert prospect.problems == ()
    assert prospect.refusals == ()
    assert prospect.experiment.preset == preset
    assert prospect.shape is not None
    facts = dict(prospect.facts)
    assert "2602B can time it" in facts["Instrument"]
    assert {"Duration", "Readings", "Net charge", "Levels"} <= set(facts)


def test_the_estimate_is_that_of_the_plan():
    facts = dict(prospect_of("ltp-ltd", states=["open"], up=10, down=5).facts)
    assert facts["Duration"] == "10.6 s expected with 1 reset (stimulus alone 600 ms)"
    assert facts["Net charge"] == "100 uC"
    assert facts["Levels"] == "-1 mA x 5, 0 A x 15, 1 mA x 10"
    assert facts["Resistances"] == "open"
    assert facts["Readings"].startswith("at most ")
    assert "decided from what is read" in dict(prospect_of("write-verify").facts)["Net charge"]


def test_parameters_that_do_not_fit_are_told_by_name_or_together():
    alone = prospect_of("ltp-ltd", width="3 V", up=0)
    assert [where for where, _ in alone.problems] == ["width", "up"]
    together = prospect_of("ltp-ltd", width=0.05, period=0.02)
    assert together.problems == (
        ("", "width 50 ms does not fit into the period of 20 ms; give a shorter width or a "
             "longer period"),
    )  # fmt: skip
    assert together.experiment is None
    assert together.shape is None


def test_what_the_rig_refuses_is_drawn_all_the_same():
    prospect = prospect_of("ltp-ltd", amplitude=0.03, states=[50])
    assert prospect.experiment is None
    assert prospect.problems == ()
    assert any("max_current of 20 mA" in line for line in prospect.refusals)
    assert any("50 ohm" in line for line in prospect.refusals)
    assert prospect.shape is not None


def test_without_a_usable_rig_nothing_may_run():
    prospect = prospect_of("ltp-ltd", rig=None)
    assert prospect.refusals == (NO_RIG,)
    assert prospect.experiment is None


@pytest.mark.parametrize("kind", PROTOCOLS, ids=lambda p: p.name)
def test_no_number_that_a_field_accepts_breaks_it(kind):
    for parameter in kind.parameters():
        if parameter.kind != "quantity":
            continue
        for text in ("1e300", "1e-300", "-1", "0", "1e9"):
            try:
                value = parameter.stored(parameter.read(text))
            except ValueError:
                continue
            prospect = prospect_of(kind.name, **{parameter.name: value})
            assert prospect.experiment or prospect.problems or prospect.refusals


def test_many_pulses_are_refused_before_they_take_memory():
    prospect = prospect_of("ltp-ltd", cycles=100_000)
    assert "30000000 pulses" in prospect.problems[0][1]


def test_a_hundred_thousand_cycles_can_be_foreseen():
    prospect = prospect_of("endurance", cycles=100_000)
    assert dict(prospect.facts)["Duration"].startswith("4 d 15 h expected")
    assert len(prospect.shape.whole.low) == 600


OWN = '''
from typing import Annotated, ClassVar
from pydantic import Field
from protocols.program import PulseProgram, PulseTrain
from protocols.protocol import Preset, Protocol
from protocols.quantities import Current, Time
from protocols.steps import Play, Steps

class Blink(Protocol):
    """A few pulses."""
    name: ClassVar[str] = "blink"
    title: ClassVar[str] = "A few pulses"
    phases: ClassVar[tuple[str, ...]] = ("blink",)
    presets: ClassVar = {"three": Preset("Three are few.")}
    amplitude: Annotated[Current, Field(gt=0)] = 1e-3
    count: int = Field(3, ge=0)

    def steps(self) -> Steps:
        width = 15e-3 / self.count
        train = PulseTrain(self.amplitude, width, 5e-3, self.count, "blink")
        yield Play(PulseProgram.compile(
            [train], phases=self.phase_names(), limit=0.5, aperture=1e-3), "blink")
'''


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "blink.py"
    path.write_text(OWN, encoding="utf-8")
    return path


def test_a_fault_of_a_users_own_protocol_names_its_line(own):
    assert prospect_of(f"{own}:Blink").experiment is not None
    ((where, text),) = prospect_of(f"{own}:Blink", count=0).problems
    assert where == ""
    assert "blink.py, line 19: ZeroDivisionError" in text


def test_a_file_that_changed_since_is_not_run(own):
    kind, source = find_protocol(f"{own}:Blink")
    draft = Draft(kind, source, "three", {}, RIG)
    assert foresee(draft).experiment is not None
    own.write_text(OWN + "\n# edited\n", encoding="utf-8")
    assert "has changed since it was read" in foresee(draft).problems[0][1]
    own.unlink()
    assert "cannot be read any more" in foresee(draft).problems[0][1]


def test_it_is_worked_out_in_another_thread_as_well():
    found = []
    thread = threading.Thread(target=lambda: found.append(prospect_of("ppf")))
    thread.start()
    thread.join()
    assert found[0].experiment is not None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 s"), (1e-3, "1 ms"), (47.96, "48 s"), (59.99, "60 s"), (60, "1 min"),
        (544.4, "9 min 4 s"), (3599.7, "1 h"), (12_240, "3 h 24 min"), (86_400, "1 d"),
        (400_060, "4 d 15 h"),
    ],
)  # fmt: skip
def test_a_time_is_told_as_people_say_it(seconds, text):
    assert span(seconds) == text
