"""The emulated instruments on HiSLIP, with pyvisa-py as the client, and with no client at all."""

import socket
import struct
import time

import pytest
import pyvisa
from scpi_demo import Demo

from drivers.simulated.bench import Bench
from drivers.simulated.hislip import MOST_SESSIONS, Hislip
from drivers.simulated.hislip_message import LONGEST_PAYLOAD, Type
from drivers.simulated.keithley_2600b import Emulated2600B
from drivers.simulated.stage import StageErrors

IDEAL = StageErrors(((3.0, 0.0),), ((40.0, 0.0),), ((3.0, 0.0),), 0.0, ((3.0, 1e-6),), 1e-6)


@pytest.fixture(params=[float("inf"), 20.0], ids=["full speed", "20 times"])
def speed(request):
    return request.param


@pytest.fixture
def manager():
    manager = pyvisa.ResourceManager("@py")
    yield manager
    manager.close()


def served(instrument_of, speed=float("inf")):
    bench = Bench({}, IDEAL, noise=False, speed=speed)
    return Hislip(bench, instrument_of(bench))


@pytest.fixture
def server(speed):
    with served(Demo, speed) as running:
        yield running


@pytest.fixture
def demo(server, manager):
    resource = manager.open_resource(server.resource_name, write_termination="\n", timeout=5000)
    yield resource
    resource.close()


def test_questions_and_answers(demo):
    assert demo.query("*IDN?") == "MAKER,DEMO,0,1.0\n"
    demo.write("CURR 1.5;:OUTP ON")
    assert demo.query("CURR?;:OUTP?") == "1.500000E+00;1\n"
    demo.write("READ?")
    assert demo.read_binary_values("d", is_big_endian=False) == [1.0, -2.5]


def test_a_long_answer_arrives_whole(demo):
    demo.write("DATA #3100" + "x" * 100)
    assert demo.query("DATA?") == "#3100" + "x" * 100 + "\n"


def polled(resource, byte):
    """Poll until the status byte is what it must become; a poll overtakes what was sent before."""
    return any(resource.read_stb() == byte for _ in range(1000))


def test_serial_polls(demo):
    demo.write("*CLS")
    assert polled(demo, 0)
    demo.write("NOPE")
    assert polled(demo, 4)
    demo.write("*CLS;*SRE 16;*IDN?")
    assert polled(demo, 16 | 64)
    demo.read()
    assert polled(demo, 0)


def test_operation_complete_comes_when_it_is(demo):
    assert demo.query("INIT;*OPC?") == "1\n"
    assert demo.query("STAT:OPER:COND?") == "0\n"


def test_polls_are_answered_and_a_clear_works_while_a_message_waits(manager):
    with served(Demo, speed=1e-3) as server:
        demo = manager.open_resource(server.resource_name, timeout=5000)
        demo.write("*CLS;:STAT:OPER:ENAB 16;:INIT;*OPC?")
        assert polled(demo, 128), "it runs, and there is no answer yet"
        demo.clear()
        assert demo.query("CURR?;:STAT:OPER:COND?") == "0.000000E+00;16\n"
        demo.close()


def test_a_script_that_waits_is_ended_by_a_clear(manager):
    with served(Emulated2600B, speed=1.0) as server:
        smu = manager.open_resource(server.resource_name, timeout=5000)
        began = time.monotonic()
        smu.write("delay(1000) print('late')")
        smu.clear()
        assert smu.query("print('next')") == "next\n"
        assert time.monotonic() - began < 100
        smu.close()


def test_an_answer_that_is_not_read_is_interrupted(manager):
    with served(Demo) as server:
        demo = manager.open_resource(server.resource_name, timeout=5000)
        demo.write("*CLS;*IDN?")
        demo.write("CURR?")
        assert demo.read() == "0.000000E+00\n"
        assert demo.query("SYST:ERR?") == '-410,"Query INTERRUPTED"\n'
        demo.close()


def test_two_clients_share_the_instrument_and_a_lock_holds_one_off(server, demo, manager):
    second = manager.open_resource(server.resource_name, timeout=5000)
    demo.write("CURR 2")
    assert demo.query("*OPC?") == "1\n"
    assert second.query("CURR?") == "2.000000E+00\n"
    second.close()


class Raw:
    """A client that need not keep to the protocol."""

    def __init__(self, server):
        self.server = server
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=20)

    def send(self, kind, payload=b"", control=0, parameter=0, length=None, prologue=b"HS"):
        length = len(payload) if length is None else length
        self.socket.sendall(
            struct.pack("!2sBBIQ", prologue, kind, control, parameter, length) + payload
        )

    def receive(self):
        header = self._exactly(16)
        _, kind, control, parameter, length = struct.unpack("!2sBBIQ", header)
        return kind, control, parameter, self._exactly(length)

    def _exactly(self, count):
        received = b""
        while len(received) < count:
            part = self.socket.recv(count - len(received))
            if not part:
                raise EOFError
            received += part
        return received

    def open(self):
        self.send(Type.INITIALIZE, b"hislip0", parameter=0x0100 << 16)
        kind, _, parameter, _ = self.receive()
        assert kind == Type.INITIALIZE_RESPONSE
        self.second = Raw(self.server)
        self.second.send(Type.ASYNC_INITIALIZE, parameter=parameter & 0xFFFF)
        assert self.second.receive()[0] == Type.ASYNC_INITIALIZE_RESPONSE
        return self

    def close(self):
        self.socket.close()
        if hasattr(self, "second"):
            self.second.close()


@pytest.fixture
def raw(request):
    with served(Demo) as server:
        clients = []

        def connect():
            clients.append(Raw(server))
            return clients[-1]

        yield connect
        for client in clients:
            client.close()


def test_locks(raw):
    first, other = raw().open(), raw().open()
    for client, answer in ((first, 1), (other, 0), (first, 1)):
        client.second.send(Type.ASYNC_LOCK, control=1)
        assert client.second.receive()[:2] == (Type.ASYNC_LOCK_RESPONSE, answer)
    other.second.send(Type.ASYNC_LOCK_INFO)
    assert other.second.receive()[1:3] == (1, 1)
    other.send(Type.DATA_END, b"*IDN?\n", parameter=2)
    first.send(Type.DATA_END, b"CURR?\n", parameter=2)
    assert first.receive() == (Type.DATA_END, 0, 2, b"0.000000E+00\n")
    first.second.send(Type.ASYNC_LOCK, control=0)
    assert first.second.receive()[:2] == (Type.ASYNC_LOCK_RESPONSE, 1)
    assert other.receive() == (Type.DATA_END, 0, 2, b"MAKER,DEMO,0,1.0\n")
    other.second.send(Type.ASYNC_LOCK, control=0)
    assert other.second.receive()[:2] == (Type.ASYNC_LOCK_RESPONSE, 3)


def test_a_lock_ends_with_its_owner(raw):
    first, other = raw().open(), raw().open()
    first.second.send(Type.ASYNC_LOCK, control=1)
    first.second.receive()
    other.send(Type.DATA_END, b"CURR?\n", parameter=2)
    first.close()
    assert other.receive()[3] == b"0.000000E+00\n"


def test_messages_in_parts_and_unknown_types(raw):
    client = raw().open()
    client.send(77, b"what")
    assert client.receive()[:2] == (Type.ERROR, 1)
    client.second.send(Type.DATA, b"wrong channel")
    assert client.second.receive()[:2] == (Type.ERROR, 1)
    client.send(Type.DATA, b"CU", parameter=2)
    client.send(Type.DATA, b"RR 1;CUR", parameter=4)
    client.send(Type.DATA_END, b"R?", parameter=6)
    assert client.receive() == (Type.DATA_END, 0, 6, b"1.000000E+00\n")
    client.second.send(Type.ASYNC_MAXIMUM_MESSAGE_SIZE, struct.pack("!Q", 1 << 30))
    assert client.second.receive()[3] == struct.pack("!Q", LONGEST_PAYLOAD)
    client.second.send(Type.ASYNC_REMOTE_LOCAL_CONTROL)
    assert client.second.receive()[0] == Type.ASYNC_REMOTE_LOCAL_RESPONSE


@pytest.mark.parametrize(
    "begin",
    [
        lambda c: c.send(Type.INITIALIZE, b"hislip0", prologue=b"XX"),
        lambda c: c.send(Type.INITIALIZE, b"hislip7"),
        lambda c: c.send(Type.DATA, b"*IDN?"),
        lambda c: c.send(Type.ASYNC_INITIALIZE, parameter=999),
        lambda c: c.send(Type.INITIALIZE, b"", length=1 << 60),
        lambda c: c.open().send(Type.DATA_END, b"", length=LONGEST_PAYLOAD + 1),
        lambda c: c.open().send(Type.DATA_END, b"*IDN?", prologue=b"\x00\x00"),
    ],
)
def test_what_breaks_the_protocol_is_told_so_and_dropped(raw, begin):
    client = raw()
    begin(client)
    assert client.receive()[0] == Type.FATAL_ERROR
    with pytest.raises((EOFError, ConnectionError)):
        client.receive()
    survivor = raw().open()
    survivor.send(Type.DATA_END, b"*IDN?\n", parameter=2)
    assert survivor.receive()[3] == b"MAKER,DEMO,0,1.0\n"


def test_more_clients_than_there_is_room_for(raw):
    clients = [raw().open() for _ in range(MOST_SESSIONS)]
    one_more = raw()
    one_more.send(Type.INITIALIZE, b"hislip0")
    assert one_more.receive()[:2] == (Type.FATAL_ERROR, 4)
    clients[0].close()
    clients[1].send(Type.DATA_END, b"*IDN?\n", parameter=2)
    assert clients[1].receive()[3] == b"MAKER,DEMO,0,1.0\n"
