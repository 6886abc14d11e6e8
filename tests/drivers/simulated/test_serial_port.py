"""An emulated instrument on a pseudo-terminal, with pyvisa-py and pyserial as its clients."""

import pytest
import pyvisa
import serial
from relay_demo import Relay

from drivers.simulated.bench import Bench
from drivers.simulated.serial_port import SerialPort
from drivers.simulated.stage import StageErrors

IDEAL = StageErrors((), (), (), 0.0, (), 1e-6)


@pytest.fixture
def port():
    bench = Bench({}, IDEAL, noise=False)
    with SerialPort(bench, Relay(bench)) as port:
        yield port


def test_pyvisa_talks_over_it(port):
    manager = pyvisa.ResourceManager("@py")
    relay = manager.open_resource(
        port.resource_name, read_termination=">", write_termination="\r", timeout=5000
    )
    try:
        assert relay.query("relay read") == "relay read\n\roff\n\r"
        assert relay.query("relay on") == "relay on\n\r"
        assert relay.query("relay read") == "relay read\n\ron\n\r"
    finally:
        relay.close()
        manager.close()


def test_a_client_may_leave_and_another_come(port):
    for expected in (b"relay read\n\roff\n\r>", b"relay read\n\ron\n\r>"):
        with serial.Serial(port.path, timeout=5) as client:
            client.write(b"relay read\r")
            assert client.read_until(b">") == expected
            client.write(b"relay on\r")
            assert client.read_until(b">") == b"relay on\n\r>"


def test_noise_on_the_line_is_survived(port):
    with serial.Serial(port.path, timeout=5) as client:
        client.write(bytes(range(256)) * 600)
        client.reset_input_buffer()
        client.write(b"\r")
        client.read_until(b">")
        client.write(b"relay read\r")
        assert client.read_until(b"off\n\r>").endswith(b"relay read\n\roff\n\r>")
