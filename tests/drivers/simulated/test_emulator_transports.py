"""In process and over a socket the emulated instruments behave alike, also when cut off."""

import socket
import time
from functools import partial

import pytest
from pyvisa.errors import VisaIOError

from drivers.simulated.bench import Bench
from drivers.simulated.keithley_2600b import Emulated2600B
from drivers.simulated.link import SimulatedAdapter
from drivers.simulated.server import LONGEST_LINE, serve

LONG_SWEEP = (
    "smua.trigger.source.listv({0.1}) smua.trigger.source.action = smua.ENABLE "
    "smua.source.delay = 0.5 smua.trigger.count = 20 "
    "smua.source.output = 1 smua.trigger.initiate()\n"
)


@pytest.fixture
def smu(bench):
    return Emulated2600B(bench)


@pytest.fixture
def adapter(bench, smu):
    return SimulatedAdapter(bench, smu)


@pytest.fixture
def server(bench, smu):
    with serve(bench, smu) as running:
        yield running


def connect(server):
    client = socket.create_connection(("127.0.0.1", server.port), timeout=5)
    return client, client.makefile("rb")


def test_adapter_round_trip_and_several_lines_in_a_write(adapter):
    adapter.write("print(1)\nprint(2)")
    assert [adapter.read(), adapter.read()] == ["1.00000e+00", "2.00000e+00"]


def test_adapter_reads_binary_by_count(adapter):
    adapter.write("format.data = format.REAL64 printnumber(1, 2)")
    assert adapter.read_bytes(2) == b"#0"
    assert len(adapter.read_bytes(16)) == 16
    assert adapter.read_bytes(1) == b"\n"


def test_adapter_times_out_at_once_and_costs_no_bench_time(adapter, bench):
    before, started = bench.clock.now, time.monotonic()
    with pytest.raises(VisaIOError, match="VI_ERROR_TMO"):
        adapter.read()
    assert time.monotonic() - started < 0.5
    assert bench.clock.now == before


def test_flush_drops_responses(adapter):
    adapter.write("print(1)")
    adapter.flush_read_buffer()
    adapter.write("print(2)")
    assert adapter.read() == "2.00000e+00"


def test_cut_adapter_leaves_the_instrument_running(adapter, bench, smu):
    adapter.write(LONG_SWEEP.strip())
    adapter.cut()
    ask = partial(adapter.write, "print(1)")
    for act in (ask, adapter.read, adapter.flush_read_buffer, adapter.close):
        with pytest.raises(VisaIOError, match="VI_ERROR_CONN_LOST"):
            act()
    second = SimulatedAdapter(bench, smu)
    second.write("print(status.operation.sweeping.condition)")
    assert float(second.read()) == 2


def test_socket_takes_split_and_joined_messages(server):
    client, replies = connect(server)
    with client, replies:
        client.sendall(b"print(")
        client.sendall(b"1)\r\nprint(2)\nprint")
        assert replies.readline() == b"1.00000e+00\n"
        assert replies.readline() == b"2.00000e+00\n"
        client.sendall(b"(3)\n")
        assert replies.readline() == b"3.00000e+00\n"


def test_socket_is_loopback_only(server):
    assert server.resource_name == f"TCPIP::127.0.0.1::{server.port}::SOCKET"
    assert server._listener.getsockname()[0] == "127.0.0.1"


def test_dropped_client_leaves_the_program_running(server):
    client, replies = connect(server)
    client.sendall(LONG_SWEEP.encode() + b"print('started')\n")
    assert replies.readline() == b"started\n"
    server.drop_clients()
    assert replies.read() == b""
    client.close()
    client, replies = connect(server)
    with client, replies:
        client.sendall(b"print(status.operation.sweeping.condition)\n")
        assert float(replies.readline()) == 2


def test_second_client_waits_for_the_first(server):
    first, first_replies = connect(server)
    second, second_replies = connect(server)
    with first, first_replies, second, second_replies:
        second.sendall(b"print('second')\n")
        first.sendall(b"print('first')\n")
        assert first_replies.readline() == b"first\n"
        second.settimeout(0.1)
        with pytest.raises(TimeoutError):
            second_replies.readline()
        first.shutdown(socket.SHUT_RDWR)
        second.settimeout(5)
        assert second.recv(100) == b"second\n"


def test_client_with_an_endless_line_is_dropped(server):
    client, replies = connect(server)
    with client, replies:
        client.sendall(b"x" * (LONGEST_LINE + 1))
        assert replies.read() == b""
    client, replies = connect(server)
    with client, replies:
        client.sendall(b"print('next')\n")
        assert replies.readline() == b"next\n"


def test_closed_server_refuses(bench, smu):
    server = serve(bench, smu)
    server.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=1)


def test_socket_and_process_give_identical_results(console):
    script = [
        "smua.source.func = smua.OUTPUT_DCAMPS smua.source.rangei = 1e-3 smua.source.limitv = 1",
        "smua.source.leveli = 1e-4 smua.source.output = 1",
        *["print(smua.measure.iv()) print(timer.measure.t())"] * 3,
        "smua.measure.overlappedv(smua.nvbuffer1) print(smua.nvbuffer1.n)",
        "print(smua.nvbuffer1.n, timer.measure.t())",
    ]
    console.send("\n".join(script))
    here = console.lines()
    bench = Bench({}, console.bench.stage("a").errors, noise=False)
    with serve(bench, Emulated2600B(bench)) as server:
        client, replies = connect(server)
        with client, replies:
            client.sendall("\n".join([*script, ""]).encode())
            there = [replies.readline().decode().rstrip("\n") for _ in here]
    assert there == here


def test_pyvisa_reads_a_served_instrument(server):
    pyvisa = pytest.importorskip("pyvisa")
    manager = pyvisa.ResourceManager("@py")
    resource = manager.open_resource(
        server.resource_name, read_termination="\n", write_termination="\n"
    )
    try:
        assert "2602B" in resource.query("*IDN?")
    finally:
        resource.close()
        manager.close()
