"""No fault on the wire of a bank goes unnoticed: a misspelt command never selects a state."""

import pytest
from faulty_wire import TappedLink, misspelt, swap

from app.rigs.opening import make_bench, resistor_bank_class
from app.rigs.rig_file import RigFile
from drivers.errors import InstrumentError
from drivers.simulated.links import simulated_links

BANKS = {"keysight-34970a": 101, "keithley-3706a": 1001, "numato-relay": 0}


def rig(driver, change=lambda command: command):
    rows = [{"channel": BANKS[driver] + k, "nominal": n} for k, n in enumerate(("500", "8000"))]
    file = RigFile.model_validate({"resistor_bank": {"driver": driver, "resistors": rows}})
    bench = make_bench(file, noise=False)
    link = simulated_links(bench, "keithley-2600b", driver, ("2602B", file.resistor_bank.model))[1]
    return bench, file, TappedLink(link, change)


def select(driver, change=lambda command: command):
    """Connect, and select 500 ohm; the bench, what was sent and what the bank says."""
    bench, file, tap = rig(driver, change)
    bank = resistor_bank_class(file).connect(
        tap, file.resistors, file.resistor_bank.settle, file.devices
    )
    state = bank.select(500.0, 0.01)
    return bench, tap, state


def sent(driver):
    _, tap, _ = select(driver)
    return list(dict.fromkeys(tap.sent))


@pytest.mark.parametrize(
    ("driver", "command"), [(driver, command) for driver in BANKS for command in sent(driver)]
)
def test_a_misspelt_command_is_noticed(driver, command):
    for wrong in misspelt(command):
        try:
            bench, _, state = select(driver, swap(command, wrong))
        except InstrumentError:
            continue
        # What was not noticed must not have mattered: the relays are where they were sent.
        assert bench.device.resistance == pytest.approx(state.resistance, rel=1e-3), wrong
