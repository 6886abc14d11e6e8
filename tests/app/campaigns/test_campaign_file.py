"""Campaign files: every key is read, and what is wrong is named with what is accepted."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.campaigns.campaign import Campaign
from app.campaigns.campaign_file import CampaignFile
from app.errors import InputError

FULL = """
rig = "rig.toml"
[defaults]
protocol = "pulse-train"
set = { reset_watch = "0.2 s", count = 3 }
sample = "D7"
on_fault = "continue"
wait_for_baseline = { tolerance = "1 mV", time_limit = "2 min", hold = 20, watch = "5 s" }
[[run]]
preset = "frequency"
note = "first"
set = { count = 5 }
sweep = { amplitudes = "0.2 mA..0.4 mA x 3", states = ["500", "open"] }
repeat = 2
[[run]]
protocol = "ltp-ltd"
set = { count = 5 }
sample = "D8"
on_fault = "stop"
wait_for_baseline = false
"""


def write(tmp_path, text):
    path = tmp_path / "night.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_key_is_read_and_defaults_are_filled_in(tmp_path):
    first, second = CampaignFile.read(write(tmp_path, FULL)).entries
    assert (first.protocol, first.preset, first.note) == ("pulse-train", "frequency", "first")
    assert (first.sample, first.on_fault, first.repeat) == ("D7", "continue", 2)
    assert first.set == {"reset_watch": "0.2 s", "count": 5}
    wait = first.wait_for_baseline
    assert (wait.tolerance, wait.time_limit, wait.hold, wait.watch) == (1e-3, 120.0, 20.0, 5.0)
    assert (second.protocol, second.sample, second.on_fault) == ("ltp-ltd", "D8", "stop")
    assert second.wait_for_baseline is None


def test_a_sweep_is_every_combination_and_a_repeat_is_the_whole_sweep_again(tmp_path):
    (tmp_path / "rig.toml").write_text("[simulation]\nseed = 5\n")
    text = FULL[: FULL.index('[[run]]\nprotocol = "ltp-ltd"')]
    campaign = Campaign.read(write(tmp_path, text))
    assert campaign.rig.simulation.seed == 5
    assert [run.number for run in campaign.runs] == list(range(1, 13))
    once = [(run.protocol.amplitudes, run.protocol.states) for run in campaign.runs[:6]]
    assert [amplitudes for amplitudes, _ in once] == [
        (2e-4,), (2e-4,), (3e-4,), (3e-4,), (4e-4,), (4e-4,),
    ]  # fmt: skip
    assert [states[0] for _, states in once] == [500.0, float("inf")] * 3
    again = [(run.protocol.amplitudes, run.protocol.states) for run in campaign.runs[6:]]
    assert again == once
    assert campaign.runs[1].swept == "amplitudes=200 uA, states=open"
    assert all(run.duration > 25 for run in campaign.runs), "the wait for the baseline counts"


def run(keys):
    return f"[[run]]\nprotocol = 'pulse-train'\n{keys}\n"


BAD = [
    ("not TOML", "[[run]\n", "night.toml is not TOML"),
    ("no runs", "rig = 'x'\n", "run is missing"),
    ("empty list", "run = []\n", r"run = \[\]: .*at least 1"),
    ("unknown key", "runs = 3\n" + run(""), "unknown key runs; accepted here: rig, defaults, run"),
    ("unknown key of a run", run("wdth = 3"), r"unknown key run.0.wdth; accepted here: protocol, "),
    ("unknown default", "[defaults]\nsweep = {}\n" + run(""), "unknown key defaults.sweep; accepted"),  # noqa: E501
    ("no protocol", "[[run]]\nrepeat = 2\n", "run.0.protocol is missing; give it here or in"),
    ("unknown protocol", "[[run]]\nprotocol = 'ltp'\n", r"run.0 \(ltp\): there is no protocol 'ltp'"),  # noqa: E501
    ("no such file", "[[run]]\nprotocol = 'my.py:A'\n", r"run.0 \(my.py:A\): .*my.py cannot be read"),  # noqa: E501
    ("unknown preset", run("preset = 'x'"), r"has no preset 'x'; it has ten-pulses, frequency"),
    ("unknown parameter", run("set = { wdth = 1 }"), "has no parameter 'wdth'; it has amplitudes"),
    ("unit", run("set = { widths = '3 V' }"), "widths: '3 V' has the unit of another quantity"),
    ("kind of set", run("set = 3"), "run.0.set = 3: .*dictionary"),
    ("kind of sample", run("sample = 7"), "run.0.sample = 7: .*string"),
    ("repeat 0", run("repeat = 0"), "run.0.repeat = 0: .*greater than or equal to 1"),
    ("repeat true", run("repeat = true"), "run.0.repeat = True: .*integer"),
    ("repeat 1.5", run("repeat = 1.5"), "run.0.repeat = 1.5"),
    ("on_fault", run("on_fault = 'ignore'"), "run.0.on_fault = 'ignore': .*'stop' or 'continue'"),
    ("wait", run("wait_for_baseline = 3"), "run.0.wait_for_baseline = 3"),
    ("wait key", run("wait_for_baseline = { tol = 1 }"),
     "unknown key run.0.wait_for_baseline.tol; accepted here: tolerance, time_limit, hold, watch"),
    ("wait value", run("wait_for_baseline = { tolerance = '1 A' }"),
     r"run.0.wait_for_baseline.tolerance = '1 A': .*a voltage is expected"),
    ("wait too short", run("wait_for_baseline = { time_limit = '1 s' }"),
     "watch 10 s does not fit into the time_limit of 1 s"),
    ("swept unknown", run("sweep = { wdth = [1] }"), "sweep.wdth = .*no such parameter; it has"),
    ("swept and set", run("set = { count = 1 }\nsweep = { count = [1] }"),
     r"sweep.count = \[1\]: the parameter is in set too"),
    ("swept nothing", run("sweep = { count = [] }"), r"sweep.count = \[\]: nothing to sweep over"),
    ("swept a number", run("sweep = { count = 3 }"), "run.0.sweep.count"),
    ("swept no range", run("sweep = { widths = '1 ms..' }"), r"sweep.widths = .*is not a range"),
    ("swept unit", run("sweep = { widths = '1 V..2 V x 2' }"), "sweep.widths = .*another quantity"),
    ("one bad point", run("sweep = { count = [1, 0] }"),
     r"run.0 \(pulse-train\): count=0: count: 0 is not accepted; >= 1"),
    ("too many", run("repeat = 5000\nsweep = { count = '1..9 x 3' }"), "15000 runs; at most 10000"),
    ("beyond the device", run("set = { amplitudes = '50 mA' }"), "beyond the device's max_current"),
    ("beyond the bank", run("set = { states = '300k' }"), "the nearest is 8 kohm"),
    ("by hand", "[[run]]\nprotocol = 'array'\npreset = 'by-hand'\n", "by=hand waits for the operator"),  # noqa: E501
    ("the rig's file", "rig = 'none.toml'\n" + run(""), r"rig file .*none.toml cannot be read"),
    ("second of two", run("") + run("repeat = 'x'"), "run.1.repeat = 'x'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "says"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_what_is_wrong_is_named_with_file_key_value_and_what_is_accepted(tmp_path, text, says):
    with pytest.raises(InputError, match=says) as told:
        Campaign.read(write(tmp_path, text))
    assert "night.toml" in str(told.value) or "rig file" in says


def test_every_problem_is_told_at_once(tmp_path):
    text = run("preset = 'x'") + run("set = { count = 0 }") + "[[run]]\nprotocol = 'y'\n"
    with pytest.raises(InputError) as told:
        Campaign.read(write(tmp_path, text))
    assert [line.split(": ")[1][:5] for line in str(told.value).splitlines()] == [
        "run.0", "run.1", "run.2",
    ]  # fmt: skip


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(InputError, match=r"campaign file .*missing.toml cannot be read"):
        CampaignFile.read(tmp_path / "missing.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"binary.toml cannot be read"):
        CampaignFile.read(tmp_path / "binary.toml")


def test_there_is_no_waiting_for_a_device_that_is_not_connected(tmp_path):
    (tmp_path / "rig.toml").write_text(
        "[resistor_bank]\ndevices = [{ name = 'D1', channel = 111 }]\n"
    )
    text = (
        "rig = 'rig.toml'\n[[run]]\nprotocol = 'array'\nset = { devices = 'D1' }\n"
        "wait_for_baseline = true\n"
    )
    with pytest.raises(InputError, match="wait_for_baseline: no device is connected before"):
        Campaign.read(write(tmp_path, text))


KEYS = st.sampled_from(["protocol", "set", "sweep", "repeat", "wait_for_baseline", "sample", "z"])
VALUES = st.one_of(
    st.integers(-9, 9), st.booleans(), st.text("abc .", max_size=5), st.just("pulse-train"),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["count", "widths", "hold", "q"]), st.integers(), max_size=2),
)  # fmt: skip
SECTION = st.dictionaries(KEYS, VALUES, max_size=4)


@given(SECTION, st.lists(SECTION, max_size=2))
def test_no_content_raises_anything_but_an_input_error(tmp_path_factory, defaults, runs):
    def toml(value):
        if isinstance(value, dict):
            return "{" + ", ".join(f"{k} = {toml(v)}" for k, v in value.items()) + "}"
        return json.dumps(value)

    text = f"defaults = {toml(defaults)}\nrun = [{', '.join(map(toml, runs))}]\n"
    with suppress(InputError):
        Campaign.read(write(tmp_path_factory.mktemp("campaign"), text))
