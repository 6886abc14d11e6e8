"""Whatever comes over a served connection, the instrument goes on and nothing else is reached."""

import contextlib
import random
import socket
import threading

import pytest
from scpi_demo import Demo

from drivers.simulated.bench import Bench
from drivers.simulated.hislip import Hislip
from drivers.simulated.keithley_2600b import Emulated2600B
from drivers.simulated.server import Server
from drivers.simulated.stage import StageErrors

IDEAL = StageErrors(((3.0, 0.0),), ((40.0, 0.0),), ((3.0, 0.0),), 0.0, ((3.0, 1e-6),), 1e-6)
MILLION = 1_000_000


@pytest.fixture(params=[Demo, Emulated2600B], ids=["SCPI", "TSP"])
def bench_and_instrument(request):
    bench = Bench({}, IDEAL, noise=False)
    instrument = request.param(bench)
    yield bench, instrument
    instrument.close()


@pytest.fixture(params=[Server, Hislip], ids=["socket", "HiSLIP"])
def server(request, bench_and_instrument):
    with request.param(*bench_and_instrument) as running:
        yield running


def send(server, *parts):
    """What a client sends, until it is dropped."""
    with (
        contextlib.suppress(OSError),
        socket.create_connection(("127.0.0.1", server.port), timeout=20) as client,
    ):
        for part in parts:
            client.sendall(part)
        client.shutdown(socket.SHUT_WR)
        while client.recv(65_536):
            pass


def identity(server):
    import pyvisa

    manager = pyvisa.ResourceManager("@py")
    resource = manager.open_resource(
        server.resource_name, read_termination="\n", write_termination="\n", timeout=20_000
    )
    try:
        return resource.query("*IDN?")
    finally:
        resource.close()
        manager.close()


def test_random_bytes(server):
    source = random.Random(5)
    for length in (1, 16, 17, 300, 5000, 70_000):
        send(server, source.randbytes(length))
        send(server, source.randbytes(length), b"\n", source.randbytes(length))
    assert "1.0" in identity(server) or "2602B" in identity(server)


@pytest.mark.parametrize(
    "message",
    [
        b"(" * 50_000, b"[" * 50_000, b"{" * 50_000, b"A:" * 30_000, b"#9999999999", b"#" * 60_000,
        b"1e99999999999", b"CURR " + b"9" * 60_000, b"LIST:CURR " + b"1," * 30_000,
        b'SYST:NAME "' + b"x" * 60_000, b"print(" * 20_000, b"x=" + b"-" * 60_000 + b"1",
        b"x=" + b"{" * 10_000 + b"}" * 10_000, b"INIT;" * 12_000, b"\x00" * 60_000,
        b"loadscript x", b"*IDN?;" * 10_000, b"x = string.rep('x', 1e9)",
        b"while true do end", b"os.execute('false') io.open('x')",
    ],
)  # fmt: skip
def test_hostile_messages(server, message):
    if isinstance(server, Server):
        send(server, message, b"\n")
    else:
        head = b"HS\x07\x00\x00\x00\x00\x02" + len(message).to_bytes(8, "big")
        send(server, b"HS\x00\x00\x01\x00\x00\x00" + (7).to_bytes(8, "big") + b"hislip0",
             head, message)  # fmt: skip
    if message == b"loadscript x":
        send(server, b"endscript\n") if isinstance(server, Server) else None
        return
    assert identity(server)


def test_a_line_of_100_megabytes_is_dropped(server):
    send(server, *(b"x" * MILLION for _ in range(100)))
    assert identity(server)


def test_many_connections_at_once(server):
    threads = [
        threading.Thread(target=send, args=(server, b"*IDN?\nprint(1)\n")) for _ in range(100)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert identity(server)
