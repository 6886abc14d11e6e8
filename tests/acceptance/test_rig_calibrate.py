"""`fmes rig calibrate`: measured values into a new rig file, or a reason why not."""

import json
import math
import tomllib
from datetime import date

import pytest

from app.rigs.calibration import calibrate
from app.rigs.opening import make_bench, open_rig
from app.rigs.rig_file import RigFile
from data.reader import open_run
from drivers.simulated.catalogue import emulated
from drivers.simulated.server import serve

RIG = """# the bench at the window
[resistor_bank]   # switched
# as soldered
resistors = [
  { channel = 101, nominal = "500 ohm", calibrated = "507 ohm" },  # green
  { channel = 102, nominal = "8 kohm" }, { channel = 103, nominal = "1 kohm" },
]
devices = [{ name = 'A', channel = 110 }]

[device]
max_voltage = "0.7 V"  # of the electrolyte
"""
TABLES = """
[[resistor_bank.resistors]]
channel = 101
nominal = "500 ohm" # the first

[[resistor_bank.resistors]]
channel = 102
nominal = "1 kohm"

[[resistor_bank.devices]]
name = "A"
channel = 110
"""


def test_values_are_written_into_a_new_file_and_all_else_stays(fmes, tmp_path):
    (tmp_path / "rig.toml").write_text(RIG)
    begun = date.today()
    done = fmes("rig", "calibrate", "rig.toml", "--to", "new.toml", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "next: fmes rig check new.toml" in done.stdout
    assert "4 combinations" in done.stdout
    assert (tmp_path / "rig.toml").read_text() == RIG
    text = (tmp_path / "new.toml").read_text()
    for comment in ("# the bench at the window", "# switched", "# as soldered", "# green",
                    "# of the electrolyte"):  # fmt: skip
        assert comment in text
    lines = [line.split("{")[0] for line in RIG.splitlines()]
    assert [line.split("{")[0] for line in text.splitlines()] == lines, "layout and order"
    rows = RigFile.read(tmp_path / "new.toml").resistors
    assert [r.nominal for r in rows] == [500, 8000, 1000]
    assert [r.calibrated for r in rows] == pytest.approx([507, 8000, 1000], rel=1e-3)
    for row in rows:
        assert begun <= row.calibrated_on <= date.today()
        assert row.coverage == 2
        assert 1e-4 * row.calibrated < row.uncertainty < 1e-2 * row.calibrated
    for row in RigFile.read(tmp_path / "new.toml").resistor_bank.resistors:
        assert 0 < row.scatter < 1e-4 * row.calibrated
        assert row.uncertainty == pytest.approx(2 * math.hypot(row.scatter, row.accuracy), rel=0.06)
    checked = fmes("rig", "check", "new.toml")
    assert checked.returncode == 0, checked.stdout
    assert f"calibrated {rows[0].calibrated_on}, uncertainty " in checked.stdout
    assert " ohm (k = 2)" in checked.stdout


def test_the_values_stand_in_the_record_of_a_run(fmes, tmp_path):
    (tmp_path / "rig.toml").write_text(TABLES)
    assert fmes("rig", "calibrate", "rig.toml", "--to", "new.toml", "--yes").returncode == 0
    text = (tmp_path / "new.toml").read_text()
    assert "# the first" in text
    rows = tomllib.loads(text)["resistor_bank"]["resistors"]
    settings = ["devices=A", "protocol=ltp-ltd", "states=500", "up=3", "down=0"]
    words = [word for setting in settings for word in ("--set", setting)]
    done = fmes("run", "ltp-ltd", "--rig", "new.toml", "--out", "run.h5", *words[4:])
    assert done.returncode == 2, "a device behind a relay needs 'array'"
    (tmp_path / "one.toml").write_text(text.split("[[resistor_bank.devices]]")[0])
    done = fmes("run", "ltp-ltd", "--rig", "one.toml", "--out", "run.h5", *words[4:],
                "--set", "reset_watch=0.2", "--set", "reset_tolerance=10mV")  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    recorded = open_run(tmp_path / "run.h5").info.rig["resistor_bank"]["resistors"]
    assert [r["calibrated_on"] for r in recorded] == [str(r["calibrated_on"]) for r in rows]
    for key in ("uncertainty", "scatter", "accuracy"):
        given = [float(r[key].split()[0]) for r in rows]
        assert [r[key] for r in recorded] == pytest.approx(given)
    assert [r["coverage"] for r in recorded] == [2, 2]


@pytest.fixture
def bare(tmp_path):
    """A bench on sockets whose device is behind a relay, so that nothing is connected."""
    servers = []

    def make(**resistors):
        devices = [{"name": "A", "channel": 110}]
        wired = [{"channel": c, "nominal": r} for c, r in resistors["wired"].items()]
        rig = RigFile(resistor_bank={"devices": devices, "resistors": wired})
        bench = make_bench(rig, noise=False, speed=math.inf)
        servers.extend(
            serve(bench, emulated(name, bench)) for name in ("keithley-2600b", "keysight-34970a")
        )
        table = json.dumps([f"{r} ohm" for r in resistors["table"].values()])
        rows = ", ".join(
            f'{{ channel = {channel}, nominal = "{value}" }}'
            for channel, value in zip(resistors["table"], json.loads(table), strict=True)
        )
        (tmp_path / "rig.toml").write_text(
            f"[source_meter]\naddress = '{servers[0].resource_name}'\n"
            f"[resistor_bank]\naddress = '{servers[1].resource_name}'\nresistors = [{rows}]\n"
            "[visa]\nlibrary = '@py'\n"
        )
        return bench

    yield make
    for server in servers:
        server.close()


def contacts(bench, change):
    """Let contacts do something else than the relays' drive, which is what is read back."""
    set_relays = bench.set_relays
    bench.set_relays = lambda t, closed: set_relays(t, frozenset(change(set(closed))))


TABLE = {101: 500, 102: 1000, 103: 1000}
FAULTS = [
    ("a contact that stays closed", TABLE, lambda closed: closed | {101},
     "with every relay open something conducts: 800 nA does not reach the limit of 80 mV"),
    ("a contact that does not close", TABLE, lambda closed: closed - {102},
     "relay 102 (1 kohm): no current flows though it reads back closed"),
    ("another resistor's contact", TABLE, lambda closed: {101 if c == 102 else c for c in closed},
     "relay 102: 500 ohm is off its nominal 1 kohm by 0.5, more than 0.1; it is what relay 101 "),
    ("the other way round", TABLE, lambda closed: {102 if c == 101 else c for c in closed},
     "relay 101: 1 kohm is off its nominal 500 ohm by 1, more than 0.1; it is what relay 102 "),
    ("two of one value that are one", TABLE,
     lambda closed: {102 if c == 103 else c for c in closed},
     "relays 102 and 103 together make 1 kohm where 500 ohm follows"),
    ("another value than the table's", {101: 560, 102: 1000, 103: 1000}, lambda closed: closed,
     "relay 101: 500 ohm is off its nominal 560 ohm by 0.107, more than 0.1; correct the nominal"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("table", "change", "says"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS]
)
def test_a_bank_that_is_not_as_its_table_is_refused(fmes, bare, tmp_path, table, change, says):
    bench = bare(wired=TABLE, table=table)
    contacts(bench, change)
    options = ["--singly"] if "together" in says else []
    done = fmes("rig", "calibrate", "rig.toml", "--to", "new.toml", "--yes", *options)
    assert done.returncode == 1, done.stdout + done.stderr
    assert says in done.stderr
    assert "nothing was written to new.toml" in done.stderr
    assert not (tmp_path / "new.toml").exists()
    assert bench.stage("a").mode == "high_z"


def test_what_an_unknown_accuracy_leaves_is_said_and_no_old_one_stays(fmes, tmp_path):
    old = "uncertainty = '9 ohm', coverage = 3, scatter = '1 ohm', accuracy = '3 ohm'"
    row = f"{{ channel = 101, nominal = '500 ohm', calibrated = '501 ohm', {old} }}"
    (tmp_path / "rig.toml").write_text(
        "[source_meter]\ndriver = 'keithley-2461'\n"
        f"[resistor_bank]\ndevices = [{{ name = 'A', channel = 110 }}]\nresistors = [{row}]\n"
    )
    done = fmes("rig", "calibrate", "rig.toml", "--to", "new.toml", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the accuracy of the 2461 is not known to this program" in done.stdout
    (found,) = RigFile.read(tmp_path / "new.toml").resistor_bank.resistors
    assert found.scatter > 0
    assert found.accuracy is found.uncertainty is found.coverage is None


def test_the_true_value_is_within_the_stated_uncertainty():
    """Emulated instruments have any offset up to the greatest of their data sheets."""
    wired = [{"channel": 101, "nominal": 500}, {"channel": 102, "nominal": 8000}]
    for seed in range(5):
        rig = RigFile(
            resistor_bank={"devices": [{"name": "A", "channel": 110}], "resistors": wired},
            simulation={"seed": seed},
        )
        opened = open_rig(rig, make_bench(rig))
        found = calibrate(opened, readings=3, bound=0.1, together=False, say=print)
        opened.close()
        for one in found:
            off = abs(one.measured.resistance - one.resistor.nominal)
            assert 0 < off < one.measured.uncertainty


def test_the_accuracy_is_that_of_the_data_sheet():
    """500 ohm at 50 mV with a 2602B: 100 mV and 100 uA range, both as good as their sheets say."""
    rig = RigFile(
        resistor_bank={
            "devices": [{"name": "A", "channel": 110}],
            "resistors": [{"channel": 101, "nominal": 500}],
        }
    )
    opened = open_rig(rig, make_bench(rig, noise=False))
    (found,) = calibrate(opened, readings=2, bound=0.1, together=False, say=print)
    opened.close()
    volts = (0.00015 * 50e-3 + 150e-6) / 3**0.5 / 50e-3
    amps = (0.0002 * 100e-6 + 25e-9) / 3**0.5 / 100e-6
    assert found.measured.current == pytest.approx(100e-6)
    assert found.measured.accuracy == pytest.approx(500 * math.hypot(volts, amps), rel=1e-3)


def test_two_resistors_of_one_value_are_two(fmes, bare, tmp_path):
    bare(wired=TABLE, table=TABLE)
    done = fmes("rig", "calibrate", "rig.toml", "--to", "new.toml", "--yes", "--singly")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 combination:" in done.stdout
    rows = RigFile.read(tmp_path / "new.toml").resistors
    assert [r.calibrated for r in rows] == pytest.approx([500, 1000, 1000], rel=1e-4)


def test_a_connected_device_is_noticed(fmes, tmp_path):
    (tmp_path / "rig.toml").write_text("")
    done = fmes("rig", "calibrate", "rig.toml", "--to", "new.toml", "--yes")
    assert done.returncode == 1
    assert "Disconnect the device" in done.stderr
    assert not (tmp_path / "new.toml").exists()


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        (RIG, ["--to", "rig.toml", "--yes"], "exists already, and is not replaced"),
        (RIG, ["--to", "no/new.toml", "--yes"], "the folder no does not exist"),
        (RIG, ["--to", "new.toml"], "nobody answered whether the device is disconnected"),
        ("[resistor_bank]\ndriver = 'iet-prs'\n", ["--to", "new.toml", "--yes"], "decade box"),
    ],
)
def test_what_cannot_be_calibrated_is_refused(fmes, tmp_path, text, options, says):
    (tmp_path / "rig.toml").write_text(text)
    done = fmes("rig", "calibrate", "rig.toml", *options)
    assert done.returncode == 2
    assert says in done.stderr
    assert (tmp_path / "rig.toml").read_text() == text
