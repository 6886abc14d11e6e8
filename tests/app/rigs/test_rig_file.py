import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InputError
from app.rigs.rig_file import RigFile

FULL = """
[source_meter]
driver = "keithley-2600b"
model = "2612B"
address = "GPIB0::26::INSTR"
channel = "b"
wiring = "2-wire"
[resistor_bank]
address = "TCPIP0::10.0.0.2::inst0::INSTR"
settle = "50 ms"
resistors = [
  { channel = 101, nominal = "500 ohm", calibrated = "501.2 ohm" },
  { channel = 102, nominal = "8 kohm" },
]
[device]
max_voltage = "0.7 V"
max_current = 0.002
[simulation]
seed = 3
noise = false
speed = "real time"
[visa]
library = "@py"
timeout = "3 s"
"""


def read(tmp_path, text):
    path = tmp_path / "rig.toml"
    path.write_text(text, encoding="utf-8")
    return RigFile.read(path)


def test_every_key_is_read(tmp_path):
    rig = read(tmp_path, FULL)
    assert not rig.simulated
    assert rig.source_meter.channel == "b"
    assert [r.calibrated for r in rig.resistors] == [501.2, 8000.0]
    assert rig.limits.max_current == 0.002
    assert rig.simulation.speed == 1.0
    assert rig.resistor_bank.settle == 0.05


def test_without_a_file_the_rig_is_simulated():
    rig = RigFile.read(None)
    assert rig.simulated
    assert math.isinf(rig.simulation.speed)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[source_meter]\nadress = 'x'", r"rig.toml: unknown key source_meter.adress; accepted"),
        ("[meter]\n", "unknown key meter; accepted here: source_meter, resistor_bank"),
        ("[device]\nmax_voltage = '3 mA'", r"device.max_voltage = '3 mA': .*voltage is expected"),
        ("[device]\nmax_voltage = -1", r"device.max_voltage = -1: .*greater than 0"),
        ("[simulation]\nspeed = 'ludicrous'", "'ludicrous' is no speed; 'as fast as possible'"),
        ("[simulation]\nspeed = 0.5", "simulation.speed = 0.5"),
        ("[simulation]\nseed = 1.5", "simulation.seed = 1.5"),
        ("[source_meter]\nwiring = '3-wire'", "source_meter.wiring = '3-wire': .*2-wire"),
        ("[source_meter]\naddress = 'GPIB0::1::INSTR'", "both 'simulated' or none"),
        ("[resistor_bank]\nresistors = []", "resistor_bank.resistors"),
        (
            "[resistor_bank]\nresistors = [{channel=1, nominal=1}, {channel=1, nominal=2}]",
            "channel 1 is given twice",
        ),
        (
            "[resistor_bank]\nresistors = [{channel=1, nominal='open'}]",
            "resistor_bank.resistors.0.nominal = 'open'",
        ),
        (
            "[resistor_bank]\nresistors = [{chanel=1, nominal=2}]",
            "resistors.0.chanel; accepted here: channel, nominal, calibrated",
        ),
        ("[source_meter]\ndriver = 'k'", "source_meter.driver = 'k': .*keithley-2600b"),
        ("[resistor_bank]\ndriver = 'k'", "resistor_bank.driver = 'k': .*keysight-34970a"),
        ("[source_meter]\nmodel = '2450'", "source_meter: model = '2450' .* 2602B, 2612B, 2636B"),
        ("device = 3", "device = 3: it should be a table with keys"),
        ("[simulation]\nseed = -1", "simulation.seed = -1: it should be greater than"),
        (
            "[resistor_bank]\nresistors = [{channel=1}]",
            "resistor_bank.resistors.0.nominal is missing",
        ),
        ("[device\n", "is not TOML"),
        ("[source_meter]\nchannel = 'c'", "channel = 'c' is not of the 2602B; it takes 'a' or 'b'"),
        ("[source_meter]\nchannel = 1", "channel = '1' is not of the 2602B"),
        ("[source_meter]\nverified_period = '2 ms'", "verified_period is not for driver 'keith"),
        ("[source_meter]\nverified_period = '2 mA'", "source_meter.verified_period = '2 mA'"),
        ("[resistor_bank]\nmodel = '2700'", "model = '2700' is not for driver 'keysight-34970a'"),
        ("[resistor_bank]\nresistors = []", "resistors = .*: at least one row"),
    ],
)
def test_what_is_wrong_is_named_with_file_key_value_and_what_is_accepted(tmp_path, text, says):
    with pytest.raises(InputError, match=says):
        read(tmp_path, text)


def test_a_list_whose_only_row_is_wrong_is_one_problem(tmp_path):
    with pytest.raises(InputError) as caught:
        read(tmp_path, "[resistor_bank]\nresistors = [{channel=1, nominal='x'}]")
    (line,) = str(caught.value).splitlines()
    assert "resistor_bank.resistors.0.nominal = 'x'" in line


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(InputError, match=r"missing.toml cannot be read"):
        RigFile.read(tmp_path / "missing.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"binary.toml cannot be read"):
        RigFile.read(tmp_path / "binary.toml")


SECTIONS = st.sampled_from(["source_meter", "resistor_bank", "device", "simulation", "visa", "x"])
VALUES = st.one_of(
    st.integers(-9, 9), st.floats(allow_nan=False), st.booleans(), st.text(max_size=9),
    st.lists(st.integers(), max_size=2),
)  # fmt: skip
KEYS = st.sampled_from(["driver", "seed", "speed", "max_voltage", "resistors", "settle", "y"])


@given(st.dictionaries(SECTIONS, VALUES | st.dictionaries(KEYS, VALUES, max_size=3), max_size=3))
def test_no_content_raises_anything_but_an_input_error(tmp_path_factory, content):
    import json

    def toml(value):
        if isinstance(value, dict):
            return "{" + ", ".join(f"{k} = {toml(v)}" for k, v in value.items()) + "}"
        return json.dumps(value).replace("Infinity", "inf")

    text = "\n".join(f"{key} = {toml(value)}" for key, value in content.items())
    with suppress(InputError):
        read(tmp_path_factory.mktemp("rig"), text)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("coverage = 2", "coverage is of a calibrated value; give calibrated"),
        ("calibrated = '5 ohm', coverage = 2", "coverage is of an uncertainty; give uncertainty"),
        ("calibrated = '5 ohm', uncertainty = '1 ohm', coverage = 0", "coverage = 0"),
        ("calibrated_on = 2026-11-24", "calibrated_on is of a calibrated value; give calibrated"),
        ("uncertainty = '1 ohm'", "uncertainty is of a calibrated value; give calibrated too"),
        ("calibrated = '5 ohm', calibrated_on = 20261124", "write a day, as 2026-11-24"),
        ("calibrated = '5 ohm', calibrated_on = 2026-11-24T10:00:00", "write a day"),
        ("calibrated = '5 ohm', calibrated_on = '24.11.2026'", "calibrated_on = '24.11.2026'"),
        ("calibrated = '5 ohm', uncertainty = '-1 ohm'", "uncertainty = '-1 ohm'"),
        ("calibrated = '5 ohm', uncertainty = '1 V'", "uncertainty = '1 V'"),
    ],
)
def test_what_is_said_of_a_calibration_is_validated(tmp_path, row, says):
    text = f"[resistor_bank]\nresistors = [{{ channel = 1, nominal = '5 ohm', {row} }}]\n"
    with pytest.raises(InputError) as error:
        read(tmp_path, text)
    assert says in str(error.value)
