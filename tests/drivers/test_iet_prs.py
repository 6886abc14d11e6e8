"""The decade driver: its traffic, and what it does on the emulated boxes."""

import math

import pytest
from scripted_link import ScriptedLink

from app.rigs.check import check
from app.rigs.opening import make_bench, open_rig
from app.rigs.rig_file import RigFile
from app.running.experiment import Experiment
from app.running.runner import Runner
from drivers.errors import InstrumentError, LimitError, LinkError
from drivers.iet_prs import IetPrs
from drivers.resistor_bank import DeviceChannel
from drivers.simulated.links import simulated_links

IDENTITY = "IET Labs,PRS-200-F-7-100m-0-1,D6-0211201,D6"
RIG = RigFile(resistor_bank={"driver": "iet-prs"})


def test_it_opens_sets_behind_the_open_contact_and_lets_go():
    link = ScriptedLink(*[IDENTITY] * 7)
    bank = IetPrs.connect(link, [], 0.02)
    assert bank.identity.model == "PRS-200"
    assert bank.identity.serial == "D6-0211201"
    assert link.traffic == ["*IDN?"], "connecting moves nothing"
    # The example of the manual, which is 600,567.9 ohm.
    assert bank.select(600_567.9, 1e-6).resistance == pytest.approx(600_567.9)
    assert link.traffic[1:] == [
        "SOUR:DATA 0019999999", 0.02, "*IDN?",
        "SOUR:DATA 0016005679", 0.02, "*IDN?",
        "SOUR:DATA 0006005679", 0.02, "*IDN?",
    ]  # fmt: skip
    del link.traffic[:]
    bank.select(500.0, 0.02)
    assert [t for t in link.traffic if t not in (0.02, "*IDN?")] == [
        "SOUR:DATA 0016005679", "SOUR:DATA 0010005000", "SOUR:DATA 0000005000",
    ]  # fmt: skip
    assert link.answers == []


@pytest.mark.parametrize(
    ("code", "ohm", "sent"),
    [
        ("PRS-200-F-6-100m-0-3", 123.5, "0000001235"),
        ("PRS-202-X-4-1K-4-1", 2.7e6, "0027000000"),
        ("PRS-201-A-5-10-1-1", 270.0, "0000000270"),
    ],
)
def test_digits_stand_where_the_code_says(code, ohm, sent):
    link = ScriptedLink(*[f"IET Labs,{code},D6-0211201,D6"] * 4)
    bank = IetPrs.connect(link, [], 0.0)
    bank.select(ohm, 1e-6)
    assert link.traffic[-3] == f"SOUR:DATA {sent}"


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ("IET Labs,PRS-200-F-7-100m-0-0,D6-0211201,D6", "no open-circuit option"),
        ("IET Labs,PRS-200-F-7-100m-0-2,D6-0211201,D6", "no open-circuit option.*is 2"),
        ("IET Labs,PCS-300-F-7-100p-0-1,D6-0211201,D6", "is for PRS-200, PRS-201, PRS-202"),
        ("IET Labs,PRS-200-F-7-100m-0-1", "answers.*is for PRS-200"),
        ("IET Labs,PRS-200-F-8-100m-2-1,D6-0211201,D6", "leave no room"),
        ("HEWLETT-PACKARD,34970A,0,13-2-2", "answers 'HEWLETT"),
        ("", "answers ''"),
    ],
)
def test_what_it_cannot_open_or_does_not_know_is_refused(answer, what):
    link = ScriptedLink(answer)
    with pytest.raises(InstrumentError, match=what):
        IetPrs.connect(link, [], 0.0)
    assert link.traffic == ["*IDN?"]


def test_silence_and_another_box_are_noticed_after_a_setting():
    bank = IetPrs.connect(ScriptedLink(IDENTITY), [], 0.0)
    with pytest.raises(LinkError, match="no reply from scripted"):
        bank.select(500.0, 0.02)
    assert math.isnan(bank_state(bank)), "what it is set to is not known"
    bank = IetPrs.connect(ScriptedLink(IDENTITY, IDENTITY.replace("D6-0", "E7-1")), [], 0.0)
    with pytest.raises(LinkError, match="check what is connected"):
        bank.select(500.0, 0.02)


def bank_state(bank):
    bank._link.answers.append(IDENTITY)
    return bank.read_back().resistance


@pytest.fixture
def bench():
    return make_bench(RIG, noise=False)


@pytest.fixture
def link(bench):
    return simulated_links(bench, "keithley-2600b", "iet-prs")[1]


@pytest.fixture
def bank(link):
    bank = IetPrs.connect(link, [], 0.02)
    yield bank
    bank.close()


def resistances(bench):
    return [e.what for e in bench.journal if e.instrument == "bench"]


def test_every_change_goes_through_open(bank, bench):
    assert bank.select(500.04, 0.02).resistance == 500.0
    bank.select(8000.0, 0.02)
    assert resistances(bench) == [
        "R = open", "R = open", "R = 500 ohm", "R = open", "R = open", "R = 8 kohm",
    ]  # fmt: skip
    assert bank.read_back().resistance == 8000.0
    assert bank.select(math.inf, 0.02).channels == frozenset()
    assert math.isinf(bench.device.resistance)


@pytest.mark.parametrize(
    ("ohm", "nearest"), [(2e6, r"1 Mohm \(or open\)"), (0.01, "100 mohm"), (0.14, "100 mohm")]
)
def test_a_value_that_its_decades_cannot_make_moves_nothing(bank, bench, ohm, nearest):
    with pytest.raises(LimitError, match=rf"7 decades from 100 mohm on, the nearest is {nearest}"):
        bank.select(ohm, 0.02)
    assert resistances(bench) == []


def test_a_run_of_a_value_that_its_decades_cannot_make_ends_before_it_begins():
    values = {"states": "500, 2M", "up": 1, "down": 1}
    experiment = Experiment.prepare("ltp-ltd", preset=None, values=values, rig=RIG)
    bench = make_bench(RIG, noise=False)
    rig = open_rig(RIG, bench)
    info = experiment.info(rig, sample="", notes="")
    result = Runner(rig, []).run(experiment.stimulus, experiment.plan, info)
    rig.close()
    assert "the nearest is 1 Mohm (or open)" in result.reason
    assert set(resistances(bench)) == {"R = open"}


def test_make_safe_opens_over_a_new_link_and_claims_no_more_than_it_knows(bank, link, bench):
    bank.select(500.0, 0.02)
    link.cut()
    assert bank.make_safe() == "open as commanded; the decade does not report what it is set to"
    assert math.isinf(bench.device.resistance)


def test_devices_and_resistors_in_the_rig_file_are_refused():
    with pytest.raises(InstrumentError, match="connects no devices"):
        IetPrs.connect(ScriptedLink(IDENTITY), [], 0.0, [DeviceChannel("A", 1)])
    with pytest.raises(ValueError, match="has no relays; leave it out"):
        RigFile(resistor_bank={"driver": "iet-prs", "resistors": [{"channel": 1, "nominal": 500}]})


def test_the_check_of_a_rig_measures_its_decades(bench):
    rig = open_rig(RIG, bench)
    findings = {f.what: f for f in check(rig)}
    rig.close()
    assert findings["R = open"].text.startswith("open, as commanded: the bank does not report it")
    assert findings["R = 10 ohm"].passed
    assert "measured at 5 mA, as commanded" in findings["R = 10 ohm"].text
    failed = [f for f in findings.values() if not f.passed]
    assert all("isconnect the device" in f.text for f in failed), "the device is in parallel"
    assert "R = 100 kohm" in findings
    assert "R = 1 ohm" not in findings
    assert math.isinf(bench.device.resistance)
