"""`fmes rig init`: questions, or options, become a rig file that is valid."""

import contextlib
import math
import signal
import sys

import pytest

from app.rigs.opening import make_bench
from app.rigs.rig_file import RigFile
from drivers.simulated.catalogue import emulated
from drivers.simulated.server import serve

OPTIONS = [
    *("--yes", "--no-scan", "--meter", "GPIB0::26::INSTR", "--bank", "ASRL3::INSTR"),
    *("--bank-driver", "numato-relay", "--resistor", "0=500ohm", "--resistor", "1=8k"),
]


def answer(start, tmp_path, *lines, options=()):
    """Type these lines; what is said, on both streams, and the exit code."""
    process = start("rig", "init", "rig.toml", *options)
    said, complaints = process.communicate("".join(f"{line}\n" for line in lines), timeout=60)
    return process.returncode, said, complaints


def test_options_alone_make_a_file(fmes, tmp_path):
    done = fmes("rig", "init", "rig.toml", *OPTIONS, "--max-voltage", "0.5 V", "--channel", "b")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "written: rig.toml; next: fmes rig check rig.toml\n"
    rig = RigFile.read(tmp_path / "rig.toml")
    assert rig.source_meter.address == "GPIB0::26::INSTR"
    assert rig.source_meter.channel == "b"
    assert rig.resistor_bank.driver == "numato-relay"
    assert [(r.channel, r.nominal) for r in rig.resistors] == [(0, 500), (1, 8000)]
    assert rig.limits.max_voltage == 0.5


def test_no_file_is_replaced(fmes, tmp_path):
    (tmp_path / "rig.toml").write_text("# mine")
    done = fmes("rig", "init", "rig.toml", *OPTIONS)
    assert done.returncode == 2
    assert "exists already, and is not replaced" in done.stderr
    assert (tmp_path / "rig.toml").read_text() == "# mine"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--model", "2400"], "model = '2400' is not for driver 'keithley-2600b'"),
        (["--wiring", "3-wire"], "source_meter.wiring = '3-wire'"),
        (["--max-current", "5 V"], "device.max_current = '5 V'"),
        (["--resistor", "500"], "write CHANNEL=VALUE, as 101=500ohm"),
        (["--resistor", "1=9k"], "channel 1 is given twice"),
        (["--resistor", "2=-5"], "resistors.2.nominal = '-5'"),
        (["--device", "D7"], "write CHANNEL=NAME, as 110=D7"),
        (["--device", "1=D7"], "channel 1 is given twice in resistors and devices"),
        (["--verified-period", "2 ms"], "verified_period is not for driver 'keithley-2600b'"),
        (["--meter", "simulated"], "both 'simulated' or none"),
    ],
)
def test_a_value_that_is_not_accepted_is_named_and_nothing_is_written(
    fmes, tmp_path, options, says
):
    done = fmes("rig", "init", "rig.toml", *OPTIONS, *options)
    assert done.returncode == 2
    assert says in done.stderr
    assert not (tmp_path / "rig.toml").exists()


def test_questions_and_what_is_found_suggest_the_answers(start, served, tmp_path):
    bench = served(math.inf)
    meter, bank = (server.resource_name for server in bench.servers)
    code, said, complaints = answer(
        start, tmp_path, meter, "keithley-9999", "", "", "b", "2-wire", bank, "", "101 500",
        "101 = 500 ohm", "102=8k", "", "110=D7", "111 = D8", "", "a lot", "20 mA", "0.6 V",
        "5 mA",
        options=["--library", "@py"],
    )  # fmt: skip
    assert code == 0, complaints
    assert f"{meter}: Keithley Instruments Inc., Model 2602B" in said
    assert f"{bank}: HEWLETT-PACKARD,34970A" in said
    assert "'keithley-9999' is none of them" in complaints
    assert "write CHANNEL=VALUE" in complaints
    assert "device.max_voltage = 'a lot'" in complaints
    rig = RigFile.read(tmp_path / "rig.toml")
    assert (rig.source_meter.model, rig.source_meter.channel) == ("2602B", "b")
    assert rig.source_meter.wiring == "2-wire"
    assert (rig.resistor_bank.driver, rig.resistor_bank.model) == ("keysight-34970a", "34970A")
    assert [r.nominal for r in rig.resistors] == [500, 8000]
    assert [(d.name, d.channel) for d in rig.devices] == [("D7", 110), ("D8", 111)]
    assert (rig.limits.max_voltage, rig.limits.max_current) == (0.6, 5e-3)
    assert rig.visa.library == "@py"


def test_a_file_of_suggestions_is_the_simulated_rig(start, fmes, tmp_path):
    code, said, complaints = answer(start, tmp_path, *[""] * 11, options=["--no-scan"])
    assert code == 0, complaints
    assert "next: fmes rig check rig.toml" in said
    assert RigFile.read(tmp_path / "rig.toml") == RigFile()
    done = fmes("check", "ltp-ltd", "--rig", "rig.toml")
    assert done.returncode == 0, done.stderr


def test_an_instrument_without_a_stated_period_is_asked_for_a_verified_one(fmes, start, tmp_path):
    options = ["--no-scan", "--meter", "GPIB0::18::INSTR", "--meter-driver", "keithley-2450"]
    lines = ["2460", "", "2 ms", "ASRL3::INSTR", "numato-relay", "0=500", "", "", "", ""]
    code, said, complaints = answer(start, tmp_path, *lines, options=options)
    assert code == 0, complaints
    assert "Least period that you have seen the 2460 keep" in said
    assert RigFile.read(tmp_path / "rig.toml").source_meter.verified_period == 2e-3
    (tmp_path / "rig.toml").unlink()
    given = ["--verified-period", "3ms", "--bank", "ASRL3::INSTR", "--bank-driver", "numato-relay"]
    done = fmes("rig", "init", "rig.toml", "--yes", *options, *given, "--resistor", "0=500",
                "--device", "1=D7")  # fmt: skip
    assert done.returncode == 0, done.stderr
    rig = RigFile.read(tmp_path / "rig.toml")
    assert rig.source_meter.verified_period == 3e-3
    assert [d.name for d in rig.devices] == ["D7"]


@pytest.fixture
def decade():
    """A 2400 and a decade box on sockets."""
    rig = RigFile(source_meter={"driver": "keithley-2400"}, resistor_bank={"driver": "iet-prs"})
    bench = make_bench(rig)
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(serve(bench, emulated(name, bench))).resource_name
            for name in ("keithley-2400", "iet-prs")
        ]


def test_who_answers_decides_and_who_does_not_is_not_guessed(fmes, decade, tmp_path):
    meter, bank = decade
    options = ["--library", "@py", "--yes", "--meter", meter, "--bank"]
    done = fmes("rig", "init", "rig.toml", *options, bank)
    assert done.returncode == 0, done.stderr
    rig = RigFile.read(tmp_path / "rig.toml")
    assert (rig.source_meter.driver, rig.source_meter.model) == ("keithley-2400", "2400")
    assert (rig.resistor_bank.driver, rig.resistor_bank.model) == ("iet-prs", "PRS-200")
    nobody = "TCPIP::127.0.0.1::9::SOCKET"
    done = fmes("rig", "init", "other.toml", *options, nobody, "--resistor", "101=500ohm")
    assert done.returncode == 2
    assert f"{nobody}: no answer" in done.stderr
    assert "which tells no driver; give --bank-driver, one of keysight-34970a, " in done.stderr
    assert not (tmp_path / "other.toml").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_at_a_question_aborts(start, tmp_path):
    process = start("rig", "init", "rig.toml", "--no-scan")
    asked = ""
    while "Address of the source-measure unit" not in asked:
        asked += process.stdout.read(1)
    process.send_signal(signal.SIGINT)
    _, complaints = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "aborted" in complaints
    assert not (tmp_path / "rig.toml").exists()


def test_without_anybody_to_answer_the_option_is_named(start, tmp_path):
    code, _, complaints = answer(start, tmp_path, options=["--no-scan"])
    assert code == 2
    assert "nobody answered" in complaints
    assert "give --meter" in complaints
    assert not (tmp_path / "rig.toml").exists()
