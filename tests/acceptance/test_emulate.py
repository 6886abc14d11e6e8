"""`fmes emulate RIG.toml` serves that rig's instruments, and the rig can be run on them."""

import json

import pyvisa

RIG = """
[source_meter]
model = "2636B"
address = "{meter}"
channel = "b"
[resistor_bank]
model = "34972A"
address = "{bank}"
resistors = [{{ channel = 110, nominal = "1 kohm" }}]
"""


def addresses(process, count):
    lines = [process.stdout.readline() for _ in range(count)]
    assert "serving on loopback" in process.stdout.readline()
    return [tuple(line.strip().split(": ", 1)) for line in lines]


def test_a_rig_is_served_and_run_over_sockets_and_hislip(start, fmes, tmp_path):
    rig = tmp_path / "rig.toml"
    rig.write_text(RIG.format(meter="GPIB0::26::INSTR", bank="GPIB0::9::INSTR"))
    found = addresses(start("emulate", "rig.toml"), 4)
    assert [name for name, _ in found] == ["keithley_2636b", "keysight_34972a"] * 2
    sockets, hislip = [a for _, a in found[:2]], [a for _, a in found[2:]]
    assert all(a.startswith("TCPIP::127.0.0.1::") for a in sockets + hislip)
    psv = []
    for meter, bank in (sockets, hislip):
        rig.write_text(RIG.format(meter=meter, bank=bank) + '[visa]\nlibrary = "@py"\n')
        done = fmes(
            "run", "ltp-ltd", "--rig", "rig.toml", "--set", "states=1k", "--set", "up=5",
            "--set", "down=5", "--out", f"{len(psv)}.h5", "--no-figure",
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert "2636B" in done.stdout
        psv.append(next(line for line in done.stdout.splitlines() if "1 kohm" in line))
    assert len(psv) == 2


def test_ports_follow_each_other_and_a_taken_one_is_said_to_be(start, fmes):
    first = start("emulate", "2602b", "--port", "0")
    port = int(addresses(first, 4)[0][1].split("::")[2])
    done = fmes("emulate", "2602b", "--port", str(port))
    assert done.returncode == 2
    assert f"--port {port}: a port cannot be had" in done.stderr
    manager = pyvisa.ResourceManager("@py")
    meter = manager.open_resource(f"TCPIP::127.0.0.1::{port}::SOCKET", read_termination="\n")
    assert f"Model 2602B, 40{port:05d}," in meter.query("*IDN?"), "another has another number"
    meter.close()
    manager.close()


def test_the_device_is_taken_off_and_put_back_while_the_bench_is_served(start, fmes, tmp_path):
    rig = tmp_path / "rig.toml"
    rig.write_text(RIG.format(meter="GPIB0::26::INSTR", bank="GPIB0::9::INSTR"))
    bench = start("emulate", "rig.toml", "--disconnected")
    lines = [bench.stdout.readline() for _ in range(5)]
    assert lines[-1] == "serving on loopback without the device; Ctrl-C ends\n"
    meter, bank = (line.strip().split(": ", 1)[1] for line in lines[:2])
    rig.write_text(RIG.format(meter=meter, bank=bank) + '[visa]\nlibrary = "@py"\n')

    def conducts(name):
        done = fmes("rig", "check", "rig.toml", "--to", name)
        assert done.returncode in (0, 1), done.stderr
        findings = json.loads((tmp_path / name).read_text())["findings"]
        return not next(f["passed"] for f in findings if f["what"] == "R = open")

    assert not conducts("off.json")
    for word, name, expected in (("connect", "on.json", True), ("disconnect", "2.json", False)):
        bench.stdin.write(f"unplug\n{word}\n")
        bench.stdin.flush()
        assert "type connect or disconnect" in bench.stdout.readline()
        assert bench.stdout.readline() == f"the device is {word}ed\n"
        assert conducts(name) is expected
