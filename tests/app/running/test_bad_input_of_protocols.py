"""What a rig cannot do, or a person mistyped, is refused for every protocol before a run."""

import pytest
from typer.testing import CliRunner

from app.cli import app

RIG = "[resistor_bank]\ndevices = [{name = 'D1', channel = 111}]\n"
CURRENT, VOLTAGE = "beyond the device's max_current of 20 mA", "beyond the device's max_voltage of"
BANK, TIMED = "cannot make 300 kohm", "at least 360 us"

CASES = {
    "pulse-train": {
        "amplitudes=50 mA": CURRENT, "amplitudes=4 A": "level 4 A is beyond the 2602B",
        "voltage_limit=1 V": VOLTAGE, "states=300k": BANK, "widths=0.3 ms": TIMED,
        "gaps=1e6 s": "longer than the 2602B can time",
        "count=200000": "count: '200000' is not accepted",
    },
    "iv-sweep": {
        "current_limit=50 mA": "current limit 50 mA is beyond", "states=300k": BANK,
        "upper=1 V": "upper 1 V is beyond the voltage_limit", "rates=50 V": "another quantity",
    },
    "intensity": {
        "amplitudes=1 mA..50 mA x 3": CURRENT, "states=300k": BANK, "width=0.25 ms": TIMED,
        "voltage_limit=1 V": VOLTAGE, "amplitudes=1 mA..": "is not a range",
    },
    "width": {
        "amplitude=50 mA": CURRENT, "widths=0.25 ms": TIMED, "states=300k": BANK,
        "widths=1e6 s": "longer than the 2602B can time",
    },
    "ppf": {
        "amplitude=50 mA": CURRENT, "intervals=0.1 ms": "at least 210 us", "states=300k": BANK,
        "width=1,5 ms, 3 ms": "width", "voltage_limit=1 V": VOLTAGE,
    },
    "ltp-ltd": {
        "amplitude=50 mA": CURRENT, "gap=0.3 ms": TIMED, "states=500, 300k": BANK,
        "aperture=1 ns": "aperture 1 ns is not possible",
        "cycles=100000": "up 150, down 150 and cycles 100000 make",
    },
    "learning": {
        "amplitude=50 mA": CURRENT, "width=0.3 ms": TIMED, "forget_resistance=300k": BANK,
        "relearn_states=300k": BANK, "dwell=1e6 s": "dwell 1e+06 s is more than 1000000 pulses",
    },
    "retention": {
        "amplitude=50 mA": CURRENT, "resistance=300k": BANK, "width=0.3 ms": TIMED,
        "level=0.9 V": "level 900 mV is above the voltage_limit",
        "rest=1e9 s": "longer than the 2602B can time",
    },
    "write-verify": {
        "amplitude=50 mA": CURRENT, "states=300k": BANK, "width=0.3 ms": TIMED,
        "target=0.9 V": "target 900 mV must stay below",
        "most_pulses=200000": "most_pulses: '200000' is not accepted",
    },
    "endurance": {
        "amplitude=50 mA": CURRENT, "resistance=300k": BANK, "gap=0.3 ms": TIMED,
        "cycles=200000": "cycles: '200000' is not accepted",
    },
    "array": {
        "devices=D1, D9": "device 'D9' is not wired", "by=hand": "behind relays; give by=bank",
        "settings=amplitude=50 mA": CURRENT, "protocol=ltd": "there is no protocol 'ltd'",
        "settings=states=300k": BANK, "settings=width=3 V": "another quantity",
    },
}  # fmt: skip


def refused(tmp_path, protocol, setting):
    """The message of a run that is refused; nothing was made."""
    (tmp_path / "rig.toml").write_text(RIG if protocol == "array" else "")
    arguments = ["run", protocol, "--rig", str(tmp_path / "rig.toml"), "--out"]
    arguments += [str(tmp_path / "out"), "--set", setting]
    if protocol == "array" and not setting.startswith("devices"):
        arguments += ["--set", "devices=D1"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2, done.output
    assert not (tmp_path / "out").exists()
    return done.stderr


@pytest.mark.parametrize(
    ("protocol", "setting", "says"),
    [
        pytest.param(protocol, setting, says, id=f"{protocol} {setting}")
        for protocol, cases in CASES.items()
        for setting, says in cases.items()
    ],
)
def test_what_cannot_be_done_is_refused_with_what_could(tmp_path, protocol, setting, says):
    assert says in refused(tmp_path, protocol, setting)


@pytest.mark.parametrize("protocol", CASES)
def test_a_parameter_that_there_is_not_is_told_with_those_that_there_are(tmp_path, protocol):
    assert "has no parameter 'widht'; it has " in refused(tmp_path, protocol, "widht=3 ms")
