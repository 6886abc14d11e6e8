"""The emulated Numato boards, byte for byte as the vendor's manuals and its users' programs say."""

import math
import random

import pytest
import serial

from drivers.link import VisaLink
from drivers.numato_relay import NumatoRelay
from drivers.resistor_bank import Resistor
from drivers.simulated.bench import Bench
from drivers.simulated.numato_relay import EmulatedNumato
from drivers.simulated.serial_port import SerialPort
from drivers.simulated.stage import StageErrors


@pytest.fixture
def board(bench):
    return EmulatedNumato(bench)


def says(board, *commands):
    messages, rest = board.split("".join(f"{c}\r" for c in commands).encode())
    assert rest == b""
    for message in messages:
        board.write(message)
    return board.read()


def closed(bench):
    return [e.what for e in bench.journal if e.what.startswith("relay")]


def test_a_command_is_echoed_and_the_prompt_follows(board):
    assert says(board, "relay on 0") == b"relay on 0\n\r>"
    assert says(board, "relay read 0") == b"relay read 0\n\ron\n\r>"
    assert says(board, "relay off 0") == b"relay off 0\n\r>"
    assert says(board, "relay read 0") == b"relay read 0\n\roff\n\r>"
    assert says(board, "") == b"\n\r>"
    assert board.read() is None


def test_part_of_a_line_waits_for_its_end(board):
    assert board.split(b"ver\rrelay re") == ([b"ver"], b"relay re")


@pytest.mark.parametrize(
    ("model", "last", "state"),
    [("8-channel", "7", b"80"), ("16-channel", "F", b"8000"), ("32-channel", "V", b"80000000"),
     ("64-channel", "63", b"8000000000000000")],
)  # fmt: skip
def test_names_and_digits_of_each_size(bench, model, last, state):
    board = EmulatedNumato(bench, model)
    says(board, f"relay on {last}")
    assert says(board, "relay readall") == b"relay readall\n\r" + state + b"\n\r>"
    says(board, f"relay writeall {'0' * len(state)}")
    assert says(board, f"relay read {last}").endswith(b"\n\roff\n\r>")


def test_relays_count_from_the_right(board):
    says(board, "relay writeall 0005")
    assert says(board, "relay read 0", "relay read 1", "relay read 2") == (
        b"relay read 0\n\ron\n\r>relay read 1\n\roff\n\r>relay read 2\n\ron\n\r>"
    )


@pytest.mark.parametrize(
    "command",
    ["relay on G", "relay on 10", "relay on", "relay toggle 0", "Relay on 0", "relay writeall ff",
     "relay writeall 00zz", "relay  on 0", "id set short", "on 0"],
)  # fmt: skip
def test_what_it_does_not_know_moves_nothing(board, bench, command):
    assert says(board, command) == command.encode() + b"\n\r>"
    assert says(board, "relay readall") == b"relay readall\n\r0000\n\r>"
    assert closed(bench) == []


def test_a_small_board_may_lack_the_commands_for_all(bench):
    board = EmulatedNumato(bench, "8-channel")
    board.reads_all = False
    assert says(board, "relay readall") == b"relay readall\n\r>"
    says(board, "relay writeall ff")
    assert says(board, "relay read 0") == b"relay read 0\n\roff\n\r>"


def test_identifier_and_version(board):
    assert says(board, "id get") == b"id get\n\r00000000\n\r>"
    assert says(board, "id set bank0001", "id get").endswith(b"id get\n\rbank0001\n\r>")
    assert says(board, "ver") == b"ver\n\r00000008\n\r>"


def test_reset_opens_everything(board):
    says(board, "relay writeall ffff", "reset")
    assert says(board, "relay readall") == b"relay readall\n\r0000\n\r>"


def test_relays_put_their_resistors_across_the_device():
    bench = Bench({0: 500.0, 10: 8000.0}, StageErrors((), (), (), 0.0, (), 1e-6), noise=False)
    board = EmulatedNumato(bench)
    says(board, "relay on 0", "relay on A")
    assert bench.device.resistance == pytest.approx(1 / (1 / 500 + 1 / 8000))
    says(board, "relay off 0", "relay off A")
    assert math.isinf(bench.device.resistance)


def test_the_driver_finds_it_after_noise_on_the_line(board, bench):
    source = random.Random(5)
    with SerialPort(bench, board) as port:
        with serial.Serial(port.path, timeout=5) as client:
            for length in (1, 300, 5000, 70_000):
                client.write(source.randbytes(length))
            client.write(b"\rrelay on 0\rrelay on ")
            client.timeout = 0.5
            # Its echoes, until it is quiet; the last command is left unfinished.
            while client.read(65_536):
                pass
        link = VisaLink(port.resource_name, "@py")
        bank = NumatoRelay.connect(link, [Resistor(0, 500.0, 500.0)], 0.0)
        assert bank.identity.model == "16-channel"
        assert bank.make_safe() == "all relays open"
        bank.close()
