"""Whatever an emulated SCPI source-measure unit is sent, it answers or reports an error of its own.

An error -310 would be a mistake of the emulator: everything is drawn from its own table of
commands, with parameters that fit some of them.
"""

import random
import re

import pytest

from drivers.simulated.bench import Bench
from drivers.simulated.keithley_2400 import Emulated2400
from drivers.simulated.keysight_b2900 import EmulatedB2900
from drivers.simulated.stage import StageErrors

IDEAL = StageErrors(
    source_offset=((3.0, 0.0),), voltage_offset=((200.0, 0.0),), current_offset=((3.0, 0.0),),
    noise=0.0, settling=((3.0, 1e-6),), voltage_settling=1e-6,
)  # fmt: skip
WORDS = [
    "CURR",
    "VOLT",
    "LIST",
    "FIX",
    "SWE",
    "PULS",
    "DC",
    "TIM",
    "AINT",
    "BUS",
    "ON",
    "OFF",
    "HIZ",
    "NORM",
    "ZERO",
    "HIMP",
    "NEXT",
    "NEV",
    "SENS",
    "CALC2",
    "ABS",
    "DELT",
    "REAL",
    "ASC",
    "SWAP",
    "0",
    "1",
    "2",
    "3",
    "10",
    "1e-3",
    "1e-6",
    "0.5",
    "5",
    "100",
    "2500",
    "1e-5",
    "-1e-3",
    "-1",
    "MIN",
    "MAX",
    "DEF",
    "INF",
    "(@1)",
    "(@1,2)",
    '"VOLT"',
    '"CURR"',
    "LOG",
    "LIN",
    "DOWN",
    "IMM",
]


def written(header):
    """The shortest way to write a header of the table."""
    shortest = re.sub(r"\[\d[^\]]*\]", "", header)
    while (shorter := re.sub(r"\[[^\[\]]*\]", "", shortest)) != shortest:
        shortest = shorter
    return shortest if shortest.startswith(("*", ":")) else f":{shortest}"


@pytest.mark.parametrize(
    ("kind", "model", "channel"), [(EmulatedB2900, "B2902A", "1"), (Emulated2400, "2400", "")]
)
@pytest.mark.parametrize("seed", range(6))
def test_no_command_is_a_mistake_of_the_emulator(kind, model, channel, seed):
    draw = random.Random(seed)
    bench = Bench({101: 500.0}, IDEAL, channel=channel, noise=False)
    instrument = kind(bench, model)
    headers = [row.header for row in instrument.rows()] + ["*RST", "*OPC?", "*TRG", "*CLS"]
    for _ in range(150):
        header = written(draw.choice(headers))
        if not header.endswith("?") and draw.random() < 0.2:
            header += "?"
        data = ",".join(draw.choices(WORDS, k=draw.choice((0, 1, 1, 2, 3))))
        message = f"{header} {data}".strip()
        bench.message_arrives()
        instrument.write(message.encode())
        while instrument.read() is not None:
            pass
        while len(instrument.errors):
            assert instrument.errors.next().code != -310, message
